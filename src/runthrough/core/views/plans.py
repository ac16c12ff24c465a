"""What a run would do, and why a node would run again."""

from collections.abc import Collection, Iterable, Mapping

from pydantic import JsonValue

from runthrough.core.planning import reachable
from runthrough.core.staleness import Change, World, changes_of, stale
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.plans import Plan, PlanReason
from runthrough.core.views.changes import change_view, changes_text
from runthrough.core.views.nodes import View

_REASONS: Mapping[PlanReason, str] = {
    "never_passed": "never passed",
    "last_attempt_failed": "its last attempt did not pass",
    "changed": "cannot be compared with its last attempt",
    "outputs_changed": "what it left is not there as it was",
    "does_not_fit": "what it left does not fit what it feeds",
    "not_reused": "nothing is reused",
}
"""Words for the reasons that say all by themselves."""


def plan_view(
    state: SessionState, plan: Plan, world: World, *, sagemaker: bool | None = None
) -> View:
    """Keys: run, reuse, blocked, pending, outdated; each a list of mappings in execution order.

    `run` holds node, reasons, changes (part, name, old, new) and text; `reuse` node; `blocked`
    node and by; `pending` node and needs, of the nodes in the selection that wait for a person,
    which block all that would run below them. `outdated` is as in `outdated_view`. `sagemaker`
    is what the plan was made with.
    """
    pending = dict.fromkeys(node for node in plan.order if state.nodes[node].needs)
    blocked = _stopped(state, plan, pending)
    runs = {p.node for p in plan.run if p.node not in pending and p.node not in blocked}
    rows: list[JsonValue] = []
    for planned in plan.run:
        if planned.node not in runs:
            continue
        facts = world.get(planned.node, NodeFacts())
        changes = changes_of(state, planned.node, facts, sagemaker=sagemaker)
        above = [name for name in state.predecessors.get(planned.node, ()) if name in runs]
        rows.append(
            {
                "node": planned.node,
                "reasons": list(planned.reasons),
                "changes": [change_view(change) for change in changes],
                "text": _text(planned.reasons, changes, above),
            }
        )
    return {
        "run": rows,
        "reuse": [{"node": node} for node in plan.reuse],
        "blocked": [{"node": node, "by": list(by)} for node, by in blocked.items()],
        "pending": [
            {"node": node, "needs": [need.message for need in state.nodes[node].needs]}
            for node in pending
        ],
        "outdated": [
            row for row in outdated_view(state, plan.order, world) if row["node"] not in blocked
        ],
    }


def _stopped(
    state: SessionState, plan: Plan, pending: Collection[NodeName]
) -> dict[NodeName, tuple[NodeName, ...]]:
    """What cannot run, each with what is right above it and cannot either, or waits.

    A run is refused while a node of its selection is pending, so a plan knows nothing of that.
    """
    known = {stopped.node: stopped.by for stopped in plan.blocked}
    found: dict[NodeName, tuple[NodeName, ...]] = {}
    for node in plan.order:
        above = state.predecessors.get(node, ())
        by = known.get(node, ()) + tuple(
            name for name in above if name in pending or name in found
        )
        if by and node not in pending:
            found[node] = tuple(dict.fromkeys(by))
    return found


def outdated_view(state: SessionState, nodes: Collection[NodeName], world: World) -> list[View]:
    """The nodes of a selection that stand on what no longer holds and is not selected itself.

    Keys: node; above: what changed or failed above it since it passed, roots first; text.
    """
    chosen = frozenset(nodes)
    if all(node in chosen or there.external for node, there in state.nodes.items()):
        return []
    changed = stale(state, world)
    fallen: dict[NodeName, str] = {}
    upon: dict[NodeName, frozenset[NodeName]] = {}
    for node in state.nodes:
        direct = state.predecessors.get(node, ())
        above = frozenset(name for name in direct if name in fallen)
        upon[node] = above.union(*(upon[name] for name in direct))
        if node not in chosen and (told := _fallen(state, node, changed.get(node, ()))):
            fallen[node] = told
    return [
        {
            "node": node,
            "above": [name for name in fallen if name in upon[node]],
            "text": _upon(fallen, upon[node]),
        }
        for node in state.nodes
        if node in chosen and upon[node]
    ]


def _fallen(state: SessionState, node: NodeName, changes: Iterable[Change]) -> str:
    """Why what a node left does not stand by itself, after the words "what NODE left"."""
    there = state.nodes[node]
    if there.external or there.passed is None:
        return ""
    if any(change.part != "upstream" for change in changes):
        return "before it changed"
    if there.last is not None and there.last.outcome != "passed":
        return "before an attempt that did not pass"
    return "that does not fit what it feeds" if there.misfits else ""


def _upon(fallen: Mapping[NodeName, str], above: Collection[NodeName]) -> str:
    told = [f"what {name} left {why}" for name, why in fallen.items() if name in above]
    return f"stands on {' and '.join(told)}"


def _text(
    reasons: Iterable[PlanReason], changes: Iterable[Change], above: Iterable[NodeName]
) -> str:
    told = []
    compared = changes_text(changes)
    for reason in reasons:
        if reason == "upstream_runs":
            told.append(_below_running(tuple(above)))
        elif reason in {"changed", "outputs_changed"} and compared:
            told.append(compared)
        else:
            told.append(_REASONS[reason])
    return "; ".join(dict.fromkeys(filter(None, told)))


def _below_running(above: tuple[NodeName, ...]) -> str:
    verb = "runs" if len(above) == 1 else "run"
    return f"below {' and '.join(above)}, which {verb}" if above else ""


def why_view(
    state: SessionState, node: NodeName, world: World, *, sagemaker: bool | None = None
) -> View:
    """Why a run would run a node again.

    Keys: node, stale, changes (part, name, old, new), upstream: each stale node above, roots
    first and once each, with its own changes; passed: when the last passed attempt ended, or
    null; outcome of the last attempt, or null; needs: what the node waits for, if it is pending;
    external. `sagemaker` is as for `stale`.
    """
    there = state.nodes[node]
    found = stale(state, world, sagemaker=sagemaker)
    above = reachable({node}, state.predecessors) - {node}
    return {
        "node": node,
        "stale": node in found,
        "changes": _own(found.get(node, ())),
        "upstream": [
            {
                "node": name,
                "changes": _own(found.get(name, ())),
                "passed": state.nodes[name].passed is not None,
            }
            for name in state.nodes
            if name in above
            and not state.nodes[name].external
            and (name in found or state.nodes[name].passed is None)
        ],
        "passed": there.passed.at.isoformat() if there.passed else None,
        "outcome": there.last.outcome if there.last else None,
        "needs": [need.message for need in there.needs],
        "external": there.external,
    }


def _own(changes: Iterable[Change]) -> list[JsonValue]:
    """What changed at a node itself: the nodes above it are told by themselves."""
    return [change_view(change) for change in changes if change.part != "upstream"]
