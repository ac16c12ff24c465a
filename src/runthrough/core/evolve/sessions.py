"""What events do to the session as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from runthrough.core.events import (
    EventEnvelope,
    PipelineChanged,
    SessionForked,
    SessionStarted,
)
from runthrough.core.lifecycle import Phase
from runthrough.core.pipeline import declared_dag
from runthrough.core.state import (
    NodeState,
    RunState,
    SessionState,
)
from runthrough.core.values.connections import (
    Connection,
    Output,
    ProposedConnection,
)
from runthrough.core.values.ids import NodeName, SessionId
from runthrough.core.values.paths import inherited
from runthrough.core.values.plans import BlockedNode, Plan, PlannedNode
from runthrough.core.values.specs import ScriptSpec

_Wire = TypeVar("_Wire", Connection, ProposedConnection)


def session_started(state: SessionState, event: SessionStarted) -> None:
    """A session began with all nodes of its pipeline, in topological order."""
    state.name = event.name
    state.phase = Phase.OPEN
    state.pipeline = event.pipeline
    state.home = event.home
    state.settings = event.settings
    _arrange(state, {})


def forked(state: SessionState, envelope: EventEnvelope, event: SessionForked) -> None:
    """What was configured and what passed is taken over; runs and what can be undone are not.

    What the parent wrote lies in the parent's own folder.
    """
    state.session_id = envelope.session_id
    state.parent, state.forked_at = event.parent, event.at
    state.name, state.phase, state.archived = event.name, Phase.OPEN, False
    state.in_part = False
    state.run = state.approval = None
    state.actions, state.taken_back, state.gone = [], [], {}
    for node in state.nodes.values():
        node.running = None
        node.spec = node.spec and _inherited(node.spec, event.parent)
        node.draft = node.draft and _inherited(node.draft, event.parent)
        node.external_outputs = {
            name: inherited(path, event.parent) for name, path in node.external_outputs.items()
        }
        if node.last is not None and node.last.log is not None:
            node.last = replace(node.last, log=inherited(node.last.log, event.parent))
        if node.passed is not None:
            outputs = {n: inherited(p, event.parent) for n, p in node.passed.outputs.items()}
            node.passed = replace(node.passed, outputs=outputs)


def _inherited(spec: ScriptSpec, parent: SessionId) -> ScriptSpec:
    return spec.model_copy(
        update={
            "input_paths": {n: inherited(p, parent) for n, p in spec.input_paths.items()},
            "output_paths": {n: inherited(p, parent) for n, p in spec.output_paths.items()},
        }
    )


def pipeline_changed(state: SessionState, event: PipelineChanged) -> None:
    """Nodes that stay are what they were, under their new names; those removed go with all ends.

    Edges that a person's connections brought stay with them.
    """
    names = event.renamed
    gone = frozenset(event.removed)
    back = {name: replace(state.gone[name]) for name in event.restored if name in state.gone}
    state.gone = {
        **{name: there for name, there in state.gone.items() if name not in back},
        **{name: _outcomes(node) for name, node in state.nodes.items() if name in gone},
    }
    before = {
        names.get(name, name): node for name, node in state.nodes.items() if name not in gone
    }
    state.connections = {
        names.get(name, name): {
            wire.input: _rewired(wire, names)
            for wire in wires.values()
            if wire.source.node not in gone
        }
        for name, wires in state.connections.items()
        if name not in gone
    }
    state.proposals = {
        names.get(name, name): kept
        for name, asked in state.proposals.items()
        if name not in gone
        and (
            kept := {
                question.input: _rewired(question, names)
                for question in asked.values()
                if question.source.node not in gone
            }
        )
    }
    state.rejected = {
        names.get(name, name): tuple(
            replace(old, source=_renamed(old.source, names))
            for old in told
            if old.source.node not in gone
        )
        for name, told in state.rejected.items()
        if name not in gone
    }
    for node in before.values():
        if node.misfits:
            node.misfits = tuple(
                replace(misfit, node=names.get(misfit.node, misfit.node))
                for misfit in node.misfits
                if misfit.node not in gone
            )
    if state.run is not None:
        state.run = _run_renamed(state.run, names)
    state.pipeline = event.pipeline
    _arrange(state, {**back, **before})


def _run_renamed(run: RunState, names: Mapping[NodeName, NodeName]) -> RunState:
    """The last run by the names that its nodes have now, so that a retry finds what it blocked."""

    def new(nodes: Iterable[NodeName]) -> tuple[NodeName, ...]:
        return tuple(names.get(node, node) for node in nodes)

    plan = run.plan
    return replace(
        run,
        plan=Plan(
            order=new(plan.order),
            run=tuple(
                PlannedNode(node=names.get(one.node, one.node), reasons=one.reasons)
                for one in plan.run
            ),
            reuse=new(plan.reuse),
            blocked=tuple(
                BlockedNode(node=names.get(one.node, one.node), by=new(one.by))
                for one in plan.blocked
            ),
        ),
        outcomes=dict(zip(new(run.outcomes), run.outcomes.values(), strict=True)),
        blocked_by={names.get(node, node): new(by) for node, by in run.blocked_by.items()},
        incompatible=[(names.get(a, a), names.get(b, b)) for a, b in run.incompatible],
    )


def _outcomes(node: NodeState) -> NodeState:
    """What had become of a node, without how it was configured."""
    return NodeState(last=node.last, passed=node.passed, misfits=node.misfits)


def _rewired(wire: _Wire, names: Mapping[NodeName, NodeName]) -> _Wire:
    node = names.get(wire.node, wire.node)
    return replace(wire, node=node, source=_renamed(wire.source, names))


def _renamed(source: Output, names: Mapping[NodeName, NodeName]) -> Output:
    name = NodeName(source.node)
    return replace(source, node=names.get(name, name))


def _arrange(state: SessionState, nodes: Mapping[NodeName, NodeState]) -> None:
    """Put nodes in topological order, with the neighbours that edges and connections give."""
    dag = declared_dag(state.pipeline)
    declared = set(dag.edges)
    brought = dict.fromkeys(
        (wire.source.node, name)
        for name, wires in state.connections.items()
        for wire in wires.values()
        if (wire.source.node, name) not in declared
    )
    for source, name in brought:
        # A decision refuses a cycle; should one be in the log, its last edge has no place.
        known = source in dag and name in dag
        if source != name and not (known and name in dag.upstream(source)):
            dag.add_edge(source, name)
    order = [NodeName(name) for name in dag.topological_sort()]
    state.nodes = {name: nodes.get(name) or NodeState() for name in order}
    before: dict[NodeName, list[NodeName]] = {name: [] for name in order}
    after: dict[NodeName, list[NodeName]] = {name: [] for name in order}
    for source, target in dag.edges:
        before[NodeName(target)].append(NodeName(source))
        after[NodeName(source)].append(NodeName(target))
    state.predecessors = {name: tuple(found) for name, found in before.items()}
    state.successors = {name: tuple(found) for name, found in after.items()}
