"""Bringing a database up to this version, and telling what was done."""

from typing import NamedTuple

from runthrough.adapters.store import schema
from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.guards import guard, missing_guards
from runthrough.adapters.store.opening import open_database
from runthrough.errors import SchemaOutdatedError


class Upgrade(NamedTuple):
    """What was done to a database."""

    before: str | None
    """The schema that it had; `None` where it had no tables."""
    after: str
    triggers: tuple[str, ...] = ()
    """Those that somebody had taken off, made again."""


def upgrade(url: str) -> Upgrade:
    """Bring the tables up, or only make the triggers again that somebody took off.

    Raises:
        StoreError: The database cannot be reached or migrated, or a newer runthrough wrote it.
    """
    try:
        with open_database(url, migrate=False) as database:
            return Upgrade(schema.HEAD, schema.HEAD, _guarded(database))
    except SchemaOutdatedError as outdated:
        open_database(url, migrate=True).close()
        return Upgrade(outdated.found, schema.HEAD)


def _guarded(database: SqlDatabase) -> tuple[str, ...]:
    with database.reading() as connection:
        missing = missing_guards(connection)
    if missing:
        with database.writing() as connection:
            guard(connection)
    return missing
