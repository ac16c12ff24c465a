"""What holds after every command, whatever it is."""

from copy import deepcopy
from dataclasses import replace

from tests.support.builders import SESSION, envelope

from runthrough.core.commands import Command
from runthrough.core.decide import decide
from runthrough.core.events import (
    CommandRefused,
    ConfigurationRejected,
    ConfigurationReverted,
    Event,
    EventEnvelope,
    NodeEvent,
    PipelineChanged,
    ScriptExecuted,
    ScriptStarted,
    SessionReopened,
)
from runthrough.core.evolve import evolve
from runthrough.core.lifecycle import ABSENT, DESTINATIONS, Lifecycle, Phase
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.ids import CommandId, NodeName, Version
from runthrough.errors import CommandRefusedError, SelectionError, UnknownNodeError

TRIGGERS = {
    "NodeDiscovered": "discover",
    "ScriptBound": "discover",
    "NodeMarkedInternal": "discover",
    "NodeMarkedExternal": "leave",
    "ConfigurationCleared": "clear",
    "ConfigurationReverted": "clear",
    "ScriptAutoConfigured": "auto_configure",
    "ScriptMarkedPending": "require_configuration",
    "ScriptConfigured": "configure",
    "ConfigurationDrafted": "draft",
    "ScriptExecuted": "execute",
    "ScriptReused": "execute",
}
"""Which trigger an event records; of `ConfigurationRestored` the node's past says it."""


class CheckedSession:
    """A session that checks, at every command, what must hold of decisions and states."""

    def __init__(self) -> None:
        self.state = SessionState(SESSION)
        self.history: list[EventEnvelope] = []

    def handle(self, command: Command) -> tuple[Event, ...]:
        """Decide and fold; a refusal is recorded as the application records it."""
        before = deepcopy(self.state)
        try:
            events = decide(command, self.state)
        except (CommandRefusedError, UnknownNodeError, SelectionError) as error:
            events = (CommandRefused(command=command.verb, code=error.code, message=str(error)),)
        assert self.state == before, "the decision changed the state that it was given"
        for event in events:
            self._fold(event)
        if all(isinstance(event, (CommandRefused, ConfigurationRejected)) for event in events):
            assert _configuration_of(self.state) == _configuration_of(before)
        assert_sound(self.state)
        return events

    def _fold(self, event: Event) -> None:
        self._assert_allowed(event)
        stored = envelope(event, self.state.version + 1)
        self.history.append(stored)
        fold_by_the_table(self.state, stored)

    def _assert_allowed(self, event: Event) -> None:
        """Attempts open once and close once; a closed session only reopens."""
        if isinstance(event, ScriptStarted):
            assert self.state.nodes[event.node].running is None
        if isinstance(event, ScriptExecuted):
            assert self.state.nodes[event.node].running.attempt == event.attempt
        if self.state.phase is Phase.CLOSED:
            assert isinstance(event, (CommandRefused, SessionReopened))


def assert_sound(state: SessionState) -> None:
    """What holds of a session after every command."""
    for name, node in state.nodes.items():
        assert node.state is not Lifecycle.DISCOVERED, f"{name} was left in discovered"
        assert (node.state is None) == node.external
        _assert_consistent(node)
    _assert_ordered(state)
    _assert_asked(state)


def fold_by_the_table(state: SessionState, stored: EventEnvelope) -> None:
    """Fold one event, which moves nodes only as the lifecycle table allows it."""
    event = stored.event
    before = {name: node.state for name, node in state.nodes.items()}
    trigger = TRIGGERS.get(event.type)
    if event.type == "ConfigurationRestored":
        by = state.nodes[event.node].restores_to
        trigger = "restore_auto" if by == "auto" else "restore_configured"
    moved = _moved(event)
    if isinstance(event, PipelineChanged):
        names = event.renamed
        before = {names.get(n, n): old for n, old in before.items() if n not in event.removed}
    evolve(state, stored)
    for name, node in state.nodes.items():
        old, new = before.get(name) or ABSENT, node.state or ABSENT
        if trigger and name in moved and (trigger != "clear" or not node.external):
            assert DESTINATIONS.get((old, trigger)) == new, f"{name}: {old}, {event.type}"
        else:
            assert old == new, f"{event.type} moved {name}"


def _moved(event: Event) -> tuple[NodeName, ...]:
    """The nodes whose lifecycle an event may move."""
    if isinstance(event, ConfigurationReverted):
        return event.nodes
    return (event.node,) if isinstance(event, NodeEvent) else ()


def _configuration_of(state: SessionState) -> SessionState:
    """The state without what every event moves."""
    bare = deepcopy(state)
    bare.version, bare.last_actor, bare.last_at = Version(0), "", None
    bare.command, bare.command_after = CommandId(""), Version(0)
    return bare


def _assert_consistent(node: NodeState) -> None:
    accepted = node.state in {
        Lifecycle.AUTO_CONFIGURED,
        Lifecycle.CONFIGURED,
        Lifecycle.EXECUTED,
    }
    assert (node.spec is not None) == accepted
    assert (node.configured_by is not None) == accepted
    assert bool(node.needs) == (node.state is Lifecycle.PENDING)
    if accepted:
        assert node.script is not None, "accepted without a script"


def _assert_asked(state: SessionState) -> None:
    """Nobody is asked about what is fed, was rejected, or belongs to no script."""
    for name, proposals in state.proposals.items():
        assert proposals, f"{name} is left with no question"
        assert not state.nodes[name].external
        fed = state.connections.get(name, {})
        rejected = {(old.input, old.source) for old in state.rejected.get(name, ())}
        for asked in proposals.values():
            assert asked.input not in fed
            assert (asked.input, replace(asked.source, subpath=None)) not in rejected


def _assert_ordered(state: SessionState) -> None:
    place = {name: index for index, name in enumerate(state.nodes)}
    for name, above in state.predecessors.items():
        assert all(place[source] < place[name] for source in above)
        assert all(name in state.successors[source] for source in above)
