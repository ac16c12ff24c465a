"""What runs, what is reused, what is blocked, each with its reason."""

from collections.abc import Iterable, Mapping, Sequence

from runthrough.core.staleness import World, differences, fingerprint, output_changes
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.plans import BlockedNode, Plan, PlannedNode, PlanReason


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


def selected(state: SessionState, select: Sequence[str]) -> dict[str, frozenset[NodeName]]:
    """The nodes that each pattern selects: `node`, `node+` (and below), `+node` (and above).

    No pattern selects all. External nodes are never selected. An unknown name selects nothing.
    """
    patterns: dict[str, frozenset[NodeName]] = {}
    for pattern in select or ("",):
        name = NodeName(pattern.removeprefix("+").removesuffix("+"))
        if not pattern:
            nodes = frozenset(state.nodes)
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


def plan_run(
    state: SessionState, nodes: frozenset[NodeName], world: World, *, reuse: bool
) -> Plan:
    """The plan for a selection: every node of it in execution order, and what happens to it."""
    order = tuple(node for node in state.nodes if node in nodes)
    runs: dict[NodeName, PlannedNode] = {}
    reused: list[NodeName] = []
    blocked: dict[NodeName, BlockedNode] = {}
    for node in order:
        by = _in_the_way(state, node, nodes, blocked)
        if by:
            blocked[node] = BlockedNode(node=node, by=by)
            continue
        reasons = _reasons(state, node, world.get(node, NodeFacts()), runs, reuse=reuse)
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
) -> tuple[PlanReason, ...]:
    there = state.nodes[node]
    reasons: list[PlanReason] = []
    if there.passed is None:
        reasons.append("never_passed")
    if there.last is not None and there.last.outcome != "passed":
        reasons.append("last_attempt_failed")
    if there.passed is not None:
        present = fingerprint(state, node, facts)
        if present is None or differences(there.passed.fingerprint, present):
            reasons.append("changed")
        if output_changes(state, node, facts):
            reasons.append("outputs_changed")
    if any(above in runs for above in state.predecessors.get(node, ())):
        reasons.append("upstream_runs")
    if not reuse:
        reasons.append("not_reused")
    return tuple(reasons)
