"""`next`: the wizard for the next node that needs a person."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.failing import PENDING
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runthrough.application.session import Session
    from runthrough.core.values.ids import NodeName
    from runthrough.entrypoints.cli.asker import Asker
    from runthrough.entrypoints.cli.wizard import Wizard

NEXT = "runthrough next"


@visiting(go_on=NEXT)
def next(  # noqa: A001 - what people type
    visit: Visit,
    node: Annotated[
        str | None,
        typer.Argument(
            metavar="NODE", help="Ask about this node only; default: all that need you."
        ),
    ] = None,
    *,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="With NODE: also ask what is answered, or what it can do without."
        ),
    ] = False,
) -> int | None:
    """Answer what is needed step by step, each answer recorded at once."""
    if everything and node is None:
        raise typer.BadParameter("name the node: runthrough next NODE --all", param_hint="'--all'")
    with visit.opened() as (_, session):
        only = None if node is None else session.node_named(node)
        about = [n for n in session.asked_nodes() if only in (None, n)]
        if not about and not everything:
            _nothing_to_ask(visit, session, only)
            return None
        if why := why_not_asked(visit):
            _refuse(session, about, why)
        return _guide(visit, session, only, everything=everything)


def why_not_asked(visit: Visit) -> str | None:
    """Why nobody can be asked anything here; `None` where somebody can."""
    if visit.no_input:
        return "--no-input was given"
    if visit.screen.as_json:
        return "--json never asks"
    if os.environ.get("CI"):
        return "CI is set in the environment"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "there is no terminal"
    return None


def _refuse(session: "Session", about: "Sequence[NodeName]", why: str) -> None:
    """Raise what says how each need is answered without being asked."""
    from runthrough.errors import NotAskedError  # noqa: PLC0415 - inside commands

    rows = {row.node: row for row in session.worklist()}
    needs = {str(node): rows[node].text for node in about}
    fix = (
        rows[about[0]].next if about else "runthrough configure NODE, with a flag for each answer"
    )
    raise NotAskedError(why, needs, fix=fix)


def _nothing_to_ask(visit: Visit, session: "Session", only: "NodeName | None") -> None:
    next_command = session.next_command()
    visit.screen.result({"nodes": [], "next_command": next_command})
    visit.screen.line("Nothing needs you." if only is None else f"{only} does not need you.")
    if only is not None and not session.state.nodes[only].external:
        visit.screen.typed("go through all of it:  ", visit.typed(_next_of(only, "--all")))
    visit.next(next_command)


def _next_of(node: "NodeName", options: str = "") -> str:
    """The command that asks about one node, as a shell takes it."""
    from runthrough.core.validation.words import command  # noqa: PLC0415 - inside commands

    return command("next", node, options=options)


def _guide(
    visit: Visit, session: "Session", only: "NodeName | None", *, everything: bool
) -> int | None:
    """Ask, and tell at the end what is true now."""
    from runthrough.entrypoints.cli.wizard import Wizard  # noqa: PLC0415 - inside commands
    from runthrough.entrypoints.cli.wizard_words import WizardWords  # noqa: PLC0415 - as above

    words = WizardWords(visit, session)
    wizard = Wizard(session, _asker(visit), words, variables=os.environ)
    try:
        wizard.go(only, everything=everything)
    except KeyboardInterrupt:
        _tell_recorded(visit, wizard)
        raise
    return _tell_end(visit, session, wizard, only)


def _asker(visit: Visit) -> "Asker":
    """Lists and lines where the cursor can be moved, else plain lines."""
    if os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        from runthrough.entrypoints.cli.plain_prompts import PlainAsker  # noqa: PLC0415 - as above

        return PlainAsker(visit.screen.line)
    from runthrough.entrypoints.cli.prompts import TerminalAsker  # noqa: PLC0415 - heavy

    return TerminalAsker(width=visit.screen.width, colours=not os.environ.get("NO_COLOR"))


def _tell_recorded(visit: Visit, wizard: "Wizard") -> None:
    number, version = wizard.recorded
    visit.screen.blank()
    if number:
        visit.screen.line(
            f"{counted(number, 'answer')} recorded, up to version {version}; what is left can be "
            "answered any time, by anyone."
        )
    else:
        visit.screen.line("No answer was recorded.")


def _tell_end(
    visit: Visit, session: "Session", wizard: "Wizard", only: "NodeName | None"
) -> int | None:
    """What is recorded, the work list as it is now, and what to type."""
    from runthrough.entrypoints.cli.worklist import draw_status  # noqa: PLC0415 - inside commands

    view = session.status()
    waiting = [n for n in session.asked_nodes() if only in (None, n)]
    if waiting:
        _tell_recorded(visit, wizard)
    else:
        number, _ = wizard.recorded
        visit.screen.blank()
        visit.screen.line(
            f"{'Nothing needs you' if only is None else f'{only} does not need you'} any more; "
            f"{counted(number, 'answer')} recorded."
        )
    visit.screen.blank()
    go_on = _next_of(only) if only in waiting else NEXT
    draw_status(visit, session, view, next_command=go_on if waiting else None)
    return PENDING if waiting else None


COMMANDS = (next,)
