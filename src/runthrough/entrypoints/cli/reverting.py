"""Taking back what was done to the configuration, and doing it again."""

from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import one_line, stamp

if TYPE_CHECKING:
    from pydantic import JsonValue

    from runthrough.application.session import Session
    from runthrough.application.shown import Recorded
    from runthrough.core.state import NodeState


@visiting()
def undo(
    visit: Visit,
    *,
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="VERSION",
            help="Take back everything since that version, instead of the last action only.",
        ),
    ] = None,
    anyone: Annotated[
        bool, typer.Option("--anyone", help="Take back also what somebody else did.")
    ] = False,
) -> None:
    """Take back the last thing done to the configuration; runs and notes stay."""
    with visit.opened() as (_, session):
        _tell(visit, session, session.undo(to=to, anyone=anyone), "took back")


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
    next_command = session.next_command()
    visit.screen.result(
        {
            "version": recorded.version,
            "undone": [action.view() for action in undone],
            "nodes": {node: _node_result(nodes.get(node)) for node in concerned},
            "changes": [
                {"node": node, "before": before, "after": after}
                for node, (before, after) in changed.items()
            ],
            "next_command": next_command,
        }
    )
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
    for node in concerned:
        there = nodes.get(node)
        for need in there.needs if there is not None else ():
            visit.screen.line(("  ? ", "bold yellow"), f"{node}: {need.message}")
            visit.screen.typed("      → ", visit.typed(need.fix))
    visit.next(next_command)


def _node_result(there: "NodeState | None") -> "dict[str, JsonValue] | None":
    """One node as other commands have it; `None` where the pipeline has it no longer."""
    if there is None:
        return None
    return {
        "state": there.state.value if there.state else None,
        "external": there.external,
        "problems": [need.model_dump(mode="json") for need in there.needs],
    }


COMMANDS = (undo, redo)
