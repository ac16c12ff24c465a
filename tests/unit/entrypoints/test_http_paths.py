"""No route reads or writes a file that the sessions did not place for it."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from runthrough.bootstrap import files
from runthrough.entrypoints import http

PLACED = {"place", "pipeline_file"}
"""Methods of the sessions, and of a session, that refuse what lies outside."""
TAKING = {
    name
    for name, function in inspect.getmembers(files, inspect.isfunction)
    if function.__module__ == files.__name__
    and {"path", "file", "folder", "key"} & set(inspect.signature(function).parameters)
}
"""Functions that doors hand paths to."""


def calls_with_paths() -> Iterator[tuple[str, ast.Call, ast.Module]]:
    """Each call of such a function in the service, by place, with its module."""
    for file in sorted(Path(http.__file__).parent.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in TAKING:
                yield f"{file.name}:{node.lineno}", node, tree


def is_placed(value: ast.expr, tree: ast.Module) -> bool:
    """Whether a value is what a placing method gave, at once or by a name that is given once."""
    if isinstance(value, ast.Name):
        assigned = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and [getattr(target, "id", None) for target in node.targets] == [value.id]
        ]
        return bool(assigned) and all(is_placed(each, tree) for each in assigned)
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in PLACED


def test_every_path_that_a_route_hands_on_was_placed():
    """A pipeline file, or whatever else a request names, is inside before anybody opens it."""
    found = list(calls_with_paths())
    assert found, "the service loads pipelines"
    loose = [
        place
        for place, call, tree in found
        if not any(is_placed(argument, tree) for argument in call.args)
    ]
    assert loose == []


def test_the_functions_that_take_paths_are_known():
    """The list is not empty by a slip in how it is made."""
    assert {"load_pipeline", "load_either", "write_pipeline", "open_export", "signed"} <= TAKING
