"""What was read of scripts, kept for the next process."""

import hashlib
import os
import sqlite3
import threading
from pathlib import Path

MAX_KEPT = 20_000
"""Readings kept, some 30 MB; beyond it the oldest go."""
PRUNE_EACH = 500
"""Kept readings between two prunings."""
BUSY_S = 0.2
"""How long another process may hold the cache before this one works without it: reading anew
costs less than waiting."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
    number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, proof BLOB NOT NULL, value BLOB NOT NULL
)
"""
_FIND = "SELECT proof, value FROM readings WHERE key = ?"
_KEEP = "INSERT OR REPLACE INTO readings (key, proof, value) VALUES (?, ?, ?)"
_PRUNE = "DELETE FROM readings WHERE number <= (SELECT max(number) FROM readings) - ?"


class ReadingCache:
    """Readings by what they were made of, in a file of their own.

    It may be lost or deleted at any time. A file that is no cache, is damaged or belongs to
    another reader is not used, and where none can be used nothing is kept. Safe to use from
    several threads.
    """

    def __init__(self, file: Path, *, version: str, most: int = MAX_KEPT) -> None:
        """Keep readings in `file`, which is opened when first needed.

        Args:
            file: Where they are kept.
            version: Of the program; what another version read is never taken.
            most: So many readings are kept, give or take `PRUNE_EACH`.
        """
        self._file = file
        self._version = version
        self._most = most
        self._reader: bytes | None = None
        self._lock = threading.Lock()
        self._kept: sqlite3.Connection | None = None
        self._usable = True

    def find(self, made_of: bytes) -> bytes | None:
        """The reading that was made of these bytes; `None` where it must be made."""
        key = self._key(made_of)
        with self._lock:
            try:
                kept = self._connection()
                row = kept.execute(_FIND, (key,)).fetchone() if kept else None
            except (OSError, sqlite3.Error) as error:
                self._do_without(error)
                return None
        if row is None or row[0] != _proof(key, row[1]):
            return None
        return bytes(row[1])

    def keep(self, made_of: bytes, value: bytes) -> None:
        """Keep a reading."""
        key = self._key(made_of)
        with self._lock:
            try:
                kept = self._connection()
                if kept is None:
                    return
                number = kept.execute(_KEEP, (key, _proof(key, value), value)).lastrowid or 0
                if number % PRUNE_EACH == 0:
                    kept.execute(_PRUNE, (self._most,))
            except (OSError, sqlite3.Error) as error:
                self._do_without(error)

    def close(self) -> None:
        """Let go of the file; the next reading opens it again."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()
                self._kept = None

    def _key(self, made_of: bytes) -> bytes:
        if self._reader is None:
            self._reader = f"{self._version} {_signature()} ".encode()
        return hashlib.sha256(self._reader + made_of).digest()

    def _connection(self) -> sqlite3.Connection | None:
        if self._kept is None and self._usable:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._kept = _connected(str(self._file))
        return self._kept

    def _do_without(self, error: OSError | sqlite3.Error) -> None:
        """Replace a damaged cache; go on without one that is held or cannot be made."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError
        )
        self._usable = damaged and _removed(self._file)


def _signature() -> str:
    """Tells one state of this package's files from another."""
    folder = os.path.dirname(__file__)  # noqa: PTH120 - with the listing below
    try:
        with os.scandir(folder) as files:
            stats = sorted(
                (file.name, file.stat().st_size, file.stat().st_mtime_ns)
                for file in files
                if file.name.endswith(".py")
            )
    except OSError:
        return ""  # not installed as files, so they do not change without their version
    return hashlib.sha256(repr(stats).encode()).hexdigest()


def _proof(key: bytes, value: bytes) -> bytes:
    """Eight bytes that a damaged value does not have."""
    return hashlib.blake2b(value, key=key, digest_size=8).digest()


def _removed(file: Path) -> bool:
    try:
        for part in ("-wal", "-shm", ""):
            file.with_name(file.name + part).unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _connected(file: str) -> sqlite3.Connection:
    kept = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        kept.execute("PRAGMA journal_mode = WAL")
        kept.execute("PRAGMA synchronous = OFF")  # what a crash takes is read again
        kept.execute(_SCHEMA)
        kept.execute(_FIND, (b"",))
    except sqlite3.Error:
        kept.close()
        raise
    return kept
