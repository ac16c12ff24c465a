"""Sessions as a whole: listed, noted upon, approved, named and put away."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.folding import FIRST_URGENT, MANY
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import ago, counted, one_line, short_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runthrough.application.session import Session
    from runthrough.bootstrap import Application
    from runthrough.core.values.store import SessionEntry


@visiting(session=False)
def sessions(
    visit: Visit,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="List all, also those that are archived.")
    ] = False,
) -> None:
    """List all sessions, the one with the latest event first."""
    from runthrough.core.views.brief import entry_view  # noqa: PLC0415 - heavy, so inside

    with visit.application(absent="empty") as application:
        known = application.sessions.entries()
        listed = [one for one in known if everything or not one.archived]
        visit.screen.result([entry_view(one) for one in listed])
        shown = listed if everything or len(listed) <= MANY else listed[:FIRST_URGENT]
        _draw_sessions(visit, shown, known)
        if len(shown) < len(listed):
            visit.screen.blank()
            visit.screen.line(f"{counted(len(listed), 'session')}, the latest {len(shown)} shown")
            visit.screen.typed("all of them:  ", visit.typed("runthrough sessions --all"))
        hidden = len(known) - len(listed)
        if hidden:
            visit.screen.line(
                (f"{counted(hidden, 'session')} archived: runthrough sessions --all", "dim")
            )
        if not known:
            visit.screen.line(f"There is no session yet in {application.place}.")
            visit.next("runthrough new PIPELINE")


def _draw_sessions(
    visit: Visit, listed: "Sequence[SessionEntry]", known: "Sequence[SessionEntry]"
) -> None:
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside commands

    names = {one.session_id: one.name for one in known}
    visit.screen.rows(
        (
            one_line(one.name),
            short_id(one.session_id),
            "archived" if one.archived else one.phase,
            f"version {one.version}",
            one_line(one.dag_name),
            f"{one_line(one.last_actor)}, {ago(one.updated_at, now())}"
            + (
                f" · fork of {names.get(one.parent, short_id(one.parent))} at {one.forked_at}"
                if one.parent
                else ""
            ),
        )
        for one in listed
    )


@visiting()
def note(
    visit: Visit, text: Annotated[str, typer.Argument(metavar="TEXT", help="The remark.")]
) -> None:
    """Write down a remark in the session's history."""
    with visit.opened() as (_, session):
        recorded = session.note(text)
        (row,) = session.recorded(recorded)
        visit.screen.result({"version": recorded.version, "recorded": [row.view()]})
        visit.screen.line(one_line(row.sentence), lead=(f"{row.version}  ", "dim"))
        visit.next(session.next_command())


@visiting()
def approve(
    visit: Visit,
    version: Annotated[
        int | None,
        typer.Argument(metavar="VERSION", help="Default: the present one.", show_default=False),
    ] = None,
) -> None:
    """Sign off what had passed at a version; `status` tells when something is another one."""
    with visit.opened() as (_, session):
        recorded = session.approve(version)
        approval = session.status()["approval"]
        visit.screen.result({"version": recorded.version, "approval": approval})
        (row,) = session.recorded(recorded)
        visit.screen.line(
            one_line(f"{row.actor} {row.sentence}"), lead=(f"{row.version}  ", "dim")
        )
        visit.next(session.next_command())


@visiting()
def rename(
    visit: Visit,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Free among open sessions.")],
) -> None:
    """Call the session otherwise."""
    with visit.opened() as (application, session):
        old = session.name
        session.rename(name)
        _tell_name(visit, application, session, old)
        visit.screen.line(one_line(f"session {old} is called {session.name} now"))
        visit.next(session.next_command())


@visiting()
def close(visit: Visit) -> None:
    """End the session's work; its history stays, and its name is free."""
    with visit.opened() as (application, session):
        session.close()
        _tell_name(visit, application, session)
        visit.screen.line(one_line(f"session {session.name} is closed"))
        visit.next("runthrough reopen")


@visiting()
def reopen(
    visit: Visit,
    *,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Another name, where its own is taken."),
    ] = None,
) -> None:
    """Go on with a closed session."""
    with visit.opened() as (application, found):
        session = _closed(application, found)
        old = session.name
        session.reopen(name=name)
        _tell_name(visit, application, session, old)
        visit.screen.line(one_line(f"session {session.name} is open again"))
        visit.next(session.next_command())


@visiting()
def archive(
    visit: Visit,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A new file for the export; default: NAME.jsonl in the current folder.",
        ),
    ] = None,
) -> None:
    """Export a closed session, and let it no longer be listed; nothing of it is deleted."""
    from runthrough.bootstrap import withdraw, write_session  # noqa: PLC0415 - heavy

    with visit.opened() as (application, found):
        session = _closed(application, found)
        file = output or f"{session.name.replace(os.sep, '_')}.jsonl"
        count = 0

        def export() -> None:
            nonlocal count
            count = write_session(application, session.session_id, file)

        session.archive(export=export, withdraw=lambda: withdraw(file))
        if visit.session is None:
            visit.go_on_with(application, session)
        visit.screen.result({**_named(session), "file": file, "events": count})
        visit.screen.line(
            one_line(f"{counted(count, 'event')} exported to {file}"), lead=("✓ ", "green")
        )
        visit.screen.line(
            one_line(f"session {session.name} is archived: runthrough sessions --all lists it")
        )
        visit.next("runthrough reopen")


def _named(session: "Session") -> dict[str, object]:
    return {"session_id": session.session_id, "name": session.name, "version": session.version}


def _closed(application: "Application", found: "Session") -> "Session":
    """What was found; where it is open and was asked for by its name, the closed one so called.

    A name finds the open session first, which can neither be reopened nor archived.
    """
    named = application.settings.session == found.name
    if not named or found.state.phase.value == "closed":
        return found
    namesakes = [
        entry.session_id
        for entry in application.sessions.entries()
        if entry.name == found.name and entry.phase == "closed" and not entry.archived
    ]
    return application.sessions.open(namesakes[0]) if len(namesakes) == 1 else found


def _tell_name(
    visit: Visit, application: "Application", session: "Session", old: str | None = None
) -> None:
    """The session as a result; who named it by the `old` name is told its new one from now on."""
    if visit.session is not None and visit.session == old:
        visit.session = session.name
    elif visit.session is None:
        visit.go_on_with(application, session)
    visit.screen.result(_named(session))


COMMANDS = (sessions, note, approve, rename, close, reopen, archive)
