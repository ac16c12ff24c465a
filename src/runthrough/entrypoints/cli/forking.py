"""Going on from a version of a session, in another one."""

from typing import Annotated

import typer

from runthrough.entrypoints.cli.moments import moment
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import short_id


@visiting()
def fork(
    visit: Visit,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="VERSION|TIME",
            help="Where the new session goes on from; default: where the session is now.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The new session's name; default: made up."),
    ] = None,
) -> None:
    """Begin a session that goes on from a version of this one; nothing is recorded in this one."""
    since = None if at is None else moment("--at", at)
    with visit.application(absent="empty") as application:
        sessions = application.sessions
        asked = application.settings.session or sessions.default().session_id
        session = sessions.fork(asked, at=since, name=name)
        state = session.state
        parent = sessions.found(state.parent or asked)
        # Two sessions hold this folder now, so what is typed next names the one that is meant.
        visit.session = session.name
        visit.screen.result(
            {
                "session_id": session.session_id,
                "name": session.name,
                "version": session.version,
                "parent": parent.session_id,
                "at": state.forked_at,
            }
        )
        visit.screen.line(
            f"session {session.name} ({short_id(session.session_id)}) goes on from version "
            f"{state.forked_at} of {parent.name} ({short_id(parent.session_id)})"
        )
        visit.screen.line(f"nothing was recorded in {parent.name}")
        visit.next(session.next_command())


COMMANDS = (fork,)
