"""Runs that go on in threads of this process, while those who asked for them do other things."""

import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain, repeat

from runthrough.application.interruption import Interruption
from runthrough.application.ports import Log
from runthrough.application.session import Session
from runthrough.application.wishes import Once, RunWish
from runthrough.core.events import EventEnvelope, RunFinished, RunStarted
from runthrough.core.values.ids import RunId, SessionId
from runthrough.errors import RunnerUnavailableError, RunthroughError, StoreUnavailableError

RUNS_AT_ONCE = 8
"""So many runs one process drives at a time, each with its own `jobs` scripts."""
ENDING_S = 30.0
"""So long scripts may take to end once they are told to: their hosts kill what does not."""
PAUSES_S = (0.2, 1.0, 5.0)
"""How long to wait before the first, second … look whether the store is there again."""


@dataclass(frozen=True, slots=True)
class Driven:
    """A run that this process drives."""

    run: RunId
    session_id: SessionId


@dataclass(eq=False, slots=True)
class _Drive:
    """One run in its thread, from the wish on."""

    once: Once | None
    begun: Future[RunId] = field(default_factory=Future)
    """Yields the run when it is recorded, or raises what it was refused with."""
    interruption: Interruption = field(default_factory=Interruption)
    driven: Driven | None = None
    interrupted: bool = False
    """Whether it was recorded as such: it was ended before it was through."""
    thread: threading.Thread | None = None

    def told(self, envelope: EventEnvelope) -> None:
        """Hear what the run records."""
        if isinstance(envelope.event, RunStarted):
            self.driven = Driven(envelope.event.run, envelope.session_id)
            self.begun.set_result(envelope.event.run)
        elif isinstance(envelope.event, RunFinished):
            self.interrupted = envelope.event.status == "interrupted"


class BackgroundRuns:
    """Drives the runs that were begun in this process, many sessions at once."""

    def __init__(self, *, log: Log, at_once: int = RUNS_AT_ONCE) -> None:
        """Drive at most `at_once` runs at a time."""
        self._log = log
        self._at_once = at_once
        self._changed = threading.Condition()
        self._drives: list[_Drive] = []
        self._stopping = False

    def start(
        self, opening: Callable[[], Session], wish: RunWish, *, once: Once | None = None
    ) -> RunId:
        """Begin a run and return as soon as it is recorded; it goes on in a thread of its own.

        With `once` that was used before, the run of that time is told, whether or not it is over,
        and nothing is started.

        Args:
            opening: Makes a session for this run alone, in whichever thread needs it; its caller
                must draw new command ids.
            wish: How it is wanted.
            once: The command that begins it, so that asking again begins nothing.

        Raises:
            RunnerUnavailableError: The process stops, or drives as many runs as it may, or its
                scripts cannot be started.
            UnknownSessionError: There is no such session.
            RunInProgressError: A run is on in the session, and its tester lives.
            PendingScriptsError: Nodes of the selection need a person first.
            SelectionError: Nothing is selected.
            NothingToRetryError: There is nothing to retry.
            CommandRefusedError: The session does not allow it, or did not when it was asked first.
            CommandIdReusedError: `once` was used for another request.
        """
        drive = _Drive(once)
        with self._changed:
            self._changed.wait_for(self._is_settled)
            refusal = self._refusal()
            if refusal is None:
                self._launch(drive, opening, wish)
        if refusal is None:
            return drive.begun.result()
        before = None if once is None else opening().begun_before(wish, once)
        if before is None:
            raise refusal
        return before

    def driven(self) -> tuple[Driven, ...]:
        """The runs that this process drives now."""
        with self._changed:
            return tuple(drive.driven for drive in self._drives if drive.driven is not None)

    @property
    def stopping(self) -> bool:
        """Whether no more runs are taken."""
        return self._stopping

    def stop(self, grace_s: float) -> bool:
        """Take no more runs, and end those that are on; whether all have ended.

        No script is started any more. Scripts that run may go on for `grace_s`, then they are
        ended. A run that was not through is recorded as interrupted; retry or run goes on there.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            drives = tuple(self._drives)
            for drive in drives:
                drive.interruption.draining = True
            self._changed.wait_for(lambda: not self._drives, grace_s)
            for drive in self._drives:
                drive.interruption.asked = True
            ended = self._changed.wait_for(lambda: not self._drives, ENDING_S)
            left = self.driven()
        for run in left:
            late = f"it has not ended {ENDING_S:g} s after its scripts were told to"
            self._tell(run, failed=late)
        for drive in drives if ended else ():
            if drive.thread is not None:
                drive.thread.join()
        return ended

    def _is_settled(self) -> bool:
        """Whether it is known if there is a place: a start that is refused gives its own back."""
        free = self._stopping or len(self._drives) < self._at_once
        return free or all(drive.driven is not None for drive in self._drives)

    def _refusal(self) -> RunnerUnavailableError | None:
        if self._stopping:
            return RunnerUnavailableError(
                "The service stops, and takes no more runs.",
                fix="ask again when it was started again",
            )
        if len(self._drives) >= self._at_once:
            return RunnerUnavailableError(
                f"The service drives {self._at_once} runs, which is as many as it may at a time.",
                fix="ask again when one of them has ended",
            )
        return None

    def _launch(self, drive: _Drive, opening: Callable[[], Session], wish: RunWish) -> None:
        drive.thread = threading.Thread(
            target=self._drive, args=(drive, opening, wish), name="runthrough-run", daemon=True
        )
        drive.thread.start()
        self._drives.append(drive)

    def _drive(self, drive: _Drive, opening: Callable[[], Session], wish: RunWish) -> None:
        def told(envelope: EventEnvelope) -> None:
            drive.told(envelope)
            if isinstance(envelope.event, RunStarted):
                with self._changed:
                    self._changed.notify_all()

        try:
            session = opening()
            session.carry_out(wish, once=drive.once, interruption=drive.interruption, told=told)
            if drive.driven is None:
                drive.begun.set_result(_begun_before(session, wish, drive.once))
            elif drive.interrupted:
                left = "it was interrupted; a run or retry goes on from there"
                self._tell(drive.driven, failed=left)
        except BaseException as why:  # noqa: BLE001 - told to who began it, or in the log
            if drive.driven is None:
                drive.begun.set_exception(why)
                return
            if not isinstance(why, RunthroughError):
                self._tell(drive.driven, fault=traceback.format_exc())
                return
            self._tell(drive.driven, failed=why.message)
            if isinstance(why, StoreUnavailableError):
                self._close_when_back(drive.driven, opening)
        finally:
            with self._changed:
                self._drives.remove(drive)
                self._changed.notify_all()

    def _close_when_back(self, driven: Driven, opening: Callable[[], Session]) -> None:
        """Close what could not be closed as the store was out of reach, once it is there again.

        Others on this host could not: the process that holds the run lives.
        """
        for pause_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, pause_s):
                    return
            try:
                opening().resume()
            except RunthroughError as why:
                self._tell(driven, failed=why.message)
                if not isinstance(why, StoreUnavailableError):
                    return
            else:
                return

    def _tell(self, driven: Driven, **what: str) -> None:
        run, session_id = driven.run, driven.session_id
        self._log("background_run", session_id=session_id, correlation_id=run, **what)


def _begun_before(session: Session, wish: RunWish, once: Once | None) -> RunId:
    run = None if once is None else session.begun_before(wish, once)
    if run is None:
        raise AssertionError("a run that was carried out, and told nothing, was begun before")
    return run
