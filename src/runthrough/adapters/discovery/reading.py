"""What a script needs, read from its code by following values, without running it."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from runthrough.adapters.discovery.calls import CALLS
from runthrough.adapters.discovery.conditions import TESTS, test_of_value
from runthrough.adapters.discovery.entry_block import with_entry_block
from runthrough.adapters.discovery.expressions import EXPRESSIONS
from runthrough.adapters.discovery.failures import FAILURES
from runthrough.adapters.discovery.loops import COMPREHENSIONS
from runthrough.adapters.discovery.meanings import (
    Bound,
    Known,
    Meaning,
    Needs,
    Own,
    options_of,
)
from runthrough.adapters.discovery.own_calls import call_own
from runthrough.adapters.discovery.parser_options import described
from runthrough.adapters.discovery.reader import End, Reader, Rules, StepsSpentError
from runthrough.adapters.discovery.signatures import ROLES
from runthrough.adapters.discovery.statements import STATEMENTS
from runthrough.core.values.requirements import ScriptRequirements

RULES = Rules(
    expressions={**EXPRESSIONS, **COMPREHENSIONS, **CALLS},
    tests=TESTS,
    test_of_value=test_of_value,
    statements={**STATEMENTS, **FAILURES},
    call=call_own,
)

_GIVEN: Mapping[str, Meaning] = dict(
    zip(
        ROLES,
        (Needs("input"), Needs("output"), Needs("environ_var"), Needs("job_arg")),
        strict=True,
    )
)


def read_needs(
    tree: ast.Module,
    *,
    job_args: Mapping[str, JsonValue],
    environ_vars: Mapping[str, JsonValue],
    parser_calls: Sequence[ast.Call] = (),
    modules: Mapping[str, ast.Module] | None = None,
) -> ScriptRequirements:
    """The needs of a script for a node that gives these arguments and variables.

    The module is followed as an import would run it, then `main`. Needs come in the order in
    which this meets them. A test on a given argument or variable is decided; any other is not,
    and both of its ways are followed. What cannot be told is left out: a need that is wrongly
    required would stop a pipeline that works. `parser_calls` tell help and choices; `modules`
    are the local ones that the script imports, by the names that it imports them by.
    """
    modules = modules or {}
    reader = Reader(RULES, job_args=job_args, environ_vars=environ_vars, modules=modules)
    complete = True
    try:
        _follow(reader, tree)
    except (StepsSpentError, RecursionError):
        complete = False  # what was seen so far holds, but later questions were not
    seen = reader.sightings.requirements(complete=complete)
    reader.forget()
    return described(with_entry_block(seen, tree, RULES, modules), parser_calls)


def _follow(reader: Reader, tree: ast.Module) -> None:
    reader.frame.variables["__name__"] = Known("")
    if reader.run(tree.body) is not End.FALLS:
        return
    mains = options_of(reader.frame.find("main"))
    for main in mains:
        with reader.on(certain=len(mains) == 1):
            _follow_main(reader, main)


def _follow_main(reader: Reader, main: Meaning) -> None:
    if isinstance(main, Bound):
        parameters = main.function.node
    elif isinstance(main, Own):
        parameters = main.node
    else:
        return
    if isinstance(parameters, ast.ClassDef):
        return
    args = parameters.args
    positional = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    positional = positional[1:] if isinstance(main, Bound) else positional
    given = dict(_by_name_or_place(positional))
    named = {arg.arg: _GIVEN[arg.arg] for arg in args.kwonlyargs if arg.arg in _GIVEN}
    if args.kwarg is not None:
        named |= {role: needs for role, needs in _GIVEN.items() if role not in positional}
    values = [given[name] for name in positional if name in given]
    if args.vararg is not None and not positional:
        values = list(_GIVEN.values())
    call_own(reader, main, values, named)


def _by_name_or_place(positional: list[str]) -> Iterator[tuple[str, Meaning]]:
    """The runner gives the four by name where a parameter has it, else by position."""
    for place, name in enumerate(positional[: len(ROLES)]):
        yield name, _GIVEN[name if name in _GIVEN else ROLES[place]]
