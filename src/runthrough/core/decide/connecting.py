"""A person's word on connections: made, confirmed, rejected, taken away."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from runthrough.core.commands import (
    ConfirmConnections,
    Connect,
    Disconnect,
    RejectConnections,
    Target,
    TargetsCommand,
    nodes_of,
)
from runthrough.core.decide.guards import scripted
from runthrough.core.decide.rewiring import confirmed, rejected, removed
from runthrough.core.decide.settling import learned, propose, redecide, unfed
from runthrough.core.decide.surroundings import (
    Surroundings,
    answered,
    base_spec,
    own_name,
)
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import ConfigurationRejected, Event
from runthrough.core.names import nearest
from runthrough.core.state import SessionState
from runthrough.core.validation import errors, problems_of
from runthrough.core.validation.words import command as to_type
from runthrough.core.values.connections import Connection, ProposedConnection
from runthrough.core.values.ids import NodeName
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.errors import CommandRefusedError

_Wire = TypeVar("_Wire", Connection, ProposedConnection)


def connect(command: Connect, state: SessionState) -> tuple[Event, ...]:
    """Feed one input from one output; a connection that cannot be is rejected with its problems.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: The node is external, or its script reads no such input.
    """
    node, name = command.node, command.input
    scripted(state, node)
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, command.facts)
    requirements = around.facts(node).requirements
    name = _read(requirements, node, name)
    same = answered(requirements, "input", (name,))
    there = state.connections.get(node, {})
    source = own_name(around, command.source)
    made = Connection(node, name, source, "confirmed", None, "connected by a person")
    connections = {**{n: old for n, old in there.items() if n not in same}, name: made}
    proposal = propose(around, node, unfed(base_spec(state, node), same), connections)
    wrong = tuple(
        problem
        for problem in errors(problems_of(proposal))
        if problem.where.name == name and problem.where.kind in {"connection", "input"}
    )
    if wrong:
        return (ConfigurationRejected(node=node, spec=proposal.spec, problems=wrong),)
    unfolding.happen(*learned(around, node))
    for old in (there[n] for n in same if n in there):
        if (old.input, old.source) != (name, source):
            unfolding.happen(removed(old, f"replaced by {source}"))
    unfolding.happen(confirmed(made))
    redecide(unfolding, around, (node,))
    return unfolding.events


def _read(requirements: ScriptRequirements, node: NodeName, name: str) -> str:
    """The script's own name of the input that is meant."""
    needs = requirements.of("input")
    for need in needs:
        if name in {need.name, *need.aliases}:
            return need.name
    if not needs or requirements.open_ended("input"):
        return name
    names = [need.name for need in needs]
    near = nearest(name, names)
    raise CommandRefusedError(
        f"{node} reads no input {name}; it reads {', '.join(names)}."
        + (f" Did you mean {near[0]!r}?" if near else ""),
        fix=to_type("requirements", node),
    )


def confirm(command: ConfirmConnections, state: SessionState) -> tuple[Event, ...]:
    """Take what is proposed; what was accepted becomes this person's word as well.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: Nothing is proposed for an input, or one of several sub-folders.
    """
    unfolding, around = _looked(command, state)
    for target, asked in _asked(around, command.targets):
        _settled(asked)
        reason = f"confirmed: {asked.reason}"
        unfolding.happen(
            confirmed(
                Connection(
                    target.node, asked.input, asked.source, "confirmed", asked.score, reason
                )
            )
        )
    redecide(unfolding, around, nodes_of(command))
    return unfolding.events


def reject(command: RejectConnections, state: SessionState) -> tuple[Event, ...]:
    """Say that outputs do not feed inputs; these stay open, or find another output.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: Nothing is proposed or connected there.
    """
    unfolding, around = _looked(command, state)
    for _, asked in _asked(around, command.targets):
        unfolding.happen(*_refuted(asked, "rejected"))
    redecide(unfolding, around, nodes_of(command))
    return unfolding.events


def disconnect(command: Disconnect, state: SessionState) -> tuple[Event, ...]:
    """Take connections away; they do not come back by themselves.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: Nothing feeds an input.
    """
    unfolding, around = _looked(command, state)
    for target in dict.fromkeys(command.targets):
        connection = _find(around, target, state.connections)
        if connection is None:
            raise CommandRefusedError(
                f"No output feeds {target}, so nothing can be disconnected.",
                fix=f"{to_type('requirements', target.node)} shows what feeds each input",
            )
        unfolding.happen(*_refuted(connection, "disconnected"))
    redecide(unfolding, around, nodes_of(command))
    return unfolding.events


def _looked(command: TargetsCommand, state: SessionState) -> tuple[Unfolding, Surroundings]:
    """What follows begins with what a look at the nodes brought."""
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, command.facts)
    for node in nodes_of(command):
        scripted(state, node)
        unfolding.happen(*learned(around, node))
    return unfolding, around


def _find(
    around: Surroundings, target: Target, wires: Mapping[NodeName, Mapping[str, _Wire]]
) -> _Wire | None:
    """What there is at an input, under whichever of its names."""
    there = wires.get(target.node, {})
    if target.input in there:
        return there[target.input]
    same = answered(around.facts(target.node).requirements, "input", (target.input,))
    return next((there[name] for name in sorted(same) if name in there), None)


def _asked(
    around: Surroundings, targets: tuple[Target, ...]
) -> Iterator[tuple[Target, Connection | ProposedConnection]]:
    """What each target is about: the question that is open, else the connection that is there."""
    state = around.state
    for target in dict.fromkeys(targets):
        asked: Connection | ProposedConnection | None = _find(around, target, state.proposals)
        asked = asked or _find(around, target, state.connections)
        if asked is None:
            raise CommandRefusedError(
                f"Nothing is proposed for {target}.",
                fix=f"{to_type('connect', 'NODE.OUTPUT', str(target))}, or runthrough status",
            )
        yield target, asked


def _settled(asked: Connection | ProposedConnection) -> None:
    """Nobody's word is taken for a sub-folder that they did not name."""
    if not isinstance(asked, ProposedConnection) or not asked.choices:
        return
    target, source = f"{asked.node}.{asked.input}", asked.source
    folders = [str(choice.subpath) for choice in asked.choices]
    raise CommandRefusedError(
        f"Which sub-folder of {source.node}.{source.output} feeds {target} is open: "
        f"{', '.join(folders[:-1])} or {folders[-1]}.",
        fix=", or ".join(to_type("connect", str(choice), target) for choice in asked.choices),
    )


def _refuted(wire: Connection | ProposedConnection, reason: str) -> tuple[Event, ...]:
    said = rejected(wire, reason)
    return (removed(wire, reason), said) if isinstance(wire, Connection) else (said,)
