"""The chain of the log, verified as it grows, so that the page can say up to where it holds."""

import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runthrough.application.auditing import Auditing
from runthrough.application.ports import Clock, Log
from runthrough.core.values.store import AuditVerdict, Checkpoint, FirstBad
from runthrough.errors import StoreError

EVERY_S = 60.0
"""How long the chain may grow unverified."""
SOON_S = 2.0
"""As long as there was nothing to verify: a log that has just begun is soon told to hold."""
REST_S = 0.02
"""Between two pieces of a long log, so that visitors are served meanwhile: a million events take
half a minute more."""
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verified:
    """Up to where the chain was found whole, and when."""

    position: int = 0
    at: datetime | None = None
    """Aware, UTC; `None` where it was not looked at yet."""
    ok: bool = True
    """Whether nothing bad was found behind it."""
    first_bad: FirstBad | None = None


class _StoppedError(Exception):
    """The watch was told to end, in the middle of a long log."""


class Watch:
    """Verifies the log now and then: at first and once a day all of it, else what came since.

    Once a day it keeps a checkpoint beside the log. A chain that is broken stops nothing, for
    what is there can still be read: it is told in the log, in the numbers and in the badge.
    """

    def __init__(
        self,
        auditing: Auditing,
        *,
        clock: Clock,
        log: Log,
        app_version: str,
        warn: Callable[[str], object] = sys.stderr.write,
    ) -> None:
        """`warn` is told in words where something is wrong, whether or not anybody logs."""
        self._auditing = auditing
        self._clock = clock
        self._log = log
        self._app_version = app_version
        self._warn = warn
        self._known: Checkpoint | None = None
        """The end of what was found whole; `None` where all is to be verified."""
        self._whole_at: datetime | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.verified = Verified()

    def start(self) -> None:
        """Begin to watch, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="runthrough-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def look(self) -> Verified:
        """Verify what is not verified yet, and keep the checkpoint of the day.

        Raises:
            StoreError: The database cannot be read.
        """
        now = self._clock()
        whole = self._whole_at is None or now - self._whole_at >= A_DAY
        verdict = self._auditing.verify(since=None if whole else self._known, between=self._rest)
        if not verdict.ok:
            self._tell_broken(verdict, now)
            return self.verified
        self._known = Checkpoint(verdict.head_position, verdict.log_hash, now, self._app_version)
        self._whole_at = now if whole else self._whole_at
        self.verified = Verified(verdict.head_position, now)
        self._keep(self._known)
        return self.verified

    def _rest(self) -> None:
        if self._stopped.wait(REST_S):
            raise _StoppedError

    def _keep(self, checkpoint: Checkpoint) -> None:
        last = self._auditing.last_checkpoint()
        if checkpoint.position == (last.position if last else 0):
            return
        if last is None or checkpoint.taken_at - last.taken_at >= A_DAY:
            self._auditing.keep(checkpoint)
            self._log("checkpoint", position=checkpoint.position)

    def _tell_broken(self, verdict: AuditVerdict, now: datetime) -> None:
        bad = verdict.first_bad
        position, kind = (bad.position, bad.kind) if bad else (verdict.head_position, "head")
        told = not self.verified.ok
        self.verified = replace(self.verified, at=now, ok=False, first_bad=bad)
        if not told:
            self._log("chain_broken", position=position, kind=kind)
            self._warn(
                f"! The chain of the log is broken at position {position} ({kind}).\n"
                "  → runthrough audit verify tells more\n"
            )

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except _StoppedError:
                return
            except StoreError as why:
                self._log("watch", failed=why.message)
            except Exception:  # noqa: BLE001 - told; the next look may fare better
                self._log("watch", fault=traceback.format_exc())
            begun = self.verified.position or not self.verified.ok
            self._stopped.wait(EVERY_S if begun else SOON_S)
