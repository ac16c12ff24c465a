"""A session's state in the words of plain dictionaries, so that it can be held against them."""

from collections.abc import Mapping
from typing import Any

from tests.support.sheets import EDGES, INPUTS, OUTPUTS

from runthrough.core.events import EventEnvelope
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName

Key = tuple[str, str, str]
"""Node, kind and name of a value."""
KINDS = {"input": "input_paths", "env": "environ_vars", "arg": "job_args"}
"""Kind of a value → where a configuration has it."""
UNCHANGING = frozenset({"CommandRefused", "ConfigurationRejected", "NoteAdded"})


def concerns(envelope: EventEnvelope, state: SessionState) -> tuple[str, ...]:
    """Whom it concerns that this has happened, by the words of DESIGN § 10."""
    event = envelope.event
    if event.type in {"SessionStarted", "SessionClosed", "SessionReopened"}:
        return tuple(state.nodes)
    if event.type == "RunStarted":
        return event.plan.order
    if event.type == "ConfigurationReverted":
        return event.nodes
    if event.type == "PipelineChanged":
        return (*event.added, *event.renamed, *event.renamed.values(), *event.changed)
    node = getattr(event, "node", None)
    return () if node is None or event.type in UNCHANGING | {"DataFlowChecked"} else (node,)


def spec_of(state: SessionState, name: NodeName) -> dict[tuple[str, str], Any]:
    """What is known of a node's configuration, accepted or not; at first what is declared."""
    node = state.nodes[name]
    spec = node.spec or node.draft or state.declared(name)
    return {
        (kind, name): value.removeprefix("workspace:") if kind == "input" else value
        for kind, part in KINDS.items()
        for name, value in getattr(spec, part, {}).items()
    }


def values_of(state: SessionState) -> dict[Key, Any]:
    """Node, kind and name → value."""
    return flat({name: spec_of(state, name) for name in state.nodes})


def flat(values: Mapping[str, Mapping[tuple[str, str], Any]]) -> dict[Key, Any]:
    """One dictionary out of one a node."""
    return {(node, *key): v for node, there in values.items() for key, v in there.items()}


def changed(before: Mapping[Key, Any], after: Mapping[Key, Any]) -> set[Key]:
    """The values that one has and the other has not, or another one."""
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def wires_of(state: SessionState) -> dict[str, str]:
    """Node → by whose word the node above feeds its input; there are no other connections."""
    above = {target: source for source, target in EDGES}
    found = {}
    for node, wires in state.connections.items():
        for name, wire in wires.items():
            source = above[node]
            assert (name, wire.source.node, wire.source.output, wire.source.subpath) == (
                INPUTS[node],
                source,
                OUTPUTS[source],
                None,
            )
            found[node] = wire.status
    return found
