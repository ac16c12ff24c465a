"""One row of the log, in the order of its columns."""

from typing import NamedTuple

ZERO_HASH = "0" * 64
"""Stands before the first event of a session, and before the first of the log."""


class StoredEvent(NamedTuple):
    """An event as it is stored: plain values, the payload as the text whose bytes were hashed."""

    position: int
    session_id: str
    version: int
    type: str
    schema_version: int
    subject: str | None
    actor: str
    actor_source: str
    door: str
    host: str
    app_version: str
    command_id: str
    request_hash: str
    """What was asked, so that a retry is told from another request; not part of the chain."""
    correlation_id: str | None
    causation_id: str | None
    recorded_at: str
    payload: str
    event_hash: str
    log_hash: str
