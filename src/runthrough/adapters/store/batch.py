"""The events of one command, encoded before the writer lock and chained under it."""

from collections.abc import Sequence

from runthrough.adapters.store import chain, codec
from runthrough.core.events import Event, EventEnvelope, SessionForked, subject_of
from runthrough.core.values.ids import SessionId, Version
from runthrough.core.values.metadata import Metadata
from runthrough.core.values.store import StoredEvent
from runthrough.errors import StoreError


class Batch:
    """What one append is to write, with all that can be computed before the lock is taken.

    Raises:
        ValueError: There are no events: every handled command leaves at least one. Or a fork is
            not the first of them.
        StoreError: An event cannot be written as text.
    """

    def __init__(
        self,
        session_id: SessionId,
        *,
        events: Sequence[Event],
        expected_version: int,
        metadata: Metadata,
        request_hash: str,
    ) -> None:
        if not events:
            raise ValueError("there is nothing to append")
        self.session_id = session_id
        self.events = tuple(events)
        self.expected_version = expected_version
        self.metadata = metadata
        self.request_hash = request_hash
        self.forked = _fork(self.events)
        """The fork that the session begins with, if it does."""
        self.recorded_at = codec.time_text(metadata.recorded_at)
        self._drafts = [self._draft(version, event) for version, event in self._numbered()]
        self._contents = [chain.content_hash(draft) for draft in self._drafts]

    def _numbered(self) -> enumerate[Event]:
        return enumerate(self.events, self.expected_version + 1)

    def _draft(self, version: int, event: Event) -> StoredEvent:
        metadata, subject = self.metadata, subject_of(event)
        if subject == "":
            raise StoreError(
                f"A {event.type} is about a node without a name.", fix="name the node"
            )
        return StoredEvent(
            position=0,
            session_id=self.session_id,
            version=version,
            type=event.type,
            schema_version=event.schema_version,
            subject=subject,
            actor=metadata.actor,
            actor_source=metadata.actor_source,
            door=metadata.door,
            host=metadata.host,
            app_version=metadata.app_version,
            command_id=metadata.command_id,
            request_hash=self.request_hash,
            correlation_id=metadata.correlation_id or None,
            causation_id=metadata.causation_id or None,
            recorded_at=self.recorded_at,
            payload=codec.encode(event),
            event_hash="",
            log_hash="",
        )

    def seal(self, *, position: int, log_hash: str, event_hash: str) -> list[StoredEvent]:
        """The rows to insert, after the given head of the log and last event of the session."""
        log, event = bytes.fromhex(log_hash), bytes.fromhex(event_hash)
        rows = []
        for place, (draft, content) in enumerate(
            zip(self._drafts, self._contents, strict=True), position + 1
        ):
            event = chain.event_hash(event, content)
            log = chain.log_hash(log, place, event)
            rows.append(StoredEvent(place, *draft[1:-2], event.hex(), log.hex()))
        return rows

    def envelopes(self, rows: Sequence[StoredEvent]) -> tuple[EventEnvelope, ...]:
        """The events as they now stand in the log."""
        return tuple(
            EventEnvelope(
                row.position,
                self.session_id,
                Version(row.version),
                event,
                self.metadata,
                row.event_hash,
            )
            for row, event in zip(rows, self.events, strict=True)
        )


def _fork(events: Sequence[Event]) -> SessionForked | None:
    if any(isinstance(event, SessionForked) for event in events[1:]):
        raise ValueError("a session does not become a fork: it begins as one")
    first = events[0]
    return first if isinstance(first, SessionForked) else None
