"""What the tests of a script tell of its needs."""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import cast

from runthrough.adapters.discovery.meanings import (
    AnyName,
    Bound,
    Imported,
    Key,
    Known,
    Lacking,
    Meaning,
    Needs,
    Origin,
    Own,
    Row,
    Table,
    Thing,
    options_of,
    settled,
    text_of,
)
from runthrough.adapters.discovery.reader import NOTHING, Condition, Reader, Test

UNDECIDED = Condition()
TRUE = Condition(True)
EXISTENCE = frozenset({"exists", "is_file", "is_dir", "isfile", "isdir", "lexists"})


def both(first: Condition, second: Condition) -> Condition:
    """`first and second`."""
    if first.verdict is False or second.verdict is True:
        return first
    if first.verdict is True:
        return second
    verdict = False if second.verdict is False else None
    return Condition(
        verdict,
        held=first.held | second.held,
        otherwise=first.otherwise & second.otherwise,
        exists=first.exists | second.exists,
        absent=first.absent | second.absent,
    )


def one_of(first: Condition, second: Condition) -> Condition:
    """`first or second`."""
    joined = both(first.reversed(), second.reversed()).reversed()
    return Condition(
        joined.verdict,
        joined.held,
        joined.otherwise,
        # Each side may be the one that a missing path makes true.
        exists=first.exists | second.exists,
        absent=first.absent | second.absent,
    )


def test_of_value(reader: Reader, meaning: Meaning) -> Condition:
    """What the truth of a value tells."""
    match meaning:
        case Known(value):
            return Condition(bool(value))
        case Origin(below=""):
            reader.sightings.ask([meaning.key])
            verdict = None if meaning.value is None else _truth(meaning.value)
            return Condition(verdict, held=frozenset([meaning.key]))
        case Origin() | Own() | Bound() | Thing():
            return TRUE
        case Needs(kind="job_arg"):
            return TRUE
        case Lacking(keys):
            return Condition(otherwise=keys)
        case Row(parts):
            return Condition(bool(parts))
        case Table(rows):
            return Condition(bool(rows))
    return UNDECIDED


def _truth(meaning: Meaning) -> bool | None:
    match meaning:
        case Known(value):
            return bool(value)
        case Row(parts):
            return bool(parts)
        case Table(rows):
            return bool(rows)
    return None


def _logic(reader: Reader, node: ast.expr) -> Condition:
    node = cast("ast.BoolOp", node)
    is_and = isinstance(node.op, ast.And)
    result = reader.test(node.values[0])
    for operand in node.values[1:]:
        if result.verdict is (not is_and):
            break
        facts = result.held if is_and else result.otherwise
        with reader.on(certain=result.verdict is not None, present=facts):
            condition = reader.test(operand)
        result = both(result, condition) if is_and else one_of(result, condition)
    return result


def _negation(reader: Reader, node: ast.expr) -> Condition:
    node = cast("ast.UnaryOp", node)
    if isinstance(node.op, ast.Not):
        return reader.test(node.operand).reversed()
    return reader.test_of(reader.value(node))


def _comparison(reader: Reader, node: ast.expr) -> Condition:
    node = cast("ast.Compare", node)
    left = reader.value(node.left)
    result: Condition | None = None
    for operator, right_node in zip(node.ops, node.comparators, strict=True):
        right = reader.value(right_node)
        compared = _compared(reader, operator, left, right)
        result = compared if result is None else both(result, compared)
        left = right
    return result or UNDECIDED


def _compared(reader: Reader, operator: ast.cmpop, left: Meaning, right: Meaning) -> Condition:
    match operator:
        case ast.In():
            return _membership(reader, left, right)
        case ast.NotIn():
            return _membership(reader, left, right).reversed()
        case ast.Is() | ast.Eq():
            return _equality(reader, left, right)
        case ast.IsNot() | ast.NotEq():
            return _equality(reader, left, right).reversed()
    _ask(reader, left, right)
    return UNDECIDED


def _membership(reader: Reader, name: Meaning, place: Meaning) -> Condition:
    if isinstance(place, Needs):
        keys = _named(reader, name, place)
        given = bool(keys) and all(reader.given(key) for key in keys)
        return Condition(True if given else None, held=keys)
    if isinstance(place, Row | Table):
        parts = place.parts if isinstance(place, Row) else [Known(key) for key, _ in place.rows]
        _ask(reader, name, *parts)
        wanted = settled(name)
        if isinstance(wanted, Known) and all(isinstance(part, Known) for part in parts):
            return Condition(wanted in parts)
        return Condition(held=_present_if_equal(name))
    _ask(reader, name)
    return UNDECIDED


def _named(reader: Reader, name: Meaning, needs: Needs) -> frozenset[Key]:
    """The need that a test asks for; asking for it makes it known as an optional one."""
    wanted = settled(name)
    if not isinstance(wanted, Known) or not isinstance(wanted.value, str):
        return NOTHING
    reader.read(needs, wanted.value, "optional")
    return frozenset([(needs.kind, wanted.value)])


def _equality(reader: Reader, left: Meaning, right: Meaning) -> Condition:
    if isinstance(right, Known) and right.value is None:
        return _absence(reader, left)
    if isinstance(left, Known) and left.value is None:
        return _absence(reader, right)
    _ask(reader, left, right)
    known_left, known_right = settled(left), settled(right)
    held = _present_if_equal(left) | _present_if_equal(right)
    if isinstance(known_left, Known) and isinstance(known_right, Known):
        return Condition(known_left.value == known_right.value, held=held)
    return Condition(held=held)


def _absence(reader: Reader, meaning: Meaning) -> Condition:
    """`meaning is None`."""
    match meaning:
        case Origin(below=""):
            reader.sightings.ask([meaning.key])
            known = settled(meaning)
            verdict = None
            if known is not meaning:
                verdict = isinstance(known, Known) and known.value is None
            return Condition(verdict, otherwise=frozenset([meaning.key]))
        case Known(value):
            return Condition(value is None)
        case Needs() | Own() | Row() | Table() | Thing() | Origin():
            return Condition(False)
    return UNDECIDED


def _present_if_equal(meaning: Meaning) -> frozenset[Key]:
    is_need = isinstance(meaning, Origin) and not meaning.below
    return frozenset([cast("Origin", meaning).key]) if is_need else NOTHING


def _ask(reader: Reader, *meanings: Meaning) -> None:
    """A comparison works without a value as well."""
    keys = (key for meaning in meanings for key in _present_if_equal(meaning))
    reader.sightings.ask(keys)


def _call(reader: Reader, node: ast.expr) -> Condition:
    node = cast("ast.Call", node)
    function = node.func
    if isinstance(function, ast.Attribute):
        if function.attr in EXISTENCE:
            return _existence(reader, function, node.args)
        if function.attr == "startswith" and len(node.args) == 1:
            return _beginning(reader, function, node)
    elif isinstance(function, ast.Name):
        called = reader.frame.find(function.id)
        if isinstance(called, Imported) and called.name in _BY_NAME and node.args:
            return _BY_NAME[called.name](reader, node)
    return reader.test_of(reader.value(node))


def _existence(reader: Reader, function: ast.Attribute, args: Sequence[ast.expr]) -> Condition:
    looked_at = reader.value(function.value)
    if isinstance(looked_at, Imported) and args:
        looked_at = reader.value(args[0])
    keys = frozenset(option.key for option in options_of(looked_at) if isinstance(option, Origin))
    return Condition(exists=keys)


def _beginning(reader: Reader, function: ast.Attribute, node: ast.Call) -> Condition:
    name = reader.value(function.value)
    beginning = settled(reader.value(node.args[0]))
    if isinstance(name, AnyName):
        for part in beginning.parts if isinstance(beginning, Row) else (beginning,):
            reader.sightings.prefix(name.loop, text_of(part).partition("*")[0])
        return UNDECIDED
    _ask(reader, name)
    known = settled(name)
    if isinstance(known, Known) and isinstance(beginning, Known):
        return Condition(str(known.value).startswith(str(beginning.value)))
    return UNDECIDED


def _has_attribute(reader: Reader, node: ast.Call) -> Condition:
    owner, *names = (reader.value(argument) for argument in node.args)
    if isinstance(owner, Needs) and names:
        return _membership(reader, names[0], owner)
    if isinstance(owner, Thing) and names:
        return Condition(text_of(names[0]) in owner.fields)
    return UNDECIDED


def _all(reader: Reader, node: ast.Call) -> Condition:
    return reduce(both, _each(reader, node.args[0]), TRUE)


def _any(reader: Reader, node: ast.Call) -> Condition:
    return reduce(one_of, _each(reader, node.args[0]), Condition(False))


def _each(reader: Reader, node: ast.expr) -> Sequence[Condition]:
    """The tests that a generator or list over known parts makes one by one."""
    if isinstance(node, ast.GeneratorExp | ast.ListComp) and len(node.generators) == 1:
        generator = node.generators[0]
        over = reader.value(generator.iter)
        name = generator.target.id if isinstance(generator.target, ast.Name) else None
        if isinstance(over, Row) and name is not None and not generator.ifs:
            return [_with(reader, name, part, node.elt) for part in over.parts]
    meaning = reader.value(node)
    if isinstance(meaning, Row):
        return [reader.test_of(part) for part in meaning.parts]
    return [UNDECIDED]


def _with(reader: Reader, name: str, part: Meaning, element: ast.expr) -> Condition:
    variables = reader.frame.variables
    reader.frame.variables = {**variables, name: part}
    condition = reader.test(element)
    reader.frame.variables = variables
    return condition


def _truth_of(reader: Reader, node: ast.Call) -> Condition:
    return reader.test(node.args[0])


_BY_NAME: Mapping[str, Callable[[Reader, ast.Call], Condition]] = {
    "hasattr": _has_attribute,
    "all": _all,
    "any": _any,
    "bool": _truth_of,
    "len": _truth_of,
}

TESTS: Mapping[type[ast.expr], Test] = {
    ast.BoolOp: _logic,
    ast.UnaryOp: _negation,
    ast.Compare: _comparison,
    ast.Call: _call,
}
"""Expressions that tell more as a test than by their value."""
