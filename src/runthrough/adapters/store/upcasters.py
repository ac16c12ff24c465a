"""Lifts events of older shapes to today's, one schema version at a time.

An event's meaning never changes; where its shape had to, a function stands here for each
`(type, schema_version)` that is no longer written. It gets the payload as a mapping, without
`type` and `node`, and gives back the payload of the next schema version.
"""

from collections.abc import Callable, Mapping

from pydantic import JsonValue

Payload = dict[str, JsonValue]
Upcaster = Callable[[Payload], Payload]


def _consumer_is_the_subject(payload: Payload) -> Payload:
    """`to_node` repeated the column that says whom the event is about."""
    edge = payload.get("edge")
    if not isinstance(edge, dict):
        return payload
    return {**payload, "edge": {name: edge[name] for name in edge if name != "to_node"}}


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("DataFlowChecked", 1): _consumer_is_the_subject,
}
"""From each schema version that is no longer written to the next; `tests/golden/histories` holds
rows of all of them."""


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
        ValueError: The payload is no mapping.
    """
    if not isinstance(payload, dict):
        raise ValueError("an event's payload is a mapping")  # noqa: TRY004 - told of the row
    for version in range(found, wanted):
        payload = upcasters[event_type, version](payload)
    return payload
