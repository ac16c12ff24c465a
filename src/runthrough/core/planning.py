"""What runs, what is reused, what is blocked, each with its reason."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from runthrough.core.names import nearest
from runthrough.core.staleness import (
    World,
    fingerprint,
    output_changes,
    stale,
    told_differences,
)
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.plans import BlockedNode, Plan, PlannedNode, PlanReason
from runthrough.errors import SelectionError


def reachable(
    starts: Iterable[NodeName], links: Mapping[NodeName, Sequence[NodeName]]
) -> frozenset[NodeName]:
    """All nodes that the links lead to from `starts`, those included."""
    seen = set(starts)
    waiting = list(seen)
    while waiting:
        for following in links.get(waiting.pop(), ()):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return frozenset(seen)


FAILED, STALE = "state:failed", "state:stale"
"""Patterns for the nodes whose last attempt failed, and for those that no longer stand."""
_NONE = {
    FAILED: "no node's last attempt has failed",
    STALE: "all that passed stands, or nothing has passed yet",
}
_FAILURES = frozenset({"failed", "timed_out", "crashed", "lost"})
_TO_RETRY = _FAILURES | {"cancelled"}
"""Somebody who cancelled an attempt, or interrupted its run, wants it after all."""


def selected(
    state: SessionState, select: Sequence[str], world: World
) -> dict[str, frozenset[NodeName]]:
    """The nodes that each pattern selects: `node`, `node+` (and below), `+node` (and above).

    `state:failed` and `state:stale` select by what has become of the nodes. A pattern that is a
    node's very name means that node. No pattern selects all. External nodes are never selected.
    An unknown name selects nothing.
    """
    patterns: dict[str, frozenset[NodeName]] = {}
    for pattern in select or ("",):
        name = NodeName(pattern.removeprefix("+").removesuffix("+"))
        if not pattern:
            nodes = frozenset(() if select else state.nodes)
        elif pattern in state.nodes:
            nodes = frozenset({NodeName(pattern)})
        elif pattern == FAILED:
            nodes = frozenset(_ended(state, _FAILURES))
        elif pattern == STALE:
            nodes = frozenset(stale(state, world))
        elif name not in state.nodes:
            nodes = frozenset()
        else:
            nodes = frozenset({name})
            if pattern.startswith("+"):
                nodes |= reachable({name}, state.predecessors)
            if pattern.endswith("+"):
                nodes |= reachable({name}, state.successors)
        patterns[pattern] = frozenset(n for n in nodes if not state.nodes[n].external)
    return patterns


def chosen(state: SessionState, select: Sequence[str], world: World) -> frozenset[NodeName]:
    """All nodes that the patterns of a selection select.

    Raises:
        SelectionError: A pattern selects no node.
    """
    nodes: frozenset[NodeName] = frozenset()
    for pattern, found in selected(state, select, world).items():
        if not found and select and not pattern:
            raise SelectionError(pattern, why="it is empty")
        if not found:
            raise _nothing_selected(state, pattern)
        nodes |= found
    return nodes


def _nothing_selected(state: SessionState, pattern: str) -> SelectionError:
    if pattern in _NONE:
        return SelectionError(pattern, why=_NONE[pattern])
    name = pattern if pattern in state.nodes else pattern.removeprefix("+").removesuffix("+")
    if name in state.nodes:
        return SelectionError(pattern, why=f"{name} is external, and never runs")
    known = [node for node, there in state.nodes.items() if not there.external]
    return SelectionError(pattern or "all", nearest(pattern.strip("+"), (*known, FAILED, STALE)))


def retried(state: SessionState) -> tuple[NodeName, ...]:
    """What a retry runs: nodes whose last attempt did not pass, and what they blocked.

    So does what the last run was to run and never came to, as behind a cancelled run, or beside
    the first failure of one that ended with it.
    A node whose output does not fit what it feeds failed too, with its consumers. That is what
    the last run says they blocked, and below them what has never passed; and above these what the
    last run was to run and did not come to, since without it they could not run.
    """
    failed = set(_ended(state, _TO_RETRY))
    by = state.run.blocked_by if state.run is not None else {}
    below = reachable(failed, state.successors) - failed
    again = failed | {n for n in below if n in by or state.nodes[n].passed is None}
    again |= set(_not_come_to(state))
    again |= {misfit.node for node in failed for misfit in state.nodes[node].misfits}
    planned = frozenset(state.run.plan.order) if state.run is not None else frozenset()
    above = reachable(again, state.predecessors) & planned
    again |= {n for n in above if state.nodes[n].passed is None}
    return tuple(n for n in state.nodes if n in again and not state.nodes[n].external)


def _not_come_to(state: SessionState) -> Iterator[NodeName]:
    """What the last run was to run, and ended without."""
    run = state.run
    if run is not None and run.status is not None:
        planned = (planned.node for planned in run.plan.run)
        yield from (n for n in planned if n not in run.outcomes and n in state.nodes)


def _ended(state: SessionState, outcomes: Collection[str]) -> Iterator[NodeName]:
    for node, there in state.nodes.items():
        failed = there.last is not None and there.last.outcome in outcomes
        if failed or there.misfits:
            yield node


def plan_run(
    state: SessionState,
    nodes: frozenset[NodeName],
    world: World,
    *,
    reuse: bool,
    sagemaker: bool | None = None,
) -> Plan:
    """The plan for a selection: every node of it in execution order, and what happens to it.

    `sagemaker` says what the run sets; left out, each node is taken as it last passed.
    """
    order = tuple(node for node in state.nodes if node in nodes)
    runs: dict[NodeName, PlannedNode] = {}
    reused: list[NodeName] = []
    blocked: dict[NodeName, BlockedNode] = {}
    for node in order:
        by = _in_the_way(state, node, nodes, blocked)
        if by:
            blocked[node] = BlockedNode(node=node, by=by)
            continue
        facts = world.get(node, NodeFacts())
        reasons = _reasons(state, node, facts, runs, reuse=reuse, sagemaker=sagemaker)
        if reasons:
            runs[node] = PlannedNode(node=node, reasons=reasons)
        else:
            reused.append(node)
    return Plan(
        order=order,
        run=tuple(runs.values()),
        reuse=tuple(reused),
        blocked=tuple(blocked.values()),
    )


def _in_the_way(
    state: SessionState,
    node: NodeName,
    nodes: frozenset[NodeName],
    blocked: Mapping[NodeName, BlockedNode],
) -> tuple[NodeName, ...]:
    """Direct predecessors that keep a node from running: not selected without a passed result."""
    return tuple(
        above
        for above in state.predecessors.get(node, ())
        if above in blocked or (above not in nodes and state.outputs_of(above) is None)
    )


def _reasons(
    state: SessionState,
    node: NodeName,
    facts: NodeFacts,
    runs: Mapping[NodeName, PlannedNode],
    *,
    reuse: bool,
    sagemaker: bool | None,
) -> tuple[PlanReason, ...]:
    there = state.nodes[node]
    reasons: list[PlanReason] = []
    if there.passed is None:
        reasons.append("never_passed")
    if there.last is not None and there.last.outcome != "passed":
        reasons.append("last_attempt_failed")
    if there.misfits:
        reasons.append("does_not_fit")
    if there.passed is not None:
        present = fingerprint(state, node, facts, sagemaker=sagemaker)
        if present is None or told_differences(there.passed.fingerprint, present, facts):
            reasons.append("changed")
        if output_changes(state, node, facts):
            reasons.append("outputs_changed")
    if any(above in runs for above in state.predecessors.get(node, ())):
        reasons.append("upstream_runs")
    if not reuse:
        reasons.append("not_reused")
    return tuple(reasons)
