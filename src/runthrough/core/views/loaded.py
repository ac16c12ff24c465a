"""A session as far as it is folded: what loading gives, and what a snapshot keeps."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runthrough.core.events import EventEnvelope
from runthrough.core.evolve import evolve
from runthrough.core.state import SessionState
from runthrough.core.values.store import ZERO_HASH
from runthrough.core.views.particulars import Particulars


@dataclass(slots=True)
class Loaded:
    """A session's state and particulars, folded up to `state.version`."""

    state: SessionState
    particulars: Particulars = field(default_factory=Particulars)
    event_hash: str = ZERO_HASH
    """Of the last event that is folded."""

    def fold(self, envelopes: Iterable[EventEnvelope]) -> None:
        """Take in events that follow what is folded already."""
        for envelope in envelopes:
            evolve(self.state, envelope)
            self.particulars.take((envelope,))
            self.event_hash = envelope.event_hash
