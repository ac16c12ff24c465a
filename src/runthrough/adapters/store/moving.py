"""Events of another log at places of this one."""

from collections.abc import Sequence

from runthrough.adapters.store.chain import log_hash
from runthrough.core.values.store import StoredEvent

NOT_ASKED_HERE = ""
"""The request hash of an event that was imported: nobody asked for it here, so no command that
has its id is answered with it."""


def moved(rows: Sequence[StoredEvent], *, position: int, log: str) -> list[StoredEvent]:
    """The rows behind that position, where the log has that hash, with their own event hashes."""
    last, found = bytes.fromhex(log), []
    for place, row in enumerate(rows, position + 1):
        last = log_hash(last, place, bytes.fromhex(row.event_hash))
        found.append(
            row._replace(position=place, request_hash=NOT_ASKED_HERE, log_hash=last.hex())
        )
    return found
