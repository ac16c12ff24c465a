"""A session's run: plan, schedule, and report each outcome back as a command."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import replace

from runthrough.application.allowing import Allowing
from runthrough.application.attempts import (
    Attempts,
    CannotStartError,
    attempt_folder,
    referred_attempts,
)
from runthrough.application.caller import Caller
from runthrough.application.forking import descendants
from runthrough.application.handler import CommandHandler
from runthrough.application.interruption import Interruption
from runthrough.application.judging import Judge
from runthrough.application.looking import Looking, World
from runthrough.application.outset import already, not_started
from runthrough.application.ports import Ports, ScriptRunner
from runthrough.application.scheduler import Scheduler
from runthrough.application.taking_over import (
    adopted,
    driving,
    holder_lives,
    lived_s,
    open_attempts,
)
from runthrough.application.watching import Watch
from runthrough.application.wishes import Once, RunWish
from runthrough.core.commands import (
    Command,
    FinishRun,
    ReuseScript,
    StartRun,
    StartScript,
)
from runthrough.core.events import EventEnvelope, RunStarted
from runthrough.core.staleness import differences, fingerprint, output_changes
from runthrough.core.state import OpenAttempt, SessionState
from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import AttemptId, NodeName, RunId
from runthrough.core.values.metadata import Metadata
from runthrough.core.values.outcomes import ScriptError
from runthrough.core.values.paths import SESSION, Roots, record
from runthrough.core.views.loaded import Loaded
from runthrough.errors import (
    AttemptClosedError,
    RunInProgressError,
    RunnerUnavailableError,
    StoreError,
    StoreUnavailableError,
)

LEASE_RENEWAL_S = 10.0
"""How often the holder of a run gives a sign of life (DESIGN § 8)."""

Told = Callable[[EventEnvelope], None]
"""Is told every event of a run as it is recorded."""


class Execution:
    """Runs one session's pipeline."""

    def __init__(
        self,
        ports: Ports,
        handler: CommandHandler,
        loaded: Loaded,
        *,
        looking: Looking,
        roots: Roots,
        caller: Caller,
        told: Told | None = None,
        renewal_s: float = LEASE_RENEWAL_S,
    ) -> None:
        self._ports = ports
        self._handler = handler
        self._loaded = loaded
        self._looking = looking
        self._roots = roots
        self._caller = caller
        self._told = told
        self._renewal_s = renewal_s
        self._allowing = Allowing(ports.confinement, roots)
        self._attempts = Attempts(roots, ports.inspector, ports.files, ports.secrets)
        self._judge = Judge(self._attempts, looking=looking, log=ports.log)

    @property
    def _state(self) -> SessionState:
        return self._loaded.state

    def take_over(self, *, verb: str = "run", insist: bool = False) -> None:
        """Close the attempts of a run whose tester is gone, then the run.

        An attempt whose host wrote its result gets that outcome, another is `lost`. `verb` is
        what a person asked for; with `insist` a tester on another host, of which nothing but its
        lease can be known here, counts as gone.

        Raises:
            RunInProgressError: The tester lives; the refusal is recorded.
            RunnerUnavailableError: An attempt's folder cannot be written.
        """
        self._handler.refresh(self._loaded)
        run = self._state.running
        if run is None:
            return
        if holder_lives(self._ports, run, take_over=insist):
            refusal = RunInProgressError(
                verb,
                who=run.actor,
                where=run.holder.host_name or run.holder.host,
                since=f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC",
            )
            self._handler.refuse(self._loaded, verb, refusal, self._caller.metadata())
            raise refusal
        try:
            claimed = dict(open_attempts(self._state, run))
            results = adopted(self._ports, self._roots, run, claimed.items())
            lived = lived_s(self._ports, self._state.session_id, run, results)
            for node, result in results.items():
                self._finish(run.run, node, claimed[node], result)
            self._report(FinishRun(run=run.run, status="interrupted", duration_s=lived))
        except AttemptClosedError:
            # Two came at once and the other closed it; what follows meets the phase table.
            self._handler.refresh(self._loaded)
        self._ports.leases.release(run.run)

    def run(
        self,
        wish: RunWish,
        *,
        world: World,
        interruption: Interruption,
        once: Once | None = None,
    ) -> None:
        """Plan and run the selection; the outcome of each node stands in the log.

        Where it was begun by somebody else meanwhile, `once` and for all, nothing is driven here.

        Raises:
            PendingScriptsError: Nodes of the selection need a person first.
            SelectionError: Nothing is selected.
            RunnerUnavailableError: The runner cannot be opened; no run was begun.
            AttemptClosedError: Somebody took the run over meanwhile.
            CommandIdReusedError: `once` was used for something else.
        """
        run = RunId(self._ports.new_id())
        command = self._start_run(run, wish, world)
        started_at = self._caller.clock()
        with driving(run):
            # Nothing is opened for a run that is refused, unless that is over by now.
            refused = self._handler.refuses(self._loaded, command)
            if refused and not self._begin(command, wish, once):
                return
            with self._holding(run):
                try:
                    with closing(self._ports.runner(wish.jobs)) as runner:
                        if not refused and not self._begin(command, wish, once):
                            return
                        watch = Watch(
                            self._handler,
                            self._loaded,
                            run,
                            runner,
                            clock=self._caller.clock,
                            log=self._ports.log,
                            interruption=interruption,
                        )
                        self._drive(run, runner, watch, wish)
                except BaseException:
                    # Ctrl-C, or a fault of ours: the children have ended; the session can go on.
                    self._interrupt(run)
                    raise
                took = self._caller.clock() - started_at
                finish = FinishRun(run=run, status=watch.status(), duration_s=took.total_seconds())
                self._report(finish)
        self._prune()

    def begun_before(self, wish: RunWish, once: Once) -> RunId | None:
        """The run that was begun before, also where it is over; `None` where there is none.

        Raises:
            CommandRefusedError: It was asked for before, and refused.
            CommandIdReusedError: The command was something else.
        """
        command = self._start_run(RunId(""), wish, {})
        metadata = self._metadata(command, once)
        stored = self._handler.answered(self._loaded, command, metadata, asked=wish.asked)
        begun = (each.event.run for each in stored if isinstance(each.event, RunStarted))
        return next(begun, None)

    def _start_run(self, run: RunId, wish: RunWish, world: World) -> StartRun:
        return StartRun(
            run=run,
            select=wish.select,
            holder=self._ports.hosts.me(),
            runner=self._ports.runner_name,
            jobs=wish.jobs,
            fail_fast=wish.fail_fast,
            reuse=wish.reuse,
            sagemaker=wish.sagemaker,
            facts=world,
        )

    def _begin(self, command: StartRun, wish: RunWish, once: Once | None) -> bool:
        """Record that the run begins; whether it is this one, and not one of before."""
        metadata = self._metadata(command, once)
        stored = self._handler.handle(self._loaded, command, metadata, asked=wish.asked)
        running = self._state.running
        if running is None or running.run != command.run:
            return False
        self._tell(stored)
        return True

    def _prune(self) -> None:
        """Delete what older runs left, but for what this session or a fork still refers to."""
        files, session_id = self._ports.files, self._state.session_id
        runs, keep_runs = self._roots.locate(record(SESSION, "runs")), self._ports.keep_runs
        older = len(files.folders_in(runs) or ()) > keep_runs
        try:
            forks = descendants(self._ports, session_id) if older else ()
            states = (self._state, *(self._handler.load(fork).state for fork in forks))
        except StoreError as why:  # what it refers to is not known, so nothing may go
            self._ports.log("prune", session_id=session_id, failed=why.message)
            return
        kept = {attempt for state in states for attempt in referred_attempts(state)}
        for line in files.prune(runs, keep_runs=keep_runs, kept=kept):
            self._ports.log("prune", session_id=session_id, failed=line)

    @contextmanager
    def _holding(self, run: RunId) -> Iterator[None]:
        """Hold the run's lease, and renew it while the run is on."""
        leases, clock = self._ports.leases, self._caller.clock
        leases.take(
            run, session_id=self._state.session_id, holder=self._ports.hosts.me(), at=clock()
        )
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._renewal_s):
                try:
                    leases.renew(run, at=clock())
                except StoreUnavailableError as why:
                    # The next renewal may succeed; without any, another host would take over.
                    self._ports.log("lease", correlation_id=run, failed=why.message)

        thread = threading.Thread(target=renew, name="runthrough-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            leases.release(run)

    def _drive(self, run: RunId, runner: ScriptRunner, watch: Watch, wish: RunWish) -> None:
        running = self._state.running
        if running is None:
            return
        planned = {node.node: node for node in running.plan.run}
        through = {*planned, *running.plan.reuse}
        must_run = {
            name for name, node in planned.items() if set(node.reasons) - {"upstream_runs"}
        }
        scheduler: Scheduler[ScriptResult] = Scheduler(
            [node for node in running.plan.order if node in through],
            self._state.predecessors,
            jobs=wish.jobs,
            fail_fast=wish.fail_fast,
        )

        def start(node: NodeName) -> Future[ScriptResult] | None:
            return self._start(run, node, runner, must_run=node in must_run)

        def finish(node: NodeName, result: ScriptResult) -> bool:
            claimed = self._state.nodes[node].running
            if claimed is None:
                raise AttemptClosedError(node, run)
            if result.outcome == "cancelled" and result.error is None and watch.why:
                error = ScriptError(kind="lost", message=watch.why)
                result = replace(result, error=error)
            passed = self._finish(run, node, claimed, result)
            if wish.fail_fast and not passed:
                watch.why = watch.why or f"ended because {node} did not pass (fail-fast)"
                watch.end_attempts()
            return passed

        with watch.heard():
            scheduler.drive(start, finish, stop=watch.stop)

    def _start(
        self, run: RunId, node: NodeName, runner: ScriptRunner, *, must_run: bool
    ) -> Future[ScriptResult] | None:
        """Claim an attempt and start it; `None` when the node is reused or blocked."""
        state = self._state
        if state.running is None or node in state.running.outcomes:
            return None
        seen = self._looking.glance(state, self._loaded.particulars, (node,), digest_up_to=None)
        facts = seen.get(node, NodeFacts())
        sagemaker = state.running.sagemaker
        present = fingerprint(state, node, facts, sagemaker=sagemaker) or ()
        if not must_run and self._unchanged(node, present, facts):
            seams = self._attempts.seams(state, self._loaded.particulars, node)
            self._report(ReuseScript(run=run, node=node, fingerprint=present, seams=seams))
            return None
        attempt = AttemptId(self._ports.new_id())
        folder = attempt_folder(run, node, attempt)
        needs = self._loaded.particulars.needs(node)
        outputs = self._attempts.outputs(state, needs, node, folder)
        self._report(
            StartScript(
                run=run,
                node=node,
                attempt=attempt,
                fingerprint=present,
                runner=self._ports.runner_name,
                outputs=outputs,
            )
        )
        try:
            request = self._attempts.request(
                self._state, needs, node, attempt, folder=folder, outputs=outputs
            )
            forbidden = self._allowing.refuse_request(request)
            if forbidden is not None:
                return already(not_started(forbidden))
            self._ports.files.begin(
                request.folder,
                parents_of=request.output_paths.values(),
                made=request.made,
                script=request.script,
            )
        except (CannotStartError, RunnerUnavailableError) as why:
            return already(not_started(str(why)))
        return runner.submit(request)

    def _unchanged(self, node: NodeName, present: Fingerprint, facts: NodeFacts) -> bool:
        passed = self._state.nodes[node].passed
        if passed is None or differences(passed.fingerprint, present):
            return False
        return not output_changes(self._state, node, facts)

    def _finish(
        self, run: RunId, node: NodeName, claimed: OpenAttempt, result: ScriptResult
    ) -> bool:
        """Judge what the attempt left, and report its end; whether it passed."""
        report = self._judge.report(self._loaded, node, claimed, result=result)
        self._report(report)
        self._ports.log(
            "script",
            session_id=self._state.session_id,
            correlation_id=run,
            node=node,
            attempt=claimed.attempt,
            outcome=report.outcome,
            duration_s=result.duration_s,
        )
        return report.outcome == "passed"

    def _interrupt(self, run: RunId) -> None:
        """Close what is open after the children were ended, unless somebody else has done so."""
        self._handler.refresh(self._loaded)
        running = self._state.running
        if running is None or running.run != run:
            return
        stopped = ScriptResult(
            outcome="cancelled",
            duration_s=0.0,
            error=ScriptError(kind="lost", message="the run was interrupted"),
        )
        for node, claimed in open_attempts(self._state, running):
            folder = self._roots.locate(attempt_folder(run, node, claimed.attempt))
            self._finish(run, node, claimed, self._ports.files.result(folder) or stopped)
        took = self._caller.clock() - running.started_at
        finish = FinishRun(run=run, status="interrupted", duration_s=took.total_seconds())
        self._report(finish)

    def _report(self, command: Command) -> None:
        self._tell(self._handler.handle(self._loaded, command, self._metadata(command)))

    def _tell(self, stored: Sequence[EventEnvelope]) -> None:
        if self._told is not None:
            for envelope in stored:
                self._told(envelope)

    def _metadata(self, command: Command, once: Once | None = None) -> Metadata:
        run = getattr(command, "run", None)
        command_id = once.command_id if once is not None else None
        return self._caller.metadata(command_id=command_id, correlation_id=run)
