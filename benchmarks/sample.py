"""Events of usual size, about 420 bytes of payload, and logs filled with them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from runthrough.adapters.store import codec
from runthrough.adapters.store.batch import Batch
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.core.events import Event, ScriptConfigured
from runthrough.core.values.facts import Evidence
from runthrough.core.values.ids import CommandId, HostId, NodeName, RecordedPath, SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.values.store import ZERO_HASH, StoredEvent

SESSION = SessionId("019a0000-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 22, 12, 44, 5, 123456, tzinfo=UTC)
NODE = "TabularPreprocessing_training"
CHUNK = 1000
"""Events to a command where a log is filled: few commits, and batches that fit into memory."""


def event(node: str = NODE) -> ScriptConfigured:
    """A configuration of usual size."""
    path = RecordedPath("workspace:data/train.csv")
    return ScriptConfigured(
        node=NodeName(node),
        spec=ScriptSpec(
            input_paths={"data_input": path},
            environ_vars={"LABEL_FIELD": "label"},
            job_args={"job_type": "training"},
            user_notes="the table that the team agreed on",
        ),
        evidence=(
            Evidence(kind="input", name="data_input", source="person", path=path, size_bytes=9),
        ),
    )


def payload_bytes() -> int:
    """Size of what is stored as the event's payload."""
    return len(codec.encode(event()).encode())


def metadata(command: str) -> Metadata:
    """What stands beside the events of one command."""
    return Metadata(
        actor="ann@ann-ws",
        actor_source="setting",
        door="cli",
        host=HostId("019a0000-0000-7000-8000-00000000000a"),
        app_version="0.1.0",
        command_id=CommandId(command),
        recorded_at=AT,
    )


def command_id(number: int) -> str:
    """A command id as long as a real one."""
    return f"019a0000-0000-7000-8000-{number:012x}"


def row(number: int) -> StoredEvent:
    """The row that an append writes at position `number + 1`."""
    batch = Batch(
        SESSION,
        events=[event()],
        expected_version=number,
        metadata=metadata(command_id(number)),
        request_hash=ZERO_HASH,
    )
    return batch.seal(position=number, log_hash=ZERO_HASH, event_hash=ZERO_HASH)[0]


def configurations(count: int, nodes: int = 1) -> Iterator[ScriptConfigured]:
    """So many configurations, over nodes in turn."""
    ready = [event(f"{NODE}_{node}") for node in range(nodes)]
    return (ready[number % nodes] for number in range(count))


def fill(
    store: SqlEventStore,
    events: Iterable[Event],
    *,
    session_id: SessionId = SESSION,
    after: int = 0,
    command: str = "fill",
    chunk_of: int = CHUNK,
) -> int:
    """Append many events behind version `after`; the version that is reached."""
    waiting = iter(events)
    while chunk := list(islice(waiting, chunk_of)):
        store.append(
            session_id,
            events=chunk,
            expected_version=after,
            metadata=metadata(f"{command}-{after}"),
            request_hash=ZERO_HASH,
        )
        after += len(chunk)
    return after
