"""Session: one method for each thing a user can do; every door calls this."""

from collections.abc import Callable, Sequence

from runthrough.application.execution import Execution
from runthrough.application.interruption import Interruption
from runthrough.application.looking import DIGEST_UP_TO, World
from runthrough.application.planned import PlannedSession
from runthrough.application.taking_over import holder_lives
from runthrough.core.commands import (
    CancelRun,
    CloseSession,
    RecordWorld,
    ReopenSession,
)
from runthrough.core.events import DataFlowChecked, EventEnvelope, RunStarted
from runthrough.core.lifecycle import Phase
from runthrough.core.planning import retried
from runthrough.core.values.ids import NodeName
from runthrough.core.views.history import HistoryRow
from runthrough.core.views.nodes import View
from runthrough.core.views.plans import outdated_view
from runthrough.core.views.results import results_view
from runthrough.errors import CommandRefusedError, NothingToRetryError


class Session(PlannedSession):
    """One guided test of one pipeline, as one caller goes on with it."""

    outdated: Sequence[View] = ()
    """Of the run that was last started here: see `views.plans.outdated_view`."""

    def resume(self) -> list[HistoryRow]:
        """Go on: close what a dead tester left open, and record what the world has become.

        What was recorded is returned. A closed session is only shown.

        Raises:
            RunInProgressError: A run is on, and its tester lives.
        """
        before = self.version
        self.refresh()
        if self.state.phase is not Phase.CLOSED:
            self._execution().take_over(verb="resume")
            self._record_world(digest_up_to=DIGEST_UP_TO)
        return [row for row in self.history() if row.version > before]

    def run(
        self,
        select: Sequence[str] = (),
        *,
        jobs: int = 1,
        fail_fast: bool = False,
        reuse: bool = True,
        sagemaker: bool = False,
        take_over: bool = False,
        interruption: Interruption | None = None,
        told: Callable[[EventEnvelope], None] | None = None,
    ) -> View:
        """Run the selection end to end; the founding plan's results.

        Each event of the run is given to `told` as it is recorded. With `take_over` a run that
        a tester on another host drives is taken from it, whether or not that tester is gone.

        Raises:
            RunInProgressError: A run is on, and its tester lives.
            PendingScriptsError: Nodes of the selection need a person first.
            SelectionError: Nothing is selected.
            AttemptClosedError: Somebody took the run over meanwhile.
        """
        self._writable("run")
        seams: list[DataFlowChecked] = []

        def listen(envelope: EventEnvelope) -> None:
            if isinstance(envelope.event, DataFlowChecked):
                seams.append(envelope.event)
            elif isinstance(envelope.event, RunStarted):
                self.outdated = outdated_view(self.state, envelope.event.plan.order, world)
            if told is not None:
                told(envelope)

        self.refresh()
        self._execution().take_over(insist=take_over)
        # Digests are taken whatever the size: a run may be reused only on content.
        world = self._record_world(digest_up_to=None)
        execution = self._execution(listen)
        execution.run(
            select,
            jobs=jobs,
            fail_fast=fail_fast,
            reuse=reuse,
            sagemaker=sagemaker,
            world=world,
            interruption=interruption or Interruption(),
        )
        return results_view(
            self.state, self.particulars, seams, locate=self.locate, outdated=self.outdated
        )

    def to_retry(self, *, take_over: bool = False) -> tuple[NodeName, ...]:
        """What a retry runs: nodes whose last attempt did not pass, and what they blocked.

        A run whose tester is gone is closed first, so that what it lost is among them.

        Raises:
            NothingToRetryError: There are none.
            RunInProgressError: A run is on, and its tester lives.
        """
        self._writable("retry")
        self.refresh()
        self._execution().take_over(verb="retry", insist=take_over)
        nodes = retried(self.state)
        if not nodes:
            raise NothingToRetryError
        return nodes

    def cancel(self) -> None:
        """Ask the tester that drives the present run to end it, which takes about a second.

        Raises:
            CommandRefusedError: No run is on, or its tester is gone.
        """
        self.refresh()
        run = self.state.running
        if run is not None and not holder_lives(self._ports, run):
            refusal = CommandRefusedError(
                "The tester that drove the run is gone, so nobody could end it.",
                fix="runthrough resume closes what it left open",
            )
            self._handler.refuse(self._loaded, "cancel", refusal, self._caller.metadata())
            raise refusal
        self._handle(CancelRun())

    def close(self) -> None:
        """End the session's work; its history stays.

        Raises:
            CommandRefusedError: A run is on, or the session is closed.
        """
        self.refresh()
        self._handle(CloseSession())

    def reopen(self) -> None:
        """Go on with a closed session.

        Raises:
            CommandRefusedError: It is not closed.
            SessionNameTakenError: Another open session has its name.
        """
        self.refresh()
        self._handle(ReopenSession())

    # ---- how it is done

    def _execution(self, told: Callable[[EventEnvelope], None] | None = None) -> Execution:
        return Execution(
            self._ports,
            self._handler,
            self._loaded,
            looking=self._looking,
            roots=self._roots,
            caller=self._caller,
            told=told,
        )

    def _record_world(self, *, digest_up_to: int | None) -> World:
        """Look at all nodes, and record what no longer holds and what is back."""
        world = self._looking.at(
            self.state, self.particulars, self.state.nodes, digest_up_to=digest_up_to
        )
        self._handle(RecordWorld(facts=world))
        return world
