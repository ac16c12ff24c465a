"""Which schema a database has, and the way to today's. Alembic is imported to migrate only."""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

import runthrough
from runthrough.errors import SchemaNewerError, SchemaOutdatedError, StoreUnavailableError

_TABLES = text(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
    "ORDER BY name"
)
_OURS = frozenset({"alembic_version", "events"})
"""Where both are there the tables are ours, for a migration makes all or none."""
_NAMED = 3
"""How many of another program's tables are named: enough to recognise it."""

HEAD = "0004"
"""The newest migration; revisions are numbered, so that their texts sort by age."""
_BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}
_REVISION = text("SELECT version_num FROM alembic_version")
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('runthrough migrations'))"


def current(engine: Engine) -> str | None:
    """The database's revision, by one SELECT; `None` where there are no tables yet."""
    with engine.connect() as connection:
        return _revision(connection)


def refuse_newer(found: str | None) -> None:
    """Go on only where this runthrough knows the schema.

    Raises:
        SchemaNewerError: The schema is newer.
    """
    if found is not None and found > HEAD:
        raise SchemaNewerError(found, HEAD)


def check(found: str | None) -> None:
    """Go on only with today's schema.

    Raises:
        SchemaOutdatedError: The schema is older, or not there.
        SchemaNewerError: The schema is newer.
    """
    refuse_newer(found)
    if found != HEAD:
        raise SchemaOutdatedError(found, HEAD)


def refuse_foreign(engine: Engine, place: str) -> None:
    """Go on only with a SQLite file that has our tables, or none at all.

    Raises:
        StoreUnavailableError: It is another program's.
    """
    with engine.connect() as connection:
        names = list(connection.scalars(_TABLES))
    if not names or set(names) >= _OURS:
        return
    named = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    raise StoreUnavailableError(
        f"The database {place} holds another program's tables ({named}).",
        fix="give runthrough a database of its own with RUNTHROUGH_DATABASE_URL",
    )


def upgrade(engine: Engine) -> None:
    """Bring the schema to `HEAD`, all or nothing; of several who try, one does it.

    Raises:
        SchemaNewerError: The schema is newer than this runthrough knows.
        StoreUnavailableError: The migrations are not where they were installed.
    """
    # Costs 0.2 s, which a command on an up-to-date database does not pay.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        connection.exec_driver_sql(_BEGIN[engine.dialect.name])
        try:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(_ONE_AT_A_TIME)
            refuse_newer(_revision(connection))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            # A database that is full or gone has undone it by itself; what led here is to be told.
            with suppress(DBAPIError):
                connection.exec_driver_sql("ROLLBACK")
            raise


def migrations_folder(package: Path | None = None) -> Path:
    """Where the migrations lie: in the package of a wheel, else at the repository's root.

    Raises:
        StoreUnavailableError: They are in neither place.
    """
    package = package or Path(runthrough.__file__).resolve().parent
    for folder in (package / "migrations", package.parent.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise StoreUnavailableError(
        f"The migrations of the database are not in {package}.", fix="install runthrough again"
    )


def _revision(connection: Connection) -> str | None:
    if connection.dialect.name == "postgresql":
        # A statement that fails would end the transaction that migrates.
        if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
            return None
        found = connection.scalar(_REVISION)
    else:
        try:
            found = connection.scalar(_REVISION)
        except DBAPIError:
            if not inspect(connection).has_table("alembic_version"):
                return None
            # Another process has just made it, or the error is another one and comes again.
            found = connection.scalar(_REVISION)
    return None if found is None else str(found)
