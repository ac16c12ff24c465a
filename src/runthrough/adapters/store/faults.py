"""What goes wrong in the database, in words, with what to do next."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from runthrough.errors import StoreUnavailableError

ANOTHER = "or name another database with RUNTHROUGH_DATABASE_URL"
_PERMISSIONS = f"check the permissions of the file and its folder, {ANOTHER}"
_LOCKED = (
    "is locked: another process keeps writing to it",
    "repeat the command when that process is done; nothing was recorded",
)
_MISFIT = (
    "holds a log that does not fit its head",
    "runthrough audit verify names what was changed",
)
_FULL = (
    "cannot grow: the disk is full",
    "free some space, then repeat the command; nothing was recorded",
)
_UNKNOWN = (
    "could not do what was asked",
    "runthrough audit verify tells whether the log is whole",
)
_SQLITE = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_FULL": _FULL,
    "SQLITE_NOTADB": ("is not a SQLite database", f"move the file away, {ANOTHER}"),
    "SQLITE_CORRUPT": ("is damaged", f"put back a copy of the file, {ANOTHER}"),
    "SQLITE_READONLY": ("cannot be written", _PERMISSIONS),
    "SQLITE_CANTOPEN": ("cannot be opened", _PERMISSIONS),
    "SQLITE_PERM": ("cannot be opened", _PERMISSIONS),
    "SQLITE_IOERR": ("could not be read or written", f"check the disk, {ANOTHER}"),
    "SQLITE_CONSTRAINT": _MISFIT,
}
"""By the first two words of SQLite's error names."""
_GONE = (
    "cannot be reached",
    "see whether the server runs; runthrough history tells whether the command was recorded",
)
_DENIED = ("does not let you in", f"check user and password in its URL, {ANOTHER}")
_POSTGRESQL: Mapping[str, tuple[str, str]] = {
    "08": _GONE,
    "22": ("holds text that it cannot hold", "make the database with the encoding UTF8"),
    "23": _MISFIT,
    "28": _DENIED,
    "3D": ("is not there", "make it with createdb, then runthrough db upgrade"),
    "42501": (
        "does not allow that to this user",
        "let its owner do it, or grant you SELECT, INSERT, UPDATE and DELETE on its tables",
    ),
    "42": ("lacks what runthrough needs", "runthrough doctor tells what its schema is"),
    "25006": ("cannot be written: it is a read-only replica", f"name the primary, {ANOTHER}"),
    "25P03": ("ended a transaction that stood still for too long", "repeat the command"),
    "53100": _FULL,
    "53300": ("has no connection left", "close some, or raise max_connections"),
    "55P03": _LOCKED,
    "57": _GONE,
    "58": ("could not be read or written", "see what the log of the server says"),
    "XX": ("is damaged", "see what the log of the server says, and restore a copy"),
}
"""By PostgreSQL's error code, or its class, the first two characters."""


@contextmanager
def sqlite_faults(place: str) -> Iterator[None]:
    """Turn the errors of SQLite into ours; `place` names the database.

    Raises:
        StoreUnavailableError: The database could not do what was asked.
    """
    try:
        yield
    except sqlite3.Error as exc:
        raise _sqlite_fault(place, exc) from exc
    except DBAPIError as exc:
        raise _sqlite_fault(place, exc.orig or exc) from exc


@contextmanager
def postgresql_faults(place: str) -> Iterator[None]:
    """Turn the errors of PostgreSQL into ours; `place` names the database.

    Raises:
        StoreUnavailableError: The database could not do what was asked.
    """
    import psycopg  # noqa: PLC0415 - an extra, there where PostgreSQL is used

    try:
        yield
    except psycopg.Error as exc:
        raise postgresql_fault(place, exc) from exc
    except DBAPIError as exc:
        raise postgresql_fault(place, exc.orig or exc) from exc
    except PoolTimeoutError as exc:
        what, fix = _POSTGRESQL["53300"]
        raise StoreUnavailableError(f"The database {place} {what}.", fix=fix) from exc


def postgresql_fault(place: str, exc: BaseException) -> StoreUnavailableError:
    """The words for an error of PostgreSQL, or of the way to it."""
    code = getattr(exc, "sqlstate", None)
    if code is None:  # the server did not say it: there was no answer at all
        code = "08" if type(exc).__name__ in {"OperationalError", "ConnectionTimeout"} else ""
    what, fix = _POSTGRESQL.get(code) or _POSTGRESQL.get(code[:2]) or _UNKNOWN
    return _fault(place, what, exc, fix)


def _sqlite_fault(place: str, exc: BaseException) -> StoreUnavailableError:
    name = "_".join(str(getattr(exc, "sqlite_errorname", "")).split("_")[:2])
    what, fix = _SQLITE.get(name, _UNKNOWN)
    return _fault(place, what, exc, fix)


def _fault(place: str, what: str, exc: BaseException, fix: str) -> StoreUnavailableError:
    first = next(iter(str(exc).strip().splitlines()), type(exc).__name__)
    return StoreUnavailableError(f"The database {place} {what} ({first}).", fix=fix)
