"""Taking back what was done to the configuration, and doing it again."""

from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.moments import moment
from runthrough.entrypoints.cli.telling import draw_needs
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import one_line, stamp

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.application.shown import Recorded


@visiting()
def undo(
    visit: Visit,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="VERSION|TIME",
            help="Take back everything since that version or time, instead of the last action "
            "only.",
        ),
    ] = None,
    anyone: Annotated[
        bool, typer.Option("--anyone", help="Take back also what somebody else did.")
    ] = False,
) -> None:
    """Take back the last thing done to the configuration; runs and notes stay."""
    since = None if to is None else moment("--to", to)
    with visit.opened() as (application, session):
        at = None if since is None else application.sessions.version_at(session, since)
        _tell(visit, session, session.undo(to=at, anyone=anyone), "took back")


@visiting()
def redo(visit: Visit) -> None:
    """Do again what the last undo took back, while nothing else was done."""
    with visit.opened() as (_, session):
        _tell(visit, session, session.redo(), "did again")


def _tell(visit: Visit, session: "Session", recorded: "Recorded", done: str) -> None:
    """What was taken back or done again, what that changed, and what to type next."""
    undone = session.undone(recorded)
    changed = session.reverted_values(recorded)
    nodes = session.state_at(recorded.version).nodes
    concerned = list(dict.fromkeys((*changed, *(n for a in undone for n in a.nodes))))
    view = session.taken_back(recorded)
    visit.screen.result(view)
    visit.screen.line((f"{done} (version {recorded.version}):", "bold"))
    width = max((len(str(action.version)) for action in undone), default=1)
    for action in undone:
        visit.screen.line(
            (f"  {action.version:>{width}}  {stamp(action.recorded_at)}  ", "dim"),
            one_line(f"{action.actor}  {action.sentence}"),
        )
    for node, (before, after) in changed.items():
        visit.screen.line((node, "bold"), "" if node in nodes else " is not in the pipeline")
        visit.screen.changes(before, after)
    if not changed:
        visit.screen.line("    equal values as before")
    draw_needs(visit, concerned, nodes)
    visit.next(str(view["next_command"]))


COMMANDS = (undo, redo)
