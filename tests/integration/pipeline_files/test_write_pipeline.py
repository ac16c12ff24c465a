"""Writing a pipeline file, so that reading it gives the same."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from tests.support.strategies import FLOATS, JSON_VALUES

from runthrough.adapters.pipeline_files import load_pipeline
from runthrough.adapters.pipeline_files.texts import read_tree
from runthrough.adapters.pipeline_files.writing import write_pipeline
from runthrough.application.definitions import normalised, relocated
from runthrough.core.values.connections import Output
from runthrough.core.values.limits import Limits
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.errors import PipelineFileError, SessionError

KEY = "AKIA" + "Q" * 16
"""Looks like a secret to whoever reads it."""


def written(folder, declared, name="out.yaml", **how):
    """The file that was written, for a session whose roots lie in and beside a folder."""
    how.setdefault("locate", roots(folder).locate)
    return write_pipeline(folder / name, declared, **how)


def roots(folder):
    """The pipeline's folder is the one that is written to; the workspace lies outside."""
    return Roots(
        {"pipeline": str(folder), "workspace": f"{folder}-elsewhere", "session": f"{folder}/deep"}
    )


def read_again(folder, name="out.yaml"):
    """What the file says, with every path by its place."""
    return located(normalised(load_pipeline(folder / name)), Roots({"pipeline": str(folder)}))


def located(declared, places):
    """A pipeline with absolute paths, so that two of them can be held against each other."""
    found = relocated(declared, lambda path: f"abs:{places.locate(path)}")
    return found.model_copy(update={"file": None})


def one_node(**said):
    """A pipeline of one node."""
    return PipelineDeclaration(name="churn", nodes={"prepare": NodeDeclaration(**said)})


def names(*more):
    """Any text that can name a node, an input or an output."""
    letters = st.characters(
        exclude_categories=("C", "Z"),
        include_characters=" ",
        exclude_characters="/" + "".join(more),
    )
    text = st.text(letters, min_size=1, max_size=8)
    return text.filter(
        lambda name: name.strip() and name.isprintable() and name not in {".", ".."}
    )


def paths():
    """Recorded paths below each root, and absolute ones."""
    parts = st.lists(names() | st.sampled_from(["~", "a b", "no", "1e5"]), min_size=1, max_size=3)
    root = st.sampled_from(["pipeline:", "workspace:", "session:", "abs:/", "abs:/data/"])
    return st.builds(lambda root, parts: root + "/".join(parts), root, parts)


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
SECRETS = st.sampled_from([KEY, "[masked]", f"see {KEY}", "https://ann:pw@host/"])
REFERENCES = st.builds(lambda name: {"secret": name}, st.text("ABC", min_size=1))
NUMBERS = st.integers(1, 2**40)


@st.composite
def declarations(draw):
    """Pipelines as a session may hold them, with values that look like secrets."""
    nodes = draw(st.lists(names("."), unique=True, min_size=1, max_size=4))
    kept = ["LABEL", "TOKEN", "PASSWORD", *draw(st.lists(names("="), max_size=2))]
    variables = st.dictionaries(st.sampled_from(kept), TEXTS | SECRETS | REFERENCES, max_size=3)
    values = JSON_VALUES | SECRETS | REFERENCES | st.builds(lambda v: {"plain": v}, SECRETS)
    arguments = st.dictionaries(st.sampled_from(kept) | TEXTS, values, max_size=3)
    ports = st.dictionaries(names(), paths(), max_size=2)
    said = {}
    for place, node in enumerate(nodes):
        if draw(st.booleans()) and place == 0:
            outputs = draw(st.dictionaries(names(), paths(), min_size=1, max_size=2))
            said[node] = NodeDeclaration(external=True, outputs=outputs)
            continue
        above = draw(st.lists(st.sampled_from(nodes[:place]), max_size=2)) if place else []
        fed = {
            draw(names()): Output(
                feeding,
                draw(st.sampled_from(sorted(said[feeding].outputs)))
                if said[feeding].external
                else draw(names()),
                draw(st.none() | names("~")),
            )
            for feeding in above
        }
        said[node] = NodeDeclaration(
            script=draw(st.none() | paths()),
            inputs={**draw(ports), **fed},
            outputs=draw(ports),
            environ_vars=draw(variables),
            job_args=draw(arguments),
            timeout_s=draw(st.none() | FLOATS.filter(lambda seconds: seconds > 0)),
            limits=Limits(
                memory_bytes=draw(st.none() | NUMBERS),
                cpu_s=draw(st.none() | NUMBERS),
                open_files=draw(st.none() | NUMBERS),
            ),
            python=draw(st.none() | paths() | st.just("python3.12")),
        )
    edges = (
        draw(
            st.lists(
                st.sampled_from([(a, b) for n, b in enumerate(nodes) for a in nodes[:n]]),
                unique=True,
            )
        )
        if len(nodes) > 1
        else []
    )
    return PipelineDeclaration(
        name=draw(names()),
        scripts=tuple(draw(st.lists(paths(), max_size=2))),
        registry=draw(ports),
        python=draw(st.none() | paths() | st.just("python3")),
        inherit_env=tuple(draw(st.lists(st.sampled_from(kept), max_size=2))),
        nodes=said,
        edges=tuple(edges),
    )


@pytest.mark.slow
@settings(max_examples=40)
@given(declared=declarations(), suffix=st.sampled_from(["yaml", "json"]))
@example(declared=one_node(job_args={"text": "no", "\x85": " \u2028", "n": 1e-7}), suffix="yaml")
@example(declared=one_node(job_args={"a": {"plain": 1}, "b": [KEY]}), suffix="yaml")
def test_reading_gives_what_was_written(declared, suffix):
    """Law: whatever a session holds, its file read again says the same of every node."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(os.path.realpath(place))
        done = written(folder, declared, f"out.{suffix}")
        assert done.left_out == ()
        again = read_again(folder, f"out.{suffix}")
    expected = located(declared, roots(folder))
    assert set(again.edges) >= set(expected.edges)
    assert again.nodes == expected.nodes
    aside = {"nodes": {}, "edges": ()}
    assert again.model_copy(update=aside) == expected.model_copy(update=aside)


@pytest.mark.slow
@settings(max_examples=40)
@given(declared=declarations(), suffix=st.sampled_from(["yaml", "json"]))
def test_an_editor_finds_nothing_wrong_in_what_was_written(declared, suffix):
    """Law: a written file fits the schema that was laid beside it, and points there."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(os.path.realpath(place))
        done = written(folder, declared, f"out.{suffix}")
        schema = json.loads(Path(done.schema).read_text())
        tree = read_tree(done_file := str(folder / f"out.{suffix}")).plain
        text = Path(done_file).read_text()
    assert [error.message for error in Draft7Validator(schema).iter_errors(tree)] == []
    pointer = tree["$schema"] if suffix == "json" else text.partition("\n")[0].rpartition("=")[2]
    assert str(folder / pointer) == done.schema


@pytest.mark.parametrize("name", ["out.yaml", "out.json"])
def test_a_foreign_file_of_the_schemas_name_is_not_pointed_at(tmp_path, name):
    """Where somebody else's file has the name, it stays, and the pipeline file names none."""
    (tmp_path / "runthrough.schema.json").write_text("mine")
    done = written(tmp_path, one_node(), name)
    assert done.schema is None
    assert "$schema" not in (tmp_path / name).read_text()
    assert (tmp_path / "runthrough.schema.json").read_text() == "mine"
    assert load_pipeline(tmp_path / name).name == "churn"


def test_the_file_reads_well(tmp_path):
    """Names and paths stand as a person writes them, in the order of the session."""
    declared = PipelineDeclaration(
        name="churn",
        scripts=("pipeline:scripts",),
        nodes={
            "Load": NodeDeclaration(external=True, outputs={"DATA": "pipeline:data/raw"}),
            "Clean": NodeDeclaration(
                script="pipeline:scripts/clean.py",
                inputs={"raw": Output("Load", "DATA", "train"), "extra": "abs:/shared/extra.csv"},
                environ_vars={"LABEL": "churned", "FLAG": "no", "KEY": {"secret": "NAME"}},
                job_args={"depth": 3, "note": KEY},
                timeout_s=600.0,
                limits=Limits(memory_bytes=1024),
            ),
        },
        edges=(("Load", "Clean"),),
    )
    written(tmp_path, declared)
    assert (tmp_path / "out.yaml").read_text() == (
        "# yaml-language-server: $schema=runthrough.schema.json\n"
        "name: churn\n"
        "scripts: [scripts]\n"
        "nodes:\n"
        "  Load:\n"
        "    external: true\n"
        "    outputs: {DATA: data/raw}\n"
        "  Clean:\n"
        "    script: scripts/clean.py\n"
        "    inputs:\n"
        "      raw: {from: Load.DATA, subpath: train}\n"
        "      extra: /shared/extra.csv\n"
        "    environ_vars:\n"
        "      LABEL: churned\n"
        '      FLAG: "no"\n'
        "      KEY: {secret: NAME}\n"
        "    job_args:\n"
        "      depth: 3\n"
        f"      note: {{plain: {KEY}}}\n"
        "    timeout_s: 600.0\n"
        "    limits: {memory: 1024}\n"
        "edges:\n"
        "- [Load, Clean]\n"
    )


def test_a_file_that_is_there_stays_as_it_is(tmp_path):
    """Only `force` overwrites, and then the whole file is the new one."""
    (tmp_path / "out.yaml").write_text("mine")
    with pytest.raises(PipelineFileError, match="there already") as caught:
        written(tmp_path, one_node())
    assert "--force" in caught.value.fix
    assert (tmp_path / "out.yaml").read_text() == "mine"
    written(tmp_path, one_node(), force=True)
    assert load_pipeline(tmp_path / "out.yaml").name == "churn"
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"out.yaml", "runthrough.schema.json"}


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    """A folder that is not there is an error, and no part of a file is left."""
    with pytest.raises(PipelineFileError, match="cannot be written"):
        written(tmp_path, one_node(), "nowhere/out.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(PipelineFileError, match="cannot be written"):
        written(tmp_path, one_node(), "folder.yaml", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.yaml"]


def test_a_json_file_is_json(tmp_path):
    """A file that ends in `.json` can be read by whoever reads JSON."""
    written(tmp_path, one_node(environ_vars={"LABEL": "é"}), "out.json")
    said = json.loads((tmp_path / "out.json").read_text())
    assert said["nodes"]["prepare"]["environ_vars"] == {"LABEL": "é"}


COMMENTED = """\
# yaml-language-server: $schema=runthrough.schema.json
# one: whose pipeline this is
name: "a # in a text"  # two
nodes:
  prepare:
    environ_vars:
      LABEL: |
        # of the text, and no comment
      OTHER: x#y  # three
    # four
"""


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (COMMENTED, ("4 comments that stood in the file before",)),
        ("name: a # why\n", ("1 comment that stood in the file before",)),
        ("# yaml-language-server: $schema=runthrough.schema.json\nname: a\n", ()),
        ("name: 'never closed # this is not YAML\n", ()),
        (b"# \xff".decode("latin-1"), ("1 comment that stood in the file before",)),
    ],
)
def test_comments_of_a_file_that_is_overwritten_are_told(tmp_path, before, told):
    """How many are lost is said; what editors need is none of them, nor is a `#` in a text."""
    (tmp_path / "out.yaml").write_text(before, encoding="utf-8")
    assert written(tmp_path, one_node(), "out.yaml", force=True).left_out == told
    assert "#" not in (tmp_path / "out.yaml").read_text().partition("\n")[2]


def test_what_cannot_be_said_is_left_out_and_told(tmp_path):
    """A name, a path or a value that no pipeline file takes is told, and the file is read."""
    declared = PipelineDeclaration(
        name="churn",
        nodes={
            "out": NodeDeclaration(external=True, outputs={"DATA": "pipeline:data"}),
            "a": NodeDeclaration(),
            "a.b": NodeDeclaration(),
            "prepare": NodeDeclaration(
                inputs={
                    "x/y": "pipeline:data",
                    "tab": "pipeline:a\tb",
                    "gone": Output("out", "OTHER"),
                    "odd": Output("a", "b.c"),
                    "deep": Output("a", "b", "../c"),
                },
                outputs={"o/p": "pipeline:data"},
                environ_vars={"A=B": "x", "NUMBER": 3},
            ),
        },
    )
    done = written(tmp_path, declared)
    told = "\n".join(done.left_out)
    places = ("x/y", "tab", "gone", "odd", "deep", "o/p", "A=B", "NUMBER")
    assert [place for place in places if f"prepare.{place}" in told] == list(places)
    assert len(done.left_out) == len(places)
    assert read_again(tmp_path).nodes["prepare"] == NodeDeclaration()


def test_a_folder_that_is_not_known_here_is_told(tmp_path):
    """A path below a root that this host does not know is an error with the way out."""
    with pytest.raises(SessionError, match="workspace") as caught:
        written(
            tmp_path,
            one_node(inputs={"raw": "workspace:raw"}),
            locate=Roots({"pipeline": str(tmp_path)}).locate,
        )
    assert "resume --here" in caught.value.fix


def test_an_interpreter_is_written_as_it_is_found(tmp_path):
    """A command stays a command, and a path never becomes one."""
    pythons = {
        "a": "python3",
        "b": "pipeline:python",
        "c": "../envs/python",
        "d": "/usr/bin/python",
        "e": "workspace:bin/python",
    }
    nodes = {name: NodeDeclaration(python=python) for name, python in pythons.items()}
    written(tmp_path, PipelineDeclaration(name="churn", nodes=nodes))
    again = load_pipeline(tmp_path / "out.yaml").declaration.nodes
    assert {name: node.python for name, node in again.items()} == {
        "a": "python3",
        "b": "pipeline:python",
        "c": f"abs:{tmp_path.parent}/envs/python",
        "d": "abs:/usr/bin/python",
        "e": f"abs:{tmp_path}-elsewhere/bin/python",
    }
