"""Facts about the database that the settings name; nothing is made or migrated."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from runthrough.adapters.store import schema
from runthrough.adapters.store.codec import decode, read_time
from runthrough.adapters.store.database import EVENT_ROWS
from runthrough.adapters.store.faults import shown_url
from runthrough.adapters.store.guards import missing_guards
from runthrough.adapters.store.opening import EXTRA, parsed_url, sqlite_path
from runthrough.core.values.health import DatabaseFacts, Fault, LogFacts
from runthrough.core.values.paths import SESSION
from runthrough.core.values.store import StoredEvent
from runthrough.core.views.health_words import without_password
from runthrough.errors import LogCorruptError, StoreError, StoreUnavailableError

READ_EVENTS = 10_000
"""How many of the newest events are read back: enough for the sessions that somebody goes on
with, and a fraction of a second. `audit verify` is for all of them."""
# One statement sees one moment: others may append meanwhile.
_END = text("""
    SELECT (SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1),
           (SELECT position FROM events ORDER BY position DESC LIMIT 1),
           (SELECT position FROM log_head)
""")
_FOLDERS = text("SELECT host, path FROM roots WHERE name = :name ORDER BY host, path")
_NO_TEXT = "its payload is no text"
_NEWEST = f"{EVENT_ROWS} ORDER BY position DESC LIMIT {READ_EVENTS}"


def look_at_database(url: str, *, origin: str, now: Callable[[], datetime]) -> DatabaseFacts:
    """Look at the database of a URL; what stands in the way of looking is told as a fact."""
    facts = DatabaseFacts(without_password(url).partition("?")[0], origin, schema.HEAD)
    try:
        parsed = parsed_url(url)
        if parsed.get_backend_name() == "sqlite":
            from runthrough.adapters.store import (  # noqa: PLC0415 - one of two
                health_of_sqlite,
            )

            path = sqlite_path(parsed)
            return health_of_sqlite.look_at_file(replace(facts, place=str(path)), path)
        facts = replace(facts, place=shown_url(parsed))
        return _look_at_server(facts, parsed, now)
    except StoreError as exc:
        return replace(facts, fault=Fault(exc.message, exc.fix))


def _look_at_server(facts: DatabaseFacts, url: URL, now: Callable[[], datetime]) -> DatabaseFacts:
    try:
        from runthrough.adapters.store import health_of_postgres  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as exc:
        missing = f"PostgreSQL needs the module {exc.name}, which is not installed."
        return replace(facts, fault=Fault(missing, EXTRA))
    return health_of_postgres.look_at_server(facts, url, now)


def read_log(engine: Engine) -> LogFacts:
    """What the tables tell, as far as this version knows them.

    Raises:
        StoreUnavailableError: A time in the log is none.
        DBAPIError: The tables cannot be read.
    """
    found = schema.current(engine)
    if found is None or found > schema.HEAD:
        return LogFacts(found)
    with engine.connect() as connection:
        last, position, head = connection.execute(_END).one()
        missing = missing_guards(connection) if found == schema.HEAD else None
        read, unreadable = _read_back(connection, last=position or 0)
        folders = _session_folders(connection)
    try:
        return LogFacts(
            found,
            missing,
            None if last is None else read_time(last),
            last_position=position or 0,
            head_position=head if isinstance(head, int) else None,  # SQLite keeps text there too
            read=read,
            unreadable=unreadable,
            session_folders=folders,
        )
    except ValueError as exc:
        raise StoreUnavailableError(
            f"The log's last event has a time that is none: {last!r}.",
            fix="runthrough audit verify names what was changed",
        ) from exc


def _session_folders(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Host and path of each session's folder; none where a damaged file cannot tell."""
    try:
        rows = connection.execute(_FOLDERS, {"name": SESSION}).all()
    except DBAPIError:
        return ()  # the check of the file's content tells of the damage
    return tuple((host, path) for host, path in rows)


def _read_back(connection: Connection, *, last: int) -> tuple[int, Fault | None]:
    """How many of the newest events can be read back, up to the first that cannot."""
    count, position = 0, last + 1
    try:
        for values in connection.exec_driver_sql(_NEWEST):
            row = StoredEvent._make(values)
            position = row.position
            if not isinstance(row.payload, str):
                raise LogCorruptError(position, _NO_TEXT)
            decode(row)
            count += 1
    except StoreError as exc:
        return count, Fault(exc.message, exc.fix)
    except DBAPIError as exc:
        told = str(exc.orig)  # where SQLite meets bytes that are no text, its only mark of them
        reason = _NO_TEXT if "UTF-8" in told else told.splitlines()[0]
        corrupt = LogCorruptError(position - 1, reason)
        return count, Fault(corrupt.message, corrupt.fix)
    return count, None
