"""Taking note of the world: demote what no longer holds, restore what is back."""

from runthrough.core.commands import RecordWorld
from runthrough.core.decide.settling import (
    Surroundings,
    accepted,
    base_spec,
    completed,
    evidence_of,
    newly_wired,
    propose,
)
from runthrough.core.decide.starting import discovered
from runthrough.core.events import (
    ConfigurationRestored,
    Event,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptMarkedPending,
    WorldChanged,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.state import NodeState, SessionState
from runthrough.core.validation import Proposal, errors, problems_of
from runthrough.core.values.facts import WorldChange
from runthrough.core.values.ids import NodeName
from runthrough.core.values.problems import Problem


def record_world(command: RecordWorld, state: SessionState) -> tuple[Event, ...]:
    """What the looked-at nodes have become; nothing where all is as it was.

    Nodes of a run that is on are left alone: its outcomes will speak.
    """
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
    facts = around.facts(node)
    events: list[Event] = []
    if there.script is None and facts.script is not None:
        events += discovered(node, facts)
    elif facts.reread is not None:
        events.append(
            RequirementsRead(node=node, requirements=facts.requirements, because=facts.reread)
        )
    pending = there.state is Lifecycle.PENDING
    connections = dict(around.state.connections.get(node, {}))
    spec = base_spec(around.state, node)
    if pending:
        new = newly_wired(around, node)
        events += accepted(new)
        connections |= {connection.input: connection for connection in new}
        spec = completed(around, node, spec, connections)
    proposal = propose(around, node, spec, connections)
    needs = errors(problems_of(proposal))
    if pending:
        events += _still_pending(around, there, proposal, needs, told=bool(events))
    elif needs:
        events.append(WorldChanged(node=node, changes=tuple(_change(need) for need in needs)))
        events.append(ScriptMarkedPending(node=node, needs=needs, draft=spec))
    return tuple(events)


def _still_pending(
    around: Surroundings,
    there: NodeState,
    proposal: Proposal,
    needs: tuple[Problem, ...],
    *,
    told: bool,
) -> tuple[Event, ...]:
    """What a pending node has become; `told`: something new about it stands in history."""
    node, spec = proposal.node, proposal.spec
    if needs and (told or needs != there.needs):
        return (ScriptMarkedPending(node=node, needs=needs, draft=spec),)
    if needs:
        return ()
    if there.restores_to is not None:
        return (ConfigurationRestored(node=node, spec=spec),)
    evidence = evidence_of(around, proposal)
    return (ScriptAutoConfigured(node=node, spec=spec, evidence=evidence),)


def _change(problem: Problem) -> WorldChange:
    name = " ".join(filter(None, (problem.where.kind, problem.where.name)))
    return WorldChange(name=name, old="held", new=problem.message)
