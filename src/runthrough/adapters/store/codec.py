"""Events to and from the text that is stored and hashed."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import cast, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from runthrough.adapters.store.upcasters import UPCASTERS, Upcaster, lift
from runthrough.core.events import Event, EventEnvelope
from runthrough.core.values.ids import CommandId, HostId, SessionId, Version
from runthrough.core.values.metadata import ActorSource, Door, Metadata
from runthrough.core.values.store import StoredEvent
from runthrough.errors import LogCorruptError, StoreError

_EVENT_CLASSES = {
    event_class.__name__: event_class for event_class in get_args(get_args(Event)[0])
}
_SCHEMA_VERSIONS: dict[str, int] = {
    name: kind.schema_version for name, kind in _EVENT_CLASSES.items()
}
_COLUMNS_NOT_IN_PAYLOAD = {"type", "node"}
_HEADS_KEPT = 4096
"""Nodes seen lately: more than most pipelines have."""


def encode(event: Event) -> str:
    """The event's payload as JSON text, without what stands in columns.

    Raises:
        StoreError: The event holds text that is not Unicode.
    """
    try:
        return event.model_dump_json(exclude=_COLUMNS_NOT_IN_PAYLOAD)
    except PydanticSerializationError as exc:
        raise StoreError(
            f"{event.type} cannot be written: {exc}",
            fix="look for bytes that are not UTF-8 in names and values",
        ) from exc


def decode(
    row: StoredEvent, *, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS
) -> EventEnvelope:
    """The event that a row holds, in today's shape.

    Raises:
        LogCorruptError: The row is not one that was written.
        StoreError: The row was written by a newer runthrough.
    """
    (
        position,
        session_id,
        version,
        event_type,
        schema_version,
        subject,
        actor,
        actor_source,
        door,
        host,
        app_version,
        command_id,
        _,
        correlation_id,
        causation_id,
        recorded_at,
        payload,
        event_hash,
        _,
    ) = row
    if _SCHEMA_VERSIONS.get(event_type) != schema_version:
        payload = _lifted(row, upcasters)
    try:
        if subject is not None:
            payload = f"{_head(subject)}{'}' if payload == '{}' else ',' + payload[1:]}"
        return EventEnvelope(
            position,
            cast("SessionId", session_id),
            cast("Version", version),
            _reader(event_type)(payload),
            Metadata(
                actor,
                cast("ActorSource", actor_source),
                cast("Door", door),
                cast("HostId", host),
                app_version,
                cast("CommandId", command_id),
                read_time(recorded_at),
                correlation_id,
                causation_id,
            ),
            event_hash,
        )
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{first['msg']}{f' ({place})' if place else ''}"
        raise _of(row, LogCorruptError(row.position, reason)) from exc
    except (TypeError, ValueError) as exc:
        raise _of(row, LogCorruptError(row.position, str(exc))) from exc


def time_text(at: datetime) -> str:
    """A time as it is stored and hashed: `2026-11-22T12:44:05.123456Z`, always six decimals.

    Raises:
        ValueError: The time has no zone, so nobody knows when it is.
    """
    if at.utcoffset() is None:
        raise ValueError(f"a recorded time needs a time zone: {at!r}")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def read_time(text: str) -> datetime:
    """The time, aware and UTC, that `time_text` wrote.

    Raises:
        ValueError: The text is not such a time.
    """
    return datetime.fromisoformat(text)


@lru_cache(_HEADS_KEPT)
def _head(subject: str) -> str:
    return f'{{"node":{json.dumps(subject)}'


@cache
def _reader(event_type: str) -> Callable[[str], Event]:
    """Reads the events of one type: half the price of finding the type in the text."""
    event: TypeAdapter[Event] = TypeAdapter(_EVENT_CLASSES[event_type])
    return event.validator.validate_json


def _lifted(row: StoredEvent, upcasters: Mapping[tuple[str, int], Upcaster]) -> str:
    wanted = _SCHEMA_VERSIONS.get(row.type)
    if wanted is None or row.schema_version > wanted:
        newer = StoreError(
            f"The event at position {row.position} is a {row.type} of schema version "
            f"{row.schema_version}, which this runthrough does not know.",
            fix="upgrade runthrough: a newer one wrote to this database",
        )
        raise _of(row, newer)
    try:
        payload = lift(
            json.loads(row.payload),
            event_type=row.type,
            found=row.schema_version,
            wanted=wanted,
            upcasters=upcasters,
        )
    except KeyError as exc:
        why = f"no {row.type} of schema version {row.schema_version} was ever written"
        raise _of(row, LogCorruptError(row.position, why)) from exc
    except ValueError as exc:
        raise _of(row, LogCorruptError(row.position, str(exc))) from exc
    return json.dumps(payload, ensure_ascii=False)


def _of(row: StoredEvent, error: StoreError) -> StoreError:
    """An error that tells which event it is about, so that others are read all the same."""
    error.position, error.session_id = row.position, row.session_id
    return error
