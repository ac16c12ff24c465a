"""Every piece of Python on a page fits the package: its names, its methods, their keywords."""

import ast
import inspect
import re
import textwrap

import pytest
from tests.support.pages import DOCS, REPOSITORY

import runthrough

PAGES = [
    *(page for page in sorted(DOCS.rglob("*.md")) if "adr" not in page.parts),
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")),
]
BLOCK = re.compile(r"^ *```python\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
HELD = {
    "factory": runthrough.InteractiveRuntimeTestingFactory,
    "tester": runthrough.RuntimeTester,
    "dag": runthrough.PipelineDAG,
    "catalog": runthrough.StepCatalog,
}
"""What pages call an object of each class."""


def programs(page):
    """The Python blocks of a page."""
    return [textwrap.dedent(block) for block in BLOCK.findall(page.read_text(encoding="utf-8"))]


def misfits(program):
    """What a program names that the package does not have."""
    tree = ast.parse(program)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "runthrough":
            found += [n.name for n in node.names if n.name not in runthrough.__all__]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            kind = HELD.get(node.value.id) or public(node.value.id)
            if inspect.isclass(kind) and not has(kind, node.attr):
                found.append(f"{node.value.id}.{node.attr}")
        if isinstance(node, ast.Call) and (called := target(node.func)) is not None:
            taken = inspect.signature(called).parameters
            if not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
                found += [k.arg for k in node.keywords if k.arg and k.arg not in taken]
    return found


def public(name):
    """A public name of the package, or nothing."""
    return getattr(runthrough, name) if name in runthrough.__all__ else None


def has(kind, name):
    """Whether objects of a class have an attribute; fields of models and dataclasses count."""
    fields = {*getattr(kind, "model_fields", ()), *getattr(kind, "__annotations__", ())}
    return hasattr(kind, name) or name in fields


def target(function):
    """What of ours a call is of, or nothing."""
    if isinstance(function, ast.Name):
        return public(function.id)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        kind = HELD.get(function.value.id) or public(function.value.id)
        return getattr(kind, function.attr, None) if inspect.isclass(kind) else None
    return None


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if programs(page)],
    ids=lambda page: page.relative_to(REPOSITORY).as_posix(),
)
def test_shown_programs_fit_the_package(page):
    """No import, method or keyword on a page is one that is not there."""
    assert [found for program in programs(page) for found in misfits(program)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "from runthrough import PipelineDog",
        "factory.configure_scripts('a')",
        "factory.undo(two=1)",
        "InteractiveRuntimeTestingFactory(dag, session='a')",
        "InteractiveRuntimeTestingFactory.resumed('a')",
    ],
)
def test_a_wrong_program_is_found_out(wrong):
    """A slip in a name, a method or a keyword."""
    assert misfits(wrong)
