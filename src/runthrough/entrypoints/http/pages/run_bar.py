"""What of runs stands on a session's screen: what is on, how the last one ended, and the form."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from runthrough.bootstrap import now
from runthrough.core.planning import retried
from runthrough.core.state import RunState, SessionState
from runthrough.core.values.ids import NodeName
from runthrough.core.views.ended import blocked_by, causes_of, count_parts, why_words
from runthrough.core.views.remaining import clock_text, remaining, remaining_text
from runthrough.core.views.rows import rows_of
from runthrough.core.views.worklist import INTERRUPTED

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.entrypoints.http.pages.session import Screen

ROWS = 8
"""Nodes that are shown running."""
CAUSES = 3
"""Nodes that did not pass, of which it is told why; the work list has all."""


@dataclass(frozen=True, slots=True)
class RunningNode:
    """A node whose script runs."""

    node: NodeName
    since: datetime | None
    elapsed: str


@dataclass(frozen=True, slots=True)
class RunOn:
    """A run that is on."""

    run: str
    actor: str
    where: str
    since: datetime
    done: int
    total: int
    failed: int
    left: str
    """How long yet, in words; empty where nobody knows."""
    running: Sequence[RunningNode]
    more: int
    """How many others run."""
    cancelled_by: str | None
    gone: bool
    """Whether its tester is gone."""
    may_be_gone: bool
    """Whether it could go on here, if only somebody knew that its tester is gone."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A node that did not pass by itself, in the last run."""

    node: NodeName
    outcome: str
    why: str
    blocked: Sequence[str]
    has_log: bool
    stands: bool
    """Whether the node failed still: nothing that it depends on has changed since."""


@dataclass(frozen=True, slots=True)
class RunOver:
    """The last run, which has ended."""

    status: str
    counts: str
    actor: str
    since: datetime
    cancelled_by: str | None
    causes: Sequence[Cause]
    more: int
    """How many other nodes did not pass."""
    unfit: Sequence[str]
    """What was left that does not fit what it feeds."""


@dataclass(frozen=True, slots=True)
class RunRefused:
    """Why a run was not begun, or not ended, and what mends it."""

    message: str
    fix: str
    waiting: Sequence[tuple[str, str]] = ()
    """Nodes that need a person, and for what."""
    in_progress: bool = False
    elsewhere: bool = False
    """Whether the session is to be moved to this machine first."""


def run_names(shown: "Screen") -> Mapping[str, object]:
    """What the template of the run bar is given."""
    session, state = shown.session, shown.session.state
    rows = rows_of(shown.status["worklist"])
    gone = shown.at is None and any(
        row["category"] == "running" and row["next"] == "runthrough run" for row in rows
    )
    on = state.running
    categories = {str(row["category"]) for row in rows}
    failed = {str(row["node"]) for row in rows if row["category"] == "failed"}
    jobs = shown.visitor.service.options.jobs
    return {
        "run_on": None if on is None else _on(session, on, gone=gone, jobs=jobs),
        "run_over": None
        if on is not None or state.run is None
        else _over(state, state.run, failed),
        "run_refused": None,
        "wished": {},
        "may_run": shown.may_act and bool(shown.status["at_home"]) and (on is None or gone),
        "may_retry": gone or bool(retried(state)),
        "jobs": jobs,
        "selections": _selections(shown, categories),
    }


def _selections(shown: "Screen", categories: Collection[str]) -> list[tuple[str, str]]:
    """What may be selected: a pattern, and what it means."""
    found = [("", "all nodes")]
    found += [("state:failed", "what failed")] if "failed" in categories else []
    found += [("state:stale", "what is stale")] if "stale" in categories else []
    node = shown.overview.node
    if node is not None and not shown.session.state.nodes[node].external:
        found += [
            (node, f"{node} alone"),
            (f"{node}+", f"{node} and below"),
            (f"+{node}", f"{node} and above"),
        ]
    return found


def _on(session: "Session", on: RunState, *, gone: bool, jobs: int) -> RunOn:
    state, moment = session.state, now()
    since = {} if session.past else session.running_since()
    running = [node for node, there in state.nodes.items() if there.running is not None]
    left = [node for node in on.plan.order if node not in on.outcomes]
    past_s = {
        node: there.last.duration_s
        for node, there in state.nodes.items()
        if there.last is not None and there.last.outcome == "passed"
    }
    elapsed_s = {
        node: max(0.0, (moment - since.get(node, moment)).total_seconds()) for node in running
    }
    expected = remaining(
        left,
        state.predecessors,
        past_s={**past_s, **dict.fromkeys(on.plan.reuse, 0.0)},
        running_s=elapsed_s,
        jobs=max(jobs, len(running)),  # the log tells it far above, of what goes on now
    )
    return RunOn(
        run=on.run,
        actor=on.actor,
        where=on.holder.host_name or on.holder.host,
        since=on.started_at,
        done=len(on.plan.order) - len(left),
        total=len(on.plan.order),
        failed=len(causes_of(on)),
        left=remaining_text(expected) if expected and not (gone or session.past) else "",
        running=[
            RunningNode(node, since.get(node), clock_text(elapsed_s[node]))
            for node in running[:ROWS]
        ],
        more=max(0, len(running) - ROWS),
        cancelled_by=on.cancelled_by,
        gone=gone,
        may_be_gone=session.at_home and session.tester_unseen,
    )


def _over(state: SessionState, ran: RunState, failed: Collection[str]) -> RunOver:
    causes = causes_of(ran)
    return RunOver(
        status=str(ran.status),
        counts=", ".join(count_parts(ran)),
        actor=ran.actor,
        since=ran.started_at,
        cancelled_by=ran.cancelled_by,
        causes=[
            _cause(state, ran, node, failed) for node in causes[:CAUSES] if node in state.nodes
        ],
        more=max(0, len(causes) - CAUSES),
        unfit=[
            f"{node}.{misfit.output} → {misfit.node}.{misfit.input}: {misfit.text}"
            for node, there in state.nodes.items()
            for misfit in there.misfits
            if (node, misfit.node) in ran.incompatible
        ],
    )


def _cause(state: SessionState, ran: RunState, node: NodeName, failed: Collection[str]) -> Cause:
    last = state.nodes[node].last
    last = last if last is not None and last.run == ran.run else None
    return Cause(
        node=node,
        outcome=ran.outcomes[node],
        why=why_words(last.error) if last else "",
        blocked=blocked_by(ran, node),
        has_log=last is not None and last.log is not None,
        stands=node in failed or ran.outcomes[node] in INTERRUPTED,
    )
