"""Commands and state to events; one module a family of commands."""

from typing import assert_never

from runthrough.core.commands import (
    AcceptUnchanged,
    AddNote,
    ApproveVersion,
    ArchiveSession,
    BindScript,
    CancelRun,
    ClearConfiguration,
    CloseSession,
    Command,
    ConfigureScript,
    ConfirmConnections,
    Connect,
    Disconnect,
    FinishRun,
    FinishScript,
    ForkSession,
    ImportSession,
    MarkExternal,
    MarkInternal,
    MoveHome,
    RecordWorld,
    RedoConfiguration,
    RejectConnections,
    RenameSession,
    ReopenSession,
    ReuseScript,
    StartRun,
    StartScript,
    StartSession,
    UndoConfiguration,
    UpdatePipeline,
)
from runthrough.core.decide.accepting import accept_unchanged
from runthrough.core.decide.configuring import configure
from runthrough.core.decide.conflicts import Conflict, conflicting
from runthrough.core.decide.connecting import confirm, connect, disconnect, reject
from runthrough.core.decide.executing import (
    cancel_run,
    finish_run,
    finish_script,
    reuse_script,
    start_run,
    start_script,
)
from runthrough.core.decide.guards import guard
from runthrough.core.decide.keeping import (
    add_note,
    approve,
    archive,
    fork,
    move_home,
    rename,
    reopen,
    take_in,
)
from runthrough.core.decide.looking import record_world
from runthrough.core.decide.marking import bind_script, clear, mark_external, mark_internal
from runthrough.core.decide.reverting import redo, undo
from runthrough.core.decide.starting import start_session
from runthrough.core.decide.updating import update
from runthrough.core.events import Event, SessionClosed
from runthrough.core.state import SessionState

__all__ = ["Conflict", "conflicting", "decide"]


def decide(  # noqa: C901, PLR0912 - one case a command, closed by assert_never
    command: Command, state: SessionState
) -> tuple[Event, ...]:
    """What happens when `command` meets `state`.

    Raises:
        CommandRefusedError: The state does not allow it.
        UnknownNodeError: No node has that name.
        SelectionError: A run's selection matches no node.
    """
    guard(command, state)
    match command:
        case StartSession():
            return start_session(command, state)
        case ConfigureScript():
            return configure(command, state)
        case Connect():
            return connect(command, state)
        case ConfirmConnections():
            return confirm(command, state)
        case RejectConnections():
            return reject(command, state)
        case Disconnect():
            return disconnect(command, state)
        case BindScript():
            return bind_script(command, state)
        case MarkExternal():
            return mark_external(command, state)
        case MarkInternal():
            return mark_internal(command, state)
        case ClearConfiguration():
            return clear(command, state)
        case RecordWorld():
            return record_world(command, state)
        case AcceptUnchanged():
            return accept_unchanged(command, state)
        case CancelRun():
            return cancel_run(state)
        case UndoConfiguration():
            return undo(command, state)
        case RedoConfiguration():
            return redo(command, state)
        case UpdatePipeline():
            return update(command, state)
        case ForkSession():
            return fork(command, state)
        case ImportSession():
            return take_in(command, state)
        case MoveHome():
            return move_home(command, state)
        case AddNote():
            return add_note(command)
        case ApproveVersion():
            return approve(command, state)
        case RenameSession():
            return rename(command, state)
        case ArchiveSession():
            return archive(state)
        case CloseSession():
            return (SessionClosed(),)
        case ReopenSession():
            return reopen(command, state)
        case StartRun():
            return start_run(command, state)
        case StartScript():
            return start_script(command, state)
        case FinishScript():
            return finish_script(command, state)
        case ReuseScript():
            return reuse_script(command, state)
        case FinishRun():
            return finish_run(command, state)
        case _:
            assert_never(command)
