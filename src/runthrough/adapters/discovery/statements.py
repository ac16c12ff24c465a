"""Where the statements of a script lead, and what they leave behind."""

import ast
from collections.abc import Mapping, Sequence
from typing import cast

from runthrough.adapters.discovery.branches import branch, decided, join_variables, together
from runthrough.adapters.discovery.calls import is_telling
from runthrough.adapters.discovery.dotted import dotted
from runthrough.adapters.discovery.expressions import added
from runthrough.adapters.discovery.loops import bind, each_of
from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    Known,
    Lacking,
    Meaning,
    Needs,
    Row,
    Table,
    joined,
    settled,
)
from runthrough.adapters.discovery.members import imported
from runthrough.adapters.discovery.reader import (
    NOTHING,
    Condition,
    End,
    Execute,
    Reader,
)

CHANGES = frozenset(
    {"clear", "discard", "extend", "insert", "pop", "remove", "reverse", "sort", "update"}
)
"""Methods after which a list or dictionary is no longer what was written down."""


def _define(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef", node)
    reader.frame.variables[node.name] = reader.own(node)
    return End.FALLS


def _import(reader: Reader, node: ast.stmt) -> End:
    for alias in cast("ast.Import", node).names:
        top = alias.name.partition(".")[0]
        name = alias.asname or top
        named = alias.name if alias.asname else top
        reader.frame.variables[name] = reader.module(named) or imported(named)
    return End.FALLS


def _import_from(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.ImportFrom", node)
    source = f"{'.' * node.level}{node.module or ''}"
    module = reader.module(source)
    for alias in node.names:
        if alias.name == "*":
            seen = module.frame.variables if module else {}
            reader.frame.variables |= {n: v for n, v in seen.items() if not n.startswith("_")}
            continue
        name = f"{source}{'.' if node.module else ''}{alias.name}"
        there = module.frame.variables.get(alias.name) if module else None
        value = there or reader.module(name) or imported(f"{source}.{alias.name}")
        reader.frame.variables[alias.asname or alias.name] = value
    return End.FALLS


def _expression(reader: Reader, node: ast.stmt) -> End:
    value = cast("ast.Expr", node).value
    match value:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add"), args=[argument]
        ):
            _extend(reader, name, reader.value(argument))
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in CHANGES:
            reader.value(value)
            if isinstance(reader.frame.find(name), Row | Table):
                reader.set(name, UNKNOWN)
        case ast.Constant():
            pass
        case _:
            reader.value(value)
    return End.FALLS


def _extend(reader: Reader, name: str, part: Meaning) -> None:
    """A list grows; where a need is known to be missing it becomes a list of what is missing."""
    before = reader.frame.find(name)
    if reader.trail.lacking and isinstance(before, Row | Lacking):
        keys = before.keys if isinstance(before, Lacking) else NOTHING
        reader.set(name, Lacking(keys | reader.trail.lacking))
    elif isinstance(before, Row):
        exact = reader.trail.certain
        reader.set(name, Row((*before.parts, part)) if exact else UNKNOWN)


def _assign(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.Assign", node)
    value = reader.value(node.value)
    for target in node.targets:
        _store(reader, target, value)
    return End.FALLS


def _annotate(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.AnnAssign", node)
    if node.value is not None:
        _store(reader, node.target, reader.value(node.value))
    return End.FALLS


def _store(reader: Reader, target: ast.expr, value: Meaning) -> None:
    if not isinstance(target, ast.Subscript):
        bind(reader, target, value)
        return
    owner, key = reader.value(target.value), settled(reader.value(target.slice))
    if not isinstance(key, Known):
        return
    if isinstance(owner, Needs) and isinstance(key.value, str):
        reader.write((owner.kind, key.value))
    elif isinstance(owner, Table):
        _grow(reader, target.value, Table((*owner.rows, (key.value, value))))


def _grow(reader: Reader, holder: ast.expr, table: Table) -> None:
    if isinstance(holder, ast.Name):
        reader.set(holder.id, table)
    elif isinstance(holder, ast.Attribute):
        bind(reader, holder, table)


def _augment(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.AugAssign", node)
    value = reader.value(node.value)
    if not isinstance(node.target, ast.Name):
        return End.FALLS
    name = node.target.id
    before = reader.frame.find(name)
    if reader.trail.lacking and isinstance(before, Row | Lacking):
        _extend(reader, name, value)
    elif isinstance(node.op, ast.Add):
        reader.set(name, added(reader, before, value))
    elif isinstance(node.op, ast.Div):
        reader.set(name, reader.path(joined(before, value)))
    elif not isinstance(before, Needs):
        reader.set(name, UNKNOWN)
    return End.FALLS


def _share(reader: Reader, node: ast.stmt) -> End:
    """`global` and `nonlocal`: assignments reach the frame that holds the name."""
    for name in cast("ast.Global | ast.Nonlocal", node).names:
        holder = reader.frame.outer
        while holder is not None and name not in holder.variables and holder.outer is not None:
            holder = holder.outer
        if holder is not None:
            reader.frame.shared[name] = holder
    return End.FALLS


def _return(reader: Reader, node: ast.stmt) -> End:
    value = cast("ast.Return", node).value
    reader.frame.returned.append(Known(None) if value is None else reader.value(value))
    return End.LEAVES


def _raise(reader: Reader, node: ast.stmt) -> End:
    raised = cast("ast.Raise", node).exc
    if raised is not None:
        with reader.on(telling=True):
            reader.value(raised)
    return End.RAISES


def _skip(_: Reader, __: ast.stmt) -> End:
    return End.SKIPS


def _assert(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.Assert", node)
    condition = reader.test(node.test)
    if condition.verdict is None:
        reader.require(condition.held)
        reader.go_on(present=condition.held)
    return End.FALLS


def _if(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.If", node)
    condition = reader.test(node.test)
    if condition.verdict is not None:
        return decided(reader, condition, node.body if condition.verdict else node.orelse)
    return branch(reader, condition, node.body, node.orelse)


def _for(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.For | ast.AsyncFor", node)
    told = all(isinstance(step, ast.Expr) and is_telling(step.value) for step in node.body)
    values, exact = each_of(reader, reader.value(node.iter), told=told)
    certain = reader.trail.certain
    for value in values:
        bind(reader, node.target, value)
        if exact:
            end = reader.run(node.body)
            reader.turn(certain=certain)
            if end in {End.LEAVES, End.RAISES}:
                return end
        else:
            branch(reader, Condition(), node.body, ())
            reader.turn(certain=certain)
    return _otherwise(reader, node)


def _otherwise(reader: Reader, loop: ast.For | ast.AsyncFor | ast.While) -> End:
    """What follows a loop that no `break` ended."""
    if not loop.orelse:
        return End.FALLS
    if _breaks(loop.body):
        return branch(reader, Condition(), loop.orelse, ())
    return reader.run(loop.orelse)


def _breaks(body: Sequence[ast.stmt]) -> bool:
    """Whether a `break` stands in a block, that of a loop inside it included."""
    for step in body:
        if isinstance(step, ast.Break):
            return True
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(step, field, None)
            if inner and _breaks(inner):
                return True
    return False


def _while(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.While", node)
    condition = reader.test(node.test)
    if condition.verdict is False:
        return reader.run(node.orelse)
    certain = reader.trail.certain
    if condition.verdict is True:
        end = reader.run(node.body)
        reader.turn(certain=certain)
        return end if end in {End.LEAVES, End.RAISES} else End.FALLS
    branch(reader, condition, node.body, ())
    reader.turn(certain=certain)
    return _otherwise(reader, node)


def _with(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.With | ast.AsyncWith", node)
    suppressed = False
    for part in node.items:
        value = reader.value(part.context_expr)
        called = part.context_expr.func if isinstance(part.context_expr, ast.Call) else None
        suppressed |= called is not None and dotted(called).endswith("suppress")
        if part.optional_vars is not None:
            bind(reader, part.optional_vars, value)
    if suppressed:
        return branch(reader, Condition(), node.body, ())
    return reader.run(node.body)


def _match(reader: Reader, node: ast.stmt) -> End:
    node = cast("ast.Match", node)
    reader.value(node.subject)
    end: End | None = None
    start = reader.frame.variables
    left: tuple[dict[str, Meaning], End] | None = None
    for case in node.cases:
        reader.frame.variables = dict(start)
        with reader.on(certain=False):
            end = reader.run(case.body)
        if left is not None:
            join_variables(reader, left, (reader.frame.variables, end))
            end = together(left[1], end)
        left = (reader.frame.variables, end)
    reader.frame.may_leave |= end is End.LEAVES
    reader.go_on()
    return End.FALLS


STATEMENTS: Mapping[type[ast.stmt], Execute] = {
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _define,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _share,
    ast.Nonlocal: _share,
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotate,
    ast.AugAssign: _augment,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _skip,
    ast.Continue: _skip,
    ast.Assert: _assert,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
}
"""How each kind of statement is followed; the others leave nothing behind."""
