"""The chain of hashes over the log: pure functions, and a check that goes row by row.

`event_hash` chains the events of a session, `log_hash` chains the whole log:

    event_hash = SHA-256(previous event_hash ‖ SHA-256(header ‖ 0x0A ‖ payload))
    log_hash   = SHA-256(previous log_hash ‖ position as 8 bytes big-endian ‖ event_hash)

History stands on these lines: they are fixed by `tests/golden/hashes.json` and never change.
"""

import re
from hashlib import sha256

from runthrough.adapters.store.rows import StoredEvent
from runthrough.core.values.store import AuditVerdict, FirstBad
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
    fields = (
        FORMAT,
        row.session_id,
        str(row.version),
        row.type,
        str(row.schema_version),
        row.subject or "",
        row.actor,
        row.actor_source,
        row.door,
        row.host,
        row.app_version,
        row.command_id,
        row.correlation_id or "",
        row.causation_id or "",
        row.recorded_at,
    )
    if _CONTROL.search("".join(fields)):
        raise _unfit(row, fields)
    try:
        return sha256(f"{_SEPARATOR.join(fields)}\n{row.payload}".encode()).digest()
    except UnicodeEncodeError as exc:
        raise _unfit(row, fields) from exc


def event_hash(previous: bytes, content: bytes) -> bytes:
    """Hash of an event, chained to the event before it in its session."""
    return sha256(previous + content).digest()


def log_hash(previous: bytes, position: int, event: bytes) -> bytes:
    """Hash of the log up to `position`, chained to the event before it in the log."""
    return sha256(previous + position.to_bytes(8, "big") + event).digest()


class ChainCheck:
    """Recomputes the chain over rows that come in the order of their positions."""

    def __init__(self) -> None:
        self.checked = 0
        self.first_bad: FirstBad | None = None
        self._log = _NO_HASH
        self._sessions: dict[str, tuple[int, bytes]] = {}

    def add(self, row: StoredEvent) -> bool:
        """Check the next row; `False` from the first bad one on."""
        if self.first_bad is None:
            kind = self._fault(row)
            if kind is not None:
                self.first_bad = FirstBad(self.checked + 1, kind)
            else:
                self.checked += 1
        return self.first_bad is None

    def unreadable(self) -> None:
        """Take note that the next row cannot be read as text."""
        self.first_bad = FirstBad(self.checked + 1, "payload")

    def verdict(self, head: tuple[int, str] | None) -> AuditVerdict:
        """What was found, once the head that the store keeps (position, log hash) is compared."""
        position, kept = head or (0, "")
        if self.first_bad is None:
            if self.checked != position:
                self.first_bad = FirstBad(min(self.checked, position) + 1, "head")
            elif self._log.hex() != kept:
                self.first_bad = FirstBad(position, "head")
        return AuditVerdict(self.first_bad is None, self.checked, position, self.first_bad)

    def _fault(self, row: StoredEvent) -> str | None:
        position = self.checked + 1
        if row.position != position:
            return "position"
        version, previous = self._sessions.get(row.session_id, (0, _NO_HASH))
        if row.version != version + 1:
            return "version"
        if "" in {row.subject, row.correlation_id, row.causation_id}:
            return "event_hash"  # hashes like null, but is never written
        try:
            event = event_hash(previous, content_hash(row))
        except (TypeError, StoreError):
            return "event_hash"  # such a value is never hashed
        if row.event_hash != event.hex():
            return "event_hash"
        log = log_hash(self._log, position, event)
        if row.log_hash != log.hex():
            return "log_hash"
        self._sessions[row.session_id] = (row.version, event)
        self._log = log
        return None


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
