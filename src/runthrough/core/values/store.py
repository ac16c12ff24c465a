"""What the store tells of sessions and of the log as a whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from runthrough.core.values.ids import SessionId

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


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session as the directory lists it."""

    session_id: SessionId
    name: str
    dag_name: str
    phase: Literal["open", "closed"]
    created_at: datetime
    version: int
    last_actor: str
    updated_at: datetime
    parent: SessionId | None = None
    """The session that this one is a fork of."""
    forked_at: int = 0
    """Versions up to this one are the parent's."""
    archived: bool = False
    """Whether it is left out of lists."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """The end of the log: what position it has reached, and the hash of all of it."""

    position: int
    """Of the last event; 0 in an empty log."""
    log_hash: str
    """64 lower-case hex characters; `ZERO_HASH` in an empty log."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of a log are asked for; a part that is empty leaves all in."""

    nodes: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: datetime | None = None
    """Aware, UTC; what was recorded then is in."""
    until: datetime | None = None
    """Aware, UTC; what was recorded then is in."""

    @property
    def leaves_out(self) -> bool:
        """Whether there is an event that it does not let through."""
        return self != EventFilter()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the end of the log was at a moment; kept outside the database it proves a rewrite."""

    position: int
    log_hash: str
    taken_at: datetime
    """Aware, UTC."""
    app_version: str
    public_key: str | None = None
    """Ed25519, 64 lower-case hex characters; `None` where the note is not signed."""
    signature: str | None = None
    """Ed25519 over `signed_text`, 128 lower-case hex characters."""


@dataclass(frozen=True, slots=True)
class FirstBad:
    """Where the log stops being what was written."""

    position: int
    kind: str
    """`event_hash`, `log_hash`, `position`, `version`, `head` or `payload`; `checkpoint`: at or
    before that position something was rewritten after the checkpoint was taken; `signature`: the
    note about that position is not signed by the given key; `line`: a line of an export is not as
    it was written; `lineage`: a fork does not go on from the event that it names. Where an export
    is held against a database, `differs`: the two have other
    events there; `left_out`: the export lacks the database's; `added`: the database lacks the
    export's."""


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What verification of the chain found."""

    ok: bool
    checked: int
    """Events whose hashes were computed anew and fit."""
    head_position: int
    first_bad: FirstBad | None = None
    since: int = 0
    """Position of the checkpoint that was trusted; what lies before was not looked at."""
    log_hash: str = ""
    """Of all that was found whole, as it was computed; empty where something was not."""
