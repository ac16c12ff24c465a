"""What the expressions of a script stand for."""

import ast
from collections.abc import Mapping
from typing import cast

from runthrough.adapters.discovery.lookups import find_lookup, read_lookup
from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    Known,
    Lacking,
    Meaning,
    Needs,
    Origin,
    Pattern,
    Row,
    Table,
    joined,
    settled,
    text_meaning,
    text_of,
)
from runthrough.adapters.discovery.members import attribute_of, lacking_names, part_of
from runthrough.adapters.discovery.reader import Evaluate, Reader


def _constant(_: Reader, node: ast.expr) -> Meaning:
    return Known(cast("ast.Constant", node).value)


def _name(reader: Reader, node: ast.expr) -> Meaning:
    return reader.frame.find(cast("ast.Name", node).id)


def _attribute(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.Attribute", node)
    return attribute_of(reader, reader.value(node.value), node.attr)


def _subscript(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.Subscript", node)
    return part_of(reader, reader.value(node.value), reader.value(node.slice))


def _slice(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.Slice", node)
    for bound in (node.lower, node.upper, node.step):
        if bound is not None:
            reader.value(bound)
    return UNKNOWN


def _binary(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.BinOp", node)
    left, right = reader.value(node.left), reader.value(node.right)
    reader.use(left)
    reader.use(right)
    match node.op:
        case ast.Div():
            return reader.path(joined(left, right))
        case ast.Add():
            return added(reader, left, right)
        case ast.Mod() if isinstance(left, Known) and isinstance(left.value, str):
            return Pattern("*")
        case ast.Sub():
            return lacking_names(left, right)
        case ast.BitOr() if isinstance(left, Needs):
            return left
    return UNKNOWN


def added(reader: Reader, left: Meaning, right: Meaning) -> Meaning:
    """The value of `left + right`: texts, paths, lists."""
    if isinstance(left, Row) and isinstance(right, Row):
        return Row(left.parts + right.parts)
    if isinstance(left, Lacking) or isinstance(right, Lacking):
        return left if isinstance(left, Lacking) else right
    if isinstance(left, Origin) and left.value is None:
        tail = text_of(right)
        if tail.startswith("/"):
            return reader.path(joined(left, text_meaning(tail.lstrip("/"))))
        return Origin(left.kind, left.name, left.below + tail) if left.below else UNKNOWN
    known = settled(left), settled(right)
    if all(isinstance(side, Known | Pattern) for side in known) and any(
        isinstance(side, Pattern) or (isinstance(side, Known) and isinstance(side.value, str))
        for side in known
    ):
        return text_meaning(text_of(left) + text_of(right))
    return UNKNOWN


def _formatted(reader: Reader, node: ast.expr) -> Meaning:
    """An f-string: a path where it begins with one, else a text."""
    parts = [
        reader.value(part.value if isinstance(part, ast.FormattedValue) else part)
        for part in cast("ast.JoinedStr", node).values
    ]
    if len(parts) == 1:
        return parts[0]
    if parts and isinstance(parts[0], Origin) and parts[0].value is None:
        tail = "".join(text_of(part) for part in parts[1:])
        if tail.startswith("/"):
            return reader.path(joined(parts[0], text_meaning(tail.lstrip("/"))))
        if parts[0].below:
            origin = parts[0]
            return reader.path(Origin(origin.kind, origin.name, origin.below + tail))
    return text_meaning("".join(text_of(part) for part in parts))


def _logic(reader: Reader, node: ast.expr) -> Meaning:
    """`a or b` as a value; a chain of `.get` on one dictionary is one need."""
    node = cast("ast.BoolOp", node)
    lookup = find_lookup(reader, node)
    if lookup is not None:
        return read_lookup(reader, lookup)
    if isinstance(node.op, ast.And):
        condition = reader.test(node)
        return UNKNOWN if condition.verdict is None else Known(condition.verdict)
    result = reader.value(node.values[0])
    for operand in node.values[1:]:
        condition = reader.test_of(result)
        if condition.verdict is True or isinstance(result, Needs):
            return result
        with reader.on(certain=condition.verdict is False, present=condition.otherwise):
            value = reader.value(operand)
        result = value if condition.verdict is False else reader.merge(result, value)
    return result


def _test(reader: Reader, node: ast.expr) -> Meaning:
    verdict = reader.test(node).verdict
    return UNKNOWN if verdict is None else Known(verdict)


def _unary(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.UnaryOp", node)
    if isinstance(node.op, ast.Not):
        return _test(reader, node)
    value = reader.value(node.operand)
    is_negative = isinstance(node.op, ast.USub) and isinstance(value, Known)
    if is_negative and isinstance(value, Known) and isinstance(value.value, int | float):
        return Known(-value.value)
    return UNKNOWN


def _conditional(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.IfExp", node)
    condition = reader.test(node.test)
    if condition.verdict is not None:
        known = condition.held if condition.verdict else condition.otherwise
        with reader.on(present=known):
            return reader.value(node.body if condition.verdict else node.orelse)
    reader.sightings.tolerate(condition.exists | condition.absent)
    with reader.on(certain=False, present=condition.held):
        chosen = reader.value(node.body)
    with reader.on(certain=False, present=condition.otherwise):
        other = reader.value(node.orelse)
    return reader.merge(chosen, other)


def _several(reader: Reader, node: ast.expr) -> Meaning:
    parts: list[Meaning] = []
    for element in cast("ast.List | ast.Tuple | ast.Set", node).elts:
        if isinstance(element, ast.Starred):
            spread = reader.value(element.value)
            parts += spread.parts if isinstance(spread, Row) else (UNKNOWN,)
        else:
            parts.append(reader.value(element))
    return Row(tuple(parts))


def _mapping(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.Dict", node)
    rows: list[tuple[object, Meaning]] = []
    spread: Meaning | None = None
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = reader.value(value_node)
        key = settled(reader.value(key_node)) if key_node is not None else None
        if key is None and isinstance(value, Table):
            rows += value.rows
        elif key is None:
            spread = value
        elif isinstance(key, Known):
            rows.append((key.value, value))
    return spread if isinstance(spread, Needs) else Table(tuple(rows))


def _assigned(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.NamedExpr", node)
    value = reader.value(node.value)
    reader.set(node.target.id, value)
    return value


def _lambda(reader: Reader, node: ast.expr) -> Meaning:
    return reader.own(cast("ast.Lambda", node))


def _inner(reader: Reader, node: ast.expr) -> Meaning:
    inner = cast("ast.Await | ast.Starred | ast.FormattedValue", node).value
    return reader.value(inner)


def _returned(reader: Reader, node: ast.expr) -> Meaning:
    inner = cast("ast.Yield | ast.YieldFrom", node).value
    if inner is not None:
        reader.value(inner)
    return UNKNOWN


EXPRESSIONS: Mapping[type[ast.expr], Evaluate] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.BinOp: _binary,
    ast.JoinedStr: _formatted,
    ast.BoolOp: _logic,
    ast.Compare: _test,
    ast.UnaryOp: _unary,
    ast.IfExp: _conditional,
    ast.List: _several,
    ast.Tuple: _several,
    ast.Set: _several,
    ast.Dict: _mapping,
    ast.NamedExpr: _assigned,
    ast.Lambda: _lambda,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.FormattedValue: _inner,
    ast.Yield: _returned,
    ast.YieldFrom: _returned,
}
"""How each kind of expression is read; calls have a module of their own."""
