"""What the stores in memory share: its tables, and the transactions over them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from runthrough.adapters.store import forks
from runthrough.core.values.ids import CommandId, HostId, RunId, SessionId, TokenId
from runthrough.core.values.metadata import Holder
from runthrough.core.values.store import Checkpoint, SessionEntry, StoredEvent
from runthrough.core.values.tokens import Token


@dataclass
class Tables:
    """What a transaction works on; copied when one begins, put back when it is committed."""

    log: list[StoredEvent] = field(default_factory=list)
    sessions: dict[SessionId, SessionEntry] = field(default_factory=dict)
    roots: dict[tuple[SessionId, HostId], dict[str, str]] = field(default_factory=dict)
    leases: dict[RunId, tuple[SessionId, Holder, datetime]] = field(default_factory=dict)
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    snapshots: dict[tuple[SessionId, int], bytes] = field(default_factory=dict)
    tokens: dict[TokenId, tuple[Token, str]] = field(default_factory=dict)

    def copy(self) -> "Tables":
        """The same rows, in tables of their own."""
        return Tables(
            list(self.log),
            dict(self.sessions),
            dict(self.roots),
            dict(self.leases),
            dict(self.checkpoints),
            dict(self.snapshots),
            dict(self.tokens),
        )

    def of_session(self, session_id: SessionId) -> list[StoredEvent]:
        """The events that a session recorded itself."""
        return [row for row in self.log if row.session_id == session_id]

    def told_of(self, session_id: SessionId) -> list[StoredEvent]:
        """The events of a session, those of its ancestors before its own."""
        return [
            row
            for ancestor, upto in forks.lineage_of(session_id, self.first_of)
            for row in self.of_session(ancestor)
            if row.version <= upto
        ] + self.of_session(session_id)

    def first_of(self, session_id: SessionId) -> StoredEvent | None:
        """The first event that a session recorded itself."""
        return next((row for row in self.log if row.session_id == session_id), None)

    def of_command(self, command_id: CommandId) -> list[StoredEvent]:
        """The events that a command left."""
        return [row for row in self.log if row.command_id == command_id]


class MemoryDatabase:
    """What the stores in memory share; usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._grown = threading.Condition()
        self._committed = Tables()
        self._working: Tables | None = None
        self._holder: int | None = None

    @contextmanager
    def writing(self) -> Iterator[Tables]:
        """Hold the writer lock; all is committed at the end, or nothing."""
        with self._lock:
            before, holder = self._working, self._holder
            self._working = (before or self._committed).copy()
            self._holder = threading.get_ident()
            try:
                yield self._working
                if before is None:
                    self._committed = self._working
                    with self._grown:
                        self._grown.notify_all()
                else:
                    before = self._working
            finally:
                self._working, self._holder = before, holder

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Return `True` as soon as the log is longer than `after`, `False` at the time-out."""
        with self._grown:
            return self._grown.wait_for(lambda: len(self.tables.log) > after, timeout_s)

    @property
    def tables(self) -> Tables:
        """What is committed, or what this thread is about to commit."""
        if self._holder == threading.get_ident() and self._working is not None:
            return self._working
        return self._committed
