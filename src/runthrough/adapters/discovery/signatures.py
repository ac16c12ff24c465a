"""How a script's `main` is bound and what it takes, read from the syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

ROLES = ("input_paths", "output_paths", "environ_vars", "job_args")
"""What a script's `main` is given, in this order."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class MainSignature:
    """What a module says about its `main`."""

    has_main: bool = False
    parameters: tuple[str, ...] = ()
    """Names, with `*` or `**` in front where they have them; empty where not visible."""
    unfilled: tuple[str, ...] = ()
    """Parameters without default that nobody gives a value to."""
    is_async: bool = False
    """Calling it runs nothing, because nobody awaits what it gives."""
    generates: bool = False
    """It is a generator: calling it runs nothing until somebody asks for its first value."""
    elsewhere: bool = False
    """It is imported, or built by a call, so what it takes cannot be seen here."""


NO_MAIN = MainSignature()


def main_signature(tree: ast.Module) -> MainSignature:
    """The signature of the `main` that an import of the module would leave behind.

    The last binding wins. A `main` that is imported, built by a call, or perhaps among the names
    of a star import exists, but its parameters cannot be seen. What a decorator makes of them
    cannot be seen either, so a decorated `main` is never found wanting.
    """
    bound: ast.AST | None = None
    functions: dict[str, Function] = {}
    for name, node in _bindings(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            functions[name] = node
        if name in {"main", "*"}:
            bound = node
    if isinstance(bound, ast.Name):
        bound = functions.get(bound.id, bound)
    if isinstance(bound, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        judged = isinstance(bound, ast.Lambda) or not bound.decorator_list
        unfilled = _unfilled(bound.args) if judged else ()
        awaited = judged and isinstance(bound, ast.AsyncFunctionDef)
        generates = judged and not awaited and _yields(bound)
        return MainSignature(True, _parameters(bound.args), unfilled, awaited, generates)
    is_seen = bound is None or isinstance(bound, ast.ClassDef | ast.Constant)
    return MainSignature(has_main=bound is not None, elsewhere=not is_seen)


def _yields(function: Function) -> bool:
    """Whether a `yield` stands in the function itself, and not in one inside it."""
    body = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    stack: list[ast.AST] = [*body]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
    return False


def is_entry_guard(node: ast.stmt) -> bool:
    """Whether a statement is `if __name__ == "__main__":`, which an import skips."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and any(
            isinstance(side, ast.Name) and side.id == "__name__"
            for side in (node.test.left, *node.test.comparators)
        )
        and isinstance(node.test.ops[0], ast.Eq)
    )


def _bindings(body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """Each name bound at module level and what it is bound to, in source order."""
    for statement in body:
        if is_entry_guard(statement):
            yield from _bindings(getattr(statement, "orelse", []))
            continue
        yield from _bound_by(statement)
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _bindings(getattr(statement, field, []))
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _bindings(part.body)


def _bound_by(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name, statement
        case ast.Import() | ast.ImportFrom():
            for alias in statement.names:
                yield (alias.asname or alias.name).partition(".")[0], statement
        case ast.Assign():
            for target in statement.targets:
                yield from _names_in(target, statement.value)
        case ast.AnnAssign(value=ast.expr() as value):
            yield from _names_in(statement.target, value)
        case ast.For():
            yield from _names_in(statement.target, statement)
        case ast.With():
            targets = (part.optional_vars for part in statement.items)
            for target in filter(None, targets):
                yield from _names_in(target, statement)


def _names_in(target: ast.expr, value: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(target, ast.Name):
        yield target.id, value
        return
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, target


def _parameters(args: ast.arguments) -> tuple[str, ...]:
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    if args.vararg:
        names.append(f"*{args.vararg.arg}")
    names += [arg.arg for arg in args.kwonlyargs]
    if args.kwarg:
        names.append(f"**{args.kwarg.arg}")
    return tuple(names)


def _unfilled(args: ast.arguments) -> tuple[str, ...]:
    positional = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    needed = positional[: len(positional) - len(args.defaults)]
    beyond = [name for name in needed[len(ROLES) :] if name not in ROLES]
    by_name = [
        arg.arg
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if default is None and arg.arg not in ROLES
    ]
    return (*beyond, *by_name)
