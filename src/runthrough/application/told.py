"""Events as those who follow the log get them, and what stands where one cannot be read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runthrough.application.ports import ChangeFeed
from runthrough.core.events import EventEnvelope, subject_of
from runthrough.core.values.ids import NodeName, SessionId, Version
from runthrough.errors import StoreError


class Told:
    """An event as all subscribers get it; its text is made once for all of them, if ever."""

    __slots__ = (
        "_event",
        "_text",
        "actor",
        "correlation_id",
        "door",
        "node",
        "position",
        "recorded_at",
        "session_id",
        "type",
        "version",
    )

    def __init__(self, envelope: EventEnvelope) -> None:
        """Take over what an envelope holds."""
        event, metadata = envelope.event, envelope.metadata
        self.position: int = envelope.position
        self.session_id: SessionId = envelope.session_id
        self.version: Version = envelope.version
        self.type: str = event.type
        self.node: NodeName | None = subject_of(event)
        self.actor: str = metadata.actor
        self.door: str = metadata.door
        self.recorded_at: datetime = metadata.recorded_at
        self.correlation_id: str | None = metadata.correlation_id
        self._event = event
        self._text: str | None = None

    @property
    def payload(self) -> str:
        """The event as JSON text, without its type and node, which stand beside it."""
        return self._event.model_dump_json(exclude={"type", "node"})

    @property
    def text(self) -> str:
        """The whole of it as one line of JSON, made when it is first asked for."""
        if self._text is None:
            beside = json.dumps(
                {
                    "position": self.position,
                    "session_id": self.session_id,
                    "version": self.version,
                    "type": self.type,
                    "node": self.node,
                    "actor": self.actor,
                    "door": self.door,
                    "recorded_at": self.recorded_at.isoformat(),
                    "correlation_id": self.correlation_id,
                }
            )
            self._text = f'{beside[:-1]}, "payload": {self.payload}}}'
        return self._text


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event that this process cannot read, such as one that a newer runthrough wrote."""

    position: int
    session_id: SessionId
    fault: StoreError


def events_behind(feed: ChangeFeed, position: int, *, limit: int) -> Iterator[Told | Unreadable]:
    """The first events of a log behind a position, at most `limit`, with those it cannot read.

    Raises:
        StoreError: The log cannot be read.
    """
    left = limit
    while left > 0:
        try:
            for envelope in feed.read(after=position, limit=left):
                yield Told(envelope)
                position, left = envelope.position, left - 1
        except StoreError as why:
            if why.position is None or why.session_id is None:
                raise
            yield Unreadable(why.position, SessionId(why.session_id), why)
            position, left = why.position, left - 1
        else:
            return
