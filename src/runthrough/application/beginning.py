"""How a session begins: where its folders lie is kept first, and only if it does begin."""

from collections.abc import Mapping

from runthrough.application.handler import CommandHandler
from runthrough.application.ports import SessionDirectory
from runthrough.application.wishes import Asked
from runthrough.core.commands import ForkSession, StartSession
from runthrough.core.values.ids import HostId, SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.core.views.loaded import Loaded
from runthrough.errors import RunthroughError, StoreUnavailableError


def begin(
    directory: SessionDirectory,
    handler: CommandHandler,
    loaded: Loaded,
    command: StartSession | ForkSession,
    *,
    metadata: Metadata,
    asked: Asked,
    places: Mapping[HostId, Mapping[str, str]],
) -> SessionId:
    """Begin a session whose folders lie at `places`, on each host; which one has begun.

    A command that was handled before began its session then, and that one is told.

    Raises:
        SessionNameTakenError: An open session has the name.
        CommandIdReusedError: The command was another one.
    """
    session_id = loaded.state.session_id
    for host, roots in places.items():
        directory.set_roots(session_id, host=host, roots=roots)
    try:
        begun = handler.handle(loaded, command, metadata, asked=asked)[0].session_id
    except StoreUnavailableError:  # it may have begun all the same
        raise
    except RunthroughError:
        _forget(directory, session_id, places)
        raise
    if begun != session_id:
        _forget(directory, session_id, places)
    return begun


def _forget(
    directory: SessionDirectory, session_id: SessionId, places: Mapping[HostId, Mapping[str, str]]
) -> None:
    for host in places:
        directory.set_roots(session_id, host=host, roots={})
