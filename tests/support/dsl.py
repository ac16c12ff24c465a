"""Decisions told as sentences: given what happened, when a command comes, then this happens."""

from copy import deepcopy
from dataclasses import dataclass

import pytest
from tests.support.builders import SESSION, envelopes

from runthrough.core.commands import Command
from runthrough.core.decide import decide
from runthrough.core.events import Event
from runthrough.core.evolve import replay
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.ids import NodeName
from runthrough.errors import RunthroughError


def given(*events: Event) -> "Given":
    """A session in which these events have happened."""
    return Given(replay(envelopes(events), SessionState(SESSION)))


@dataclass(frozen=True)
class Given:
    """A session before a command."""

    state: SessionState

    def node(self, name: str) -> NodeState:
        """One node of it."""
        return self.state.nodes[NodeName(name)]

    def when(self, command: Command) -> "When":
        """A command meets the session."""
        return When(self.state, command)

    def after(self, *commands: Command) -> "Given":
        """The session when these commands were decided, one on the other."""
        session = self
        for command in commands:
            session = session.when(command).session
        return session


@dataclass(frozen=True)
class When:
    """A command before its decision."""

    state: SessionState
    command: Command

    @property
    def events(self) -> tuple[Event, ...]:
        """What the decision says has happened; it leaves the state that it looks at alone."""
        before = deepcopy(self.state)
        events = decide(self.command, self.state)
        assert self.state == before, "the decision changed the state that it was given"
        return events

    @property
    def names(self) -> list[str]:
        """The types of the events, in order."""
        return [event.type for event in self.events]

    @property
    def session(self) -> Given:
        """The session after the decided events."""
        after = envelopes(self.events, after=self.state.version)
        return Given(replay(after, deepcopy(self.state)))

    def then(self, *expected: Event) -> None:
        """Exactly these events happen."""
        differences = _differences(expected, self.events)
        if differences:
            pytest.fail("\n".join(differences), pytrace=False)

    def refused_with(self, error: type[RunthroughError], *words: str) -> RunthroughError:
        """The command is refused, and the error's text holds all these words."""
        before = deepcopy(self.state)
        with pytest.raises(error) as caught:
            decide(self.command, self.state)
        assert type(caught.value) is error
        for text in words:
            assert text in str(caught.value)
        assert self.state == before, "the refusal changed the state"
        return caught.value


def _differences(expected: tuple[Event, ...], found: tuple[Event, ...]) -> list[str]:
    lines = []
    for place in range(max(len(expected), len(found))):
        wanted = expected[place] if place < len(expected) else None
        got = found[place] if place < len(found) else None
        if wanted == got:
            continue
        if wanted is None or got is None or wanted.type != got.type:
            lines += [f"event {place}:", f"  expected {wanted!r}", f"  found    {got!r}"]
            continue
        lines.append(f"event {place}, {wanted.type}:")
        lines += [
            f"  {name}: expected {getattr(wanted, name)!r}, found {getattr(got, name)!r}"
            for name in type(wanted).model_fields
            if getattr(wanted, name) != getattr(got, name)
        ]
    return lines
