"""Answering what a node needs."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.reading import NODE
from runthrough.entrypoints.cli.telling import draw_warnings
from runthrough.entrypoints.cli.visit import Visit, visiting

if TYPE_CHECKING:
    from pydantic import JsonValue

    from runthrough.application.session import Session
    from runthrough.core.state import SessionState
    from runthrough.core.values.ids import NodeName, Version
    from runthrough.core.values.problems import Problem

T = TypeVar("T")
BASED_ON = Annotated[
    int | None,
    typer.Option(
        "--based-on",
        metavar="VERSION",
        min=1,
        help="Refuse if somebody changed the node after this version.",
    ),
]


@visiting()
def configure(
    visit: Visit,
    node: NODE,
    *,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="NAME=PATH|@Node.output[/sub]",
            help="An input: a path, or another node's output; may be repeated.",
            autocompletion=completing.named_inputs,
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="NAME=PATH",
            help="Where an output goes; may be repeated.",
            autocompletion=completing.named_outputs,
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="NAME=VALUE",
            help="An environment variable; @secret:NAME refers to a secret, @plain:VALUE says "
            "that what looks like one is none; may be repeated.",
            autocompletion=completing.variables,
        ),
    ] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Option(
            "--arg",
            metavar="NAME=VALUE",
            help="A job argument: JSON where it is JSON, else text; @secret:NAME and "
            "@plain:VALUE as for --env; may be repeated.",
            autocompletion=completing.arguments,
        ),
    ] = None,
    timeout_s: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", help="End the script after so long."),
    ] = None,
    limits: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            metavar="NAME=VALUE",
            help="What the script may use: memory=2GiB, cpu_s=60 or open_files=256; may be "
            "repeated.",
            autocompletion=completing.limits,
        ),
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Why, for who reads it later.")
    ] = None,
    unset: Annotated[
        list[str] | None,
        typer.Option(
            "--unset",
            metavar="VALUE",
            help="Take back one value, named as `show` names it: env.NAME, arg.NAME, input.NAME, "
            "output.NAME, limit.NAME, timeout_s, user_notes; may be repeated.",
            autocompletion=completing.unset_values,
        ),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Keep what holds, though something is missing.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget the values there were instead of merging.")
    ] = False,
    based_on: BASED_ON = None,
) -> None:
    """Answer what a node needs; merged over what is there."""
    from runthrough.application.answers import Answers  # noqa: PLC0415 - heavy, inside commands

    answers = Answers(
        input_paths=pairs("--input", inputs, _input),
        output_paths=pairs("--output", outputs, _output),
        environ_vars=pairs("--env", env, _variable),
        job_args=pairs("--arg", arguments, _argument),
        user_notes=note,
        timeout_s=timeout_s,
        limits=pairs("--limit", limits, str),
        unset=unset or (),
        replace=replace,
        partial=partial,
        based_on=based_on,
    )
    with visit.opened() as (_, session):
        name = session.node_named(node)
        recorded = session.configure(name, answers)
        before = _values(session.state_at(recorded.after), name)
        _tell(visit, session, name, before, recorded.warnings, version=recorded.version)


def pairs(
    option: str, given: Iterable[str] | None, read: Callable[[str], T]
) -> dict[str, T] | None:
    """`NAME=VALUE` texts as a mapping; what they hold is never repeated in an error.

    Raises:
        typer.BadParameter: One is no pair, or a name is given twice.
    """
    pairs: dict[str, T] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter("write NAME=VALUE", param_hint=f"'{option}'")
        if name in pairs:
            raise typer.BadParameter(f"{name} is given twice", param_hint=f"'{option}'")
        pairs[name] = read(value)
    return pairs or None


def _input(text: str) -> str:
    if not text:
        raise typer.BadParameter(
            "a path is missing behind =; runthrough disconnect NODE.INPUT leaves open what an "
            "output feeds, and runthrough clear NODE takes back what was answered",
            param_hint="'--input'",
        )
    return text


def _output(text: str) -> str:
    if not text:
        raise typer.BadParameter(
            "a path is missing behind =; runthrough clear NODE takes back what was answered",
            param_hint="'--output'",
        )
    return text


def _variable(text: str) -> "JsonValue":
    from runthrough.core.values.answer_texts import variable_of  # noqa: PLC0415 - as above

    return _read(text, variable_of)


def _argument(text: str) -> "JsonValue":
    from runthrough.core.values.answer_texts import argument_of  # noqa: PLC0415 - as above

    return _read(text, argument_of)


def _read(text: str, read: "Callable[[str], JsonValue]") -> "JsonValue":
    try:
        return read(text)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from wrong


def _values(state: "SessionState", name: "NodeName") -> Mapping[str, "JsonValue"]:
    """The node's configuration by dotted names, such as `arg.max_depth`."""
    from runthrough.core.views.nodes import flat_values  # noqa: PLC0415 - inside commands

    return flat_values(state.nodes[name], state.connections.get(name, {}))


def _tell(
    visit: Visit,
    session: "Session",
    name: "NodeName",
    before: Mapping[str, "JsonValue"],
    warnings: Iterable["Problem"],
    *,
    version: "Version",
) -> None:
    """What was accepted, the node's new state, and what to type next."""
    from runthrough.core.views.value_words import differing  # noqa: PLC0415 - inside commands

    # Others may go on meanwhile; what is told is what this command recorded.
    recorded = session.state_at(version)
    after, there = _values(recorded, name), recorded.nodes[name]
    needs = there.needs
    state = there.state.value if there.state else None
    next_command = session.next_command()
    visit.screen.result(
        {
            "node": name,
            "state": state,
            "version": version,
            "values": dict(after),
            "problems": [p.model_dump(mode="json") for p in (*needs, *warnings)],
            "next_command": next_command,
        }
    )
    changed = differing(before, after)
    visit.screen.line((name, "bold"), f" is {state} (version {version})")
    visit.screen.changes(
        {n: before[n] for n in changed if n in before},
        {n: after[n] for n in changed if n in after},
    )
    if not changed:
        visit.screen.line("    equal values as before")
    for need in needs:
        visit.screen.line(need.message, lead=("  ? ", "bold yellow"))
        visit.screen.typed("      → ", visit.advice(need.fix))
    draw_warnings(visit.screen, warnings, visit.advice)
    visit.next(next_command)


COMMANDS = (configure,)
