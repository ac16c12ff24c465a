"""One walk over a syntax tree: its digest, and what it imports."""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

_LEFT_OUT = {
    "ctx",  # follows from where the expression stands
    "kind",  # u"x" is "x"
    "type_comment",  # a comment
    "type_ignores",  # comments
}
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class ImportedModule:
    """One `import` or `from … import …`."""

    level: int
    """Dots in front of a relative import."""
    module: str
    """Dotted name; empty in `from . import name`."""
    names: tuple[str, ...] = ()
    """What is imported from it; empty in `import module`."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one walk tells."""

    digest: str
    """SHA-256 of the tree without positions, comments and docstrings; the same under every
    CPython from 3.11 on."""
    imports: tuple[str, ...]
    """Top-level names of the modules that are imported absolutely, sorted."""
    relative_level: int
    """Most dots in front of a relative import; 0 when there is none."""
    modules: tuple[ImportedModule, ...] = ()
    """All that is imported, in source order, each once."""
    parser_calls: tuple[ast.Call, ...] = ()
    """Calls of some `add_argument`."""


def survey(tree: ast.Module) -> Survey:
    """Walk a tree once.

    Each node is written as its kind, its own values, and its parts between brackets. Absent and
    empty fields are left out, because newer Pythons add such fields to old nodes.
    """
    modules: dict[ImportedModule, None] = {}
    calls: list[ast.Call] = []
    parts: list[str] = []
    write = parts.append
    stack: list[Any] = [tree]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        kind = node.__class__
        if kind is str:
            write(node)
            continue
        if kind in _IMPORTS:
            _note_import(node, modules)
        elif kind is ast.Call:
            _note_call(node, modules, calls)
        push(")")
        held = node.__dict__
        write(f"({kind.__name__}")
        for name, label in _fields(kind):
            value = held.get(name)
            if value is None or value == []:
                continue
            if isinstance(value, ast.AST):
                push(value)
                push(label)
            elif value.__class__ is list:
                push("]")
                stack.extend(reversed(_several(node, name, value)))
                push(f"{label}[")
            else:
                write(f"{label}{_token(value)}")
        if kind is ast.Constant and held["value"] is None:
            write(" None")
    digest = hashlib.sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    tops = {each.module.partition(".")[0] for each in modules if not each.level}
    level = max((each.level for each in modules), default=0)
    return Survey(digest, tuple(sorted(tops)), level, tuple(modules), tuple(calls))


_IMPORTS = {ast.Import, ast.ImportFrom}
_IMPORTERS = {"import_module", "__import__"}


def _note_call(
    node: ast.Call, modules: dict[ImportedModule, None], parser_calls: list[ast.Call]
) -> None:
    """An `add_argument`, or the import of a module whose name stands there whole.

    Relative names are left out: which package they start from is known only at run time.
    """
    called = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    if called == "add_argument" and isinstance(node.func, ast.Attribute):
        parser_calls.append(node)
    if called not in _IMPORTERS:
        return
    named = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
    match (*node.args[:1], *named):
        case (ast.Constant(value=str(name)),) if all(map(str.isidentifier, name.split("."))):
            modules[ImportedModule(0, name)] = None


def _note_import(node: ast.Import | ast.ImportFrom, modules: dict[ImportedModule, None]) -> None:
    if isinstance(node, ast.Import):
        modules.update((ImportedModule(0, alias.name), None) for alias in node.names)
        return
    names = tuple(alias.name for alias in node.names)
    modules[ImportedModule(node.level, node.module or "", names)] = None


@cache
def _fields(kind: type[ast.AST]) -> tuple[tuple[str, str], ...]:
    """Fields of a kind of node that count, each with the label that it is written under."""
    return tuple((name, f" {name}=") for name in kind._fields if name not in _LEFT_OUT)


def _several(node: ast.AST, field: str, values: list[Any]) -> Sequence[Any]:
    if field == "body" and isinstance(node, _DOCUMENTED):
        return _without_docstring(values)
    if isinstance(node, ast.JoinedStr):
        return tuple(_merged_texts(values))
    if isinstance(values[0], ast.AST) and field not in {"keys", "kw_defaults"}:
        return values
    # A missing key stands for `**mapping`; names stand in `global a, b`.
    return [value if isinstance(value, ast.AST) else f" {_token(value)}" for value in values]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body[0]:
        case ast.Expr(value=ast.Constant(value=str())):
            return body[1:]
    return body


def _merged_texts(values: Sequence[ast.AST]) -> Iterator[ast.AST | str]:
    """The parts of an f-string with neighbouring texts joined: Pythons cut them differently."""
    text = ""
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text += value.value
            continue
        if text:
            yield f" {_token(text)}"
            text = ""
        yield value
    if text:
        yield f" {_token(text)}"


def _token(value: object) -> str:
    kind = type(value)
    if kind is int:
        return hex(value)  # type: ignore[arg-type]  # mypy does not narrow by `kind`
    # `ascii`, because what `repr` escapes depends on the Unicode tables of the Python.
    return f"{kind.__name__}:{value!a}"
