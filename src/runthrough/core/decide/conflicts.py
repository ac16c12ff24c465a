"""Whether somebody else changed what a command's person had seen (DESIGN § 10)."""

from dataclasses import dataclass

from runthrough.core.commands import Command, NodeCommand, TargetsCommand, nodes_of
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, Version


@dataclass(frozen=True, slots=True)
class Conflict:
    """A command that was based on a version after which its node was concerned."""

    node: NodeName
    based_on: Version
    concerned_at: Version
    """Version of the later event."""


def conflicting(command: Command, state: SessionState) -> Conflict | None:
    """The conflict of a command with what others did after its base, if any."""
    if not isinstance(command, NodeCommand | TargetsCommand) or command.based_on is None:
        return None
    for name in nodes_of(command):
        node = state.nodes.get(name)
        at = max(node.concerned_at, state.concerned_at) if node else 0
        if at > command.based_on:
            return Conflict(name, command.based_on, Version(at))
    return None
