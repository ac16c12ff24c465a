"""Taking note of the world: what changed, what no longer holds, and what is back."""

from runthrough.core.commands import RecordWorld
from runthrough.core.decide.rewiring import rewired
from runthrough.core.decide.settling import learned, propose, settled, unfed
from runthrough.core.decide.surroundings import Surroundings, World, answered, base_spec
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import Event, ScriptMarkedPending, WorldChanged
from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.state import SessionState
from runthrough.core.validation import errors, problems_of
from runthrough.core.values.facts import HELD, WorldChange
from runthrough.core.values.ids import NodeName
from runthrough.core.values.problems import Problem


def record_world(command: RecordWorld, state: SessionState) -> tuple[Event, ...]:
    """What the looked-at nodes have become; nothing where all is as it was.

    Nodes of a run that is on are left alone: its outcomes will speak. A closed session is looked
    at only.
    """
    return _unfolded(command.facts, state).events


def foreseen(facts: World, state: SessionState) -> SessionState:
    """The state as a look would leave it; nothing is recorded."""
    return _unfolded(facts, state).state


def _unfolded(facts: World, state: SessionState) -> Unfolding:
    unfolding = Unfolding.over(state)
    if state.phase is Phase.CLOSED:
        return unfolding
    planned = frozenset(state.running.plan.order) if state.running else frozenset()
    looked = [
        node
        for node, there in state.nodes.items()
        if node in facts and node not in planned and not there.external
    ]
    around = Surroundings(unfolding.state, facts)
    for node in looked:
        unfolding.happen(*learned(around, node))
    around.moved()  # a node whose script is found has lost its draft
    for node in looked:
        unfolding.happen(*rewired(around, node))
    for node in looked:  # when all edges are known
        demoted = _demoted(around, node)
        if demoted is None:
            unfolding.happen(*settled(around, node))
        else:
            unfolding.happen(*demoted)
    return unfolding


def _demoted(around: Surroundings, node: NodeName) -> tuple[Event, ...] | None:
    """What no longer holds of an accepted configuration, nothing where all of it does.

    `None` where that has to be settled: nothing is accepted, or it is to be freed of paths.
    """
    there = around.state.nodes[node]
    if there.spec is None or there.state is Lifecycle.PENDING:
        return None
    connected = around.state.connections.get(node, {})
    fed = answered(around.facts(node).requirements, "input", connected)
    spec = unfed(base_spec(around.state, node), fed)
    needs = errors(problems_of(propose(around, node, spec)))
    if not needs:
        return () if spec == there.spec else None
    changes = tuple(_change(need) for need in needs)
    return (
        WorldChanged(node=node, changes=changes),
        ScriptMarkedPending(node=node, needs=needs, draft=spec),
    )


def _change(problem: Problem) -> WorldChange:
    name = " ".join(filter(None, (problem.where.kind, problem.where.name)))
    return WorldChange(name=name, old=HELD, new=problem.message)
