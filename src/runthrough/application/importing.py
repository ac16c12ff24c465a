"""Taking sessions over from an export: all of them, with their hashes, or none."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from runthrough.application.caller import Caller
from runthrough.application.handler import CommandHandler
from runthrough.application.keeping import checked_name
from runthrough.application.ports import Ports
from runthrough.core.commands import ImportSession
from runthrough.core.lifecycle import Phase
from runthrough.core.values.ids import SessionId, Version
from runthrough.core.values.metadata import Origin
from runthrough.core.values.secrets import masked_text
from runthrough.core.values.store import SessionEntry, StoredEvent
from runthrough.core.views.loaded import Loaded
from runthrough.errors import CommandInvalidError, ImportRefusedError, SessionNameTakenError

_PAGE_ROWS = 1000
"""Rows that are taken over at a time: memory stays flat."""
_FIRST_SUFFIX = 2
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A session's id; it is also the name of a folder."""
_BEGINNINGS = frozenset({"SessionStarted", "SessionForked"})
_ASK = "ask whoever wrote the file where it comes from"


class LogExport(Protocol):
    """An export that can be read more than once."""

    @property
    def session_id(self) -> str | None:
        """The session that it is of; `None` where it is of a whole log."""
        ...

    @property
    def exported_at(self) -> datetime:
        """When it was written, as it says itself; aware, UTC."""
        ...

    @property
    def app_version(self) -> str:
        """Of the program that wrote it."""
        ...

    def rows(self) -> Iterator[StoredEvent]:
        """The rows of it, each checked before it is told.

        Raises:
            AuditFileError: A row is not what was written.
        """
        ...


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """A session that was taken over."""

    session_id: SessionId
    name: str
    version: int
    renamed_from: str | None
    """What it was called, where it is called otherwise here."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought."""

    sessions: tuple[ImportedSession, ...]
    """In the order in which they came; not the ancestors that only a fork needs."""
    in_part: tuple[ImportedSession, ...]
    """The ancestors that came only as far as a fork needs them."""
    events: int
    """Of the export; what was recorded of the import is not counted."""


@dataclass(slots=True)
class _Arrival:
    """A session of the export, as its rows come by."""

    first: StoredEvent
    last: StoredEvent
    whole: bool
    """Whether the export is of it, and not only of a fork of it."""
    known: bool
    """Whether it was here before."""


@dataclass(slots=True)
class _Landed:
    """A session whose rows are here now."""

    arrival: _Arrival
    loaded: Loaded
    new_name: str | None = None
    """What it is to be called here, where that is not its own name."""
    name: str = field(init=False)
    """What it is called in the export."""

    def __post_init__(self) -> None:
        self.name = self.loaded.state.name

    def entry(self, *, closed: bool = False) -> SessionEntry:
        """Its place in the directory, as its events say."""
        state, first, last = self.loaded.state, self.arrival.first, self.arrival.last
        return SessionEntry(
            session_id=state.session_id,
            name=state.name,
            dag_name=state.pipeline.name,
            phase="closed" if closed or state.phase is Phase.CLOSED else "open",
            created_at=datetime.fromisoformat(first.recorded_at),
            version=state.version,
            last_actor=state.last_actor or last.actor,
            updated_at=state.last_at or datetime.fromisoformat(last.recorded_at),
            parent=state.parent,
            forked_at=state.forked_at,
            archived=state.archived,
        )

    def told(self) -> ImportedSession:
        """What is told of it."""
        state, arrival = self.loaded.state, self.arrival
        return ImportedSession(
            state.session_id,
            state.name,
            state.version if arrival.whole else Version(arrival.last.version),
            self.name if state.name != self.name else None,
        )


class Importing:
    """Takes sessions of another log into this one."""

    def __init__(self, ports: Ports, caller: Caller) -> None:
        self._ports = ports
        self._caller = caller
        self._handler = CommandHandler(
            ports.store, snapshots=ports.snapshots, clock=ports.clock, log=ports.log
        )

    def take_in(self, export: LogExport, *, renamed: Mapping[str, str]) -> Imported:
        """Take over every session of the export under its own name, or as `renamed` has it.

        `renamed` is by name or id. Where an open session has a name already, the one that comes
        gets a number behind it. Event hashes stay; positions and log hashes are this log's.

        Raises:
            ImportRefusedError: A session is here already, an ancestor is here otherwise,
                `renamed` names none, or the export is none that runthrough wrote; nothing is
                imported.
            CommandInvalidError: A session cannot be called as `renamed` says.
            SessionNameTakenError: An open session has a name that was asked for.
            AuditFileError: The export is not what was written.
            StoreError: The database cannot be written, or an event cannot be read back.
        """
        with self._ports.store.exclusive():
            arrivals, events = self._take_rows(export)
            self._refuse_known(arrivals)
            origin = Origin(exported_at=export.exported_at, app_version=export.app_version)
            correlation_id = self._ports.new_id()
            landed = [
                _Landed(arrival, self._handler.load(SessionId(arrival.last.session_id)))
                for arrival in arrivals
                if not arrival.known
            ]
            taken = {e.name for e in self._ports.directory.sessions() if e.phase == "open"}
            _name(landed, renamed, taken)
            for one in landed:
                self._settle(one, origin, correlation_id)
        return Imported(
            tuple(one.told() for one in landed if one.arrival.whole),
            tuple(one.told() for one in landed if not one.arrival.whole),
            events,
        )

    def _take_rows(self, export: LogExport) -> tuple[list[_Arrival], int]:
        """Write the rows of sessions that are new here; the sessions, and how many rows."""
        arrivals: dict[str, _Arrival] = {}
        page: list[StoredEvent] = []
        count = 0
        for row in export.rows():
            session_id = row.session_id
            if session_id in arrivals:
                arrivals[session_id].last = row
            else:
                _refuse_forged(row)
                known = self._ports.imports.event_hash(SessionId(session_id)) is not None
                whole = export.session_id in {None, session_id}
                arrivals[session_id] = _Arrival(row, row, whole, known)
            if not arrivals[session_id].known:
                page.append(row)
                count += 1
            if len(page) == _PAGE_ROWS:
                self._ports.imports.take(page)
                page = []
        self._ports.imports.take(page)
        return list(arrivals.values()), count

    def _refuse_known(self, arrivals: Sequence[_Arrival]) -> None:
        known = [arrival for arrival in arrivals if arrival.known and arrival.whole]
        if known:
            names = {e.session_id: e.name for e in self._ports.directory.sessions()}
            told = [names.get(SessionId(a.last.session_id), a.last.session_id) for a in known]
            one = len(told) == 1
            missing = [arrival for arrival in arrivals if not arrival.known]
            raise ImportRefusedError(
                f"The database holds {'a session' if one else 'sessions'} of the export already: "
                f"{', '.join(told)}. Nothing was imported.",
                fix="export each session that is missing by itself: "
                "runthrough audit export --session NAME -o FILE"
                if missing
                else "runthrough sessions --all lists what is here, archived ones too",
            )
        for arrival in arrivals:
            last = arrival.last
            here = arrival.known and self._ports.imports.event_hash(
                SessionId(last.session_id), version=last.version
            )
            if arrival.known and here != last.event_hash:
                raise ImportRefusedError(
                    f"The session of the export is a fork of {last.session_id}, which is here "
                    f"already, but not as it was at version {last.version}: it was imported only "
                    "up to an earlier fork, or it went on otherwise here. Nothing was imported.",
                    fix="import into a database that does not hold that session",
                )

    def _settle(self, landed: _Landed, origin: Origin, correlation_id: str) -> None:
        """Let the session say where it comes from, and list it."""
        whole = landed.arrival.whole
        command = ImportSession(
            origin=origin.model_copy(update={"whole": whole}), name=landed.new_name
        )
        # Closed, until its name is the one it has here.
        self._ports.imports.enter(landed.entry(closed=True))
        metadata = self._caller.metadata(correlation_id=correlation_id)
        self._handler.handle(landed.loaded, command, metadata)
        self._ports.imports.enter(landed.entry())


def _refuse_forged(first: StoredEvent) -> None:
    """Refuse a session that no runthrough began, although its hashes fit.

    Raises:
        ImportRefusedError: It is one.
    """
    if not _ID.fullmatch(first.session_id):
        raise ImportRefusedError(
            f"The export holds a session with the id {first.session_id!r}, which is none that "
            "runthrough gives. Nothing was imported.",
            fix=_ASK,
        )
    if first.type not in _BEGINNINGS:
        raise ImportRefusedError(
            f"Session {first.session_id} of the export begins with a {first.type}, and no session "
            "does. Nothing was imported.",
            fix=_ASK,
        )


def _refuse_untypable(one: _Landed) -> None:
    """Refuse a name that could not have been given.

    Raises:
        ImportRefusedError: It is one.
    """
    session_id = one.loaded.state.session_id
    try:
        checked_name("audit import", one.new_name or one.name)
    except CommandInvalidError as exc:
        raise ImportRefusedError(
            f"Session {session_id} of the export is called {masked_text(one.name)!r}, and nobody "
            "can call one so. Nothing was imported.",
            fix=f"give it another name here: --rename {session_id}=NAME"
            if one.arrival.whole
            else _ASK,
        ) from exc


def _name(landed: Sequence[_Landed], renamed: Mapping[str, str], taken: set[str]) -> None:
    """Give each session that is open a name that no other open one has.

    Raises:
        ImportRefusedError: `renamed` names no session that comes, or several; or a session has a
            name that cannot be typed.
        CommandInvalidError: A session cannot be called so.
        SessionNameTakenError: A name that was asked for is taken.
    """
    coming = [one for one in landed if one.arrival.whole]
    for old, new in renamed.items():
        checked_name("audit import", new)
        meant = [one for one in coming if old in {one.name, one.loaded.state.session_id}]
        if len(meant) != 1:
            raise ImportRefusedError(
                f"{'No session' if not meant else 'More than one session'} of the export is "
                f"called {old!r}: it holds {', '.join(one.name for one in coming) or 'none'}. "
                "Nothing was imported.",
                fix="write --rename ID=NEW, with the id of the session"
                if meant
                else "write --rename OLD=NEW, with a name that the export has",
            )
        meant[0].new_name = new
    for one in landed:
        _refuse_untypable(one)
    for one in coming:
        if one.loaded.state.phase is Phase.CLOSED:
            continue
        wanted = one.new_name or one.name
        if wanted in taken and one.new_name:
            raise SessionNameTakenError(wanted)
        if wanted in taken:
            numbers = itertools.count(_FIRST_SUFFIX)
            one.new_name = next(n for k in numbers if (n := f"{wanted}-{k}") not in taken)
        taken.add(one.new_name or wanted)
