"""Leading nodes to a configuration that stood before, through ordinary events.

What is led to is validated against what was seen of the world today: what no longer holds is
kept as a draft, so that it holds again as soon as the world lets it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from runthrough.core.decide.configuring import consumers
from runthrough.core.decide.rewiring import accepted, confirmed, rejected, removed, rewired
from runthrough.core.decide.settling import (
    discovered,
    evidence_of,
    judged,
    learned,
    read,
    redecide,
)
from runthrough.core.decide.surroundings import Surroundings, base_spec
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import (
    ConfigurationDrafted,
    Event,
    NodeMarkedExternal,
    NodeMarkedInternal,
    ScriptAutoConfigured,
    ScriptBound,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.connections import Connection
from runthrough.core.values.ids import NodeName
from runthrough.core.values.standing import StandingNode

Targets = Mapping[NodeName, StandingNode]


def restore(unfolding: Unfolding, around: Surroundings, targets: Targets) -> None:
    """Lead nodes that were cleared to what stood; consumers of theirs are decided again.

    `around` surrounds the state that unfolds, with a look at each of the nodes as it is to be:
    its script at the path that stood, its needs as that configuration has them.
    """
    state = unfolding.state
    for node in _in_order(state, targets):
        unfolding.happen(*_disconnected(state, node, targets[node]))
    for node in _in_order(state, targets):
        _stand(unfolding, around, node, targets[node])
    for node in _in_order(state, targets):
        unfolding.happen(*_connected(state, node, targets[node]))
    for node in _in_order(state, targets):
        unfolding.happen(*_refused(node, targets[node]))
    scripted = {node: there for node, there in targets.items() if not there.external}
    unfolding.happen(*_answered(unfolding, around, scripted))
    below = (end for node in _in_order(state, targets) for end in consumers(state, node))
    redecide(
        unfolding, around, (), below=(end for end in dict.fromkeys(below) if end not in targets)
    )


def _in_order(state: SessionState, targets: Targets) -> list[NodeName]:
    """The nodes that the session has, producers first."""
    return [node for node in state.nodes if node in targets]


def _disconnected(state: SessionState, node: NodeName, target: StandingNode) -> tuple[Event, ...]:
    """Connections of today that did not stand."""
    stood = {wire.input: wire for wire in target.connections}
    there = state.connections.get(node, {}).values()
    return tuple(removed(wire, "taken back") for wire in there if stood.get(wire.input) != wire)


def _stand(
    unfolding: Unfolding, around: Surroundings, node: NodeName, target: StandingNode
) -> None:
    """Let a node be what it was: something outside, or what runs that script."""
    there = unfolding.state.nodes[node]
    if target.external:
        unfolding.happen(*_outside(there, node, target))
        return
    if there.external:
        unfolding.happen(NodeMarkedInternal(node=node))
        there = unfolding.state.nodes[node]
    facts = around.facts(node)
    has = there.script.path if there.script else None
    if there.state is not None and (has, there.bound) == (target.script, target.bound):
        unfolding.happen(*learned(around, node))
    elif target.bound and facts.script is not None and facts.script.path == target.script:
        unfolding.happen(ScriptBound(node=node, script=facts.script), read(node, facts, "bound"))
    else:
        unfolding.happen(*discovered(node, facts))


def _outside(there: NodeState, node: NodeName, target: StandingNode) -> Iterator[Event]:
    """What was answered comes along, for the day when the node runs a script again."""
    if target.spec is not None:
        if there.state is None:
            yield NodeMarkedInternal(node=node)
        if target.by == "person":
            yield ConfigurationDrafted(node=node, draft=target.spec, needs=())
        else:
            yield ScriptMarkedPending(node=node, needs=(), draft=target.spec)
    outputs = target.external_outputs
    if target.spec is not None or not there.external or there.external_outputs != outputs:
        yield NodeMarkedExternal(node=node, outputs=outputs)


def _connected(state: SessionState, node: NodeName, target: StandingNode) -> tuple[Event, ...]:
    """Connections that stood and are not there."""
    there = state.connections.get(node, {})
    return tuple(
        confirmed(wire, adjusted=True) if wire.status == "confirmed" else accepted(wire)
        for wire in target.connections
        if wire.input not in there
    )


def _refused(node: NodeName, target: StandingNode) -> tuple[Event, ...]:
    """What a person had said does not feed the node."""
    return tuple(
        rejected(Connection(node, old.input, old.source, "confirmed", None, ""), "as before")
        for old in target.rejected
    )


def _answered(unfolding: Unfolding, around: Surroundings, targets: Targets) -> tuple[Event, ...]:
    """What nodes were answered, as far as it holds today.

    Each is wired and validated beside what all of them are to be; where a path is given, nobody
    is asked what feeds it.
    """
    ahead = Unfolding.over(unfolding.state)
    nodes = ahead.state.nodes
    for node, target in targets.items():
        nodes[node] = replace(nodes[node], draft=target.spec, needs=target.needs)
    then = Surroundings(ahead.state, around.world)
    order = _in_order(ahead.state, targets)
    for node in order:
        ahead.happen(*rewired(then, node))
    then.moved()
    for node in order:
        ahead.happen(_settled(then, node, targets[node]))
    return ahead.events


def _settled(around: Surroundings, node: NodeName, target: StandingNode) -> Event:
    """What one node has become."""
    spec = base_spec(around.state, node)
    proposal, needs = judged(around, node, spec, stands=target.accepted)
    spec = proposal.spec
    mine = target.by == "person"
    if needs and mine:
        return ConfigurationDrafted(node=node, draft=spec, needs=needs)
    if needs:
        return ScriptMarkedPending(node=node, needs=needs, draft=spec)
    evidence = evidence_of(around, proposal)
    if mine:
        return ScriptConfigured(node=node, spec=spec, evidence=evidence, adjusted=True)
    return ScriptAutoConfigured(node=node, spec=spec, evidence=evidence)
