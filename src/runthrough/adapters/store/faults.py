"""What goes wrong in the database, in words, with what to do next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from runthrough.errors import StoreUnavailableError

_ANOTHER = "or name another database with RUNTHROUGH_DATABASE_URL"
_PERMISSIONS = f"check the permissions of the file and its folder, {_ANOTHER}"
_FAULTS = {
    "SQLITE_BUSY": (
        "is locked: another process keeps writing to it",
        "repeat the command when that process is done; nothing was recorded",
    ),
    "SQLITE_FULL": (
        "cannot grow: the disk is full",
        "free some space, then repeat the command; nothing was recorded",
    ),
    "SQLITE_NOTADB": ("is not a SQLite database", f"move the file away, {_ANOTHER}"),
    "SQLITE_CORRUPT": ("is damaged", f"put back a copy of the file, {_ANOTHER}"),
    "SQLITE_READONLY": ("cannot be written", _PERMISSIONS),
    "SQLITE_CANTOPEN": ("cannot be opened", _PERMISSIONS),
    "SQLITE_PERM": ("cannot be opened", _PERMISSIONS),
    "SQLITE_IOERR": ("could not be read or written", f"check the disk, {_ANOTHER}"),
    "SQLITE_CONSTRAINT": (
        "holds a log that does not fit its head",
        "runthrough audit verify names what was changed",
    ),
}
"""By the first two words of SQLite's error names."""


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn the driver's errors into ours; `place` names the database.

    Raises:
        StoreUnavailableError: The database could not do what was asked.
    """
    try:
        yield
    except sqlite3.Error as exc:
        raise _fault(place, exc) from exc
    except DBAPIError as exc:
        raise _fault(place, exc.orig or exc) from exc


def _fault(place: str, exc: BaseException) -> StoreUnavailableError:
    name = "_".join(str(getattr(exc, "sqlite_errorname", "")).split("_")[:2])
    what, fix = _FAULTS.get(
        name,
        ("could not do what was asked", "runthrough audit verify tells whether the log is whole"),
    )
    return StoreUnavailableError(f"The database {place} {what} ({exc}).", fix=fix)
