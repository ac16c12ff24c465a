"""What a run would do, and why a node would run again."""

from collections.abc import Iterable, Mapping

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
    """Keys: run, reuse, blocked, pending; each a list of mappings in execution order.

    `run` holds node, reasons, changes (part, name, old, new) and text; `reuse` node; `blocked`
    node and by; `pending` node and needs, of the nodes in the selection that wait for a person.
    `sagemaker` is what the plan was made with.
    """
    runs = {planned.node for planned in plan.run}
    rows: list[JsonValue] = []
    for planned in plan.run:
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
        "blocked": [{"node": stopped.node, "by": list(stopped.by)} for stopped in plan.blocked],
        "pending": [
            {"node": node, "needs": [need.message for need in state.nodes[node].needs]}
            for node in plan.order
            if state.nodes[node].needs
        ],
    }


def _text(
    reasons: Iterable[PlanReason], changes: Iterable[Change], above: Iterable[NodeName]
) -> str:
    told = []
    compared = changes_text(changes)
    for reason in reasons:
        if reason == "upstream_runs":
            told.append(f"below {', '.join(above)}, which runs" if above else "")
        elif reason in {"changed", "outputs_changed"} and compared:
            told.append(compared)
        else:
            told.append(_REASONS[reason])
    return "; ".join(dict.fromkeys(filter(None, told)))


def why_view(
    state: SessionState, node: NodeName, world: World, *, sagemaker: bool | None = None
) -> View:
    """Why a run would run a node again.

    Keys: node, stale, changes (part, name, old, new), upstream: each stale node above, roots
    first, with its own changes; passed: when the last passed attempt ended, or null; outcome of
    the last attempt, or null; needs: what the node waits for, if it is pending; external.
    `sagemaker` is as for `stale`.
    """
    there = state.nodes[node]
    found = stale(state, world, sagemaker=sagemaker)
    above = reachable({node}, state.predecessors) - {node}
    return {
        "node": node,
        "stale": node in found,
        "changes": [change_view(change) for change in found.get(node, ())],
        "upstream": [
            {
                "node": name,
                "changes": [change_view(change) for change in found.get(name, ())],
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
