"""Sessions that go on from a version of another one."""

from collections.abc import Collection

from runthrough.application.beginning import begin
from runthrough.application.caller import Caller
from runthrough.application.handler import CommandHandler
from runthrough.application.ports import Ports
from runthrough.application.wishes import Asked
from runthrough.core.commands import ForkSession
from runthrough.core.names import friendly_session_name
from runthrough.core.state import SessionState
from runthrough.core.values.ids import HostId, SessionId, Version
from runthrough.core.values.paths import SESSION, WORKSPACE, Roots, ancestor_root
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.loaded import Loaded
from runthrough.errors import SessionError


def forked(
    ports: Ports,
    handler: CommandHandler,
    caller: Caller,
    *,
    origin: SessionEntry,
    at: int | None = None,
    name: str | None = None,
) -> Loaded:
    """A new session that goes on from a version of another one, in which nothing is recorded.

    The version of a fork that its ancestor recorded is forked off the ancestor. A command that
    was handled before began its session then, and that one is told.

    Raises:
        SessionError: One command recorded the version and the next one together.
        SessionNameTakenError: An open session has the name.
    """
    loaded = handler.load(origin.session_id, upto=at)
    state, version = loaded.state, loaded.state.version
    parent = _recorder(ports, origin, version)
    _refuse_amid_command(ports, parent, state)
    fork_id = SessionId(ports.new_id())
    hosts = {caller.host} | ({state.home.host} if state.home is not None else set())
    placed = _roots(ports, origin, parent, fork_id, hosts)
    state.session_id = fork_id
    chosen = name or friendly_session_name(int(fork_id.replace("-", ""), 16))
    command = ForkSession(parent=parent, at=version, name=chosen)
    begun = begin(
        ports.directory,
        handler,
        loaded,
        command,
        metadata=caller.metadata(),
        asked=Asked(chosen=_chosen(at, name), of=origin.session_id),
        places=placed,
    )
    if begun != fork_id:
        return handler.load(begun)
    handler.keep(loaded)
    return loaded


def _chosen(at: int | None, name: str | None) -> frozenset[str]:
    """What was filled in for whoever asks: the end of a session may be another one by now."""
    left_out = {"parent", "at" if at is None else "", "name" if name is None else ""}
    return frozenset(left_out - {""})


def roots_at(ports: Ports, entry: SessionEntry, version: Version, *, host: HostId) -> Roots:
    """Where a session's folders lie on a host, for paths as they were recorded at a version.

    At the versions that a fork has from an ancestor its own folder is the ancestor's.
    """
    places = ports.directory.roots_of(entry.session_id, host=host)
    if places and 0 < version <= entry.forked_at:
        folder = places.get(ancestor_root(_recorder(ports, entry, version)))
        del places[SESSION]
        places |= {} if folder is None else {SESSION: folder}
    return Roots(places)


def ancestors(ports: Ports, session_id: SessionId) -> tuple[SessionId, ...]:
    """The session that this one is a fork of, and those before it."""
    found: list[SessionId] = []
    entry = ports.directory.find(session_id)
    while entry is not None and entry.parent is not None and entry.parent not in found:
        found.append(entry.parent)
        entry = ports.directory.find(entry.parent)
    return tuple(found)


def descendants(ports: Ports, session_id: SessionId) -> tuple[SessionId, ...]:
    """The forks of a session, and theirs."""
    parents = {entry.session_id: entry.parent for entry in ports.directory.sessions()}
    found, waiting = [], [session_id]
    while waiting:
        parent = waiting.pop()
        forks = [one for one, its in parents.items() if its == parent and one not in found]
        found += forks
        waiting += forks
    return tuple(found)


def fork_points(ports: Ports, session_id: SessionId, state: SessionState) -> tuple[Version, ...]:
    """The versions nearest to that of a state at which the session may be forked.

    That is its own, but where the command that recorded it had not come to its end: what a
    command leaves is decided as a whole, and half of it was never a state of the session.
    """
    last = state.version
    for upto in (last + 1, None):  # mostly the next event tells that all is well
        for envelope in ports.store.read(session_id, after=last, upto=upto):
            if envelope.metadata.command_id != state.command:
                break
            last = envelope.version
        if last == state.version:
            return (last,)
    return tuple(version for version in (state.command_after, last) if version)


def _recorder(ports: Ports, origin: SessionEntry, version: Version) -> SessionId:
    """Who recorded a version of a session: itself, or the ancestor that it was forked off."""
    (last,) = ports.store.read(origin.session_id, after=version - 1, upto=version)
    return last.session_id


def _refuse_amid_command(ports: Ports, parent: SessionId, state: SessionState) -> None:
    """Refuse a version behind which the command that recorded it had not come to its end."""
    points = fork_points(ports, parent, state)
    if state.version in points:
        return
    raise SessionError(
        f"Version {state.version} lies within what one command recorded, versions "
        f"{state.command_after + 1} to {points[-1]}; a session is forked before or behind that.",
        fix=" or ".join(f"runthrough fork --at {v}" for v in points),
    )


def _roots(
    ports: Ports,
    origin: SessionEntry,
    parent: SessionId,
    fork_id: SessionId,
    hosts: Collection[HostId],
) -> dict[HostId, dict[str, str]]:
    """Where a fork's folders lie on each host that knows its origin.

    Its own folder is a new one; those of its ancestors are where they were.
    """
    line = (parent, *ancestors(ports, parent))
    placed: dict[HostId, dict[str, str]] = {}
    for host in hosts:
        known = ports.directory.roots_of(origin.session_id, host=host)
        if WORKSPACE not in known:
            continue
        folders = {ancestor_root(origin.session_id): known[SESSION]} | known
        theirs = {root: folders[root] for root in map(ancestor_root, line) if root in folders}
        shared = {root: place for root, place in known.items() if not root.startswith(SESSION)}
        own = f"{known[WORKSPACE].rstrip('/')}/.runthrough/{fork_id}"
        placed[host] = {**shared, SESSION: own, **theirs}
    return placed
