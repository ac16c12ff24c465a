"""Calls of the script's own functions, methods and classes."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    Bound,
    Meaning,
    Own,
    Row,
    Table,
    Thing,
)
from runthrough.adapters.discovery.members import class_values, merged, method_of, with_parents
from runthrough.adapters.discovery.reader import End, Frame, Reader, Trail

CALL_DEPTH = 10
"""Calls inside calls; scripts by people stay below it, and a recursion would not end."""


def call_own(
    reader: Reader, function: Meaning, given: Sequence[Meaning], named: Mapping[str, Meaning]
) -> Meaning:
    """What a call gives; what is read in it is noted, equal calls are read once."""
    if isinstance(function, Bound):
        return call_own(reader, function.function, (function.thing, *given), named)
    if not isinstance(function, Own):
        return UNKNOWN
    node = function.node
    if isinstance(node, ast.ClassDef):
        return _built(reader, function, given, named)
    if len(reader.calls) >= CALL_DEPTH or node in reader.calls:
        return UNKNOWN
    variables = dict(_arguments(reader, node.args, given, named))
    key = _call_key(node, variables, reader.trail)
    if key is None or key not in reader.answers:
        answer = _run(reader, function, variables)
        if key is not None:
            reader.answers[key] = answer
    else:
        answer = reader.answers[key]
    value, reader.ended = answer
    return value


def _run(
    reader: Reader, function: Own, variables: dict[str, Meaning]
) -> tuple[Meaning, End | None]:
    outer, trail = reader.frame, reader.trail
    reader.frame = Frame(function.frame, variables)
    reader.calls.append(function.node)
    end = End.FALLS
    if isinstance(function.node, ast.Lambda):
        reader.frame.returned.append(reader.value(function.node.body))
    elif not isinstance(function.node, ast.ClassDef):
        end = reader.run(function.node.body)
    value = merged(reader, reader.frame.returned)
    reader.calls.pop()
    # Where some way has returned, the failure at the end is only one of its ends.
    fails = end is End.RAISES and not reader.frame.returned
    reader.frame, reader.trail = outer, trail
    reader.go_on()
    return value, End.RAISES if fails else None


def _call_key(node: ast.AST, variables: Mapping[str, Meaning], trail: Trail) -> object:
    """What makes two calls equal; `None` where an object may change between them."""
    if any(_may_change(value) for value in variables.values()):
        return None
    return (node, tuple(variables.items()), trail)


def _may_change(value: Meaning) -> bool:
    match value:
        case Thing() | Bound():
            return True
        case Own(node):
            return isinstance(node, ast.Lambda)  # its surroundings may differ each time
        case Row(parts):
            return any(_may_change(part) for part in parts)
        case Table(rows):
            return any(_may_change(part) for _, part in rows)
    return False


def _arguments(
    reader: Reader,
    args: ast.arguments,
    given: Sequence[Meaning],
    named: Mapping[str, Meaning],
) -> Iterator[tuple[str, Meaning]]:
    """The variables that a call begins with."""
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    taken = set()
    for place, (arg, default) in enumerate(zip(positional, defaults, strict=True)):
        taken.add(arg.arg)
        if place < len(given):
            yield arg.arg, given[place]
        else:
            yield arg.arg, _named_or_default(reader, arg, default, named)
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        taken.add(arg.arg)
        yield arg.arg, _named_or_default(reader, arg, default, named)
    if args.vararg is not None:
        yield args.vararg.arg, Row(tuple(given[len(positional) :]))
    if args.kwarg is not None:
        rest = tuple((name, value) for name, value in named.items() if name not in taken)
        yield args.kwarg.arg, Table(rest)


def _named_or_default(
    reader: Reader, arg: ast.arg, default: ast.expr | None, named: Mapping[str, Meaning]
) -> Meaning:
    if arg.arg in named:
        return named[arg.arg]
    return UNKNOWN if default is None else reader.value(default)


def _built(
    reader: Reader, kind: Own, given: Sequence[Meaning], named: Mapping[str, Meaning]
) -> Thing:
    """A new object: its class's own values, then what `__init__` or the dataclass makes of it."""
    thing = Thing(kind, {})
    fields = []
    for holder in reversed(tuple(with_parents(kind))):
        for statement in getattr(holder.node, "body", []):
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), value=None):
                    thing.fields[name] = UNKNOWN
                    fields.append(name)
                case ast.AnnAssign(target=ast.Name(id=name)) if name not in fields:
                    fields.append(name)
        thing.fields |= class_values(reader, holder)
    starter = method_of(kind, "__init__")
    if starter is not None:
        call_own(reader, starter, (thing, *given), named)
        return thing
    thing.fields.update(zip(fields, given, strict=False))
    thing.fields.update(named)
    follower = method_of(kind, "__post_init__")
    if follower is not None:
        call_own(reader, follower, (thing,), {})
    return thing


def call_unseen(reader: Reader, functions: Sequence[Meaning]) -> None:
    """Functions that are handed to something unknown may be called with anything, or never."""
    for function in functions:
        if isinstance(function, Own | Bound) and not isinstance(
            getattr(function, "node", None), ast.ClassDef
        ):
            with reader.on(certain=False):
                call_own(reader, function, (), {})
            reader.ended = None
