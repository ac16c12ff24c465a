"""What events mean for the directory of sessions, whatever keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from runthrough.core.events import (
    Event,
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    SessionStarted,
)
from runthrough.core.values.ids import SessionId
from runthrough.errors import StoreError

FOLLOWED = (
    SessionStarted,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionClosed,
    SessionReopened,
    SessionArchived,
)
"""The events that the directory follows."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the directory itself keeps of a session; the rest it reads from the log."""

    name: str
    dag_name: str
    phase: Literal["open", "closed"]
    created_at: str
    """As it is stored."""
    parent: SessionId | None = None
    forked_at: int = 0
    archived: bool = False

    def claims(self, before: "Listed | None") -> bool:
        """Whether a name is taken that the session did not have."""
        return self.phase == "open" and (
            before is None or before.phase != "open" or before.name != self.name
        )


def parent_of(events: Sequence[Event]) -> SessionId | None:
    """The session that a fork begins from with these events."""
    return next((event.parent for event in events if isinstance(event, SessionForked)), None)


def followed(
    before: Listed | None, events: Sequence[Event], *, parent: Listed | None, recorded_at: str
) -> Listed:
    """What the directory keeps of a session behind these events.

    Args:
        before: What it keeps until then; `None` of a session that is new.
        events: Those of one command, in their order.
        parent: What it keeps of the session that `parent_of` names.
        recorded_at: When the events were recorded, as it is stored.

    Raises:
        StoreError: The directory does not know the session, or its parent.
    """
    there = before
    for event in events:
        match event:
            case SessionStarted():
                there = Listed(event.name, event.pipeline.name, "open", recorded_at)
            case SessionForked():
                there = replace(
                    _known(parent),
                    name=event.name,
                    phase="open",
                    created_at=recorded_at,
                    parent=event.parent,
                    forked_at=event.at,
                    archived=False,
                )
            case SessionImported() if not event.origin.whole:
                there = replace(_known(there), phase="closed", archived=True)
            case SessionRenamed():
                there = replace(_known(there), name=event.name)
            case SessionClosed():
                there = replace(_known(there), phase="closed")
            case SessionReopened():
                there = replace(_known(there), phase="open", archived=False)
            case SessionArchived():
                there = replace(_known(there), archived=True)
            case _:
                pass
    return _known(there)


def _known(listed: Listed | None) -> Listed:
    if listed is None:
        raise StoreError(
            "The directory of the database does not know the session that the log goes on with.",
            fix="put back a copy of the database: rows of its table sessions were deleted",
        )
    return listed
