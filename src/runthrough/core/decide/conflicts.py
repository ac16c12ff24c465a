"""Whether somebody else changed what a command's person had seen (DESIGN § 10)."""

from dataclasses import dataclass

from runthrough.core.commands import Command, ConfigureScript
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
    if not isinstance(command, ConfigureScript) or command.based_on is None:
        return None
    node = state.nodes.get(command.node)
    if node is None:
        return None
    at = max(node.concerned_at, state.concerned_at)
    return Conflict(command.node, command.based_on, at) if at > command.based_on else None
