"""Session: one method for each thing a user can do; every door calls this."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from pydantic import JsonValue

from runthrough.application.asking import AskedSession
from runthrough.application.collecting import collecting_later
from runthrough.application.execution import Execution
from runthrough.application.homes import roots_here
from runthrough.application.interruption import Interruption
from runthrough.application.looking import DIGEST_UP_TO, World
from runthrough.application.shown import Recorded
from runthrough.application.taking_over import holder_lives
from runthrough.application.wishes import Once, RunWish
from runthrough.core.commands import (
    CancelRun,
    MoveHome,
    RecordWorld,
)
from runthrough.core.events import DataFlowChecked, EventEnvelope, RunStarted
from runthrough.core.lifecycle import Phase
from runthrough.core.planning import chosen, retried
from runthrough.core.values.ids import NodeName, RunId, Version
from runthrough.core.values.metadata import Home
from runthrough.core.values.paths import Roots
from runthrough.core.views.history import HistoryRow, history
from runthrough.core.views.nodes import View
from runthrough.core.views.plans import outdated_view
from runthrough.core.views.results import results_view
from runthrough.core.views.resumed import resumed_view
from runthrough.core.views.worklist import LOOK_BACK, next_command, worklist
from runthrough.errors import CommandRefusedError, NothingToRetryError, RunInProgressError


class Session(AskedSession):
    """One guided test of one pipeline, as one caller goes on with it."""

    outdated: Sequence[View] = ()
    """Of the run that was last started here: see `views.plans.outdated_view`."""

    resumed: Mapping[str, JsonValue] = MappingProxyType({})
    """Of the last `resume` or move here: see `views.resumed.resumed_view`, with `stale`, how many
    nodes are, and `next_command`."""

    def resume(self) -> list[HistoryRow]:
        """Go on: close what a dead tester left open, and record what the world has become.

        What was recorded is returned. A closed session, and one that lives on another host, is
        only shown.

        Raises:
            RunInProgressError: A run is on, and its tester lives.
        """
        self.refresh()
        before, world = self.version, None
        if self.state.phase is not Phase.CLOSED and self.at_home:
            self._execution().take_over(verb="resume")
            world = self._record_world(digest_up_to=DIGEST_UP_TO)
        return self._resumed(before, world)

    def move_home(
        self,
        *,
        workspaces: Sequence[str] = (),
        pipeline: str | None = None,
        take_over: bool = False,
    ) -> list[HistoryRow]:
        """Let the session live on this host from now on, and record what the world is here.

        At home it is told where its folders lie by now. What was recorded is returned.

        Args:
            workspaces: Its workspaces on this host, the first is where it writes; left out, those
                that are known here, else the current folder.
            pipeline: Its pipeline file on this host, or the folder of that file; left out, it
                lies to the workspace as it did at home.
            take_over: Whether a run that a tester on another host drives is closed, whether or
                not that tester is gone.

        Raises:
            RunInProgressError: A run is on, and its tester lives.
            SessionClosedError: It is closed.
            CommandInvalidError: There is no such folder, or nothing of the session lies there.
        """
        self._writable("resume")
        self.refresh()
        before, caller = self.version, self._caller
        places = roots_here(
            self._ports,
            self.state,
            host=caller.host,
            cwd=self._cwd,
            workspaces=workspaces,
            pipeline=pipeline,
        )
        roots, home = Roots(places), Home(host=caller.host, name=caller.host_name)
        if self.state.phase is not Phase.CLOSED:
            self._execution(roots=roots).take_over(verb="resume", insist=take_over)
        if self.state.home is None or self.state.home.host != caller.host:
            self._handle(MoveHome(home=home))
        self._ports.directory.set_roots(self.session_id, host=caller.host, roots=places)
        self._settle_at(roots)
        world = None
        if self.state.phase is not Phase.CLOSED:
            world = self._record_world(digest_up_to=DIGEST_UP_TO)
        return self._resumed(before, world)

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
            OutsideRootsError: A selected node has a path where the caller may not look.
        """
        wish = RunWish(
            select=tuple(select),
            jobs=jobs,
            fail_fast=fail_fast,
            reuse=reuse,
            sagemaker=sagemaker,
            take_over=take_over,
        )
        return self.carry_out(wish, interruption=interruption, told=told)

    def carry_out(
        self,
        wish: RunWish,
        *,
        once: Once | None = None,
        interruption: Interruption | None = None,
        told: Callable[[EventEnvelope], None] | None = None,
    ) -> View:
        """Run, or retry, as is wished; the founding plan's results.

        Each event of the run is given to `told` as it is recorded. Where it was begun with the
        command of `once` before, nothing is run and told, whether or not that run is over.

        Raises:
            RunInProgressError: A run is on, and its tester lives.
            PendingScriptsError: Nodes of the selection need a person first.
            SelectionError: Nothing is selected.
            NothingToRetryError: Nothing failed.
            AttemptClosedError: Somebody took the run over meanwhile.
            CommandIdReusedError: `once` was used for something else.
        """
        seams: list[DataFlowChecked] = []
        if once is None or self.begun_before(wish, once) is None:
            try:
                self._carry_out(wish, seams, once=once, interruption=interruption, told=told)
            except RunInProgressError:  # that very run, where another process has just begun it
                if once is None or self.begun_before(wish, once) is None:
                    raise
        return results_view(
            self.state, self.particulars, seams, locate=self.locate, outdated=self.outdated
        )

    def begun_before(self, wish: RunWish, once: Once) -> RunId | None:
        """The run that was begun with this command before, over or not; else `None`.

        Raises:
            CommandRefusedError: It was wished before, and refused.
            CommandIdReusedError: The command was something else.
        """
        self.refresh()
        return self._execution().begun_before(wish, once)

    def _carry_out(
        self,
        wish: RunWish,
        seams: list[DataFlowChecked],
        *,
        once: Once | None,
        interruption: Interruption | None,
        told: Callable[[EventEnvelope], None] | None,
    ) -> None:
        self.refresh()
        self._needs_files("retry" if wish.retry else "run")

        def listen(envelope: EventEnvelope) -> None:
            if isinstance(envelope.event, DataFlowChecked):
                seams.append(envelope.event)
            elif isinstance(envelope.event, RunStarted):
                self.outdated = outdated_view(self.state, envelope.event.plan.order, world)
            if told is not None:
                told(envelope)

        if wish.retry:
            wish = replace(wish, select=self.to_retry(take_over=wish.take_over))
        self._execution().take_over(insist=wish.take_over)
        # Digests are taken whatever the size: a run may be reused only on content.
        world = self._record_world(digest_up_to=None)
        self._refuse_outside(wish.select, world)
        self._execution(listen).run(
            wish, world=world, interruption=interruption or Interruption(), once=once
        )

    def to_retry(self, *, take_over: bool = False) -> tuple[NodeName, ...]:
        """What a retry runs: nodes whose last attempt did not pass, and what they blocked.

        A run whose tester is gone is closed first, so that what it lost is among them.

        Raises:
            NothingToRetryError: There are none.
            RunInProgressError: A run is on, and its tester lives.
        """
        self.refresh()
        self._needs_files("retry")
        self._execution().take_over(verb="retry", insist=take_over)
        nodes = retried(self.state)
        if not nodes:
            raise NothingToRetryError
        return nodes

    def cancel(self, meant: str | None = None) -> Recorded:
        """Ask the tester that drives the present run to end it, which takes about a second.

        Raises:
            CommandRefusedError: No run is on, or not the one that is meant, or its tester is gone.
        """
        self.refresh()
        run, refusal = self.state.running, None
        if run is not None and meant not in (None, run.run):
            refusal = CommandRefusedError(
                f"The run that is on is {run.run}, not {meant}.",
                fix="runthrough status shows what is on",
            )
        elif run is not None and not holder_lives(self._ports, run):
            refusal = CommandRefusedError(
                "The tester that drove the run is gone, so nobody could end it.",
                fix="runthrough resume closes what it left open",
            )
        if refusal is not None:
            self._handler.refuse(self._loaded, "cancel", refusal, self._caller.metadata())
            raise refusal
        stored = self._handle(CancelRun())
        return Recorded(Version(stored[0].version - 1), stored[-1].version)

    # ---- how it is done

    def _refuse_outside(self, select: Sequence[str], world: World) -> None:
        """Refuse to run a node that has a path which may not be touched."""
        if not self._allowing.confines:
            return
        for node in chosen(self.state, select, world):
            for path in world[node].outside if node in world else ():
                self._allowing.refuse_outside(path, f"{node} cannot run here, for its path")

    def _execution(
        self,
        told: Callable[[EventEnvelope], None] | None = None,
        *,
        roots: Roots | None = None,
    ) -> Execution:
        return Execution(
            self._ports,
            self._handler,
            self._loaded,
            looking=self._looking,
            roots=roots or self._roots,
            caller=self._caller,
            told=told,
        )

    @collecting_later()
    def _record_world(self, *, digest_up_to: int | None) -> World:
        """Look at all nodes, and record what no longer holds and what is back."""
        world = self._looking.at(
            self.state, self.particulars, self.state.nodes, digest_up_to=digest_up_to
        )
        self._handle(RecordWorld(facts=world))
        return world

    def _resumed(self, before: Version, world: World | None) -> list[HistoryRow]:
        """What was recorded after a version, told for a screen and as rows."""
        state = self.state
        stored = list(
            self._ports.store.read(self.session_id, after=before, upto=self.version)
            if self.version > before
            else ()
        )
        world = self._look() if world is None else world
        listed = worklist(state, world)
        first = LOOK_BACK if state.phase is Phase.CLOSED else next_command(listed)
        self.resumed = {
            **resumed_view(state, stored),
            "stale": sum(row.category == "stale" for row in listed),
            "next_command": self._typed_here(first),
        }
        if not stored:
            return []
        return list(history(stored, self._handler.load(self.session_id, upto=before).state))
