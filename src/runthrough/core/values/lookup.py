"""Which of the sessions was asked for."""

from collections.abc import Sequence

from runthrough.core.values.store import SessionEntry

SHORTEST_PREFIX = 4
"""Characters of an id that tell sessions apart; fewer are likelier a name."""


def choose(asked: str, sessions: Sequence[SessionEntry]) -> SessionEntry | None:
    """The session of that id, else of that unique start of an id, else of that name.

    Of sessions with one name the open one is meant, else the one with the latest event;
    `sessions` come latest first.
    """
    by_id = [entry for entry in sessions if entry.session_id == asked]
    if not by_id and len(asked) >= SHORTEST_PREFIX:
        by_id = [entry for entry in sessions if entry.session_id.startswith(asked)]
    if len(by_id) == 1:
        return by_id[0]
    named = [entry for entry in sessions if entry.name == asked]
    return next((entry for entry in named if entry.phase == "open"), next(iter(named), None))
