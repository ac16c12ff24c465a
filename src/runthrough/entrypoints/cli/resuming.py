"""Going on with a session: what the world has become meanwhile, and where the session lives."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import ago, counted, elsewhere, one_line, short_id

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import JsonValue

    from runthrough.application.session import Session
    from runthrough.core.views.history import HistoryRow

NODES_SHOWN = 12
"""So many are told one by one: with the lines around them they fit one screen."""
NODE_CHARACTERS = 160
"""Of what became of one node: two lines; the rest stands in the history."""


@visiting()
def resume(
    visit: Visit,
    *,
    here: Annotated[
        bool,
        typer.Option("--here", help="Move the session to this machine, whose files it then uses."),
    ] = False,
    workspace: Annotated[
        list[str] | None,
        typer.Option(
            "--workspace",
            metavar="DIR",
            help="With --here: its workspace on this machine; may be repeated. Default: where it "
            "lay on this machine before, else the current folder.",
        ),
    ] = None,
    pipeline: Annotated[
        str | None,
        typer.Option(
            "--pipeline",
            metavar="FILE",
            help="With --here: its pipeline file on this machine. Default: it lies to the "
            "workspace as it did where the session lived.",
        ),
    ] = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="With --here: close a run of a machine that is gone, without waiting for its "
            "lease to end.",
        ),
    ] = False,
) -> None:
    """Go on with a session: record what the world has become, and say it."""
    _refuse_without_here(
        here=here,
        others={"--workspace": workspace, "--pipeline": pipeline, "--take-over": take_over},
    )
    from runthrough.core.views.resumed import going_on_view  # noqa: PLC0415 - inside commands

    with visit.opened() as (_, session):
        last = session.state.last_actor, session.state.last_at
        recorded = (
            _move(session, workspace or (), pipeline, take_over=take_over)
            if here
            else session.resume()
        )
        visit.screen.result(
            going_on_view(
                session.state,
                last=last,
                lives=(session.at_home, session.home_name),
                told=session.resumed,
                recorded=recorded,
            )
        )
        _draw(visit, session, last, moved=here)


def _refuse_without_here(*, here: bool, others: Mapping[str, object]) -> None:
    for option, given in others.items():
        if given and not here:
            raise typer.BadParameter("it goes with --here", param_hint=f"'{option}'")


def _move(
    session: "Session", workspaces: Iterable[str], pipeline: str | None, *, take_over: bool
) -> "list[HistoryRow]":
    return session.move_home(
        workspaces=[str(Path(place).absolute()) for place in workspaces],
        pipeline=str(Path(pipeline).absolute()) if pipeline else None,
        take_over=take_over,
    )


def _draw(
    visit: Visit, session: "Session", last: "tuple[str, datetime | None]", *, moved: bool
) -> None:
    """Who was last; what changed, counted; a line a node; the one next command."""
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside commands

    screen, told = visit.screen, session.resumed
    actor, at = last
    screen.parts(
        f"session {session.name} ({short_id(session.session_id)})",
        session.state.phase.value,
        f"version {session.version}",
        *([f"last: {actor}, {ago(at, now())}"] if at else []),
    )
    if moved:
        screen.line(f"It lives on this machine now, {session.home_name}.")
    if not session.at_home:
        screen.line(f"{elsewhere(session)}.")
        screen.line("It can be configured here; to move it to this machine:")
        screen.typed("  → ", visit.typed("runthrough resume --here"))
    elif session.state.phase.value == "closed":
        screen.line("It is closed, so it is only shown.")
    else:
        screen.line(", ".join(_counts(told)) or "Every configuration holds as before.")
        _draw_nodes(visit, told)
        if told["stale"]:
            stale = counted(_number(told["stale"]), "node")
            screen.line(f"{stale} stale: runthrough status says why.")
    visit.next(str(told["next_command"]))


def _draw_nodes(visit: Visit, told: "Mapping[str, JsonValue]") -> None:
    nodes = told["nodes"] if isinstance(told["nodes"], dict) else {}
    shown = [(node, words) for node, words in nodes.items() if isinstance(words, str) and words]
    visit.screen.rows(
        (one_line(node), _cut(one_line(words))) for node, words in shown[:NODES_SHOWN]
    )
    if len(shown) > NODES_SHOWN:
        more = counted(len(shown) - NODES_SHOWN, "more node")
        still = told["still_pending"] if isinstance(told["still_pending"], list) else []
        # What is still missing is no event of this call, so history would not tell it.
        unsaid = any(node in still for node, _ in shown[NODES_SHOWN:])
        where = "runthrough status" if unsaid else "runthrough history"
        visit.screen.line(f"  … and {more}: {visit.typed(where)}")


def _counts(told: "Mapping[str, JsonValue]") -> "Iterator[str]":
    """What was recorded, thing by thing; the word node is said once."""
    for key, thing, what in (
        ("inputs_changed", "input", "changed"),
        ("scripts_edited", "script", "edited"),
        ("modules_edited", "module", "edited"),
        ("inputs_first_seen", "input", "seen for the first time"),
        ("attempts_closed", "open attempt", "closed"),
    ):
        if number := _number(told[key]):
            yield f"{counted(number, thing)} {what}"
    noun = True
    for key, what in (
        ("pending_again", "pending again"),
        ("still_pending", "still pending"),
        ("restored", "restored"),
        ("configured", "configured by itself"),
    ):
        nodes = told[key]
        if number := len(nodes) if isinstance(nodes, list) else 0:
            yield f"{counted(number, 'node') if noun else number} {what}"
            noun = False


def _number(value: "JsonValue") -> int:
    return value if isinstance(value, int) else 0


def _cut(text: str) -> str:
    return text if len(text) <= NODE_CHARACTERS else f"{text[: NODE_CHARACTERS - 1]}…"


COMMANDS = (resume,)
