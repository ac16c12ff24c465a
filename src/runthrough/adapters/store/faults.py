"""What goes wrong in the database, in words, with what to do next."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from runthrough.core.values.secrets import masked_text
from runthrough.errors import StoreUnavailableError

Words = tuple[str, str]
"""What is wrong with the database, and what to do."""

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
_LACKING = (
    "lacks what runthrough needs",
    "runthrough db upgrade makes its tables; where that finds nothing to do, restore a copy",
)
_OCCUPIED = (
    "holds another program's tables where runthrough's would go",
    "give runthrough a database of its own with RUNTHROUGH_DATABASE_URL",
)
_UNKNOWN = (
    "could not do what was asked",
    "runthrough audit verify tells whether the log is whole",
)
_SQLITE: Mapping[str, Words] = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_PROTOCOL": _LOCKED,  # too many begin to read or write at one moment
    "SQLITE_FULL": _FULL,
    "SQLITE_NOTADB": ("is not a SQLite database", f"move the file away, {ANOTHER}"),
    "SQLITE_CORRUPT": ("is damaged", f"put back a copy of the file, {ANOTHER}"),
    "SQLITE_READONLY": ("cannot be written", _PERMISSIONS),
    "SQLITE_CANTOPEN": ("cannot be opened", _PERMISSIONS),
    "SQLITE_PERM": ("cannot be opened", _PERMISSIONS),
    "SQLITE_IOERR": (
        "could not be read or written",
        f"see whether its disk is full or failing, {ANOTHER}",
    ),
    "SQLITE_CONSTRAINT": _MISFIT,
}
"""By the first two words of SQLite's error names."""
_SQLITE_TEXTS: tuple[tuple[re.Pattern[str], Words], ...] = (
    (re.compile(r"already exists"), _OCCUPIED),
    (re.compile(r"no such (table|column)"), _LACKING),
)
"""By the words of an SQLITE_ERROR, which has no finer name."""
_GONE = (
    "cannot be reached any more",
    "see whether the server runs; runthrough history tells whether the command was recorded",
)
_UNREACHED = (
    "cannot be reached",
    f"see whether the server runs and its URL names its host, {ANOTHER}; nothing was recorded",
)
_DENIED = ("does not let you in", f"check user and password in its URL, {ANOTHER}")
_POOLED = (
    "is reached through a pooler that changes the session between transactions",
    "let the pooler keep sessions (pool_mode = session), or go to the server itself",
)
_POSTGRESQL: Mapping[str, Words] = {
    "08": _GONE,
    "08001": _UNREACHED,
    "22": (
        "cannot keep a text of that command",
        "see what its encoding is with runthrough doctor; nothing was recorded",
    ),
    "23": _MISFIT,
    "25006": (
        "cannot be written: it is a replica, or set to be read only",
        f"runthrough doctor tells which; name the primary, {ANOTHER}",
    ),
    "25P03": (
        "ended a transaction that stood still for too long",
        "repeat the command; nothing was recorded",
    ),
    "26": _POOLED,
    "28": _DENIED,
    "3D": (
        "is not there",
        "check its name in the URL, or make it with createdb, then runthrough db upgrade",
    ),
    "40": ("gave up the transaction", "repeat the command; nothing was recorded"),
    "42": _LACKING,
    "42501": (
        "does not allow that to this user",
        "let its owner do it or grant it; runthrough doctor tells which rights are missing",
    ),
    "42P05": _POOLED,
    "42P07": _OCCUPIED,
    "53": ("has run out of something", "see what the log of the server says"),
    "53100": _FULL,
    "53300": ("has no connection left", "close some, or raise max_connections of the server"),
    "55000": ("lets nobody in", f"see why with its administrator, {ANOTHER}"),
    "55P03": _LOCKED,
    "57": _GONE,
    "57014": (
        "stopped a statement that took too long",
        "repeat the command, or raise statement_timeout for this user; nothing was recorded",
    ),
    "57P03": ("is starting or stopping", "repeat the command in a moment; nothing was recorded"),
    "58": ("could not be read or written", "see what the log of the server says"),
    "URL": ("has a URL that cannot be used", "mend in RUNTHROUGH_DATABASE_URL what is named here"),
    "XX": ("failed inside", "see what the log of the server says"),
    "XX001": ("is damaged", "see what the log of the server says, and restore a copy"),
    "XX002": ("is damaged", "see what the log of the server says, and restore a copy"),
}
"""By PostgreSQL's error code, or its class, the first two characters. `URL` is ours."""
_CONNECTING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'database ".*" does not exist'), "3D"),
    (re.compile(r"permission denied for database"), "42501"),
    (re.compile(r"too many (connections|clients)|connection slots are"), "53300"),
    (re.compile(r"not currently accepting connections"), "55000"),
    (re.compile(r"database system is (starting|shutting)|not yet accepting|recovery"), "57P03"),
    (re.compile(r"invalid .* value|invalid connection option|invalid port"), "URL"),
    (re.compile(r"password|authentication|pg_hba|role \".*\" |not permitted to log in"), "28"),
)
"""Codes by the server's words: where it does not let a client in, the driver is told no code.
A server that speaks another language than English is only told as not reached."""
_NOT_CONNECTED = re.compile(r"connection (failed|is bad|timeout)|failed to resolve host")
"""How the driver's messages begin when it never had a connection."""
_FORBIDDEN = {"25006", "42501"}
"""What a replica says, and what somebody hears who may only read."""
_SECRET_OPTIONS = re.compile(r"password|secret|_key$")


def shown_url(url: URL) -> str:
    """A database's URL for people: no password in it, and no option behind it that is one."""
    secret = [name for name in url.query if _SECRET_OPTIONS.search(name)]
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def sqlite_faults(place: str) -> AbstractContextManager[None]:
    """Turn the errors of SQLite into ours; `place` names the database.

    Raises:
        StoreUnavailableError: The database could not do what was asked.
    """
    return _translated(sqlite_fault, place)


def postgresql_faults(place: str) -> AbstractContextManager[None]:
    """Turn the errors of PostgreSQL into ours; `place` names the database.

    Raises:
        StoreUnavailableError: The database could not do what was asked.
    """
    return _translated(postgresql_fault, place)


@contextmanager
def _translated(
    fault: Callable[[str, BaseException], StoreUnavailableError | None], place: str
) -> Iterator[None]:
    try:
        yield
    except Exception as exc:
        told = fault(place, exc)
        if told is None:
            raise
        raise told from exc


def sqlite_fault(place: str, exc: BaseException) -> StoreUnavailableError | None:
    """The words for an error of SQLite; `None` where it is not one."""
    if isinstance(exc, DBAPIError):
        return _sqlite_fault(place, exc.orig or exc)
    return _sqlite_fault(place, exc) if isinstance(exc, sqlite3.Error) else None


def postgresql_fault(place: str, exc: BaseException) -> StoreUnavailableError | None:
    """The words for an error of PostgreSQL, or of the way to it; `None` where it is not one."""
    import psycopg  # noqa: PLC0415 - an extra, there where PostgreSQL is used

    if isinstance(exc, PoolTimeoutError):
        what, fix = _POSTGRESQL["53300"]
        return StoreUnavailableError(f"The database {place} {what}.", fix=fix)
    if isinstance(exc, DBAPIError):
        exc = exc.orig or exc
    elif not isinstance(exc, psycopg.Error):
        return None
    code = getattr(exc, "sqlstate", None) or _code_of(exc)
    what, fix = _POSTGRESQL.get(code) or _POSTGRESQL.get(code[:2]) or _UNKNOWN
    told = _fault(place, what, exc, fix)
    told.forbidden = code in _FORBIDDEN
    return told


def _code_of(exc: BaseException) -> str:
    """The code for an error that came without one: not from a session, but on the way to it."""
    text = str(exc)
    for words, code in _CONNECTING:
        if words.search(text):
            return code
    if _NOT_CONNECTED.match(text):
        return "08001"
    return "08" if type(exc).__name__ in {"OperationalError", "ConnectionTimeout"} else ""


def _sqlite_fault(place: str, exc: BaseException) -> StoreUnavailableError:
    name = str(getattr(exc, "sqlite_errorname", ""))
    found = _SQLITE.get("_".join(name.split("_")[:2]))
    if found is None and name == "SQLITE_ERROR":
        found = next((told for words, told in _SQLITE_TEXTS if words.search(str(exc))), None)
    what, fix = found or _UNKNOWN
    told = _fault(place, what, exc, fix)
    told.forbidden = name.startswith("SQLITE_READONLY")
    return told


def _fault(place: str, what: str, exc: BaseException, fix: str) -> StoreUnavailableError:
    first = next(iter(str(exc).strip().splitlines()), type(exc).__name__)
    return StoreUnavailableError(f"The database {place} {what} ({masked_text(first)}).", fix=fix)
