"""Taking note of the world: demote what no longer holds, restore what is back."""

from runthrough.core.commands import RecordWorld
from runthrough.core.decide.settling import (
    Surroundings,
    accepted,
    base_spec,
    completed,
    evidence_of,
    learned,
    newly_wired,
    propose,
)
from runthrough.core.events import (
    ConfigurationRestored,
    Event,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptMarkedPending,
    WorldChanged,
)
from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.state import NodeState, SessionState
from runthrough.core.validation import Proposal, errors, problems_of
from runthrough.core.values.facts import WorldChange
from runthrough.core.values.ids import NodeName
from runthrough.core.values.problems import Problem


def record_world(command: RecordWorld, state: SessionState) -> tuple[Event, ...]:
    """What the looked-at nodes have become; nothing where all is as it was.

    Nodes of a run that is on are left alone: its outcomes will speak. A closed session is looked
    at only.
    """
    if state.phase is Phase.CLOSED:
        return ()
    around = Surroundings(state, command.facts)
    planned = frozenset(state.running.plan.order) if state.running else frozenset()
    events: list[Event] = []
    for node in command.facts:
        there = state.nodes.get(node)
        if there is None or there.external or node in planned:
            continue
        events += _looked_at(around, node, there)
    return tuple(events)


def _looked_at(around: Surroundings, node: NodeName, there: NodeState) -> tuple[Event, ...]:
    """What became of a node: demoted, decided anew, restored, or nothing."""
    events = [*learned(around, node)]
    spec = base_spec(around.state, node)
    demoted: list[Event] = []
    told = there.needs
    if there.state is not Lifecycle.PENDING:
        told = errors(problems_of(propose(around, node, spec)))
        if not told:
            return tuple(events)
        changes = tuple(_change(need) for need in told)
        demoted.append(WorldChanged(node=node, changes=changes))
        demoted.append(ScriptMarkedPending(node=node, needs=told, draft=spec))
    new = newly_wired(around, node)
    events += (*demoted, *accepted(new))
    connections = around.state.connections.get(node, {}) | {c.input: c for c in new}
    proposal = propose(around, node, completed(around, node, spec, connections), connections)
    needs = errors(problems_of(proposal))
    if not needs:
        events.append(_decided(around, there, proposal))
    elif needs != told or (events and not demoted):
        events.append(ScriptMarkedPending(node=node, needs=needs, draft=proposal.spec))
    return tuple(events)


def _decided(around: Surroundings, there: NodeState, proposal: Proposal) -> Event:
    """The event of a pending node that lacks nothing any more."""
    node, spec = proposal.node, proposal.spec
    by = there.configured_by or there.restores_to
    if by is not None and there.script is not None:
        return ConfigurationRestored(node=node, spec=spec)
    evidence = evidence_of(around, proposal)
    if by == "person":
        return ScriptConfigured(node=node, spec=spec, evidence=evidence)
    return ScriptAutoConfigured(node=node, spec=spec, evidence=evidence)


def _change(problem: Problem) -> WorldChange:
    name = " ".join(filter(None, (problem.where.kind, problem.where.name)))
    return WorldChange(name=name, old="held", new=problem.message)
