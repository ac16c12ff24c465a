"""One walk over a syntax tree: its digest, and what it imports."""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_LEFT_OUT = {
    "ctx",  # follows from where the expression stands
    "kind",  # u"x" is "x"
    "type_comment",  # a comment
    "type_ignores",  # comments
}
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


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


def survey(tree: ast.Module) -> Survey:
    """Walk a tree once.

    Absent and empty fields are left out, because newer Pythons add such fields to old nodes.
    """
    imports: set[str] = set()
    level = 0
    parts: list[str] = []
    stack: list[ast.AST | str] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if isinstance(node, ast.Import):
            imports.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            level = max(level, node.level)
            if node.module and not node.level:
                imports.add(node.module.partition(".")[0])
        stack.append(")")
        stack.extend(reversed(_described(node, parts)))
    digest = hashlib.sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return Survey(digest, tuple(sorted(imports)), level)


def _described(node: ast.AST, parts: list[str]) -> list[ast.AST | str]:
    """Write the node's own values to `parts`; answer with its children and their field names."""
    kind = type(node)
    parts.append(f"({kind.__name__}")
    children: list[ast.AST | str] = []
    for field in _fields(kind):
        value = getattr(node, field, None)
        if value is None:
            if kind is ast.Constant and field == "value":
                parts.append(" value=None")
        elif isinstance(value, ast.AST):
            children += (f" {field}:", value)
        elif isinstance(value, list):
            several = _without_docstring(node, value) if field == "body" else value
            if kind is ast.JoinedStr:
                several = list(_merged_texts(several))
            children += _listed(field, several)
        else:
            parts.append(f" {field}={_token(value)}")
    return children


_known_fields: dict[type[ast.AST], tuple[str, ...]] = {}


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    fields = _known_fields.get(kind)
    if fields is None:
        fields = tuple(name for name in kind._fields if name not in _LEFT_OUT)
        _known_fields[kind] = fields
    return fields


def _listed(field: str, values: Sequence[ast.AST | str | None]) -> list[ast.AST | str]:
    if not values:
        return []
    listed: list[ast.AST | str] = [f" {field}["]
    for value in values:
        # A missing key stands for `**mapping`; names stand in `global a, b`.
        listed.append(value if isinstance(value, ast.AST) else f" {_token(value)}")
    listed.append("]")
    return listed


def _without_docstring(node: ast.AST, body: list[Any]) -> list[Any]:
    if not isinstance(node, _DOCUMENTED) or not body:
        return body
    first = body[0]
    documented = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if documented else body


def _merged_texts(values: Sequence[ast.AST]) -> Iterator[ast.AST | str]:
    """The parts of an f-string with neighbouring texts joined: Pythons cut them differently."""
    text = ""
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text += value.value
            continue
        if text:
            yield text
            text = ""
        yield value
    if text:
        yield text


def _token(value: object) -> str:
    if type(value) is int:
        return hex(value)  # decimal digits of huge numbers are refused
    # `ascii`, because what `repr` escapes depends on the Unicode tables of the Python.
    return f"{type(value).__name__}:{ascii(value)}"
