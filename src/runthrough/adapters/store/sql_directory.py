"""The directory of sessions in an SQL database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from runthrough.adapters.store.codec import read_time
from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.following import FOLLOWED, Listed, followed, parent_of
from runthrough.adapters.store.tables import EVENTS, ROOTS, SESSIONS
from runthrough.core.events import Event
from runthrough.core.values.ids import HostId, SessionId
from runthrough.core.values.lookup import choose
from runthrough.core.values.store import SessionEntry
from runthrough.errors import SessionNameTakenError

_later = EVENTS.alias("later")
_LATEST = (
    select(_later.c.position)
    .where(_later.c.session_id == SESSIONS.c.session_id)
    .order_by(_later.c.version.desc())
    .limit(1)
    .correlate(SESSIONS)
    .scalar_subquery()
)
"""Found by its place alone, so that no database comes to read the whole log for it."""
_LISTED = (
    select(
        SESSIONS.c.session_id,
        SESSIONS.c.name,
        SESSIONS.c.dag_name,
        SESSIONS.c.phase,
        SESSIONS.c.created_at,
        SESSIONS.c.parent,
        SESSIONS.c.forked_at,
        SESSIONS.c.archived,
        EVENTS.c.version,
        EVENTS.c.actor.label("last_actor"),
        EVENTS.c.recorded_at.label("updated_at"),
    )
    .select_from(SESSIONS)
    .join(EVENTS, EVENTS.c.position == _LATEST)
    .order_by(EVENTS.c.position.desc())
)
_LISTED_ITSELF = select(*(SESSIONS.c[field.name] for field in fields(Listed)))


class SqlSessionDirectory:
    """Which sessions there are, and where their roots lie."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def sessions(self) -> tuple[SessionEntry, ...]:
        """All sessions, the one with the latest event first.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        return self._listed(true())

    def find(self, asked: str) -> SessionEntry | None:
        """The session of that id, or unique start of an id, else of that name.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        fitting = or_(
            func.substr(SESSIONS.c.session_id, 1, len(asked)) == asked,
            SESSIONS.c.name == asked,
        )
        return choose(asked, self._listed(fitting))

    def last_of(self, actor: str) -> SessionEntry | None:
        """The session that holds the actor's latest event.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        latest = (
            select(EVENTS.c.session_id)
            .where(EVENTS.c.actor == actor)
            .order_by(EVENTS.c.position.desc())
            .limit(1)
            .scalar_subquery()
        )
        return next(iter(self._listed(SESSIONS.c.session_id == latest)), None)

    def set_roots(self, session_id: SessionId, *, host: HostId, roots: Mapping[str, str]) -> None:
        """Keep where the roots lie on a host; replaces what was kept.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        rows = [
            {"session_id": session_id, "host": host, "name": name, "path": path}
            for name, path in roots.items()
        ]
        with self._database.writing() as connection:
            connection.execute(
                delete(ROOTS).where(ROOTS.c.session_id == session_id, ROOTS.c.host == host)
            )
            if rows:
                connection.execute(insert(ROOTS), rows)

    def roots_of(self, session_id: SessionId, *, host: HostId) -> dict[str, str]:
        """Where the roots lie on a host; empty where it does not know the session.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        asked = select(ROOTS.c.name, ROOTS.c.path).where(
            ROOTS.c.session_id == session_id, ROOTS.c.host == host
        )
        with self._database.reading() as connection:
            return {row.name: row.path for row in connection.execute(asked)}

    def _listed(self, where: ColumnElement[bool]) -> tuple[SessionEntry, ...]:
        with self._database.reading() as connection:
            return tuple(map(_entry, connection.execute(_LISTED.where(where))))


def is_followed(events: Sequence[Event]) -> bool:
    """Whether an append of these events also writes to the directory."""
    return any(isinstance(event, FOLLOWED) for event in events)


def follow(
    connection: Connection, session_id: SessionId, events: Sequence[Event], *, recorded_at: str
) -> None:
    """Write to the directory what events mean for a session.

    Stands before the events are inserted, under the same lock.

    Raises:
        SessionNameTakenError: Another open session has the name.
        StoreError: The directory does not know the session, or the one that it is a fork of.
    """
    if not is_followed(events):
        return
    before, parent = _kept(connection, session_id), parent_of(events)
    listed = followed(
        before,
        events,
        parent=None if parent is None else _kept(connection, parent),
        recorded_at=recorded_at,
    )
    if listed.claims(before):
        _refuse_taken(connection, listed.name, but=session_id)
    row = asdict(listed) | {"archived": int(listed.archived)}
    if before is None:
        connection.execute(insert(SESSIONS), {"session_id": session_id} | row)
    else:
        connection.execute(update(SESSIONS).where(SESSIONS.c.session_id == session_id), row)


def _kept(connection: Connection, session_id: SessionId) -> Listed | None:
    row = connection.execute(_LISTED_ITSELF.where(SESSIONS.c.session_id == session_id)).first()
    return None if row is None else Listed(**(row._asdict() | {"archived": bool(row.archived)}))


def _refuse_taken(connection: Connection, name: str, *, but: SessionId) -> None:
    # Under the writer lock nobody can take the name between this look and the write.
    other = select(SESSIONS.c.session_id).where(
        SESSIONS.c.name == name, SESSIONS.c.phase == "open", SESSIONS.c.session_id != but
    )
    if connection.scalar(other) is not None:
        raise SessionNameTakenError(name)


def _entry(row: Row[*tuple[Any, ...]]) -> SessionEntry:
    return SessionEntry(
        session_id=cast("SessionId", row.session_id),
        name=row.name,
        dag_name=row.dag_name,
        phase=row.phase,
        created_at=read_time(row.created_at),
        version=row.version,
        last_actor=row.last_actor,
        updated_at=read_time(row.updated_at),
        parent=cast("SessionId | None", row.parent),
        forked_at=row.forked_at,
        archived=bool(row.archived),
    )
