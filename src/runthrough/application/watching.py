"""Whether a run that is on is still wanted, and still this tester's."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal

from runthrough.application.handler import CommandHandler
from runthrough.application.interruption import Interruption
from runthrough.application.ports import Clock, Log, ScriptRunner
from runthrough.application.taking_over import open_attempts
from runthrough.core.state import RunState
from runthrough.core.values.ids import NodeName, RunId
from runthrough.core.values.outcomes import RunStatus
from runthrough.core.views.loaded import Loaded
from runthrough.errors import AttemptClosedError, StoreUnavailableError

LOG_LOOK_S = 1.0
"""How often the log is looked at for who cancels the run, or took it over (DESIGN § 8)."""
OUT_OF_TOUCH_S = 40.0
"""So long a run goes on while the log cannot be read; until then its lease (60 s, renewed every
10 s) keeps others from taking it over, after that its scripts might run twice."""


class Watch:
    """Ends a run's attempts when somebody asks for it, in this process or in the log."""

    def __init__(
        self,
        handler: CommandHandler,
        loaded: Loaded,
        run: RunId,
        runner: ScriptRunner,
        *,
        clock: Clock,
        log: Log,
        interruption: Interruption,
    ) -> None:
        self._handler = handler
        self._loaded = loaded
        self._run = run
        self._runner = runner
        self._clock = clock
        self._interruption = interruption
        self._log = log
        self._looked_at = self._seen_at = clock()
        self._ending = False
        self._status: RunStatus | Literal["as_it_went"] = "as_it_went"
        self.why = ""
        """Why attempts were ended, in words."""

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Say to whoever hears Ctrl-C that this run ends when it is asked to."""
        self._interruption.heard = True
        try:
            yield
        finally:
            self._interruption.heard = False

    def stop(self) -> bool:
        """Whether nothing more is to be started; what runs is ended as well, unless it may go on.

        Raises:
            AttemptClosedError: Somebody took the run over.
            StoreUnavailableError: The log has been out of reach for `OUT_OF_TOUCH_S`.
        """
        if self._ending:
            return True
        running = self._present()
        if running.cancelled_by is not None:
            self._status, self.why = "cancelled", f"cancelled by {running.cancelled_by}"
        elif self._interruption.asked:
            self._status, self.why = "interrupted", "the run was interrupted"
        else:
            return self._interruption.draining
        self._ending = True
        self.end_attempts()
        return True

    def status(self) -> RunStatus | Literal["as_it_went"]:
        """How the run is to be finished: draining interrupts it only where nodes are left."""
        running = self._loaded.state.running
        if self._status != "as_it_went" or running is None or not self._interruption.draining:
            return self._status
        left = set(running.plan.order) - set(running.outcomes)
        return "interrupted" if left else "as_it_went"

    def end_attempts(self) -> None:
        """End what runs; each attempt is reported when it has ended."""
        for _, claimed in open_attempts(self._loaded.state, self._present()):
            self._runner.cancel(claimed.attempt)

    def _present(self) -> RunState:
        now = self._clock()
        if now - self._looked_at >= timedelta(seconds=LOG_LOOK_S):
            self._looked_at = now
            self._look(now)
        running = self._loaded.state.running
        if running is None or running.run != self._run:
            raise AttemptClosedError(NodeName("the run"), self._run)
        return running

    def _look(self, now: datetime) -> None:
        try:
            self._handler.refresh(self._loaded)
        except StoreUnavailableError as why:
            if now - self._seen_at >= timedelta(seconds=OUT_OF_TOUCH_S):
                raise
            self._log("out_of_touch", correlation_id=self._run, failed=why.message)
        else:
            self._seen_at = now
