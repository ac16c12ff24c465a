"""Facts about a SQLite file and the place where it lies."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from runthrough.adapters.store import schema
from runthrough.adapters.store.faults import ANOTHER, sqlite_faults
from runthrough.adapters.store.filesystems import NETWORK, kind_of
from runthrough.adapters.store.health import read_log
from runthrough.adapters.store.sqlite import SqliteDatabase
from runthrough.core.values.health import DatabaseFacts, Fault, LogFacts, PathRights, SqliteFacts
from runthrough.errors import StoreUnavailableError

_MAGIC = b"SQLite format 3\x00"
_WRITE_VERSION = 18
"""Byte of the file's header that is 2 in WAL mode, else 1 (sqlite.org/fileformat.html)."""
_SYNCHRONOUS: tuple[Literal["off", "normal", "full", "extra"], ...] = (
    "off",
    "normal",
    "full",
    "extra",
)
"""By the number that SQLite answers with (sqlite.org/pragma.html)."""
_BESIDE = ("-wal", "-shm", ".lock", ".line")
_LOCKS = (".lock", ".line")
"""Files that need not be writable: whoever may read them may lock them."""


def look_at_file(facts: DatabaseFacts, path: Path) -> DatabaseFacts:
    """Look at a file, without making it or anything beside it that would stay."""
    place = _place_of(path)
    facts = replace(facts, sqlite=place)
    if place.size_bytes is None and os.path.lexists(path):
        no_file = f"The database {path} is not a file."
        return replace(facts, fault=Fault(no_file, f"move it away, {ANOTHER}"))
    if place.on_network or not all(rights.readable for rights in place.rights):
        return facts
    if not place.size_bytes:
        return replace(facts, log=LogFacts(None))
    try:
        for found in _looked_inside(facts, path):
            facts = found
    except StoreUnavailableError as exc:
        return replace(facts, fault=Fault(exc.message, exc.fix))
    return facts


def _looked_inside(facts: DatabaseFacts, path: Path) -> Iterator[DatabaseFacts]:
    """The facts, and each time more of them; what was found before a fault is kept."""
    place = facts.sqlite
    if place is None:
        return
    place = replace(place, journal_mode=_journal_mode(path))
    yield replace(facts, sqlite=place)
    log, damage = _read(path)
    place = replace(place, damage=damage)
    yield replace(facts, sqlite=place, log=log)
    if log.schema == schema.HEAD and all(
        rights.writable or not rights.must_be_writable for rights in place.rights
    ):
        place = replace(place, synchronous=_synchronous(path))
        yield replace(facts, sqlite=place, log=log)


def _place_of(path: Path) -> SqliteFacts:
    there = _nearest(path)
    kind = kind_of(there)
    return SqliteFacts(
        path=str(path),
        size_bytes=path.stat().st_size if _is_file(path) else None,
        file_system=kind,
        on_network=kind in NETWORK,
        free_bytes=shutil.disk_usage(there).free,
        rights=tuple(_rights(path)),
    )


def _is_file(path: Path) -> bool:
    # Unlike the methods of Path, this is no error in a folder that may not be entered.
    return os.path.isfile(path)  # noqa: PTH113 - see above


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.parents) if os.path.exists(place))  # noqa: PTH110 - as above


def _rights(path: Path) -> Iterator[PathRights]:
    if _is_file(path):
        yield _rights_of(path, kind="file")
    yield _rights_of(_nearest(path.parent), kind="folder")
    for suffix in _BESIDE:
        beside = path.with_name(path.name + suffix)
        if _is_file(beside):
            yield _rights_of(beside, kind="file", must_be_writable=suffix not in _LOCKS)


def _rights_of(
    path: Path, *, kind: Literal["file", "folder"], must_be_writable: bool = True
) -> PathRights:
    mode = path.stat().st_mode
    fits = kind == "file" or stat.S_ISDIR(mode)
    # In a folder with the sticky bit nobody replaces the files of others.
    open_to_all = bool(mode & stat.S_IWOTH) and not (kind == "folder" and mode & stat.S_ISVTX)
    return PathRights(
        path=str(path),
        kind=kind if fits else "other",
        readable=os.access(path, os.R_OK if kind == "file" else os.X_OK),
        writable=os.access(path, os.W_OK),
        must_be_writable=must_be_writable,
        open_to_all=open_to_all and must_be_writable,
    )


def _journal_mode(path: Path) -> Literal["wal", "rollback"] | None:
    try:
        with path.open("rb") as file:
            header = file.read(_WRITE_VERSION + 1)
    except OSError as exc:
        raise StoreUnavailableError(
            f"The database {path} cannot be read: {exc.strerror}.",
            fix="check the permissions of the file and its folder",
        ) from exc
    if not header.startswith(_MAGIC) or len(header) <= _WRITE_VERSION:
        return None
    return "wal" if header[_WRITE_VERSION] == 2 else "rollback"  # noqa: PLR2004 - see above


def _read(path: Path) -> tuple[LogFacts, str | None]:
    """What the log tells, and what SQLite's own check complains about.

    A file in WAL mode that nobody uses is read as one that cannot change: reading it otherwise
    would leave files beside it. Whoever came meanwhile has made such files, then it is read again.
    """
    beside = path.with_name(path.name + "-wal")
    alone = _journal_mode(path) == "wal" and not beside.exists()
    found = _read_once(path, "mode=ro&immutable=1" if alone else "mode=ro")
    return _read_once(path, "mode=ro") if alone and beside.exists() else found


def _read_once(path: Path, how: str) -> tuple[LogFacts, str | None]:
    with (
        sqlite_faults(str(path)),
        closing(
            sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, check_same_thread=False)
        ) as driver,
    ):
        engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool)
        schema.refuse_foreign(engine, str(path))
        log = read_log(engine)
        complaint = str(driver.execute("PRAGMA quick_check(1)").fetchone()[0])
        told = " ".join(complaint.removeprefix("*** in database main ***").split())
        return log, None if complaint == "ok" else told


def _synchronous(path: Path) -> Literal["off", "normal", "full", "extra"]:
    """What the connection that would write is set to."""
    with SqliteDatabase.open(path, migrate=False) as database, sqlite_faults(str(path)):
        return _SYNCHRONOUS[int(database.driver.execute("PRAGMA synchronous").fetchone()[0])]
