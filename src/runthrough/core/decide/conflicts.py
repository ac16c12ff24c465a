"""Whether somebody else changed what a command's person had seen (DESIGN § 10)."""

from dataclasses import dataclass

from runthrough.core.commands import (
    Command,
    NodeCommand,
    SessionCommand,
    TargetsCommand,
    nodes_of,
)
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, Version


@dataclass(frozen=True, slots=True)
class Conflict:
    """A command that was based on a version after which what it is about was concerned."""

    node: NodeName | None
    """`None` where it is about the session as a whole."""
    based_on: Version
    concerned_at: Version
    """Version of the later event."""


def conflicting(command: Command, state: SessionState) -> Conflict | None:
    """The conflict of a command with what others did after its base, if any."""
    if not isinstance(command, NodeCommand | TargetsCommand | SessionCommand):
        return None
    base = command.based_on
    if base is None:
        return None
    if isinstance(command, SessionCommand):
        return Conflict(None, base, state.changed_at) if state.changed_at > base else None
    for name in nodes_of(command):
        node = state.nodes.get(name)
        at = max(node.concerned_at, state.concerned_at) if node else 0
        if at > base:
            return Conflict(name, base, Version(at))
    return None
