"""Events of one command that build on each other, with the state that they lead to."""

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

from runthrough.core.events import (
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionRemoved,
    Event,
    EventEnvelope,
    PipelineChanged,
    concerned,
    subject_of,
)
from runthrough.core.evolve import evolve
from runthrough.core.state import SessionState
from runthrough.core.values.ids import CommandId, HostId, NodeName, SessionId, Version
from runthrough.core.values.metadata import Metadata

_NOT_YET = Metadata(
    actor="",
    actor_source="system",
    door="system",
    host=HostId(""),
    app_version="",
    command_id=CommandId(""),
    recorded_at=datetime.fromtimestamp(0, UTC),
)
"""Stands where the columns of an undecided event will be; no decision reads it."""


class Unfolding:
    """A state of its own, folded as events happen, so that later ones can build on earlier."""

    def __init__(self, session_id: SessionId) -> None:
        self.state = SessionState(session_id)
        self._events: list[Event] = []
        self._shared: set[NodeName] = set()
        """Nodes whose parts still are those of the state that this one began with."""

    @classmethod
    def over(cls, state: SessionState) -> Self:
        """Go on from a state, which stays as it is: only nodes that events touch are copied.

        For configuration only: a run's own record is shared.
        """
        unfolding = cls(state.session_id)
        own = copy(state)
        own.nodes = dict(state.nodes)
        own.predecessors, own.successors = dict(state.predecessors), dict(state.successors)
        own.connections, own.proposals = dict(state.connections), dict(state.proposals)
        own.rejected, own.actions = dict(state.rejected), list(state.actions)
        if own.actions:  # what unfolds may go on with the last one
            last = own.actions[-1]
            own.actions[-1] = replace(last, nodes=dict(last.nodes))
        if state.approval is not None:
            own.approval = replace(state.approval, since=dict(state.approval.since))
        unfolding.state = own
        unfolding._shared = set(state.nodes)
        return unfolding

    def happen(self, *events: Event) -> None:
        """Take note of events, and fold them."""
        for event in events:
            for node in self._touched(event):
                self._own(node)
            version = Version(self.state.version + 1)
            evolve(
                self.state,
                EventEnvelope(version, self.state.session_id, version, event, _NOT_YET, ""),
            )
            self._events.append(event)

    def _touched(self, event: Event) -> Iterable[NodeName]:
        """The nodes that folding an event may change."""
        nodes = concerned(event)
        if nodes == "all" or isinstance(event, PipelineChanged):
            return tuple(self._shared)
        if isinstance(event, ConnectionAccepted | ConnectionConfirmed | ConnectionRemoved):
            before = self.state.connections.get(event.node, {}).get(event.input)
            replaced = () if before is None else (NodeName(before.source.node),)
            return (event.node, event.from_node, *replaced)
        subject = subject_of(event)
        return nodes if subject is None else (subject,)

    def _own(self, node: NodeName) -> None:
        if node not in self._shared:
            return
        self._shared.discard(node)
        state = self.state
        there = state.nodes[node] = copy(state.nodes[node])
        there.passed = copy(there.passed)
        if node in state.connections:
            state.connections[node] = dict(state.connections[node])
        if node in state.proposals:
            state.proposals[node] = dict(state.proposals[node])

    @property
    def events(self) -> tuple[Event, ...]:
        """All that happened, in order."""
        return tuple(self._events)
