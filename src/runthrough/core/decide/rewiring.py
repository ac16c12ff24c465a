"""The connections of a node that need no person, and those that a person is asked about."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypedDict

from runthrough.core.decide.surroundings import (
    Surroundings,
    answered,
    base_spec,
    claimed_source,
    own_name,
)
from runthrough.core.events import (
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    ConnectionRemoved,
    Event,
)
from runthrough.core.state import SessionState
from runthrough.core.values.connections import (
    Connection,
    Output,
    ProposedConnection,
    Rejection,
)
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.requirements import Requirement
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.wiring import Producer, Wiring, wire

Wired = Mapping[str, Connection]
"""Input → what feeds it."""


def rewired(around: Surroundings, node: NodeName, *, told_anew: bool = False) -> tuple[Event, ...]:
    """What wiring a node anew changes: nothing where names and edges are as they were.

    With `told_anew` a question is asked again also where only its reasons are others.

    A connection that was accepted goes when its output or its input is gone; what a person or
    the pipeline connected stays, for validation to speak of.
    """
    state = around.state
    there = state.connections.get(node, {})
    gone = [c for c in there.values() if c.status == "accepted" and _broken(around, c)]
    left = {name: c for name, c in there.items() if c not in gone}
    spec = around.coming.get(node) or base_spec(state, node)
    wiring = wiring_of(around, node, spec, left)
    asked = state.proposals.get(node, {})
    proposed = {proposal.input: proposal for proposal in wiring.proposals}
    answers = {connection.input for connection in wiring.connections}
    return (
        *(removed(c, "its names are no longer there") for c in gone),
        *(connected(connection) for connection in wiring.connections),
        *(
            removed(old, "no longer proposed")
            for name, old in asked.items()
            if name not in proposed and name not in answers
        ),
        *(
            _proposed(new)
            for name, new in proposed.items()
            if name not in asked
            or _question(asked[name]) != _question(new)
            or (told_anew and asked[name].reason != new.reason)
        ),
    )


def wiring_of(around: Surroundings, node: NodeName, spec: ScriptSpec, there: Wired) -> Wiring:
    """What else feeds a node that has these connections and paths, and what may feed it.

    Declared connections come first; what lies in the workspace by convention is not asked about.
    """
    facts = around.facts(node)
    rejected = around.state.rejected.get(node, ())
    declared = tuple(_declared(around, node, spec, there))
    settled = {**there, **{connection.input: connection for connection in declared}}
    inputs = tuple(need for need in facts.requirements.of("input") if need.level != "unread")
    if not inputs:
        return Wiring(declared)
    wiring = wire(
        node,
        inputs=inputs,
        producers=tuple(_producers(around, node, settled.values())),
        script=_stem(around.state, node),
        fixed=dict(_fixed(inputs, settled, spec)),
        rejected=frozenset((old.input, old.source) for old in rejected),
    )
    found = answered(facts.requirements, "input", facts.found)
    doubted = {old.input for old in rejected}
    taken = tuple(new for new in wiring.connections if new.input not in doubted)
    asked = (
        *(_asked(new) for new in wiring.connections if new.input in doubted),
        *(proposal for proposal in wiring.proposals if proposal.input not in found),
    )
    return Wiring((*declared, *taken), asked)


def _asked(new: Connection) -> ProposedConnection:
    """A question instead of a connection: a person who said no to one is asked about the next."""
    return ProposedConnection(
        new.node, new.input, new.source, new.score or 0.0, new.margin or 0.0, new.reason
    )


def _declared(
    around: Surroundings, node: NodeName, spec: ScriptSpec, there: Wired
) -> Iterator[Connection]:
    """What the pipeline connects, and paths that an upstream node writes.

    A person's answer wins over the pipeline's word, and what they rejected stays rejected.
    """
    requirements = around.facts(node).requirements
    declared = around.state.declared(node).inputs
    by_file = "declared in the pipeline"
    named: list[Connection] = []
    for name, path in spec.input_paths.items():
        source = claimed_source(around, node, path)
        if source is not None and declared.get(name) == path:
            named.append(Connection(node, name, source, "declared", None, by_file))
        elif source is not None:
            reason = f"the path is {source}"
            named.append(Connection(node, name, source, "confirmed", None, reason))
    taken = answered(requirements, "input", (*there, *spec.input_paths))
    for name, given in declared.items():
        if isinstance(given, Output) and name not in taken:
            named.append(Connection(node, name, given, "declared", None, by_file))
    rejected_before = around.state.rejected.get(node, ())
    for connection in named:
        name = requirements.own_name("input", connection.input)
        source = own_name(around, connection.source)
        if Rejection(name, replace(source, subpath=None)) not in rejected_before:
            yield replace(connection, input=name, source=source)


def _fixed(
    inputs: Iterable[Requirement], there: Wired, spec: ScriptSpec
) -> Iterator[tuple[str, Output | None]]:
    for need in inputs:
        names = (need.name, *need.aliases)
        source = next((there[name].source for name in names if name in there), None)
        if source is not None or not spec.input_paths.keys().isdisjoint(names):
            yield need.name, source


def _producers(
    around: Surroundings, node: NodeName, settled: Iterable[Connection]
) -> Iterator[Producer]:
    """The direct predecessors, those among them that a connection is about to make such."""
    feeding = (NodeName(connection.source.node) for connection in settled)
    for above in dict.fromkeys((*around.state.predecessors.get(node, ()), *feeding)):
        if above not in around.state.nodes:
            continue
        there = around.state.nodes[above]
        if there.external:
            outputs = tuple(
                Requirement(kind="output", name=name, level="required", sources=("pipeline",))
                for name in there.external_outputs
            )
        else:
            outputs = tuple(_as_written(around.facts(above)))
        yield Producer(above, outputs, _stem(around.state, above), there.external)


def _as_written(facts: NodeFacts) -> Iterator[Requirement]:
    """What a producer offers; where it has passed, with the files that it really wrote."""
    for need in facts.requirements.of("output"):
        if need.level == "unread":
            continue
        files = facts.written.get(need.name)
        yield need.model_copy(update={"files": files}) if files else need


def _stem(state: SessionState, node: NodeName) -> str | None:
    script = state.nodes[node].script
    return script.name if script else None


def _broken(around: Surroundings, connection: Connection) -> bool:
    """Whether an end of an accepted connection is no longer there."""
    needs = around.facts(connection.node).requirements
    names = {name for need in needs.of("input") for name in (need.name, *need.aliases)}
    if names and connection.input not in names:
        return True
    source = connection.source
    if source.node not in around.state.predecessors.get(connection.node, ()):
        return True
    producer = around.neighbours[NodeName(source.node)]
    return source.output not in producer.outputs and not producer.open_ended


def _question(proposal: ProposedConnection) -> tuple[object, ...]:
    """What a person is asked; scores may move without asking anything else."""
    return (proposal.source, proposal.subpath_choices, proposal.expected, proposal.outside)


class Ends(TypedDict):
    """Both ends of a connection, as its events name them."""

    node: NodeName
    input: str
    from_node: NodeName
    output: str
    subpath: str | None


def ends(wire: Connection | ProposedConnection) -> Ends:
    """Both ends of what is connected or proposed."""
    source = wire.source
    return Ends(
        node=wire.node,
        input=wire.input,
        from_node=NodeName(source.node),
        output=source.output,
        subpath=source.subpath,
    )


def connected(new: Connection) -> ConnectionAccepted | ConnectionConfirmed:
    """The event of a connection that follows from what is known, by whose word it is."""
    return confirmed(new, adjusted=True) if new.status == "confirmed" else accepted(new)


def accepted(new: Connection) -> ConnectionAccepted:
    """The event of a connection that needs no person."""
    return ConnectionAccepted(**ends(new), score=new.score, margin=new.margin, reason=new.reason)


def confirmed(new: Connection, *, adjusted: bool = False) -> ConnectionConfirmed:
    """The event of a connection that a person made."""
    return ConnectionConfirmed(**ends(new), score=new.score, reason=new.reason, adjusted=adjusted)


def rejected(old: Connection | ProposedConnection, reason: str) -> ConnectionRejected:
    """The event of what a person said is no connection."""
    return ConnectionRejected(**ends(old), score=old.score, reason=reason)


def removed(old: Connection | ProposedConnection, reason: str) -> ConnectionRemoved:
    """The event of a connection, or of a question, that is there no more."""
    return ConnectionRemoved(**ends(old), score=old.score, reason=reason)


def _proposed(new: ProposedConnection) -> ConnectionProposed:
    return ConnectionProposed(
        **ends(new),
        score=new.score,
        margin=new.margin,
        reason=new.reason,
        runner_up=new.runner_up,
        subpath_choices=new.subpath_choices,
        expected=new.expected,
        outside=new.outside,
    )
