"""What no command may pass: the phase table, the state machine, unknown nodes."""

from runthrough.core.commands import (
    Command,
    FinishRun,
    FinishScript,
    ForkSession,
    ImportSession,
    MarkExternal,
    MarkInternal,
    ReuseScript,
    StartScript,
    StartSession,
    nodes_of,
)
from runthrough.core.lifecycle import Phase, Trigger, allowed, permitted
from runthrough.core.names import nearest
from runthrough.core.state import NodeState, SessionState
from runthrough.core.validation.words import command as to_type
from runthrough.core.values.ids import NodeName
from runthrough.errors import (
    CommandRefusedError,
    NotClosedError,
    RunInProgressError,
    SessionClosedError,
    UnknownNodeError,
)

_RUN_REPORTS = (StartScript, FinishScript, ReuseScript, FinishRun)
"""What the tester that drives a run says about it; they check the run themselves."""


def guard(command: Command, state: SessionState) -> None:
    """Refuse what the session's phase does not allow.

    Raises:
        SessionClosedError: The session is closed.
        NotClosedError: It is not, and the command goes on with closed ones.
        RunInProgressError: A run is on.
    """
    if isinstance(command, (StartSession, ForkSession, ImportSession, *_RUN_REPORTS)):
        return
    touched = _touched(command, state)
    planned = frozenset(state.running.plan.order) if state.running else frozenset()
    if permitted(command.verb, state.phase, touched, planned):
        return
    if state.phase is Phase.CLOSED:
        raise SessionClosedError(command.verb)
    if state.running is not None and permitted(command.verb, Phase.OPEN, touched, planned):
        raise RunInProgressError(
            command.verb,
            who=state.running.actor,
            where=state.running.holder.host_name or state.running.holder.host,
            since=f"{state.running.started_at:%Y-%m-%d %H:%M:%S} UTC",
        )
    raise NotClosedError(command.verb)


def _touched(command: Command, state: SessionState) -> tuple[NodeName, ...]:
    """The nodes that a command is about; what a node is decides what its consumers are given."""
    nodes = nodes_of(command)
    if not isinstance(command, MarkExternal | MarkInternal):
        return nodes
    return (*nodes, *(below for node in nodes for below in state.successors.get(node, ())))


def known(state: SessionState, node: NodeName) -> NodeState:
    """The node's state.

    Raises:
        UnknownNodeError: There is none of that name.
    """
    if node not in state.nodes:
        raise UnknownNodeError(node, nearest(node, list(state.nodes)))
    return state.nodes[node]


def require(state: SessionState, node: NodeName, trigger: Trigger) -> None:
    """Ask the state machine.

    Raises:
        CommandRefusedError: It does not allow the trigger in the node's state.
    """
    present = state.nodes[node].state
    if not allowed(present, trigger):
        raise CommandRefusedError(
            f"{node} is {present or 'external'}, which does not allow {trigger!r}.",
            fix="runthrough status shows what each node waits for",
        )


def scripted(state: SessionState, node: NodeName) -> NodeState:
    """The state of a node that runs a script.

    Raises:
        UnknownNodeError: There is none of that name.
        CommandRefusedError: The node is external.
    """
    there = known(state, node)
    if there.external:
        raise CommandRefusedError(
            f"{node} is external: it has no script to configure.",
            fix=to_type("internal", node),
        )
    return there
