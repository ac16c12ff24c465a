"""The log handed on as it grows: one thread follows it for all who listen in this process."""

import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence

from runthrough.application.ports import ChangeFeed, Log
from runthrough.application.told import Told, Unreadable, events_behind
from runthrough.errors import StoreError, StoreUnavailableError

ROOM = 1_000
"""So many events may wait for one subscriber: some 50 s of a busy log (20 events a second)."""
PAGE = 500
"""So many events are read at once: more would hold up the other subscribers."""
WAIT_S = 0.5
"""So long one wait for the log lasts; whoever closes the broadcast waits for its end."""
PAUSES_S = (0.1, 0.5, 2.0, 5.0)
"""How long the follower rests after the first, second … fault of the store in a row."""

Wanted = Callable[[Told | Unreadable], bool]
"""Whether a subscriber is to get an event; it goes by nothing but session and position."""


class Subscription:
    """What one who listens has still to be given: every event behind a position, once, in order.

    It is for one thread at a time. While it is `behind`, `take` reads from the database, so it is
    called where waiting holds nobody up. From then on the follower puts here what comes, and
    `take(0)` neither waits nor reads.
    """

    def __init__(
        self,
        broadcast: "Broadcast",
        *,
        after: int,
        wanted: Wanted | None,
        on_ready: Callable[[], None] | None,
        room: int,
    ) -> None:
        """Made by `Broadcast.subscribe`."""
        self._broadcast = broadcast
        self._wanted = wanted
        self._on_ready = on_ready
        self._room = room
        self._changed = threading.Condition()
        self._waiting: deque[Told] = deque()
        self._seen = after
        self._behind = True
        self._closed = False
        self._lagged = False
        self._fault: Exception | None = None

    @property
    def behind(self) -> bool:
        """Whether what comes next is still to be read from the database."""
        return self._behind and not self._closed

    @property
    def seen(self) -> int:
        """The last position that was read or put for it; what waits is still to be taken."""
        return self._seen

    @property
    def closed(self) -> bool:
        """Whether nothing more is put here; what waits can still be taken."""
        return self._closed

    @property
    def lagged(self) -> bool:
        """Whether it was closed because too much waited: subscribe again behind the last one."""
        return self._lagged

    @property
    def fault(self) -> Exception | None:
        """What it was closed for, where what comes next cannot be read or `on_ready` failed."""
        return self._fault

    def take(self, timeout_s: float = 0.0) -> list[Told]:
        """What has come since the last time, at most so long waited for; often nothing.

        While it is behind this is what is wanted of one page, and may be nothing as well.

        Raises:
            StoreUnavailableError: It is behind, and the database cannot be read; try again.
        """
        if self.behind:
            return self._read_on()
        with self._changed:
            if not self._waiting and timeout_s > 0:
                self._changed.wait_for(lambda: self._waiting or self._closed, timeout_s)
            taken = list(self._waiting)
            self._waiting.clear()
        return taken

    def close(self) -> None:
        """Listen no more; what waits is dropped."""
        self.end()
        with self._changed:
            self._waiting.clear()
        self._broadcast.leave(self)

    def put(self, events: Sequence[Told | Unreadable]) -> bool:
        """Add what is new to it, as the follower does; whether there is something to be told."""
        with self._changed:
            fresh, bad = self._wanted_of([e for e in events if e.position > self._seen])
            if self._closed:
                return False
            if len(self._waiting) + len(fresh) > self._room:
                self._closed = self._lagged = True
            else:
                self._waiting.extend(fresh)
                self._seen = max(self._seen, events[-1].position)
                if bad is not None:
                    self._stop_before(bad)
            self._changed.notify_all()
        return bool(fresh) or bad is not None

    def join(self) -> None:
        """Get what comes from the follower from now on; for the broadcast."""
        self._behind = False

    def end(self, fault: Exception | None = None) -> None:
        """Put nothing more here; for the broadcast."""
        with self._changed:
            if not self._closed:
                self._fault, self._closed = fault, True
            self._changed.notify_all()

    def tell(self) -> None:
        """Say that it can be taken from, or was closed; for the broadcast."""
        if self._on_ready is not None:
            self._on_ready()

    def _wanted_of(
        self, events: Sequence[Told | Unreadable]
    ) -> tuple[list[Told], Unreadable | None]:
        """What it is to get, up to the first that it cannot get."""
        wanted: list[Told] = []
        for event in events:
            if self._wanted is not None and not self._wanted(event):
                continue
            if isinstance(event, Unreadable):
                return wanted, event
            wanted.append(event)
        return wanted, None

    def _stop_before(self, bad: Unreadable) -> None:
        self._seen = bad.position - 1
        self._fault, self._closed = bad.fault, True

    def _read_on(self) -> list[Told]:
        try:
            page = self._broadcast.since(self._seen)
        except StoreUnavailableError:
            raise
        except StoreError as why:
            self.end(why)
            self._broadcast.leave(self)
            return []
        wanted, bad = self._wanted_of(page)
        if bad is not None:
            with self._changed:
                self._stop_before(bad)
            self._broadcast.leave(self)
            return wanted
        # A position that the log has not come to, as after a restore, is nothing to wait for: the
        # follower would look behind it, and nobody else could join.
        self._seen = page[-1].position if page else min(self._seen, self._broadcast.head())
        self._broadcast.join(self, page_was=len(page))
        return wanted


class Broadcast:
    """Follows the log for all subscribers of this process.

    Nobody is joined to it before all that lies behind the follower was read, so that a
    subscription has no gap where its pages end and what is put begins. While nobody is joined
    nothing is looked at, and until the first one is there is no thread.
    """

    def __init__(
        self,
        feed: ChangeFeed,
        *,
        head: Callable[[], int],
        log: Log,
        page: int = PAGE,
        wait_s: float = WAIT_S,
    ) -> None:
        """Follow `feed`, in pages of so many events.

        Args:
            feed: The log as a stream.
            head: Tells the position of the last event there is.
            log: Is told of faults.
            page: How many events are read at once.
            wait_s: How long one wait for the log lasts.
        """
        self._feed = feed
        self._head = head
        self._log = log
        self._page = page
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._open: set[Subscription] = set()
        self._joined: set[Subscription] = set()
        self._position: int | None = None
        """The last position that was put; `None` while nobody is joined."""
        self._follower: threading.Thread | None = None
        self._ended = False
        self.unreadable: set[int] = set()
        """Positions of events that were met and could not be read; each is logged once."""

    def subscribe(
        self,
        *,
        after: int,
        wanted: Wanted | None = None,
        on_ready: Callable[[], None] | None = None,
        room: int = ROOM,
    ) -> Subscription:
        """Listen to every event behind a position; reads nothing yet.

        Of a broadcast that was closed it is a subscription that is closed.

        Args:
            after: The last position that the subscriber knows; 0 for all there ever was.
            wanted: Whether it is to get an event; left out, all. It is asked in the follower's
                thread, so it must be quick.
            on_ready: Called in the follower's thread when something was put, and when it was
                closed; for asyncio a `loop.call_soon_threadsafe`.
            room: So many events may wait for it before it is closed as `lagged`.
        """
        subscription = Subscription(self, after=after, wanted=wanted, on_ready=on_ready, room=room)
        with self._changed:
            if self._ended:
                subscription.end()
            else:
                self._open.add(subscription)
        return subscription

    def since(self, position: int, limit: int | None = None) -> list[Told | Unreadable]:
        """The first events behind a position, a page or at most `limit`, read from the database.

        Raises:
            StoreError: The database cannot be read.
        """
        most = self._page if limit is None else limit
        found = list(events_behind(self._feed, position, limit=most))
        for event in found:
            if isinstance(event, Unreadable) and event.position not in self.unreadable:
                self.unreadable.add(event.position)
                self._log("broadcast", failed=event.fault.message)
        return found

    def head(self) -> int:
        """The position of the last event there is; for one who wants only what comes.

        Raises:
            StoreError: The database cannot be read.
        """
        return self._head()

    @property
    def listening(self) -> int:
        """How many subscriptions are open."""
        with self._changed:
            return len(self._open)

    @property
    def lives(self) -> bool:
        """Whether who listens would be told: it was not closed, and its thread has not died."""
        with self._changed:
            return not self._ended and (self._follower is None or self._follower.is_alive())

    def close(self) -> None:
        """End the follower, and close all subscriptions; it returns when the thread has ended."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
            follower = self._follower
        self._end(self._open)
        if follower is not None and follower is not threading.current_thread():
            follower.join()

    def join(self, subscription: Subscription, *, page_was: int) -> None:
        """Let a subscription that has read all there was get what comes; called by it.

        It stays behind, and reads once more, where its last page was a whole one, or where the
        follower has been further by now.
        """
        with self._changed:
            if subscription not in self._open or page_was >= self._page:
                return
            if self._position is None:
                self._position = subscription.seen
            elif self._position > subscription.seen:
                return
            subscription.join()
            self._joined.add(subscription)
            if self._follower is None:
                self._follower = threading.Thread(
                    target=self._follow, name="runthrough-broadcast", daemon=True
                )
                self._follower.start()
            self._changed.notify_all()

    def leave(self, subscription: Subscription) -> None:
        """Forget a subscription; called by it."""
        with self._changed:
            self._open.discard(subscription)
            self._joined.discard(subscription)

    def _follow(self) -> None:
        faults = 0
        while (after := self._next()) is not None:
            try:
                if self._feed.wait(after=after, timeout_s=self._wait_s):
                    self._publish(self.since(after))
                faults = 0
            except StoreUnavailableError as why:
                self._log("broadcast", failed=why.message)
                pause_s = PAUSES_S[min(faults, len(PAUSES_S) - 1)]
                with self._changed:
                    self._changed.wait_for(lambda: self._ended, pause_s)
                faults += 1
            except Exception as why:  # noqa: BLE001 - told to all who listen; none hears silence
                self._log("broadcast", fault=traceback.format_exc())
                self._end(self._joined, why)

    def _next(self) -> int | None:
        """Behind which position to look; waits for somebody to look for. `None` at the end."""
        with self._changed:
            while not self._joined and not self._ended:
                self._position = None
                self._changed.wait()
            return None if self._ended else self._position

    def _publish(self, events: Sequence[Told | Unreadable]) -> None:
        with self._changed:
            ready = [each for each in self._joined if self._put(each, events)]
            self._position = events[-1].position
            closed = {each for each in ready if each.closed}
            self._open -= closed
            self._joined -= closed
        self._tell(ready)

    def _put(self, subscription: Subscription, events: Sequence[Told | Unreadable]) -> bool:
        try:
            return subscription.put(events)
        except Exception as why:  # noqa: BLE001 - what one listener wants is not the others' fault
            self._log("broadcast", fault=traceback.format_exc())
            subscription.end(why)
            return True

    def _end(self, those: set[Subscription], fault: Exception | None = None) -> None:
        """Close subscriptions, and tell them."""
        with self._changed:
            ended = list(those)
            for subscription in ended:
                subscription.end(fault)
            self._open.difference_update(ended)
            self._joined.difference_update(ended)
        self._tell(ended)

    def _tell(self, those: Sequence[Subscription]) -> None:
        for subscription in those:
            try:
                subscription.tell()
            except Exception as why:  # noqa: BLE001 - one listener's fault is not the others'
                self._log("broadcast", fault=traceback.format_exc())
                subscription.end(why)
                self.leave(subscription)
