"""Forks in the log: whose events stand before a session's own.

A fork's first event names the session that it goes on from, and the version. So a session's
events are those of its ancestors, each up to a version, then its own; they never change.
"""

from collections.abc import Callable
from typing import NamedTuple

from runthrough.adapters.store import codec
from runthrough.core.events import SessionForked
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import StoredEvent
from runthrough.errors import LogCorruptError

FORKED = "SessionForked"
"""The type of a fork's first event, as it is stored."""


class Stretch(NamedTuple):
    """A part of a session's history that an ancestor recorded."""

    session_id: SessionId
    upto: int
    """The last version that is taken over from it."""


Lineage = tuple[Stretch, ...]
"""A session's ancestors, the oldest first; empty for one that is no fork."""


def lineage_of(
    session_id: SessionId, first_of: Callable[[SessionId], StoredEvent | None]
) -> Lineage:
    """The ancestors of a session; `first_of` gives the first event that a session has itself.

    Raises:
        LogCorruptError: A fork does not go on from where it says.
    """
    found: list[Stretch] = []
    fork = first_of(session_id)
    while fork is not None and fork.type == FORKED:
        before = forked_from(fork)
        first = first_of(before.session_id)
        # Each ancestor begins before it was forked, so that the line comes to an end.
        if first is None or first.version > before.upto:
            raise LogCorruptError(
                fork.position, f"session {before.session_id} has no version {before.upto}"
            )
        found.append(before)
        fork = first
    return tuple(reversed(found))


def forked_from(row: StoredEvent) -> Stretch:
    """What stands before a fork's first event.

    Raises:
        LogCorruptError: The event does not go on from where it says.
    """
    event = codec.decode(row).event
    if not isinstance(event, SessionForked) or event.at != row.version - 1:
        raise LogCorruptError(row.position, "it does not go on from the version that it names")
    return Stretch(event.parent, event.at)
