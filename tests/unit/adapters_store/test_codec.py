"""Events to text and back."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from tests.support.stored import METADATA
from tests.support.strategies import EVENT_CLASSES, events, models

from runthrough.adapters.store import codec
from runthrough.adapters.store.batch import Batch
from runthrough.adapters.store.upcasters import lift
from runthrough.core.events import ConfigurationRestored, Event, SessionClosed
from runthrough.core.values.connections import Output
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.values.store import ZERO_HASH, StoredEvent
from runthrough.errors import LogCorruptError, StoreError

RESTORED = ConfigurationRestored(node="clean", spec=ScriptSpec(input_paths={"raw": "workspace:a"}))


def row_of(event: Event, **changed) -> StoredEvent:
    batch = Batch(
        "session-1", events=[event], expected_version=6, metadata=METADATA, request_hash=ZERO_HASH
    )
    row = batch.seal(position=40, log_hash=ZERO_HASH, event_hash=ZERO_HASH)[0]
    return row._replace(**changed)


@pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=lambda cls: cls.__name__)
def test_every_event_comes_back_as_it_went(event_class):
    """An event of any type, with any values, is read back equal and encodes to the same bytes."""

    @settings(max_examples=25, deadline=None, database=None)
    @given(models(event_class))
    def round_trip(event):
        row = row_of(event)
        envelope = codec.decode(row)
        assert envelope.event == event
        assert type(envelope.event) is event_class
        assert codec.encode(envelope.event) == row.payload

    round_trip()


@settings(max_examples=50, deadline=None, database=None)
@given(events())
def test_no_payload_repeats_a_column(event):
    """Neither the type nor the node stands in the payload."""
    fields = json.loads(codec.encode(event))
    assert not {"type", "node"} & set(fields)


def test_envelope_carries_the_columns():
    """Position, session, version, hash and metadata are those of the row."""
    row = row_of(RESTORED)
    envelope = codec.decode(row)
    assert (envelope.position, envelope.session_id, envelope.version) == (41, "session-1", 7)
    assert envelope.event_hash == row.event_hash
    assert envelope.metadata == METADATA


def test_event_without_fields_has_an_empty_payload():
    """An event that says nothing beyond its type is stored as an empty mapping."""
    row = row_of(SessionClosed())
    assert row.payload == "{}"
    assert codec.decode(row).event == SessionClosed()


def test_connection_in_a_declaration_is_not_mistaken_for_a_path():
    """An input fed by an output is read back as that output."""
    declared = NodeDeclaration(inputs={"a": Output("up", "data", "train"), "b": "workspace:b"})
    assert NodeDeclaration.model_validate_json(declared.model_dump_json()) == declared


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 22, 12, 44, 5, 123456, tzinfo=UTC), "2026-11-22T12:44:05.123456Z"),
        (datetime(2026, 11, 22, 12, 44, 5, tzinfo=UTC), "2026-11-22T12:44:05.000000Z"),
        (
            datetime(2026, 11, 22, 14, 44, 5, 7, tzinfo=timezone(timedelta(hours=2))),
            "2026-11-22T12:44:05.000007Z",
        ),
    ],
)
def test_times_are_kept_in_utc_with_six_decimals(at, text):
    """A time has one text, whatever its zone, and comes back as the same moment."""
    assert codec.time_text(at) == text
    assert codec.read_time(text) == at
    assert codec.read_time(text).utcoffset() == timedelta(0)


def test_time_without_a_zone_is_refused():
    """A time of which nobody knows when it was is not recorded."""
    with pytest.raises(ValueError, match="time zone"):
        codec.time_text(datetime(2026, 11, 22))  # noqa: DTZ001 - the very thing refused


@pytest.mark.parametrize(
    "changed",
    [
        {"payload": '{"spec":{}} '[:-2]},
        {"payload": '{"spec":{"input_paths":7}}'},
        {"payload": '{"spec":{},"extra":1}'},
        {"payload": ""},
        {"payload": "[]"},
        {"payload": b"{}"},
        {"subject": None},
        {"recorded_at": "yesterday"},
        {"schema_version": 0},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_row_that_was_never_written_is_told_with_its_position(changed):
    """A row that does not hold an event names its position and the command that looks closer."""
    with pytest.raises(LogCorruptError, match=r"position 41 .*[\s\S]*audit verify"):
        codec.decode(row_of(RESTORED, **changed))


@pytest.mark.parametrize("changed", [{"schema_version": 2}, {"type": "PipelineDreamt"}])
def test_event_of_a_newer_program_is_told_as_such(changed):
    """An unknown type or schema version says that runthrough is to be upgraded."""
    with pytest.raises(StoreError, match=r"position 41[\s\S]*upgrade runthrough"):
        codec.decode(row_of(RESTORED, **changed))


def test_older_event_is_lifted_one_schema_version_at_a_time():
    """Upcasters are applied in order, each to what the one before it made."""
    upcasters = {
        ("ConfigurationRestored", -1): lambda old: {"specification": old["config"]},
        ("ConfigurationRestored", 0): lambda old: {"spec": old["specification"]},
    }
    row = row_of(RESTORED, schema_version=-1, payload='{"config":{"user_notes":"é"}}')
    lifted = codec.decode(row, upcasters=upcasters).event
    assert lifted == ConfigurationRestored(node="clean", spec=ScriptSpec(user_notes="é"))


def test_lifting_stops_where_a_step_is_missing():
    """A gap between two schema versions is an error, not a guess."""
    with pytest.raises(KeyError):
        lift({}, event_type="A", found=1, wanted=3, upcasters={("A", 1): dict})


def test_older_event_with_an_unreadable_payload_is_told_with_its_position():
    """Text that is no JSON is reported before an upcaster sees it."""
    row = row_of(RESTORED, schema_version=0, payload="{")
    with pytest.raises(LogCorruptError, match="position 41"):
        codec.decode(row, upcasters={("ConfigurationRestored", 0): dict})


def test_text_that_is_not_unicode_cannot_be_encoded():
    """A value with stray bytes is refused before anything is written."""
    spec = ScriptSpec.model_construct(user_notes="\ud800")
    with pytest.raises(StoreError, match="not UTF-8"):
        codec.encode(ConfigurationRestored.model_construct(node="clean", spec=spec))
