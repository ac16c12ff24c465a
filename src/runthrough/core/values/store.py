"""What the store tells of sessions and of the log as a whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runthrough.core.values.ids import SessionId


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


@dataclass(frozen=True, slots=True)
class FirstBad:
    """Where the log stops being what was written."""

    position: int
    kind: str
    """`event_hash`, `log_hash`, `position`, `version`, `head`, or `payload`."""


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What verification of the chain found."""

    ok: bool
    checked: int
    head_position: int
    first_bad: FirstBad | None = None
