"""What a node is: the script it runs, something outside, or cleared of all answers."""

from collections.abc import Mapping

from runthrough.core.commands import BindScript, ClearConfiguration, MarkExternal, MarkInternal
from runthrough.core.decide.configuring import consumers
from runthrough.core.decide.guards import known, require, scripted
from runthrough.core.decide.rewiring import removed
from runthrough.core.decide.settling import discovered, learned, read, redecide
from runthrough.core.decide.surroundings import Surroundings, base_spec
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import (
    ConfigurationCleared,
    Event,
    NodeMarkedExternal,
    NodeMarkedInternal,
    ScriptBound,
)
from runthrough.core.state import SessionState
from runthrough.core.validation.words import command as to_type
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import shown
from runthrough.errors import CommandRefusedError


def bind_script(command: BindScript, state: SessionState) -> tuple[Event, ...]:
    """Let a node run another script; what was answered stays where the new one takes it.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: The node is external, or there is no such file.
    """
    node = command.node
    scripted(state, node)
    facts = command.facts.get(node, NodeFacts())
    if facts.script is None:
        raise CommandRefusedError(
            f"There is no script at {shown(command.path)}.",
            fix=f"{to_type('bind', node, 'PATH')}, with the path of a Python file",
        )
    require(state, node, "discover")
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, command.facts)
    unfolding.happen(ScriptBound(node=node, script=facts.script), read(node, facts, "bound"))
    redecide(unfolding, around, (node,), below=consumers(state, node))
    return unfolding.events


def mark_external(command: MarkExternal, state: SessionState) -> tuple[Event, ...]:
    """Let a node stand for something outside.

    Its outputs are those that it had a path for and those that are given. Connections into it
    go, and so do those out of it that take an output it no longer declares.

    Raises:
        UnknownNodeError: No node has that name.
        RunInProgressError: A run is at the node, or at one that it may feed.
    """
    node = command.node
    known(state, node)
    require(state, node, "leave")
    outputs = {**outputs_of(state, node), **command.outputs}
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, command.facts)
    for connection in state.connections.get(node, {}).values():
        unfolding.happen(removed(connection, f"{node} is external now"))
    unfolding.happen(NodeMarkedExternal(node=node, outputs=outputs))
    for below in consumers(state, node):
        for connection in state.connections.get(below, {}).values():
            source = connection.source
            if source.node == node and source.output not in outputs:
                unfolding.happen(removed(connection, f"{node} declares no output {source.output}"))
    redecide(unfolding, around, (), below=consumers(state, node))
    return unfolding.events


def outputs_of(state: SessionState, node: NodeName) -> Mapping[str, RecordedPath]:
    """The paths that a node would provide as an external one."""
    there = state.nodes[node]
    return there.external_outputs if there.external else base_spec(state, node).output_paths


def mark_internal(command: MarkInternal, state: SessionState) -> tuple[Event, ...]:
    """Let an external node run a script again.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: The node is not external.
    """
    node = command.node
    if not known(state, node).external:
        raise CommandRefusedError(
            f"{node} is not external: it runs a script already.",
            fix=f"{to_type('requirements', node)} shows which",
        )
    require(state, node, "discover")
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, command.facts)
    facts = command.facts.get(node, NodeFacts())
    unfolding.happen(NodeMarkedInternal(node=node), *discovered(node, facts))
    redecide(unfolding, around, (node,), below=consumers(state, node))
    return unfolding.events


def clear(command: ClearConfiguration, state: SessionState) -> tuple[Event, ...]:
    """Take back all answers for a node: values, connections that a person made, rejections.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: The node is external.
    """
    node = command.node
    scripted(state, node)
    require(state, node, "clear")
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, command.facts)
    for connection in state.connections.get(node, {}).values():
        if connection.status != "declared":  # what needs no person is found again
            unfolding.happen(removed(connection, "cleared"))
    unfolding.happen(ConfigurationCleared(node=node), *learned(around, node))
    redecide(unfolding, around, (node,), below=consumers(state, node))
    return unfolding.events
