"""Those who subscribe to a log, and feeds of it that fail."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.handling import silent
from tests.support.scripts import until
from tests.support.stored import A, Writer, said

from runthrough.application.broadcasting import Broadcast, Subscription
from runthrough.application.ports import ChangeFeed, Log
from runthrough.application.told import Told
from runthrough.core.events import EventEnvelope
from runthrough.core.values.ids import SessionId
from runthrough.entrypoints.store_suite import Stores
from runthrough.errors import StoreError

SOON_S = 0.02
"""How long these tests let one wait for the log last."""
LONG_S = 20.0


def broadcast_over(
    stores: Stores, *, feed: ChangeFeed | None = None, page: int = 3, log: Log = silent
) -> Broadcast:
    """A broadcast of the log of some stores, in small pages."""
    return Broadcast(
        feed or stores.feed,
        head=lambda: stores.audit.head().position,
        log=log,
        page=page,
        wait_s=SOON_S,
    )


@dataclass
class Listener:
    """One who keeps what is given to a subscription."""

    subscription: Subscription
    given: list[Told] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        """Of the events that were given, in the order of giving."""
        return [told.position for told in self.given]

    def take(self, timeout_s: float = 0.0) -> bool:
        """Take once; whether something was given."""
        taken = self.subscription.take(timeout_s)
        self.given += taken
        return bool(taken)

    def catch_up(self) -> None:
        """Read until what comes is put here."""
        while self.subscription.behind:
            self.take()

    def take_until(self, position: int) -> list[int]:
        """Take until an event of that position, or a later one, was given; the positions."""
        until(
            lambda: self.take(LONG_S) and self.positions[-1] >= position,
            f"position {position} is given",
        )
        return self.positions


def listening(broadcast: Broadcast, after: int = 0, **how: Any) -> Listener:
    """One who has read all that there was."""
    listener = Listener(broadcast.subscribe(after=after, **how))
    listener.catch_up()
    return listener


def append(writer: Writer, count: int, session: SessionId = A) -> None:
    """Let so many events happen in a session."""
    for number in range(count):
        writer.append(session, said(f"{number}"))


class FailingFeed:
    """A feed that raises what it is told to, and can be held back."""

    def __init__(self, feed: ChangeFeed) -> None:
        self._feed = feed
        self.faults: list[Exception] = []
        self.unreadable: set[int] = set()
        """Positions of events that a newer program wrote."""
        self.may_go = threading.Event()
        self.may_go.set()
        self.waits = threading.Event()
        """Set when somebody waits for it while it is held back."""
        self.meanwhile: Callable[[], object] | None = None
        """What happens between the next page's read and the moment somebody has it."""

    def read(self, **which: Any) -> Iterator[EventEnvelope]:
        """The log, or a fault."""
        self._fail()
        for envelope in self._feed.read(**which):
            if envelope.position in self.unreadable:
                newer = StoreError("It is of a newer program.", fix="upgrade")
                newer.position, newer.session_id = envelope.position, envelope.session_id
                raise newer
            yield envelope
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()

    def wait(self, **until_when: Any) -> bool:
        """Wait for the log, or raise a fault."""
        if not self.may_go.is_set():
            self.waits.set()
            assert self.may_go.wait(LONG_S)
        self._fail()
        return self._feed.wait(**until_when)

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)
