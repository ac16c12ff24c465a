"""SHA-256 of files, remembered until size, modification time or inode move."""

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

MAX_KEPT = 200_000
"""Digests kept, about 40 MB; beyond it the oldest go."""
PRUNE_EACH = 1_000
"""Kept digests between two prunings, which cost as much as some hundred of them."""
FRESH_NS = 20_000_000
"""A file system stamps with the kernel's clock, which ticks each 1 to 10 ms: within two ticks a
second write may leave the same stamp."""
FRESH_COARSE_NS = 2_000_000_000
"""The same where stamps are whole seconds (FAT: two)."""
BUSY_S = 1.0
"""How long another process may hold the cache before this one works without it."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS digests (
    number INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode TEXT NOT NULL,
    digest BLOB NOT NULL
)
"""
_FIND = "SELECT digest FROM digests WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ?"
_KEEP = (
    "INSERT OR REPLACE INTO digests (path, size, mtime_ns, inode, digest) VALUES (?, ?, ?, ?, ?)"
)
_PRUNE = "DELETE FROM digests WHERE number <= (SELECT max(number) FROM digests) - ?"


_Key = tuple[bytes, int, int, str]


class DigestCache:
    """Digests of files, kept in a file of their own so that the next process has them too.

    It may be lost or deleted at any time: a file that is no cache is replaced, and where none
    can be used digests are kept in this process only. Safe to use from several threads.
    """

    def __init__(
        self, file: Path | None = None, *, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """Keep digests in `file`, which is opened when first needed; without one, in memory."""
        self._file = file
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._kept: sqlite3.Connection | None = None

    def digest(self, path: str) -> bytes:
        """SHA-256 of a file's content, 32 bytes.

        Raises:
            OSError: The file cannot be read.
        """
        begun_ns = self._now_ns()
        with open(path, "rb") as file:  # noqa: PTH123 - a Path for each file doubles the cost
            seen = os.fstat(file.fileno())
            key = _key(path, seen)
            known = self._find(key)
            if known is not None:
                return known
            digest = hashlib.file_digest(file, "sha256").digest()
            settled = _key(path, os.fstat(file.fileno())) == key
        if settled and begun_ns - seen.st_mtime_ns > _fresh_ns(seen.st_mtime_ns):
            self._keep((*key, digest))
        return digest

    def known(self, path: str, seen: os.stat_result) -> bytes | None:
        """SHA-256 of a file as `stat` has just seen it, if remembered; it is not opened."""
        return self._find(_key(path, seen))

    def close(self) -> None:
        """Let go of the file; the next digest opens it again."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()
                self._kept = None

    def _find(self, key: _Key) -> bytes | None:
        with self._lock:
            try:
                row = self._connection().execute(_FIND, key).fetchone()
            except sqlite3.Error as error:
                self._do_without(error)
                return None
        return bytes(row[0]) if row else None

    def _keep(self, row: tuple[bytes, int, int, str, bytes]) -> None:
        with self._lock:
            try:
                number = self._connection().execute(_KEEP, row).lastrowid or 0
                if number % PRUNE_EACH == 0:
                    self._connection().execute(_PRUNE, (MAX_KEPT,))
            except sqlite3.Error as error:
                self._do_without(error)

    def _connection(self) -> sqlite3.Connection:
        if self._kept is None:
            self._kept = _opened(self._file)
        return self._kept

    def _do_without(self, error: sqlite3.Error) -> None:
        """Go on with another cache, after one failed in the middle of its use."""
        if self._kept is not None:
            self._kept.close()
        damaged = self._file is not None and not isinstance(error, sqlite3.OperationalError)
        self._kept = _replaced(self._file) if self._file and damaged else _connected(":memory:")


def _key(path: str, seen: os.stat_result) -> _Key:
    # An inode may exceed SQLite's signed 64 bits, so it is kept as text.
    return os.fsencode(path), seen.st_size, seen.st_mtime_ns, str(seen.st_ino)


def _fresh_ns(mtime_ns: int) -> int:
    return FRESH_COARSE_NS if mtime_ns % 1_000_000_000 == 0 else FRESH_NS


def _opened(file: Path | None) -> sqlite3.Connection:
    if file is None:
        return _connected(":memory:")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return _connected(str(file))
    except (OSError, sqlite3.OperationalError):  # it cannot be made, or somebody holds it
        return _connected(":memory:")
    except sqlite3.DatabaseError:
        return _replaced(file)


def _replaced(file: Path) -> sqlite3.Connection:
    """A new cache in place of a file that is no cache, or a damaged one."""
    try:
        for part in ("-wal", "-shm", ""):
            file.with_name(file.name + part).unlink(missing_ok=True)
        return _connected(str(file))
    except (OSError, sqlite3.Error):
        return _connected(":memory:")


def _connected(file: str) -> sqlite3.Connection:
    kept = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        kept.execute("PRAGMA journal_mode = WAL")
        kept.execute("PRAGMA synchronous = OFF")  # what a crash takes is digested again
        kept.execute(_SCHEMA)
        kept.execute(_FIND, (b"", 0, 0, ""))
    except sqlite3.Error:
        kept.close()
        raise
    return kept
