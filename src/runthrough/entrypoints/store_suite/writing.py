"""Small events, and a writer that appends them."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from runthrough.core.events import CommandRefused, Event, EventEnvelope, SessionStarted
from runthrough.core.values.ids import CommandId, HostId, SessionId
from runthrough.core.values.metadata import Home, Metadata, SessionSettings
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.entrypoints.store_suite.rule import Stores

A = SessionId("019a0000-0000-7000-8000-00000000000a")
B = SessionId("019b0000-0000-7000-8000-00000000000b")
C = SessionId("019b0000-0000-7000-8000-00000000000c")
"""Shares its beginning with `B`."""
NOBODYS = SessionId("019f0000-0000-7000-8000-000000000000")
"""Never appended to."""
AT = datetime(2026, 11, 22, 12, 44, 5, 123456, tzinfo=UTC)
HOST = HostId("host-1")
REQUEST, OTHER_REQUEST = "1" * 64, "2" * 64
METADATA = Metadata(
    actor="ann@ws",
    actor_source="setting",
    door="cli",
    host=HOST,
    app_version="0.1.0",
    command_id=CommandId("019c0000-0000-7000-8000-000000000000"),
    recorded_at=AT,
    correlation_id="019d0000-0000-7000-8000-000000000001",
    causation_id="019d0000-0000-7000-8000-000000000002",
)

_NUMBERS = itertools.count(1)


def new_command() -> CommandId:
    """The id of a command that nobody has sent yet."""
    return CommandId(f"019c0000-0000-7000-8000-{next(_NUMBERS):012x}")


def started(name: str, dag_name: str = "zoo") -> SessionStarted:
    """A session's first event."""
    return SessionStarted(
        name=name,
        pipeline=PipelineDeclaration(name=dag_name),
        home=Home(host=HOST),
        settings=SessionSettings(),
    )


def said(text: str) -> CommandRefused:
    """An event that changes nothing, told from others by its text."""
    return CommandRefused(command="run", code="REFUSED", message=text)


def texts(envelopes: Iterable[EventEnvelope]) -> list[str]:
    """What `said` put into events, in their order; the type of other events."""
    return [getattr(envelope.event, "message", envelope.event.type) for envelope in envelopes]


def positions(envelopes: Iterable[EventEnvelope]) -> list[int]:
    """Places in the log, in the order given."""
    return [envelope.position for envelope in envelopes]


def versions(envelopes: Iterable[EventEnvelope]) -> list[int]:
    """Places in the session, in the order given."""
    return [envelope.version for envelope in envelopes]


def numbered(count: int) -> list[SessionId]:
    """So many sessions of their own."""
    return [SessionId(f"019a0000-0000-7000-8000-{number:012x}") for number in range(count)]


class Writer:
    """Appends to one store; each append is a new command unless told otherwise."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._versions: dict[SessionId, int] = {}

    def append(
        self,
        session_id: SessionId,
        *events: Event,
        at_version: int | None = None,
        request_hash: str = REQUEST,
        **columns: Any,
    ) -> tuple[EventEnvelope, ...]:
        """Append behind what this writer appended last, or at the given version."""
        if at_version is None:
            at_version = self._versions.get(session_id, 0)
        stored = self._stores.events.append(
            session_id,
            events=events,
            expected_version=at_version,
            metadata=replace(METADATA, **({"command_id": new_command()} | columns)),
            request_hash=request_hash,
        )
        known = self._versions.get(session_id, 0)
        own = (envelope.version for envelope in stored if envelope.session_id == session_id)
        self._versions[session_id] = max((known, *own))
        return stored

    def texts(self, session_id: SessionId) -> list[str]:
        """What the store reads back of a session, as `said` put it."""
        return texts(self._stores.events.read(session_id))

    def fill(self, session_id: SessionId, count: int) -> list[EventEnvelope]:
        """Append many small events, some thousand in a command, in one commit."""
        stored: list[EventEnvelope] = []
        with self._stores.events.exclusive():
            while len(stored) < count:
                batch = [said("x")] * min(_BATCH, count - len(stored))
                stored += self.append(session_id, *batch)
        return stored


_BATCH = 4000
"""Events of one command that every store is expected to take."""
