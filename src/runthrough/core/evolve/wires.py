"""What events do to connections, questions and edges."""

from runthrough.core.events import (
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    ConnectionRemoved,
    DataFlowChecked,
)
from runthrough.core.evolve.nodes import answered, node_of
from runthrough.core.state import (
    Misfit,
    SessionState,
)
from runthrough.core.values.connections import (
    Connection,
    ConnectionStatus,
    Output,
    ProposedConnection,
    Rejection,
)
from runthrough.core.values.ids import NodeName


def proposed(state: SessionState, event: ConnectionProposed) -> None:
    """A person is asked."""
    state.proposals.setdefault(event.node, {})[event.input] = ProposedConnection(
        event.node,
        event.input,
        Output(event.from_node, event.output, event.subpath),
        event.score,
        event.margin,
        event.reason,
        event.runner_up,
        event.subpath_choices,
        event.expected,
        event.outside,
    )


def rejected(state: SessionState, event: ConnectionRejected) -> None:
    """An output is not asked about again."""
    answered(state, event.node, (event.input,))
    rejection = Rejection(event.input, Output(event.from_node, event.output))
    there = state.rejected.get(event.node, ())
    if rejection not in there:
        state.rejected[event.node] = (*there, rejection)


def connected(state: SessionState, event: ConnectionAccepted | ConnectionConfirmed) -> None:
    """An input is fed, and no longer asked about."""
    source = Output(event.from_node, event.output, event.subpath)
    before = state.connections.get(event.node, {}).get(event.input)
    if before is not None and before.source != source:
        fits(state, NodeName(before.source.node), event.node, event.input)
    status: ConnectionStatus = "confirmed"
    if isinstance(event, ConnectionAccepted):
        # What the rules accept has a score, what the pipeline declares has none.
        status = "declared" if event.score is None else "accepted"
    state.connections.setdefault(event.node, {})[event.input] = Connection(
        event.node,
        event.input,
        source,
        status,
        event.score,
        event.reason,
        event.margin if isinstance(event, ConnectionAccepted) else None,
    )
    answered(state, event.node, (event.input,))
    rejection = Rejection(event.input, Output(event.from_node, event.output))
    if rejection in state.rejected.get(event.node, ()):
        left = tuple(other for other in state.rejected[event.node] if other != rejection)
        state.rejected[event.node] = left
    if event.from_node not in state.predecessors.get(event.node, ()):
        _add_edge(state, event.from_node, event.node)


def disconnected(state: SessionState, event: ConnectionRemoved) -> None:
    """An edge that only a connection had brought goes with it."""
    answered(state, event.node, (event.input,))
    left = state.connections.get(event.node, {})
    if event.input not in left:
        return  # it was proposed only
    left.pop(event.input, None)
    fits(state, event.from_node, event.node, event.input)
    edge = (event.from_node, event.node)
    if edge in state.pipeline.edges or any(c.source.node == edge[0] for c in left.values()):
        return
    above, below = state.predecessors.get(event.node, ()), state.successors.get(edge[0], ())
    state.predecessors[event.node] = tuple(node for node in above if node != edge[0])
    state.successors[edge[0]] = tuple(node for node in below if node != edge[1])


def _add_edge(state: SessionState, source: NodeName, target: NodeName) -> None:
    """A person's connection brings its edge; nodes stay in topological order.

    Of the nodes from the target to the source, those below the target move behind the source.
    """
    for end in (source, target):
        node_of(state, end)
    state.predecessors[target] = (*state.predecessors.get(target, ()), source)
    state.successors[source] = (*state.successors.get(source, ()), target)
    names = list(state.nodes)
    first, last = names.index(target), names.index(source)
    moved: dict[NodeName, None] = {target: None}
    stay: list[NodeName] = []
    for name in names[first + 1 : last + 1]:
        if moved.keys() & state.predecessors.get(name, ()):
            moved[name] = None
        else:
            stay.append(name)
    if stay:
        order = (*names[:first], *stay, *moved, *names[last + 1 :])
        state.nodes = {name: state.nodes[name] for name in order}


def flow_checked(state: SessionState, event: DataFlowChecked) -> None:
    """What was found at a connection stands until the next look."""
    edge = event.edge
    fits(state, edge.from_node, event.node, edge.input)
    if event.result.compatible:
        return
    if state.run is not None:
        state.run.incompatible.append((edge.from_node, event.node))
    wrong = next((issue for issue in event.result.issues if issue.severity == "error"), None)
    text, fix = (wrong.message, wrong.fix) if wrong else ("it does not fit", "")
    misfit = Misfit(event.node, edge.input, edge.output, text, fix)
    producer = node_of(state, edge.from_node)
    producer.misfits = (*producer.misfits, misfit)


def fits(state: SessionState, producer: NodeName, consumer: NodeName, name: str) -> None:
    """What was found wrong with an input's source says nothing of another, or of a new look."""
    there = node_of(state, producer)
    if there.misfits:
        there.misfits = tuple(m for m in there.misfits if (m.node, m.input) != (consumer, name))
