"""The chain of hashes, computed as docs/reference/database.md says and by nothing else.

It stands here a second time on purpose: a store is held to the page, not to another store's code.
"""

import json
from collections.abc import Iterable
from hashlib import sha256

from runthrough.core.values.store import ZERO_HASH, StoredEvent

_SEPARATOR = "\x1f"


def chained(rows: Iterable[StoredEvent]) -> list[tuple[str, str]]:
    """The event hash and the log hash that each row of a whole log must have."""
    hashes: list[tuple[str, str]] = []
    events: dict[tuple[str, int], str] = {}
    log = ZERO_HASH
    for position, row in enumerate(rows, 1):
        before = bytes.fromhex(events.get(_before(row), ZERO_HASH))
        event = sha256(before + _content(row)).hexdigest()
        place = position.to_bytes(8, "big")
        log = sha256(bytes.fromhex(log) + place + bytes.fromhex(event)).hexdigest()
        events[row.session_id, row.version] = event
        hashes.append((event, log))
    return hashes


def _before(row: StoredEvent) -> tuple[str, int]:
    """Session and version of the event that this one follows; a fork follows its parent's."""
    if row.type == "SessionForked":
        forked = json.loads(row.payload)
        return forked["parent"], forked["at"]
    return row.session_id, row.version - 1


def _content(row: StoredEvent) -> bytes:
    header = (
        "rt1",
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
    return sha256(f"{_SEPARATOR.join(header)}\n{row.payload}".encode()).digest()
