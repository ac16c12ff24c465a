"""What a script does about failures: `try` and its handlers."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from runthrough.adapters.discovery.branches import join_variables
from runthrough.adapters.discovery.calls import EXITS
from runthrough.adapters.discovery.dotted import dotted
from runthrough.adapters.discovery.reader import End, Execute, Reader

KEY_ERRORS = frozenset({"KeyError", "LookupError", "AttributeError"})
ALL_ERRORS = frozenset({"Exception", "BaseException"})


def _try(reader: Reader, node: ast.stmt) -> End:
    """What is read in the body is required only where a failure of it ends the script."""
    node = cast("ast.Try", node)
    lenient = [handler for handler in node.handlers if not fails(handler.body)]
    names = {name for handler in lenient for name in _caught(handler)}
    excused = bool(names & KEY_ERRORS)
    certain = not names & ALL_ERRORS
    frame = reader.frame
    with reader.on(certain=certain or excused, excused=excused or reader.trail.excused):
        end = reader.run(node.body)
        if end is End.FALLS:
            end = reader.run(node.orelse)
    body_end = end
    after = frame.variables
    for handler in node.handlers:
        frame.variables = dict(after)
        with reader.on(certain=False):
            handled = reader.run(handler.body)
        if handled is End.FALLS:
            join_variables(reader, (after, end), (frame.variables, End.FALLS))
            after, end = frame.variables, End.FALLS
        frame.may_leave |= End.LEAVES in {handled, body_end}
    frame.variables = after
    reader.go_on()
    final = reader.run(node.finalbody)
    return end if final is End.FALLS else final


def fails(body: Sequence[ast.stmt]) -> bool:
    """Whether a block, by its last statement, ends the script with a failure."""
    match body[-1]:
        case ast.Raise():
            return True
        case ast.Expr(value=ast.Call(func=function, args=args)) if dotted(function) in EXITS:
            is_well = not args or (isinstance(args[0], ast.Constant) and not args[0].value)
            return not is_well
        case ast.If(body=one, orelse=[*_, _] as other):
            return fails(one) and fails(other)
        case ast.With(body=inner):
            return fails(inner)
    return False


def _caught(handler: ast.ExceptHandler) -> Iterable[str]:
    if handler.type is None:
        return ("BaseException",)
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return (dotted(kind).rpartition(".")[2] for kind in kinds)


FAILURES: Mapping[type[ast.stmt], Execute] = {ast.Try: _try, ast.TryStar: _try}
"""How `try` is followed."""
