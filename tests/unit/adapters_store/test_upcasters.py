"""Old shapes lifted to today's."""

import json

import pytest
from tests.support.stored import METADATA

from runthrough.adapters.store import codec
from runthrough.adapters.store.batch import Batch
from runthrough.core.events import DataFlowChecked
from runthrough.core.values.outcomes import Edge, SeamResult
from runthrough.core.values.store import ZERO_HASH, StoredEvent
from runthrough.errors import LogCorruptError

CHECKED = DataFlowChecked(
    node="train",
    run="run-1",
    edge=Edge(from_node="clean", output="größe", input="data", subpath="train"),
    result=SeamResult(compatible=True),
)
OLD = """{"run":"run-1","edge":{"from_node":"clean","output":"größe","to_node":"train",\
"input":"data","subpath":"train"},"result":{"compatible":true,"issues":[],\
"format_written":null,"format_read":null}}"""


def row_of(payload: str | None = None) -> StoredEvent:
    """A row of schema version 1 with that payload, or one as it is written today."""
    batch = Batch(
        "s", events=[CHECKED], expected_version=6, metadata=METADATA, request_hash=ZERO_HASH
    )
    row = batch.seal(position=40, log_hash=ZERO_HASH, event_hash=ZERO_HASH)[0]
    return row if payload is None else row._replace(schema_version=1, payload=payload)


def test_an_edge_of_version_1_loses_the_consumer_that_the_subject_names():
    """The old row is read as the event that is written today."""
    assert codec.decode(row_of(OLD)).event == CHECKED


def test_today_an_edge_does_not_repeat_the_subject():
    """Schema version 2 is what is written, and its payload does not name the consumer."""
    row = row_of()
    assert (row.schema_version, row.subject) == (2, "train")
    assert set(json.loads(row.payload)["edge"]) == {"from_node", "output", "input", "subpath"}
    assert codec.decode(row).event == CHECKED


def test_a_row_of_version_2_that_names_the_consumer_was_never_written():
    """The upcaster lifts version 1 alone."""
    with pytest.raises(LogCorruptError, match="position 41"):
        codec.decode(row_of(OLD)._replace(schema_version=2))


@pytest.mark.parametrize("payload", ["[]", "7", "null", "{}", '{"edge":7}', '{"edge":{}}'])
def test_an_old_row_that_was_never_written_is_told_with_its_position(payload):
    """Whatever stands where an old payload should be, the upcaster does not stumble over it."""
    with pytest.raises(LogCorruptError, match="position 41"):
        codec.decode(row_of(payload))
