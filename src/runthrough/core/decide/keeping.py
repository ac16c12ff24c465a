"""The session as a whole: what it is called, where it lives, what is said of it."""

from runthrough.core.commands import (
    AddNote,
    ApproveVersion,
    ForkSession,
    ImportSession,
    MoveHome,
    RenameSession,
    ReopenSession,
)
from runthrough.core.events import (
    Event,
    HomeMoved,
    NoteAdded,
    SessionArchived,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    VersionApproved,
)
from runthrough.core.lifecycle import Phase
from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId
from runthrough.errors import CommandRefusedError, RunInProgressError, SessionClosedError

NAMED = 5
"""So many nodes are named where more are meant: enough to know what it is about."""


def fork(command: ForkSession, state: SessionState) -> tuple[Event, ...]:
    """Go on from where the parent was; `state` is the parent's at that version.

    Raises:
        CommandRefusedError: The state is not the one that the fork is to begin with.
    """
    if state.version != command.at or state.session_id in {command.parent, SessionId("")}:
        raise CommandRefusedError(
            f"A fork begins with version {command.at} of its parent, not {state.version}."
        )
    return (SessionForked(parent=command.parent, at=command.at, name=command.name),)


def take_in(command: ImportSession, state: SessionState) -> tuple[Event, ...]:
    """Say where the session comes from, and what it is called here where its name is taken."""
    imported = SessionImported(origin=command.origin)
    if command.name is None or command.name == state.name:
        return (imported,)
    return (imported, SessionRenamed(name=command.name))


def move_home(command: MoveHome, state: SessionState) -> tuple[Event, ...]:
    """Let the session live where its next tester is.

    Raises:
        SessionClosedError: It is closed, so that it is only shown.
        RunInProgressError: A run is on where it lives.
        CommandRefusedError: It lives there already.
    """
    if state.phase is Phase.CLOSED:
        raise SessionClosedError(command.verb)
    if state.running is not None:
        raise RunInProgressError(
            command.verb,
            who=state.running.actor,
            where=state.running.holder.host_name or state.running.holder.host,
            since=f"{state.running.started_at:%Y-%m-%d %H:%M:%S} UTC",
        )
    if state.home is not None and state.home.host == command.home.host:
        raise CommandRefusedError(
            "The session lives on this machine already.", fix="runthrough resume"
        )
    return (HomeMoved(home=command.home),)


def add_note(command: AddNote) -> tuple[Event, ...]:
    """Keep a remark.

    Raises:
        CommandRefusedError: It says nothing.
    """
    if not command.text.strip():
        raise CommandRefusedError("The note says nothing.", fix="runthrough note TEXT")
    return (NoteAdded(text=command.text),)


def approve(command: ApproveVersion, state: SessionState) -> tuple[Event, ...]:
    """Sign off what had passed at a version.

    Raises:
        CommandRefusedError: Not every script had passed then, or there was none.
    """
    if command.open_nodes or not command.fingerprints:
        told = ", ".join(command.open_nodes[:NAMED])
        more = len(command.open_nodes) - NAMED
        raise CommandRefusedError(
            f"At version {command.version} not every script had passed"
            + (f": {told}{f' and {more} more' if more > 0 else ''}." if told else ".")
            + " Only what has passed can be approved.",
            fix="runthrough run"
            if command.version == state.version
            else "runthrough history lists the versions",
        )
    return (VersionApproved(version=command.version, fingerprints=command.fingerprints),)


def rename(command: RenameSession, state: SessionState) -> tuple[Event, ...]:
    """Call the session otherwise.

    Raises:
        CommandRefusedError: It is called so already, or otherwise than the person saw.
    """
    if command.seen is not None and command.seen != state.name:
        raise CommandRefusedError(
            f"The session is called {state.name!r} by now, no longer {command.seen!r}.",
            fix="look at what is there, then repeat",
        )
    if command.name == state.name:
        raise CommandRefusedError(
            f"The session is called {state.name!r} already.", fix="choose another name"
        )
    return (SessionRenamed(name=command.name),)


def reopen(command: ReopenSession, state: SessionState) -> tuple[Event, ...]:
    """Go on, under another name where one is given.

    Raises:
        CommandRefusedError: Only a part of it is here, so that it goes on where all of it is.
    """
    if state.in_part:
        raise CommandRefusedError(
            "Only the part of the session that a fork of it needs was imported, so it is not gone "
            "on with here.",
            fix="runthrough fork begins another session from it",
        )
    if command.name is None or command.name == state.name:
        return (SessionReopened(),)
    # It is renamed while it is closed, so that its old name need not be free.
    return (SessionRenamed(name=command.name), SessionReopened())


def archive(state: SessionState) -> tuple[Event, ...]:
    """Let the session no longer be listed.

    Raises:
        CommandRefusedError: It is not listed already.
    """
    if state.archived:
        raise CommandRefusedError(
            "The session is archived already.",
            fix="runthrough reopen lets it be listed again",
        )
    return (SessionArchived(),)
