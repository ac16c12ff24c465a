"""Which back end a database URL names, and opening it."""

import re
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from runthrough.adapters.store.database import SqlDatabase
from runthrough.core.views.health_words import without_password
from runthrough.errors import StoreUnavailableError

_DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
"""By the kind of database; `pysqlite` is SQLAlchemy's name of Python's own."""
EXTRA = "install runthrough with its extra `postgres`, which brings psycopg"
_AT_IN_PLACE_OF_OPTIONS = re.compile(r"\?[^=]*@")
_FIX = "write it as sqlite:////absolute/path.db or postgresql://user@host/name"


def open_database(
    url: str,
    *,
    migrate: bool | None = None,
    make: bool = True,
    timeout_s: float | None = None,
) -> SqlDatabase:
    """Open the database that a URL names.

    Args:
        url: `sqlite:////absolute/path.db` or `postgresql://user:password@host/name`.
        migrate: Whether older tables are brought up to date; by default a SQLite file is, and a
            PostgreSQL database, which others use as well, is not.
        make: Whether a SQLite file that is not there, or is empty, becomes a database.
        timeout_s: How long a writer waits for others; by default half a minute.

    Raises:
        StoreUnavailableError: The database cannot be reached, or is none.
        SchemaOutdatedError: The schema is older, and was not to be migrated.
        SchemaNewerError: A newer runthrough wrote the database.
    """
    parsed = parsed_url(url)
    limit = {} if timeout_s is None else {"timeout_s": timeout_s}
    if parsed.get_backend_name() == "sqlite":
        from runthrough.adapters.store.sqlite import SqliteDatabase  # noqa: PLC0415 - one of two

        return SqliteDatabase.open(
            sqlite_path(parsed), migrate=migrate is not False, make=make, **limit
        )
    try:
        from runthrough.adapters.store.postgres import PostgresDatabase  # noqa: PLC0415 - extra
    except ImportError as exc:  # the module, or the library below it
        raise StoreUnavailableError(
            f"PostgreSQL needs the module {exc.name or 'psycopg'}, which is not installed.",
            fix=EXTRA,
        ) from exc
    return PostgresDatabase.open(parsed, migrate=bool(migrate), **limit)


def parsed_url(url: str) -> URL:
    """The parts of a database URL.

    Raises:
        StoreUnavailableError: It is none, or of a back end that is not there.
    """
    shown = without_password(url).partition("?")[0]
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter where its port is no number
        if url.partition("?")[0].count("@") > 1:
            raise _bare_at(shown) from None
        raise StoreUnavailableError(f"{shown!r} is not a database URL.", fix=_FIX) from None
    if parsed.get_backend_name() != "sqlite" and (
        "@" in f"{parsed.host}{parsed.database}" or _AT_IN_PLACE_OF_OPTIONS.search(url)
    ):
        raise _bare_at(shown)
    if parsed.drivername == "postgres":  # as many hosts still write it
        parsed = parsed.set(drivername="postgresql")
    if parsed.get_backend_name() not in _DRIVERS:
        raise StoreUnavailableError(
            f"{shown} is neither a SQLite nor a PostgreSQL database.", fix=_FIX
        )
    name, _, driver = parsed.drivername.partition("+")
    if driver not in {"", _DRIVERS[name]}:
        raise StoreUnavailableError(
            f"{shown} asks for the driver {driver}; runthrough uses {_DRIVERS[name]} alone.",
            fix=f"begin it with {name}://",
        )
    return parsed


def _bare_at(shown: str) -> StoreUnavailableError:
    return StoreUnavailableError(
        f"The URL {shown} has a second @, so it cannot be told where its password ends.",
        fix="write @ as %40; or leave the password out, and keep it in ~/.pgpass or PGPASSWORD",
    )


def is_missing(url: str) -> bool:
    """Whether the URL names a SQLite file that is not there.

    Raises:
        StoreUnavailableError: It is no database URL, or nobody may look there.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() != "sqlite":
        return False
    from runthrough.adapters.store.sqlite import is_there  # noqa: PLC0415 - one of two

    return not is_there(sqlite_path(parsed))


def sqlite_path(parsed: URL) -> Path:
    """The absolute path of the file that the URL of a SQLite database names.

    Raises:
        StoreUnavailableError: It names no file.
    """
    if parsed.database in {None, "", ":memory:"}:
        shown = parsed.render_as_string(hide_password=True)
        raise StoreUnavailableError(f"{shown} names no file, so nothing would be kept.", fix=_FIX)
    return Path(str(parsed.database)).expanduser().absolute()
