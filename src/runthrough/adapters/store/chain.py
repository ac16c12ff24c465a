"""The chain of hashes over the log: pure functions, and a check that goes row by row.

`event_hash` chains the events of a session, `log_hash` chains the whole log:

    event_hash = SHA-256(previous event_hash ‖ SHA-256(header ‖ 0x0A ‖ payload))
    log_hash   = SHA-256(previous log_hash ‖ position as 8 bytes big-endian ‖ event_hash)

History stands on these lines: they are fixed by `tests/golden/hashes.json` and never change.
"""

import re
from collections.abc import Callable, Iterable
from hashlib import sha256

from runthrough.adapters.store import forks
from runthrough.core.values.store import (
    AuditVerdict,
    Checkpoint,
    FirstBad,
    LogHead,
    StoredEvent,
)
from runthrough.errors import StoreError

FORMAT = "rt1"
"""First field of every header: the name of these rules."""
_SEPARATOR = "\x1f"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_HASH = bytes(32)
_HEADER_FIELDS = (
    "session_id",
    "version",
    "type",
    "schema_version",
    "subject",
    "actor",
    "actor_source",
    "door",
    "host",
    "app_version",
    "command_id",
    "correlation_id",
    "causation_id",
    "recorded_at",
)


def content_hash(row: StoredEvent) -> bytes:
    """SHA-256 over the row's header and payload, the part that knows nothing of its neighbours.

    Raises:
        StoreError: A header field holds a control character or text that is not Unicode.
    """
    (
        _,
        session_id,
        version,
        event_type,
        schema_version,
        subject,
        actor,
        actor_source,
        door,
        host,
        app_version,
        command_id,
        _,
        correlation_id,
        causation_id,
        recorded_at,
        payload,
        _,
        _,
    ) = row
    fields = (
        FORMAT,
        session_id,
        str(version),
        event_type,
        str(schema_version),
        subject or "",
        actor,
        actor_source,
        door,
        host,
        app_version,
        command_id,
        correlation_id or "",
        causation_id or "",
        recorded_at,
    )
    text = "".join(fields)
    # What can be printed holds no control character; only the rest is looked through.
    if not text.isprintable() and _CONTROL.search(text):
        raise _unfit(row, fields)
    try:
        return sha256(f"{_SEPARATOR.join(fields)}\n{payload}".encode()).digest()
    except UnicodeEncodeError as exc:
        raise _unfit(row, fields) from exc


def event_hash(previous: bytes, content: bytes) -> bytes:
    """Hash of an event, chained to the event before it in its session."""
    return sha256(previous + content).digest()


def log_hash(previous: bytes, position: int, event: bytes) -> bytes:
    """Hash of the log up to `position`, chained to the event before it in the log."""
    return sha256(previous + position.to_bytes(8, "big") + event).digest()


class Hashes:
    """The event hashes of any number of sessions, 32 bytes for each event."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, bytearray]] = {}

    def add(self, session_id: str, version: int, event: bytes) -> None:
        """Remember the hash of a session's next event."""
        self._kept.setdefault(session_id, (version, bytearray()))[1].extend(event)

    def of(self, session_id: str, version: int) -> str | None:
        """The hash of the event that a session recorded itself as that version."""
        first, kept = self._kept.get(session_id, (0, b""))
        begin = (version - first) * len(_NO_HASH)
        return kept[begin : begin + len(_NO_HASH)].hex() or None if begin >= 0 else None


class ChainCheck:
    """Recomputes the chain over rows that come in the order of their positions.

    Args:
        since: A checkpoint whose part of the log is trusted; rows begin behind it.
        against: Checkpoints that the log must pass through.
        before: The hash of a session's event of that version, if it stands before `position` or
            there; without it all hashes are remembered here, since any event may be forked.
    """

    def __init__(
        self,
        *,
        since: Checkpoint | None = None,
        against: Iterable[Checkpoint] = (),
        before: Callable[[str, int], str | None] | None = None,
    ) -> None:
        self.first_bad: FirstBad | None = None
        self._since = since.position if since else 0
        self._remembered = Hashes()
        self._remembers = before is None
        self._before = before or self._remembered.of
        self._noted: dict[int, set[str]] = {}
        for note in against:
            self._noted.setdefault(note.position, set()).add(note.log_hash)
        self._log = (_hash_bytes(since.log_hash) or _NO_HASH) if since else _NO_HASH
        self._sessions: dict[str, tuple[int, bytes]] = {}
        self.position = self._since
        """Of the last row that was found whole."""
        if since is not None and since.log_hash != self._log.hex():
            self.rewritten(since.position)  # what is no hash was never that of a log
        self._compare_noted()

    def add(self, row: StoredEvent) -> bool:
        """Check the next row; `False` from the first bad one on."""
        if self.first_bad is None:
            kind = self._fault(row)
            if kind is not None:
                self.first_bad = FirstBad(self.position + 1, kind)
            else:
                self.position += 1
                if self._noted:
                    self._compare_noted()
        return self.first_bad is None

    def unreadable(self) -> None:
        """Take note that the next row cannot be read as text."""
        self.first_bad = FirstBad(self.position + 1, "payload")

    def rewritten(self, position: int) -> None:
        """Take note that the log is not what a checkpoint says of that position.

        Of several such positions the first is named, in whatever order they come.
        """
        if self.first_bad is None or position < self.first_bad.position:
            self.first_bad = FirstBad(position, "checkpoint")

    def verdict(self, head: LogHead | None) -> AuditVerdict:
        """What was found, once the head that the store keeps is compared."""
        position, kept = (head.position, head.log_hash) if head else (0, "")
        if self.first_bad is None:
            if head is None:
                self.first_bad = FirstBad(self.position + 1, "head")
            elif self.position != position:
                self.first_bad = FirstBad(min(self.position, position) + 1, "head")
            elif self._log.hex() != kept:
                self.first_bad = FirstBad(position, "head")
            elif any(noted > position for noted in self._noted):
                self.first_bad = FirstBad(position + 1, "head")
        ok = self.first_bad is None
        return AuditVerdict(
            ok,
            self.position - self._since,
            position,
            self.first_bad,
            self._since,
            self._log.hex() if ok else "",
        )

    def _compare_noted(self) -> None:
        noted = self._noted.get(self.position)
        # Two notes of one position may differ; then one of them is false, whichever it is.
        if noted is not None and noted != {self._log.hex()}:
            self.rewritten(self.position)

    def _fault(self, row: StoredEvent) -> str | None:
        position = self.position + 1
        if row.position != position:
            return "position"
        if not isinstance(row.version, int):
            return "version"  # SQLite keeps text in a column of numbers
        previous = self._previous(row)
        if previous is None:
            return "lineage"
        found = _chained(row, *previous)
        if isinstance(found, str):
            return found
        log = log_hash(self._log, position, found)
        if row.log_hash != log.hex():
            return "log_hash"
        self._sessions[row.session_id] = (row.version, found)
        if self._remembers:
            self._remembered.add(row.session_id, row.version, found)
        self._log = log
        return None

    def _previous(self, row: StoredEvent) -> tuple[int, bytes] | None:
        """Version and hash of the event before this one in its session.

        A fork's first event follows one of another session; `None` where that is not there.
        """
        known = self._sessions.get(row.session_id)
        before = row.version - 1
        if known is None and before:
            trusted = self._before(row.session_id, before)
            known = None if trusted is None else (before, _hash_bytes(trusted) or _NO_HASH)
        if known is not None or row.type != forks.FORKED:
            return known or (0, _NO_HASH)
        of = _forked_from(row)
        parents = None if of is None else self._before(*of)
        return None if parents is None else (before, _hash_bytes(parents) or _NO_HASH)


class SessionChainCheck:
    """Recomputes the chain of one session, over all its rows in their order."""

    def __init__(self) -> None:
        self.checked = 0
        self.first_bad: FirstBad | None = None
        self.position = 0
        """Of the last row that was found whole."""
        self._last = _NO_HASH

    def add(self, row: StoredEvent) -> bool:
        """Check the next row; `False` from the first bad one on."""
        if self.first_bad is None:
            found = _chained(row, self.checked, self._last)
            if row.position <= self.position:
                found = "position"
            if isinstance(found, str):
                self.first_bad = FirstBad(row.position, found)
            else:
                self.checked, self.position, self._last = row.version, row.position, found
        return self.first_bad is None

    def verdict(self, last: LogHead | None) -> AuditVerdict:
        """What was found, once the last event that there should be is compared.

        `last` holds its position and its event hash.
        """
        position = last.position if last else 0
        if self.first_bad is None and last != LogHead(self.position, self._last.hex()):
            self.first_bad = FirstBad(min(self.position, position) + 1, "head")
        return AuditVerdict(self.first_bad is None, self.checked, position, self.first_bad)


def _chained(row: StoredEvent, version: int, previous: bytes) -> bytes | str:
    """The hash of the event that follows that version, or the kind of what is wrong with it."""
    if row.version != version + 1:
        return "version"
    for optional in (row.subject, row.correlation_id, row.causation_id):
        if not optional and optional is not None:
            return "event_hash"  # an empty text, or 0: hashes like null, but is never written
    try:
        event = event_hash(previous, content_hash(row))
    except (TypeError, StoreError):
        return "event_hash"  # such a value is never hashed
    return event if row.event_hash == event.hex() else "event_hash"


def _forked_from(row: StoredEvent) -> forks.Stretch | None:
    """What stands before a fork's first event; `None` where it does not say so."""
    try:
        return forks.forked_from(row)
    except StoreError:
        return None


def _hash_bytes(text: str) -> bytes | None:
    """The bytes of a hash that was kept; `None` where it is none."""
    try:
        found = bytes.fromhex(text)
    except (TypeError, ValueError):
        return None
    return found if len(found) == len(_NO_HASH) else None


def _unfit(row: StoredEvent, fields: tuple[str, ...]) -> StoreError:
    for name, value in zip(_HEADER_FIELDS, fields[1:], strict=True):
        if _CONTROL.search(value) or not _encodable(value):
            return StoreError(
                f"The {name} {value!r} of a {row.type} holds control characters or text that is "
                "not Unicode, which history does not keep.",
                fix=f"choose a {name} of printable characters",
            )
    return StoreError(
        f"The payload of a {row.type} holds text that is not Unicode, which history does not "
        "keep.",
        fix="look for bytes that are not UTF-8 in names and values",
    )


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
