"""Definitions and pipeline files with anything wrong in them are read or refused, never more."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runthrough.adapters.pipeline_files import load_either
from runthrough.errors import PipelineError

DEFINITIONS = sorted((Path(__file__).parent / "definitions").glob("*.json"))
OURS = {
    "name": "p",
    "scripts": ["s"],
    "nodes": {
        "A": {"external": True, "outputs": {"o": "data"}},
        "B": {
            "script": "b.py",
            "inputs": {"i": {"from": "A.o", "subpath": "x"}, "j": "y"},
            "environ_vars": {"X": "x", "T": {"secret": "N"}},
            "job_args": {"a": 1},
            "timeout_s": 5,
        },
    },
    "edges": [["A", "B"]],
}
WHOLE = [OURS, *(json.loads(path.read_text()) for path in DEFINITIONS)]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["Parameters.Lake", "Steps.A.b", "..", "/", "a/b", "A.o", "{", "~"]),
    st.just([]),
    st.just({}),
    st.just({"Get": "Steps.DailyReport.x"}),
    st.just({"Get": 5}),
    st.just({"Std:Join": {"Values": ["/", {"Get": "Execution.Id"}]}}),
    st.just([[]]),
)


def places(tree, way=()):
    """Every way into a tree, its top first."""
    yield way
    if isinstance(tree, dict):
        for key, child in tree.items():
            yield from places(child, (*way, key))
    elif isinstance(tree, list):
        for number, child in enumerate(tree):
            yield from places(child, (*way, number))


def changed(tree, way, value):
    """A copy of a tree with another value at a place."""
    if not way:
        return value
    twin = copy.deepcopy(tree)
    here = twin
    for step in way[:-1]:
        here = here[step]
    here[way[-1]] = value
    return twin


def tried(path):
    """What an error of ours says of a file, and what was read of it."""
    try:
        return "", load_either(path)
    except PipelineError as refusal:
        return str(refusal), None


@st.composite
def wrong_trees(draw):
    tree = draw(st.sampled_from(WHOLE))
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(list(places(tree))))
        tree = changed(tree, way, draw(ODD))
    return tree


@pytest.mark.parametrize("suffix", ["json", "yaml"])
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tree=wrong_trees())
def test_a_changed_tree_is_read_or_refused(tmp_path, suffix, tree):
    """Whatever stands in the place of a value, a pipeline comes of it or an error of ours."""
    path = tmp_path / f"p.{suffix}"
    path.write_text(json.dumps(tree))
    refusal, definition = tried(path)
    if definition is None:
        assert str(path) in refusal
    else:
        assert len(definition.dag) == len(definition.declaration.nodes)


@pytest.mark.parametrize("suffix", ["json", "yaml"])
@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(whole=st.sampled_from(WHOLE), cut=st.floats(0, 1), more=st.binary(max_size=4))
def test_a_torn_text_is_read_or_refused(tmp_path, suffix, whole, cut, more):
    """A file that was cut anywhere, with any bytes after it, is no crash."""
    path = tmp_path / f"p.{suffix}"
    text = json.dumps(whole, indent=1).encode()
    path.write_bytes(text[: int(len(text) * cut)] + more)
    refusal, definition = tried(path)
    assert definition is not None or str(path) in refusal
