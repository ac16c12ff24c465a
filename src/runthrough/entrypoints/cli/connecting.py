"""A person's word on connections, on scripts, and on what a node is."""

from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.configuring import BASED_ON, pairs
from runthrough.entrypoints.cli.reading import NODE
from runthrough.entrypoints.cli.telling import draw_needs, draw_warnings, node_results
from runthrough.entrypoints.cli.visit import Visit, visiting

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.application.shown import Recorded

OUTPUT = Annotated[
    str,
    typer.Argument(
        metavar="OUTPUT",
        help="Write it NODE.OUTPUT[/SUB].",
        autocompletion=completing.outputs,
    ),
]
INPUT = Annotated[
    str,
    typer.Argument(metavar="INPUT", help="Write it NODE.INPUT.", autocompletion=completing.inputs),
]
_SEVERAL = "One or several, each NODE.INPUT."


@visiting()
def connect(visit: Visit, source: OUTPUT, target: INPUT, *, based_on: BASED_ON = None) -> None:
    """Feed an input from an output, whatever fed it before."""
    with visit.opened() as (_, session):
        _tell(visit, session, session.connect(source, target, based_on=based_on))


@visiting()
def confirm(
    visit: Visit,
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT", help=_SEVERAL, autocompletion=completing.proposed_inputs),
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Take all but what has an open sub-folder.")
    ] = False,
    based_on: BASED_ON = None,
) -> None:
    """Take what is proposed for inputs; of several sub-folders, connect one instead."""
    _named_or_all(targets, everything=everything)
    with visit.opened() as (_, session):
        _tell(visit, session, session.confirm(targets or (), based_on=based_on))


@visiting()
def reject(
    visit: Visit,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT", help=_SEVERAL, autocompletion=completing.rejectable_inputs
        ),
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Reject everything that is proposed.")
    ] = False,
    based_on: BASED_ON = None,
) -> None:
    """Say that the outputs proposed for inputs, or connected to them, do not feed them at all."""
    _named_or_all(targets, everything=everything)
    with visit.opened() as (_, session):
        _tell(visit, session, session.reject(targets or (), based_on=based_on))


@visiting()
def disconnect(
    visit: Visit,
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT", help=_SEVERAL, autocompletion=completing.connected_inputs),
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Open every connected input.")] = False,
    based_on: BASED_ON = None,
) -> None:
    """Leave inputs open that outputs feed; the connections do not come back by themselves."""
    _named_or_all(targets, everything=everything)
    with visit.opened() as (_, session):
        _tell(visit, session, session.disconnect(targets or (), based_on=based_on))


@visiting()
def bind(
    visit: Visit,
    node: NODE,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The script's file.")],
    *,
    based_on: BASED_ON = None,
) -> None:
    """Choose the script that a node runs."""
    with visit.opened() as (_, session):
        _tell(visit, session, session.bind(node, path, based_on=based_on))


@visiting()
def external(
    visit: Visit,
    node: NODE,
    *,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="NAME=PATH",
            help="What it provides, and where that lies; may be repeated.",
        ),
    ] = None,
    based_on: BASED_ON = None,
) -> None:
    """Let a node stand for something outside that provides paths."""
    given = pairs("--output", outputs, str)
    with visit.opened() as (_, session):
        _tell(visit, session, session.mark_external(node, given, based_on=based_on))


@visiting()
def internal(visit: Visit, node: NODE, *, based_on: BASED_ON = None) -> None:
    """Let an external node run a script again."""
    with visit.opened() as (_, session):
        _tell(visit, session, session.mark_internal(node, based_on=based_on))


@visiting()
def clear(visit: Visit, node: NODE, *, based_on: BASED_ON = None) -> None:
    """Take back all that was answered for a node, and decide it anew."""
    with visit.opened() as (_, session):
        _tell(visit, session, session.clear(node, based_on=based_on))


def _named_or_all(targets: list[str] | None, *, everything: bool) -> None:
    if bool(targets) == everything:
        raise typer.BadParameter("name inputs as NODE.INPUT, or give --all")


def _tell(visit: Visit, session: "Session", recorded: "Recorded") -> None:
    """What was recorded, sentence by sentence, and what to type next."""
    rows = session.recorded(recorded)
    nodes = dict.fromkeys(row.node for row in rows if row.node is not None)
    known = session.state_at(recorded.version).nodes
    next_command = session.next_command()
    visit.screen.result(
        {
            "version": recorded.version,
            "nodes": node_results(nodes, known),
            "recorded": [row.view() for row in rows],
            "warnings": [one.model_dump(mode="json") for one in recorded.warnings],
            "next_command": next_command,
        }
    )
    for row in rows:
        visit.screen.line(row.sentence, lead=(f"{row.version}  ", "dim"))
    draw_needs(visit, nodes, known)
    draw_warnings(visit.screen, recorded.warnings, visit.advice)
    visit.next(next_command)


COMMANDS = (connect, confirm, reject, disconnect, bind, external, internal, clear)
