"""A run without a session: the rules, the scheduler and the events of one, which nobody keeps."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass

from pydantic import JsonValue

from runthrough.application.attempts import (
    Attempts,
    CannotStartError,
    attempt_folder,
)
from runthrough.application.caller import Caller
from runthrough.application.judging import Judge
from runthrough.application.outset import already, not_started
from runthrough.application.ports import Inspector, ScriptRunner, SecretResolver, SessionFiles
from runthrough.application.scheduler import Scheduler
from runthrough.application.staging import NamedScripts, Staging
from runthrough.core.commands import Command, FinishRun, StartRun, StartScript
from runthrough.core.decide import decide
from runthrough.core.events import DataFlowChecked, Event, EventEnvelope
from runthrough.core.state import SessionState
from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.ids import AttemptId, NodeName, RunId, SessionId, Version
from runthrough.core.values.metadata import Holder
from runthrough.core.values.paths import Roots
from runthrough.core.values.store import ZERO_HASH
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.nodes import View
from runthrough.core.views.python_words import in_python
from runthrough.core.views.results import results_view
from runthrough.errors import RunnerUnavailableError


@dataclass(frozen=True, slots=True)
class RehearsalPorts:
    """What a run without a session asks of the world."""

    catalog: NamedScripts
    inspector: Inspector
    files: SessionFiles
    secrets: SecretResolver
    runner: Callable[[int], ScriptRunner]
    """Makes the runner of one run, for so many scripts at once."""
    runner_name: str
    holder: Holder
    caller: Caller


class Rehearsal:
    """Runs nodes of a pipeline once, and tells what became of them."""

    def __init__(
        self,
        ports: RehearsalPorts,
        staging: Staging,
        *,
        roots: Roots,
        hand_over: bool,
        check_seams: bool,
    ) -> None:
        """Bring a pipeline into the state in which it can be run.

        Args:
            ports: The world.
            staging: The pipeline.
            roots: Where recorded paths lie, the root `session` included.
            hand_over: Give consumers what their producers wrote, and stop below a failure; else
                each node runs on the paths of its own specification.
            check_seams: Look at what was written with the consumers' eyes.

        Raises:
            PendingScriptsError: An input has no path where it needs one.
        """
        self._ports = ports
        self._roots = roots
        self._hand_over = hand_over
        self._check_seams = check_seams
        self._attempts = Attempts(roots, ports.inspector, ports.files, ports.secrets)
        self._judge = Judge(self._attempts)
        self._loaded = self._folded(staging.told(handed_over=hand_over))
        self._wired = self._loaded if hand_over else self._apart(staging)
        """Says whose eyes look at an output, also where nothing is handed over."""
        self._seams: list[DataFlowChecked] = []

    def run(self, select: Sequence[NodeName], *, jobs: int, fail_fast: bool) -> View:
        """Run nodes, all when none is named; the results as a run of a session has them.

        Raises:
            RunnerUnavailableError: The runner cannot be opened.
            SelectionError: Nothing is there to be run.
        """
        new_id, clock = self._ports.caller.new_id, self._ports.caller.clock
        run, started_at = RunId(new_id()), clock()
        command = StartRun(
            run=run,
            select=tuple(select),
            holder=self._ports.holder,
            runner=self._ports.runner_name,
            jobs=jobs,
            fail_fast=fail_fast,
            reuse=False,
        )
        begun = decide(command, self._state)  # nothing is opened where nothing can be run
        with closing(self._ports.runner(jobs)) as runner:
            for event in begun:
                self._happened(event)
            self._drive(run, runner, jobs=jobs, fail_fast=fail_fast)
        took = clock() - started_at
        self._report(FinishRun(run=run, status="as_it_went", duration_s=took.total_seconds()))
        return self._results()

    def written(self, node: NodeName) -> dict[str, str]:
        """Where each output lies that the node's attempt wrote; none unless it passed."""
        left = self._state.outputs_of(node) or {}
        return {name: self._roots.locate(path) for name, path in left.items()}

    @property
    def seams(self) -> tuple[DataFlowChecked, ...]:
        """The connections that were checked."""
        return tuple(self._seams)

    # ---- what nobody keeps

    @property
    def _state(self) -> SessionState:
        return self._loaded.state

    def _folded(self, events: Iterator[Event]) -> Loaded:
        loaded = Loaded(SessionState(SessionId(self._ports.caller.new_id())))
        for event in events:
            self._fold(loaded, event)
        return loaded

    def _apart(self, staging: Staging) -> Loaded:
        return self._folded(staging.told(handed_over=True)) if self._check_seams else self._loaded

    def _fold(self, loaded: Loaded, event: Event) -> None:
        version = Version(loaded.state.version + 1)
        loaded.fold(
            [
                EventEnvelope(
                    position=version,
                    session_id=loaded.state.session_id,
                    version=version,
                    event=event,
                    metadata=self._ports.caller.metadata(),
                    event_hash=ZERO_HASH,
                )
            ]
        )

    def _report(self, command: Command) -> None:
        for event in decide(command, self._state):
            self._happened(event)

    def _happened(self, event: Event) -> None:
        self._fold(self._loaded, event)
        if isinstance(event, DataFlowChecked):
            self._seams.append(event)

    # ---- attempts

    def _drive(self, run: RunId, runner: ScriptRunner, *, jobs: int, fail_fast: bool) -> None:
        running = self._state.running
        if running is None:
            raise AssertionError("a run that was started is on")
        scheduler: Scheduler[ScriptResult] = Scheduler(
            [planned.node for planned in running.plan.run],
            self._state.predecessors,
            jobs=jobs,
            fail_fast=fail_fast,
        )

        def start(node: NodeName) -> Future[ScriptResult] | None:
            return self._start(run, node, runner)

        def finish(node: NodeName, result: ScriptResult) -> bool:
            passed = self._finish(run, node, result)
            if fail_fast and not passed:
                for there in self._state.nodes.values():
                    if there.running is not None:
                        runner.cancel(there.running.attempt)
            return passed

        scheduler.drive(start, finish)

    def _start(
        self, run: RunId, node: NodeName, runner: ScriptRunner
    ) -> Future[ScriptResult] | None:
        """Start an attempt; `None` when the node is blocked."""
        if self._state.running is None or node in self._state.running.outcomes:
            return None
        attempt = AttemptId(self._ports.caller.new_id())
        folder = attempt_folder(run, node, attempt)
        needs = self._loaded.particulars.needs(node)
        outputs = self._attempts.outputs(self._wired.state, needs, node, folder)
        self._report(
            StartScript(
                run=run,
                node=node,
                attempt=attempt,
                fingerprint=(),
                runner=self._ports.runner_name,
                outputs=outputs,
            )
        )
        try:
            self._refuse_unusable(node)
            request = self._attempts.request(
                self._state, needs, node, attempt, folder=folder, outputs=outputs
            )
            self._ports.files.begin(
                request.folder,
                parents_of=request.output_paths.values(),
                made=request.made,
            )
        except (CannotStartError, RunnerUnavailableError) as why:
            return already(not_started(str(why)))
        return runner.submit(request)

    def _refuse_unusable(self, node: NodeName) -> None:
        """Refuse a script without a `main` that can be called, with every reason."""
        script = self._loaded.particulars.scripts[node]
        told = [problem.message for problem in script.problems if problem.severity == "error"]
        if told:
            raise CannotStartError("; ".join(told))

    def _finish(self, run: RunId, node: NodeName, result: ScriptResult) -> bool:
        """Judge what the attempt left, and report its end; whether it passed."""
        claimed = self._state.nodes[node].running
        if claimed is None:
            raise AssertionError(f"{node} ended and was never started")
        report = self._judge.report(self._loaded, node, claimed, result=result, wired=self._wired)
        seams = report.seams if self._check_seams else ()
        self._report(report.model_copy(update={"seams": seams if self._hand_over else ()}))
        if not self._hand_over:  # what is not there blocks nobody, since nobody waits for it
            for seam in seams:
                self._happened(
                    DataFlowChecked(node=seam.node, run=run, edge=seam.edge, result=seam.result)
                )
        return report.outcome == "passed"

    def _results(self) -> View:
        results = results_view(
            self._state, self._loaded.particulars, self._seams, locate=self._roots.locate
        )
        del results["interactive_factory_info"]
        errors: list[JsonValue] = [
            f"{seam.edge.from_node}->{seam.node}: {issue.message}"
            for seam in self._seams
            for issue in seam.result.issues
            if issue.severity == "error"
        ]
        told = results["errors"]
        results["errors"] = [*(told if isinstance(told, list) else ()), *errors]
        return {key: in_python(value) for key, value in results.items()}
