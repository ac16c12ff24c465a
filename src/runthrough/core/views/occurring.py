"""What there is to look for in a session's history: who acted, kinds of events, lost names."""

from collections.abc import Iterable
from dataclasses import dataclass

from runthrough.core.events import EventEnvelope, PipelineChanged
from runthrough.core.values.ids import NodeName, Version

_NONE = Version(0)


@dataclass(frozen=True, slots=True)
class Occurring:
    """What occurs in a session's events up to a version."""

    upto: Version = _NONE
    actors: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    """Of events."""
    left: tuple[NodeName, ...] = ()
    """Names that nodes had once, in the order in which they lost them; one may be back."""

    def followed_by(self, envelopes: Iterable[EventEnvelope]) -> "Occurring":
        """The same with the events that follow."""
        upto, left = self.upto, dict.fromkeys(self.left)
        actors, types = set(self.actors), set(self.types)
        for envelope in envelopes:
            event = envelope.event
            upto = envelope.version
            actors.add(envelope.metadata.actor)
            types.add(event.type)
            if isinstance(event, PipelineChanged):
                left |= dict.fromkeys((*event.renamed, *event.removed))
        return Occurring(upto, frozenset(actors), frozenset(types), tuple(left))


NOTHING = Occurring()
"""What occurs before a session's first event."""
