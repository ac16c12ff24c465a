"""Lifts events of older shapes to today's, one schema version at a time.

An event's meaning never changes; where its shape had to, a function stands here for each
`(type, schema_version)` that is no longer written. It gets the payload as a mapping, without
`type` and `node`, and gives back the payload of the next schema version.
"""

from collections.abc import Callable, Mapping

from pydantic import JsonValue

Payload = dict[str, JsonValue]
Upcaster = Callable[[Payload], Payload]

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""Empty as long as every event has its first shape."""


def lift(
    payload: Payload,
    *,
    event_type: str,
    found: int,
    wanted: int,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> Payload:
    """The payload in the shape of schema version `wanted`.

    Raises:
        KeyError: A step from `found` to `wanted` is missing.
    """
    for version in range(found, wanted):
        payload = upcasters[event_type, version](payload)
    return payload
