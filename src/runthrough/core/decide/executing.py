"""A run: its plan, its attempts, and what they left."""

from collections.abc import Sequence

from runthrough.core.commands import FinishRun, FinishScript, ReuseScript, StartRun, StartScript
from runthrough.core.decide.guards import known, require
from runthrough.core.decide.rechecking import rechecked
from runthrough.core.events import (
    DataFlowChecked,
    Event,
    RunCancelRequested,
    RunFinished,
    RunStarted,
    ScriptBlocked,
    ScriptExecuted,
    ScriptReused,
    ScriptStarted,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.planning import chosen, plan_run, reachable
from runthrough.core.staleness import differences
from runthrough.core.state import RunState, SessionState
from runthrough.core.values.ids import NodeName, RunId
from runthrough.core.values.outcomes import RunStatus, RunSummary
from runthrough.errors import (
    AttemptClosedError,
    CommandRefusedError,
    PendingScriptsError,
)


def start_run(command: StartRun, state: SessionState) -> tuple[Event, ...]:
    """Begin a run, unless the selection is empty or waits for a person.

    Raises:
        SelectionError: A pattern selects no node.
        PendingScriptsError: Nodes of the selection need a person first.
    """
    nodes = chosen(state, command.select, command.facts)
    pending: dict[str, list[str]] = {
        node: [need.message for need in there.needs]
        for node, there in state.nodes.items()
        if node in nodes and there.state is Lifecycle.PENDING
    }
    if pending:
        first = NodeName(next(iter(pending)))
        needs = state.nodes[first].needs
        raise PendingScriptsError(pending, needs[0].fix if needs else None)
    plan = plan_run(state, nodes, command.facts, reuse=command.reuse, sagemaker=command.sagemaker)
    started = RunStarted(
        run=command.run,
        plan=plan,
        holder=command.holder,
        runner=command.runner,
        jobs=command.jobs,
        fail_fast=command.fail_fast,
        reuse=command.reuse,
        sagemaker=command.sagemaker,
    )
    blocked = (ScriptBlocked(node=b.node, run=command.run, by=b.by) for b in plan.blocked)
    return (started, *blocked)


def cancel_run(state: SessionState) -> tuple[Event, ...]:
    """Ask that the present run be ended.

    Raises:
        CommandRefusedError: No run is on.
    """
    if state.running is None:
        raise CommandRefusedError(
            "No run is on, so there is nothing to cancel.", fix="runthrough status"
        )
    return (RunCancelRequested(run=state.running.run),)


def _run(state: SessionState, run: RunId, node: NodeName, attempt: str = "") -> RunState:
    if state.running is None or state.running.run != run:
        raise AttemptClosedError(node, attempt or run)
    return state.running


def _waiting(state: SessionState, run: RunId, node: NodeName, attempt: str = "") -> RunState:
    """The run, which has the node in its plan and is neither at it nor through with it."""
    present = _run(state, run, node, attempt)
    planned = node in present.plan.nodes and node not in present.outcomes
    if not planned or state.nodes[node].running is not None:
        raise AttemptClosedError(node, attempt or run)
    return present


def start_script(command: StartScript, state: SessionState) -> tuple[Event, ...]:
    """Claim an attempt.

    Raises:
        AttemptClosedError: The run is over, its plan has no place for the attempt, or another
            attempt at the node is open.
    """
    _waiting(state, command.run, command.node, command.attempt)
    require(state, command.node, "execute")
    return (
        ScriptStarted(
            node=command.node,
            run=command.run,
            attempt=command.attempt,
            fingerprint=command.fingerprint,
            runner=command.runner,
            outputs=command.outputs,
        ),
    )


def finish_script(command: FinishScript, state: SessionState) -> tuple[Event, ...]:
    """Report an attempt's end; below a failure everything of the plan is blocked.

    Raises:
        AttemptClosedError: The attempt is not open: it was closed by who took the run over.
    """
    run = _run(state, command.run, command.node, command.attempt)
    node = known(state, command.node)
    if node.running is None or node.running.attempt != command.attempt:
        raise AttemptClosedError(command.node, command.attempt)
    require(state, command.node, "execute")
    executed = ScriptExecuted(
        node=command.node,
        run=command.run,
        attempt=command.attempt,
        outcome=command.outcome,
        exit_code=command.exit_code,
        signal=command.signal,
        duration_s=command.duration_s,
        peak_rss_bytes=command.peak_rss_bytes,
        cpu_s=command.cpu_s,
        outputs=command.outputs,
        error=command.error,
        log=command.log,
        returned=command.returned,
    )
    if command.outcome != "passed":
        failed = state.successors.get(command.node, ())
        return (executed, *_below(state, run, command, failed))
    below = _below(state, run, command, ())
    return (executed, *below, *rechecked(command.facts, state, command.node))


def _below(
    state: SessionState,
    run: RunState,
    command: FinishScript | ReuseScript,
    failed: Sequence[NodeName],
) -> tuple[Event, ...]:
    """What a node's end means below it: its connections, and who cannot run.

    A consumer whose input is not there is blocked like one below a failure.
    """
    checked = tuple(
        DataFlowChecked(node=seam.node, run=command.run, edge=seam.edge, result=seam.result)
        for seam in command.seams
    )
    absent = [
        seam.node
        for seam in command.seams
        if any(issue.code == "OUTPUT_NOT_WRITTEN" for issue in seam.result.issues)
    ]
    if not failed and not absent:
        return checked
    stopped = reachable((*failed, *absent), state.successors)
    blocked = tuple(
        ScriptBlocked(node=name, run=command.run, by=(command.node,))
        for name in run.plan.order
        if name in stopped and name not in run.outcomes
    )
    return (*checked, *blocked)


def reuse_script(command: ReuseScript, state: SessionState) -> tuple[Event, ...]:
    """Let the last passed attempt serve this run.

    Raises:
        AttemptClosedError: The run is over, or its plan has no place for the node.
        CommandRefusedError: The run reuses nothing, or something that the attempt depends on
            differs.
    """
    run = _waiting(state, command.run, command.node)
    passed = state.nodes[command.node].passed
    if not run.reuse:
        raise CommandRefusedError(f"The run was started without reuse, so {command.node} runs.")
    if passed is None or differences(passed.fingerprint, command.fingerprint):
        raise CommandRefusedError(f"{command.node} has changed and cannot be reused.")
    require(state, command.node, "execute")
    reused = ScriptReused(node=command.node, run=command.run, attempt=passed.attempt)
    return (reused, *_below(state, run, command, ()))


def finish_run(command: FinishRun, state: SessionState) -> tuple[Event, ...]:
    """End a run, with its outcomes counted.

    Raises:
        AttemptClosedError: The run is over already.
        CommandRefusedError: Attempts are open; nothing would ever close them.
    """
    run = _run(state, command.run, NodeName("the run"))
    opened = [node for node in run.plan.order if state.nodes[node].running is not None]
    if opened:
        raise CommandRefusedError(
            f"The run cannot end while attempts are open: {', '.join(opened)}.",
            fix="report how each of them ended first",
        )
    through = run.outcomes
    by: dict[str, list[NodeName]] = {}
    for node in run.plan.order:
        by.setdefault(through.get(node, "not_run"), []).append(node)
    good = {"passed", "reused", "blocked", "not_run"}
    failed = [node for node in run.plan.order if through.get(node, "not_run") not in good]
    clean = len(by.get("passed", ())) + len(by.get("reused", ())) == len(run.plan.order)
    as_it_went: RunStatus = "passed" if clean and not run.incompatible else "failed"
    return (
        RunFinished(
            run=command.run,
            status=as_it_went if command.status == "as_it_went" else command.status,
            summary=RunSummary(
                passed=tuple(by.get("passed", ())),
                failed=tuple(failed),
                reused=tuple(by.get("reused", ())),
                blocked=tuple(by.get("blocked", ())),
                not_run=tuple(by.get("not_run", ())),
                duration_s=command.duration_s,
            ),
        ),
    )
