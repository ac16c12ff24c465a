"""Group commit: appends of many threads that are made durable together.

A caller that finds the writer busy puts its append into a queue. The first of the queue leads: it
stands in line for the writer's turn like anybody else, and when it has it, commits all that wait
by then in one transaction. Then the next one leads. Each caller gets its own answer, and none
before the commit.

Those who are answered together mostly come again together, one after the other. So after a commit
that was shared the next leader gives way to other threads until as many are there as before, but
not for long: a commit for the first of them alone would cost the others a whole commit's wait.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from runthrough.adapters.store.turns import Asked, Place
from runthrough.core.values.store import StoredEvent
from runthrough.errors import LogCorruptError, WrongExpectedVersionError

GROUP_LENGTH = 64
"""Appends that share a commit at most: so many take a few milliseconds, and with more the disk's
part of each is no longer worth the wait."""
QUEUE_LENGTH = 256
"""Callers that wait or are being answered at most; the others wait for room, with nothing of
theirs in the queue."""
COMING_S = 0.001
"""How long a leader gives way at most to those who may be about to come: some commits' time."""
SHARED_EVENTS = 64
"""A command of more events takes a turn of its own, so that nobody waits for its many rows."""

Outcome = Sequence[StoredEvent] | Exception | None
"""The rows that were stored, or why there are none; `None` for a command that the log knows."""


class SharedAppend:
    """One caller's append, and what became of it."""

    __slots__ = (
        "_outcome",
        "_woken",
        "command_id",
        "gone",
        "seal",
        "session_id",
        "settled",
        "version",
    )

    def __init__(
        self,
        session_id: str,
        *,
        version: int,
        command_id: str,
        seal: Callable[[Place], Sequence[StoredEvent]],
    ) -> None:
        self.session_id = session_id
        self.version = version
        """At which its caller expects the session."""
        self.command_id = command_id
        self.seal = seal
        self.settled = False
        """Whether there is an outcome."""
        self.gone = False
        """Whether its caller waits no longer."""
        self._outcome: Outcome = None
        self._woken = threading.Lock()
        self._woken.acquire()

    @property
    def asked(self) -> Asked:
        """What its place is asked for by."""
        return self.session_id, self.session_id, self.command_id

    def settle(self, outcome: Outcome) -> None:
        """Keep what became of it."""
        self._outcome, self.settled = outcome, True

    def wait(self) -> None:
        """Wait until there is an outcome, or the lead is to be taken."""
        self._woken.acquire()

    def wake(self) -> None:
        """End the wait."""
        self._woken.release()

    def rows(self) -> Sequence[StoredEvent] | None:
        """What was stored; `None` for a command that the log knows already.

        Raises:
            Exception: What became of it instead.
        """
        if isinstance(self._outcome, Exception):
            raise _own(self._outcome) from self._outcome
        return self._outcome


class SharedCommits:
    """The queue of one opened database.

    Args:
        commit: Takes the writer's turn, calls what it is given for those whose turn it is, and
            settles each of them behind the commit. What it raises is the outcome of the rest.
    """

    def __init__(self, commit: Callable[[Callable[[], Sequence[SharedAppend]]], None]) -> None:
        self._commit = commit
        self._room = threading.BoundedSemaphore(QUEUE_LENGTH)
        self._lock = threading.Lock()
        self._waiting: deque[SharedAppend] = deque()
        self._leader: SharedAppend | None = None
        self._shared_last = 0
        """How many shared the last commit."""

    @property
    def busy(self) -> bool:
        """Whether somebody leads now, or several were answered together just now."""
        return self._leader is not None or self._shared_last > 1

    def append(self, mine: SharedAppend) -> Sequence[StoredEvent] | None:
        """What was stored, as soon as it is durable; `None` for a command that the log knows.

        Raises:
            WrongExpectedVersionError: The session is not at the expected version.
            Exception: Why there was no commit.
        """
        group: list[SharedAppend] = []
        with self._room:
            try:
                self._join(mine)
                mine.wait()
                if not mine.settled:
                    self._lead(group)
            finally:
                self._leave(mine, group)
        return mine.rows()

    def _join(self, mine: SharedAppend) -> None:
        with self._lock:
            self._waiting.append(mine)
            if self._leader is None:
                self._leader = mine
                mine.wake()

    def _lead(self, group: list[SharedAppend]) -> None:
        """Commit all that wait when the turn comes; `group` tells who they are."""
        self._let_others_come()
        with self._lock:
            standing = tuple(self._waiting)

        def take() -> Sequence[SharedAppend]:
            with self._lock:
                while self._waiting and len(group) < GROUP_LENGTH:
                    # In this order, so that an interrupt in between loses none of them.
                    group.append(self._waiting[0])
                    self._waiting.popleft()
            return group

        try:
            self._commit(take)
        except Exception as error:  # noqa: BLE001 - told to each of the callers
            if not group:  # there was no turn, and these have waited for it all the time
                group.extend(standing)
            for each in group:
                if not each.settled:
                    each.settle(error)

    def _let_others_come(self) -> None:
        until = time.monotonic() + COMING_S
        for _ in range(self._shared_last):
            if len(self._waiting) >= self._shared_last or time.monotonic() > until:
                return
            time.sleep(0)

    def _leave(self, mine: SharedAppend, group: Sequence[SharedAppend]) -> None:
        """Wake those who are answered; where this one led, let the next one lead.

        An interrupt is that of one caller alone: those who were to be committed together with it
        stand in the queue again. If they were committed, the log knows their commands.
        """
        if mine.settled and self._leader is not mine:
            return
        with self._lock:
            mine.gone = True
            waiting = [
                *(each for each in group if not each.settled and each not in self._waiting),
                *self._waiting,
            ]
            self._waiting = deque(each for each in waiting if not (each.settled or each.gone))
            if self._leader is mine:
                self._shared_last = len(group)
                self._leader = self._waiting[0] if self._waiting else None
                if self._leader is not None:
                    self._leader.wake()
        for each in group:
            if each.settled and each is not mine:
                each.wake()


def _own(shared: Exception) -> Exception:
    """An error of one caller's own: what is raised in a thread keeps that thread's frames."""
    own = type(shared).__new__(type(shared), *shared.args)
    own.__dict__.update(vars(shared))
    return own


def chained(
    group: Sequence[SharedAppend], places: Sequence[Place]
) -> tuple[list[StoredEvent], list[Outcome]]:
    """The rows to insert for all of a group, in order, and what becomes of each.

    All is as if each had come by itself: who expects what another one of the group has changed
    is refused, and who sends a command that another one has sent is answered with that.

    Raises:
        LogCorruptError: The log has no head.
    """
    rows: list[StoredEvent] = []
    outcomes: list[Outcome] = []
    ends: dict[str, StoredEvent] = {}
    commands: set[str] = set()
    if len(places) != len(group):
        raise LogCorruptError(0, "the head of the log is missing")
    for each, place in zip(group, places, strict=True):
        end = ends.get(each.session_id)
        version = (place.version if end is None else end.version) or 0
        if place.known_request is not None or each.command_id in commands:
            outcomes.append(None)
        elif version != each.version:
            outcomes.append(WrongExpectedVersionError(each.version, version))
        else:
            sealed = each.seal(_behind(place, rows, end))
            rows += sealed
            ends[each.session_id] = sealed[-1]
            commands.add(each.command_id)
            outcomes.append(sealed)
    return rows, outcomes


def _behind(place: Place, rows: Sequence[StoredEvent], end: StoredEvent | None) -> Place:
    """A place that was asked for before the others of the group came in front."""
    if rows:
        place = place._replace(position=rows[-1].position, log_hash=rows[-1].log_hash)
    return place if end is None else place._replace(version=end.version, event_hash=end.event_hash)
