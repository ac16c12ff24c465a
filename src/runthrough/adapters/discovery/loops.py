"""What loops and comprehensions go over, and the names they give values to."""

import ast
import posixpath
from collections.abc import Mapping
from typing import cast

from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    AnyName,
    Key,
    Known,
    Lacking,
    Many,
    Meaning,
    Needs,
    Origin,
    Pairs,
    Row,
    Table,
    Thing,
)
from runthrough.adapters.discovery.members import merged
from runthrough.adapters.discovery.reader import NOTHING, Evaluate, Reader

UNROLL_LIMIT = 64
"""Longer literal lists are data, not names of needs."""

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


def bind(reader: Reader, target: ast.expr, value: Meaning) -> None:
    """Give a target of an assignment, loop or comprehension its value."""
    match target:
        case ast.Name():
            reader.set(target.id, value)
        case ast.Tuple() | ast.List():
            parts = value.parts if isinstance(value, Row) else ()
            for place, part in enumerate(target.elts):
                exact = len(parts) == len(target.elts)
                bind(reader, part, parts[place] if exact else UNKNOWN)
        case ast.Starred():
            bind(reader, target.value, UNKNOWN)
        case ast.Attribute():
            owner = reader.value(target.value)
            if isinstance(owner, Thing):
                owner.fields[target.attr] = value


def each_of(
    reader: Reader, meaning: Meaning, *, told: bool = False
) -> tuple[tuple[Meaning, ...], bool]:
    """What a loop over a value yields, and whether it yields exactly these, one by one.

    Names that are only `told`, in a log, are not looked up.
    """
    match meaning:
        case Row(parts) if len(parts) <= UNROLL_LIMIT:
            return parts, True
        case Row(parts):
            return (merged(reader, parts),), False
        case Table(rows) if len(rows) <= UNROLL_LIMIT:
            return tuple(Known(key) for key, _ in rows), True
        case Needs(kind):
            return (AnyName(kind, reader.sightings.loop(kind, told=told)),), False
        case Pairs(needs):
            loop = reader.sightings.loop(needs.kind, told=told)
            return (Row((AnyName(needs.kind, loop), UNKNOWN)),), False
        case Many(part):
            return (part,), False
        case Origin(kind, name, below) if kind in {"input", "output"}:
            return (Origin(kind, name, posixpath.join(below, "*")),), False
    return (UNKNOWN,), False


def _comprehension(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp", node)
    outer = reader.frame.variables
    reader.frame.variables = dict(outer)
    parts: list[Meaning] = []
    lacking: set[Key] = set()
    exact = _generate(reader, node, 0, parts, lacking)
    reader.frame.variables = outer
    if isinstance(node, ast.DictComp):
        return UNKNOWN
    if lacking:
        return Lacking(frozenset(lacking))
    return Row(tuple(parts)) if exact else Many(merged(reader, parts))


def _generate(
    reader: Reader, node: Comprehension, depth: int, parts: list[Meaning], lacking: set[Key]
) -> bool:
    """Read what the generators from `depth` on yield; whether `parts` is all of it, exactly."""
    if depth == len(node.generators):
        if isinstance(node, ast.DictComp):
            reader.value(node.key)
            parts.append(reader.value(node.value))
        else:
            parts.append(reader.value(node.elt))
        return True
    generator = node.generators[depth]
    values, exact = each_of(reader, reader.value(generator.iter))
    for value in values:
        bind(reader, generator.target, value)
        present, verdict = NOTHING, True
        for test in generator.ifs:
            condition = reader.test(test)
            lacking |= condition.otherwise
            present |= condition.held
            verdict = verdict and condition.verdict is True
            if condition.verdict is False:
                break
        else:
            with reader.on(certain=exact and verdict, present=present):
                exact = _generate(reader, node, depth + 1, parts, lacking) and exact and verdict
    return exact


COMPREHENSIONS: Mapping[type[ast.expr], Evaluate] = {
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
}
