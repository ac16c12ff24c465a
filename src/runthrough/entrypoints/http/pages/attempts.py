"""What is known of the chosen node: how it stands and why, and its attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from runthrough.core.events import ScriptExecuted
from runthrough.core.staleness import Change
from runthrough.core.state import LastAttempt, SessionState
from runthrough.core.values.ids import AttemptId, NodeName, RunId
from runthrough.core.values.outcomes import Frame
from runthrough.core.views.changes import change_words
from runthrough.core.views.configured_words import configured_words
from runthrough.core.views.ended import exit_words, source_lines, told_frames, why_words
from runthrough.core.views.rows import rows_of

if TYPE_CHECKING:
    from runthrough.entrypoints.http.pages.session import Screen

KEPT = 5
"""Attempts that the screen of a session tells; the screen of the logs tells more."""
LOOKED_AT = 500
"""Events that it looks back for them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not pass, as the command line tells it."""

    outcome: str
    why: str
    exit: str
    frames: Sequence[tuple[Frame, Sequence[tuple[int, str, bool]]]]
    hints: Sequence[str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that ended, in a row."""

    attempt: AttemptId
    run: RunId
    outcome: str
    at: datetime
    duration_s: float
    exit: str
    why: str
    has_log: bool


def failure_of(ended: LastAttempt | ScriptExecuted) -> Failure | None:
    """What is told of an attempt that did not pass; `None` of one that did."""
    if ended.outcome == "passed":
        return None
    error = ended.error
    return Failure(
        outcome=ended.outcome,
        why=why_words(error),
        exit=exit_words(ended.exit_code, error),
        frames=[(f, tuple(source_lines(f))) for f in told_frames(error.own_frames)]
        if error
        else (),
        hints=error.hints if error else (),
    )


def attempt_rows(ended: Sequence[tuple[datetime, ScriptExecuted]]) -> list[Attempt]:
    """A row for each attempt that ended."""
    return [
        Attempt(
            attempt=event.attempt,
            run=event.run,
            outcome=event.outcome,
            at=at,
            duration_s=event.duration_s,
            exit=exit_words(event.exit_code, event.error),
            why=event.error.headline if event.error else "",
            has_log=event.log is not None,
        )
        for at, event in ended
    ]


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """How a node stands, by whom and why."""

    by: str
    """Who configured it, in words; empty where it is not."""
    at: datetime | None
    evidence: Sequence[str]
    changes: Sequence[str]
    """What changed since it passed, old → new."""
    may_accept: bool
    """Whether it may stand as it passed, although that changed."""
    running: bool
    failure: Failure | None
    attempts: Sequence[Attempt]
    has_log: bool


def node_names(shown: "Screen") -> Mapping[str, object]:
    """What the template of the node's facts is given."""
    node = shown.overview.node
    return {"facts": None if node is None else _facts(shown, node)}


def _facts(shown: "Screen", node: NodeName) -> NodeFacts:
    session = shown.session
    there = session.state.nodes[node]
    views = shown.status["nodes"]
    view = views[node] if isinstance(views, dict) else None
    stale = rows_of(view["stale"]) if isinstance(view, dict) else []
    changes = [Change(str(row["part"]), str(row["name"]), row["old"], row["new"]) for row in stale]
    told = next(r for r in rows_of(shown.status["worklist"]) if r["node"] == node)["evidence"]
    own = [change for change in changes if change.part != "upstream"]
    ended = (
        session.ended_attempts(node, at_most=KEPT, looked_at=LOOKED_AT)
        if there.last is not None
        else []
    )
    return NodeFacts(
        by=_by(session.state, node) if there.spec is not None else "",
        at=there.accepted_at if there.spec is not None else None,
        evidence=[str(line) for line in told] if isinstance(told, list) else [],
        changes=[change_words(change, digests=True) for change in changes],
        may_accept=shown.may_act and session.at_home and bool(own) and there.passed is not None,
        running=there.running is not None,
        failure=failure_of(there.last) if there.last is not None else None,
        attempts=attempt_rows(ended),
        has_log=there.running is not None
        or (there.last is not None and there.last.log is not None),
    )


def _by(state: SessionState, node: NodeName) -> str:
    there, wires = state.nodes[node], state.connections.get(node, {})
    by_hand = [name for name, wire in wires.items() if wire.status == "confirmed"]
    return (
        f"configured {configured_words(there.configured_by, there.accepted_by, by_hand)}".rstrip()
    )
