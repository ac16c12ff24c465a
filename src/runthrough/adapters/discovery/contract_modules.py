"""Contracts written as Python calls, read from the text; the module is never imported."""

import ast
import math
import posixpath
from collections.abc import Iterator
from inspect import cleandoc
from typing import cast

from pydantic import JsonValue

from runthrough.adapters.discovery.contract_shape import FIELDS, NEEDS, Note, Spot, Steps, Written
from runthrough.adapters.discovery.dotted import dotted
from runthrough.adapters.discovery.sources import syntax_tree

DEPTH_LIMIT = 30
"""Values inside values and names of names; a constant that names itself would not end."""
STEP_LIMIT = 10_000
"""Expressions of one keyword; constants that double each other would take for ever."""
_LISTS = (ast.List, ast.Tuple, ast.Set)
_SAME = {"str", "Path", "PurePath", "PurePosixPath", "dedent", "cleandoc"}
"""Calls that give what they are given, as far as a contract goes."""


class NotConstantError(Exception):
    """A value that is computed; `node` is the part that cannot be told."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node
        super().__init__(type(node).__name__)


def contracts_in(content: bytes) -> tuple[Written, ...]:
    """Every call in a module that names an `entry_point` and needs, whatever it calls.

    Raises:
        FaultError: The module does not parse.
    """
    if b"entry_point" not in content:
        return ()
    tree = syntax_tree(content)
    constants = _Constants(tree)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.keywords)
    found = (_written(call, constants) for call in calls)
    return tuple(written for written in found if written is not None)


def _written(call: ast.Call, constants: "_Constants") -> Written | None:
    values: dict[str, JsonValue] = {}
    spots: dict[Steps, Spot] = {}
    notes: list[Note] = []
    for name, node in _keywords(call, constants):
        if name not in FIELDS:
            continue
        reading = _Reading(constants)
        spots[name,] = _spot(node)
        try:
            values[name] = reading.value(node)
        except NotConstantError as error:
            reading.computed.append(error.node)
        spots |= {(name, key): spot for key, spot in reading.spots.items()}
        notes += (_note(name, odd) for odd in reading.computed)
    if not isinstance(values.get("entry_point"), str) or not values.keys() & NEEDS.keys():
        return None
    return Written(values, _spot(call), spots, tuple(notes))


def _keywords(call: ast.Call, constants: "_Constants") -> Iterator[tuple[str, ast.expr]]:
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value
            continue
        spread = constants.resolved(keyword.value)
        if isinstance(spread, ast.Dict):
            for key, value in zip(spread.keys, spread.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(spread, ast.Call) and dotted(spread.func) == "dict":
            yield from _keywords(spread, constants)


def _note(part: str, odd: ast.AST) -> Note:
    reason = f"a part of {part} is computed, so it is left out"
    return Note(reason, f"write {part} with constants", _spot(odd))


def _spot(node: ast.AST) -> Spot:
    return getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1


class _Constants:
    """What the module's own names and its classes' attributes are bound to."""

    def __init__(self, tree: ast.Module) -> None:
        self._bound: dict[str, ast.expr] = {}
        self._note(tree.body, "")

    def _note(self, body: list[ast.stmt], prefix: str) -> None:
        for statement in body:
            match statement:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        if isinstance(target, ast.Name):
                            self._bound[prefix + target.id] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._bound[prefix + name] = value
                case ast.ClassDef(name=name, body=inner) if not prefix:
                    self._note(inner, f"{name}.")

    def resolved(self, node: ast.expr) -> ast.expr:
        """What a name stands for, else the expression itself."""
        for _ in range(DEPTH_LIMIT):
            bound = self._bound.get(dotted(node))
            if bound is None:
                return node
            node = bound
        return node


class _Reading:
    """The value of one keyword; parts of it that are computed are left out and noted."""

    def __init__(self, constants: _Constants) -> None:
        self._constants = constants
        self._depth = self._steps = 0
        self.computed: list[ast.AST] = []
        self.spots: dict[str, Spot] = {}

    def value(self, node: ast.expr) -> JsonValue:
        """What an expression is.

        Raises:
            NotConstantError: It is computed.
        """
        self._depth += 1
        self._steps += 1
        try:
            if self._depth > DEPTH_LIMIT or self._steps > STEP_LIMIT:
                raise NotConstantError(node)
            return self._value(self._constants.resolved(node))
        finally:
            self._depth -= 1

    def _value(self, node: ast.expr) -> JsonValue:
        if isinstance(node, ast.Constant):
            if _is_plain(node.value):
                return cast("JsonValue", node.value)
        elif isinstance(node, _LISTS):
            return list(self._parts(node.elts))
        elif isinstance(node, ast.Dict):
            return dict(self._pairs(node))
        elif isinstance(node, ast.BinOp):
            return self._joined(node)
        elif isinstance(node, ast.JoinedStr | ast.FormattedValue):
            return self._text(node)
        elif isinstance(node, ast.Subscript):
            return self._part(node)
        elif isinstance(node, ast.Call):
            return self._call(node)
        raise NotConstantError(node)

    def _part(self, node: ast.Subscript) -> JsonValue:
        owner, key = self.value(node.value), self.value(node.slice)
        if isinstance(owner, dict) and isinstance(key, str) and key in owner:
            return owner[key]
        raise NotConstantError(node)

    def _parts(self, nodes: list[ast.expr]) -> Iterator[JsonValue]:
        for node in nodes:
            try:
                if isinstance(node, ast.Starred):
                    several = self.value(node.value)
                    yield from several if isinstance(several, list | dict) else ()
                else:
                    yield self.value(node)
            except NotConstantError as error:
                self.computed.append(error.node)

    def _pairs(self, node: ast.Dict) -> Iterator[tuple[str, JsonValue]]:
        for key, value in zip(node.keys, node.values, strict=True):
            try:
                if key is None:
                    several = self.value(value)
                    yield from several.items() if isinstance(several, dict) else ()
                    continue
                name = str(self.value(key))
            except NotConstantError as error:
                self.computed.append(error.node)
                continue
            self.spots.setdefault(name, _spot(key))
            yield name, self._or_nothing(value)

    def _or_nothing(self, node: ast.expr) -> JsonValue:
        """The value of a named part: the name is known also where the value is computed."""
        try:
            return self.value(node)
        except NotConstantError as error:
            self.computed.append(error.node)
            return None

    def _joined(self, node: ast.BinOp) -> JsonValue:
        left, right = self.value(node.left), self.value(node.right)
        match node.op, left, right:
            case ast.Add(), str(), str():
                return left + right
            case ast.Add(), list(), list():
                return left + right
            case ast.Div(), str(), str():
                return posixpath.join(left, right)
            case ast.BitOr(), dict(), dict():
                return {**left, **right}
        raise NotConstantError(node)

    def _text(self, node: ast.expr) -> str:
        if isinstance(node, ast.JoinedStr):
            return "".join(map(self._text, node.values))
        value = self.value(node.value if isinstance(node, ast.FormattedValue) else node)
        return str(value)

    def _call(self, node: ast.Call) -> JsonValue:
        name = dotted(node.func).rpartition(".")[2]
        given = node.args
        if name == "dict":
            inner = self.value(given[0]) if given else {}
            several = inner if isinstance(inner, dict) else {}
            named = ((word.arg, word.value) for word in node.keywords if word.arg)
            return {**several, **{key: self._or_nothing(value) for key, value in named}}
        if name in {"list", "tuple", "set", "frozenset", "sorted"} and len(given) == 1:
            inner = self.value(given[0])
            return list(inner) if isinstance(inner, list | dict) else []
        if dotted(node.func) in {"os.path.join", "posixpath.join"} and given:
            return posixpath.join(*(str(self.value(part)) for part in given))
        if name in _SAME and len(given) == 1:
            inner = self.value(given[0])
            is_text = name in {"dedent", "cleandoc"} and isinstance(inner, str)
            return cleandoc(inner) if is_text and isinstance(inner, str) else inner
        raise NotConstantError(node)


def _is_plain(value: object) -> bool:
    """Whether JSON holds it."""
    return (
        value is None
        or isinstance(value, str | int)
        or (isinstance(value, float) and math.isfinite(value))
    )
