"""A session in brief, as the log tells it: nothing is looked at for it."""

from collections import Counter

from pydantic import JsonValue

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.state import SessionState
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.nodes import View

EXTERNAL = "external"
"""Counts nodes that stand for something outside, which have no lifecycle state."""


def brief_view(state: SessionState) -> View:
    """What is known of a session without a look at its files.

    Keys: session_id, name, dag_name, phase, version, home, last_actor, last_at, archived, parent,
    forked_at, nodes (how many are in each lifecycle state, and how many are `external`), run (the
    one that is on, or the last one), approved (the version that was signed off last).
    """
    return {
        "session_id": state.session_id,
        "name": state.name,
        "dag_name": state.pipeline.name,
        "phase": state.phase.value,
        "version": state.version,
        "home": state.home.model_dump(mode="json") if state.home else None,
        "last_actor": state.last_actor,
        "last_at": state.last_at.isoformat() if state.last_at else None,
        "archived": state.archived,
        "parent": state.parent,
        "forked_at": state.forked_at or None,
        "nodes": _counts(state),
        "run": _run(state),
        "approved": state.approval.version if state.approval else None,
    }


def entry_view(entry: SessionEntry) -> View:
    """A session as lists tell it; the fields' names but for when it began."""
    return {
        "session_id": entry.session_id,
        "name": entry.name,
        "dag_name": entry.dag_name,
        "phase": entry.phase,
        "version": entry.version,
        "last_actor": entry.last_actor,
        "updated_at": entry.updated_at.isoformat(),
        "parent": entry.parent,
        "forked_at": entry.forked_at or None,
        "archived": entry.archived,
    }


def _counts(state: SessionState) -> dict[str, JsonValue]:
    found: Counter[str] = Counter()
    for there in state.nodes.values():
        if there.external:
            found[EXTERNAL] += 1
        elif there.state is not None:
            found[there.state.value] += 1
    return {word: found[word] for word in (*(each.value for each in Lifecycle), EXTERNAL)}


def _run(state: SessionState) -> View | None:
    run = state.run
    if run is None:
        return None
    return {
        "run": run.run,
        "status": run.status,
        "actor": run.actor,
        "started_at": run.started_at.isoformat(),
        "cancelled_by": run.cancelled_by,
    }
