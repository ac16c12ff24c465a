"""The parts of the script host that need no process."""

import ast
import copy
import functools
import inspect
import json
import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.adapters.runners import (
    fork_server,
    fork_surroundings,
    script_end,
    script_host,
)
from runthrough.adapters.runners.script_host import NAMES, JobArgs, decode, encode, fit
from runthrough.core.values.outcomes import LOG_TAIL_BYTES, TEXT_LIMIT_BYTES

VALUES = ("IN", "OUT", "ENV", "ARGS")
SOURCE = inspect.getsource(script_host)
STANDALONE = [script_host, script_end, fork_server, fork_surroundings]
"""What runs in the script's interpreter."""


def called(main):
    positional, named = fit(main, VALUES)
    return main(*positional, **named)


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


class Callable:
    def __call__(self, input_paths, job_args, *, environ_vars):
        return (input_paths, job_args, environ_vars)

    def method(self, output_paths, logger=None):
        return (output_paths, logger)


@pytest.mark.parametrize(
    ("main", "seen"),
    [
        (lambda input_paths, output_paths, environ_vars, job_args: (input_paths, job_args),
         "IN ARGS"),
        (lambda: (), ""),
        (lambda job_args, input_paths: (job_args, input_paths), "ARGS IN"),
        (lambda *, job_args, output_paths: (job_args, output_paths), "ARGS OUT"),
        (lambda a, b, c, d: (a, b, c, d), "IN OUT ENV ARGS"),
        (lambda a, b, c, d, /: (a, b, c, d), "IN OUT ENV ARGS"),
        (lambda a, b: (a, b), "IN OUT"),
        (lambda a, b, verbose="no": (a, b, verbose), "IN OUT no"),
        (lambda a=0, b=0: (a, b), "IN OUT"),
        (lambda a=0, b=0, c=0, d=0, logger="none": (a, b, c, d, logger), "IN OUT ENV ARGS none"),
        (lambda x, output_paths, y, job_args: (x, output_paths, y, job_args), "IN OUT ENV ARGS"),
        (lambda input_paths, log="none", job_args=0: (input_paths, log, job_args), "IN none ARGS"),
        (lambda *given: given, "IN OUT ENV ARGS"),
        (lambda **given: tuple(given[name] for name in NAMES), "IN OUT ENV ARGS"),
        (lambda input_paths, **given: (input_paths, *given.values()), "IN OUT ENV ARGS"),
        (lambda *given, **named: (*given, *named.values()), "IN OUT ENV ARGS"),
        (wrapped(lambda input_paths, environ_vars: (input_paths, environ_vars)), "IN ENV"),
        (functools.partial(lambda a, input_paths: (a, input_paths), "first"), "first IN"),
        (Callable(), "IN ARGS ENV"),
        (Callable().method, "OUT None"),
    ],
)  # fmt: skip
def test_main_is_called_in_the_way_that_fits(main, seen):
    """Known names are given by name, others by position, optional extras are left alone."""
    assert " ".join(map(str, called(main))) == seen


@pytest.mark.parametrize(
    "main",
    [
        lambda input_paths, output_paths, environ_vars, job_args, logger: 0,
        lambda x, input_paths: 0,
        lambda *, logger: 0,
    ],
)
def test_what_cannot_be_filled_is_a_type_error(main):
    """A required parameter that nothing fits is left to Python to name."""
    with pytest.raises(TypeError, match="missing 1 required"):
        called(main)


def test_job_args_are_copied_as_what_they_are():
    """Copies within the script stay both namespace and mapping, and are independent."""
    args = JobArgs({"rates": [1], "items": 2})
    deep, shallow = copy.deepcopy(args), copy.copy(args)
    deep.rates.append(2)
    shallow["depth"] = 3
    assert (args.rates, deep["rates"], shallow.depth, "depth" in args) == ([1], [1, 2], 3, False)
    assert args.items == 2


def test_job_args_travel_to_other_processes_as_a_namespace():
    """A worker of the script's, which cannot import the host, gets an argparse.Namespace."""
    there = pickle.loads(pickle.dumps(JobArgs({"depth": 3})))
    assert type(there).__module__ == "argparse"
    assert there.depth == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@pytest.mark.slow
@given(JSON)
def test_json_is_read_and_written_as_the_standard_library_does(value):
    """The short way to JSON means what the long one means."""
    assert json.loads(encode(value)) == value
    assert decode(json.dumps(value)) == value


def test_numbers_that_json_has_not_are_read_as_python_writes_them():
    """Arguments may hold infinity, which Python's JSON knows."""
    assert decode("[Infinity, -Infinity]") == [float("inf"), float("-inf")]


def test_reading_json_falls_back_where_a_later_python_asks_for_more(monkeypatch):
    """Without the scanner that we borrow, the standard library reads the request."""
    monkeypatch.setitem(sys.modules, "_json", None)
    assert decode('{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("module", STANDALONE)
def test_the_host_is_written_for_python_3_9(module):
    """The files that run in the script's interpreter use no newer syntax."""
    source = inspect.getsource(module)
    ast.parse(source, feature_version=(3, 9))
    assert not any(isinstance(node, ast.Match) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("module", STANDALONE)
def test_the_host_imports_the_standard_library_alone(module):
    """The files need nothing that the script's interpreter may not have."""
    modules = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            modules.add(node.module.partition(".")[0])
    assert modules <= sys.stdlib_module_names


def test_nothing_heavy_is_imported_before_the_script_starts():
    """What delays every script is looked at here: three modules that are loaded anyway."""
    tops = [node for node in ast.parse(SOURCE).body if isinstance(node, ast.Import)]
    assert [alias.name for node in tops for alias in node.names] == ["os", "sys", "time"]


def test_the_host_cuts_where_the_core_says():
    """The host cannot import the core's limits, so it repeats them."""
    assert script_host.TEXT_LIMIT_BYTES == TEXT_LIMIT_BYTES
    assert script_host.LOG_TAIL_BYTES == LOG_TAIL_BYTES
