"""Events of one command that build on each other, with the state that they lead to."""

from datetime import UTC, datetime

from runthrough.core.events import Event, EventEnvelope
from runthrough.core.evolve import evolve
from runthrough.core.state import SessionState
from runthrough.core.values.ids import CommandId, HostId, SessionId, Version
from runthrough.core.values.metadata import Metadata

_NOT_YET = Metadata(
    actor="",
    actor_source="system",
    door="system",
    host=HostId(""),
    app_version="",
    command_id=CommandId(""),
    recorded_at=datetime.fromtimestamp(0, UTC),
)
"""Stands where the columns of an undecided event will be; no decision reads it."""


class Unfolding:
    """A state of its own, folded as events happen, so that later ones can build on earlier."""

    def __init__(self, session_id: SessionId) -> None:
        self.state = SessionState(session_id)
        self._events: list[Event] = []

    def happen(self, *events: Event) -> None:
        """Take note of events, and fold them."""
        for event in events:
            version = Version(self.state.version + 1)
            evolve(
                self.state,
                EventEnvelope(version, self.state.session_id, version, event, _NOT_YET, ""),
            )
            self._events.append(event)

    @property
    def events(self) -> tuple[Event, ...]:
        """All that happened, in order."""
        return tuple(self._events)
