"""Looking back: what happened, how it was, and what differs."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.failing import PASSED
from runthrough.entrypoints.cli.moments import moment
from runthrough.entrypoints.cli.planning import WORK
from runthrough.entrypoints.cli.reading import ALL
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import one_line, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runthrough.application.comparing import Compared
    from runthrough.core.views.diff import Difference
    from runthrough.core.views.history import HistoryRow

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
"""Of a line in a text diff by its first sign."""


@visiting()
def history(
    visit: Visit,
    *,
    node: Annotated[
        str | None,
        typer.Option(
            "--node",
            metavar="NODE",
            help="Only the events of one node.",
            autocompletion=completing.nodes,
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--actor", metavar="ACTOR", help="Only what this person did.")
    ] = None,
    type_: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="Only this type of event: ScriptConfigured …",
            autocompletion=completing.event_types,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="VERSION|TIME",
            help="Only from there on: a version, a time (ISO 8601), or 2d, 3h for so long ago.",
        ),
    ] = None,
) -> None:
    """Tell what happened, with every value as it was and as it is."""
    first = None if since is None else moment("--since", since)
    with visit.opened() as (_, session):
        rows = session.history(node, actor=by, type=type_, since=first)
        visit.screen.result([row.view() for row in rows])
        if not rows:
            visit.screen.line("No event fits what was asked for.")
            visit.next("runthrough history")
            return
        _draw_rows(visit, rows)


def _draw_rows(visit: Visit, rows: "Sequence[HistoryRow]") -> None:
    from runthrough.core.views.value_words import differing  # noqa: PLC0415 - inside commands

    width = len(str(rows[-1].version))
    for row in rows:
        visit.screen.line(
            one_line(f"{row.actor}  {row.sentence}"),
            lead=(f"{row.version:>{width}}  {stamp(row.recorded_at)}  ", "dim"),
        )
        if row.before:
            visit.screen.changes(row.before, row.after)
        elif row.node is not None:  # what a session begins with is told by the sentence
            visit.screen.changes({}, {n: row.after[n] for n in differing({}, row.after)})


@visiting()
def as_of(
    visit: Visit,
    at: Annotated[
        str,
        typer.Argument(
            metavar="VERSION|TIME",
            help="A version, a time (ISO 8601; UTC where it names no zone), or 2d, 3h for so long "
            "ago.",
        ),
    ],
    *,
    everything: ALL = False,
) -> None:
    """Show the status as it was at a version or time; of today's files nothing is looked at."""
    from runthrough.entrypoints.cli.worklist import draw_status  # noqa: PLC0415 - inside commands

    asked = moment("VERSION|TIME", at)
    with visit.opened() as (application, present):
        session = application.sessions.open_at(present.session_id, asked)
        view = session.status()
        visit.screen.result(view)
        then = session.state.last_at
        of_time = "" if isinstance(asked, int) else f" (as of {stamp(asked)})"
        visit.screen.line(
            f"as it was at version {session.version}"
            f"{f', {stamp(then)}' if then else ''}{of_time}; it is at {present.version} now"
        )
        draw_status(
            visit,
            session,
            view,
            everything=everything,
            whole=f"runthrough as-of {session.version} --all",
            next_command=f"runthrough diff {session.version}",
        )


@visiting()
def diff(
    visit: Visit,
    one: Annotated[
        str | None,
        typer.Argument(
            metavar="A", help="VERSION, SESSION, SESSION@VERSION or now.", show_default=False
        ),
    ] = None,
    other: Annotated[
        str | None,
        typer.Argument(metavar="B", help="The same; default: now.", show_default=False),
    ] = None,
    *,
    last_green: Annotated[
        bool,
        typer.Option(
            "--last-green", help="Compare now with where the last run ended that passed."
        ),
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 10 where something differs.")
    ] = False,
) -> int:
    """Show what differs between two versions or sessions, and nothing else."""
    if last_green and one is not None:
        raise typer.BadParameter("it is a side itself: give no other", param_hint="'--last-green'")
    if not last_green and one is None:
        raise typer.BadParameter(
            "name what to compare: VERSION, SESSION or SESSION@VERSION, or give --last-green",
            param_hint="'A'",
        )
    with visit.opened() as (application, session):
        compared = application.sessions.diff(session, one, other)
        visit.screen.result([row.view() for row in compared.rows])
        _draw_diff(visit, compared)
    return WORK if exit_code and compared.rows else PASSED


def _draw_diff(visit: Visit, compared: "Compared") -> None:
    one, other = compared.one, compared.other
    labels = one.told(beside=other), other.told(beside=one)
    for side in (one, other):
        if side.now and not side.looked:
            told = f"the files of {side.name} as they are now were not looked at: {side.unseen}"
            visit.screen.line((one_line(told), "yellow"))
    if not compared.rows:
        visit.screen.line(one_line(f"Nothing differs between {labels[0]} and {labels[1]}."))
        return
    visit.screen.line((one_line(f"{labels[0]} → {labels[1]}"), "bold"))
    for node, rows in groupby(compared.rows, key=lambda row: row.node):
        visit.screen.blank()
        visit.screen.line((one_line(node), "bold"))
        for row in rows:
            _draw_difference(visit, row)


def _draw_difference(visit: Visit, row: "Difference") -> None:
    from runthrough.core.views.diff import difference_words  # noqa: PLC0415 - inside commands

    visit.screen.line(f"  {one_line(difference_words(row))}")
    for line in (row.diff or "").splitlines():
        # Tabs are kept as blanks: a script's indents are read by people here.
        told = one_line(line.expandtabs(4))
        visit.screen.verbatim("    ", (told, _STYLES.get(line[:1], "")))


COMMANDS = (history, as_of, diff)
