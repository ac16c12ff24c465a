"""Facts about the database that the settings name; nothing is made or migrated."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import URL, Engine, text

from runthrough.adapters.store import schema
from runthrough.adapters.store.codec import read_time
from runthrough.adapters.store.faults import shown_url
from runthrough.adapters.store.guards import missing_guards
from runthrough.adapters.store.opening import parsed_url, sqlite_path
from runthrough.core.values.health import DatabaseFacts, Fault, LogFacts
from runthrough.core.values.secrets import masked_text
from runthrough.errors import StoreError, StoreUnavailableError

_LAST = text("SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1")


def look_at_database(url: str, *, origin: str, now: Callable[[], datetime]) -> DatabaseFacts:
    """Look at the database of a URL; what stands in the way of looking is told as a fact."""
    facts = DatabaseFacts(masked_text(url.partition("?")[0]), origin, schema.HEAD)
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
        return replace(facts, fault=Fault(missing, "pip install 'runthrough[postgres]'"))
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
        last = connection.scalar(_LAST)
        missing = missing_guards(connection) if found == schema.HEAD else None
    try:
        return LogFacts(found, missing, None if last is None else read_time(last))
    except ValueError as exc:
        raise StoreUnavailableError(
            f"The log's last event has a time that is none: {last!r}.",
            fix="runthrough audit verify names what was changed",
        ) from exc
