"""How an attempt ended, judged by what it left and told so that a person can mend it."""

from dataclasses import dataclass, field, replace

from runthrough.application.attempts import Attempts, Left, attempt_folder, log_of
from runthrough.application.looking import Looking, World
from runthrough.application.outset import has_logs
from runthrough.application.ports import Log
from runthrough.core.commands import FinishScript
from runthrough.core.state import OpenAttempt
from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.ids import NodeName
from runthrough.core.values.outcomes import Outcome, ScriptError
from runthrough.core.views.loaded import Loaded


@dataclass(frozen=True, slots=True)
class _End:
    """What is to be reported of an attempt beside what its host measured."""

    outcome: Outcome
    error: ScriptError | None = None
    left: Left = field(default_factory=Left)
    facts: World = field(default_factory=dict)
    """What decides the open questions below it."""


class Judge:
    """Looks at what attempts left, with a session or without one."""

    def __init__(
        self, attempts: Attempts, *, looking: Looking | None = None, log: Log | None = None
    ) -> None:
        """Take also what only a session has: who looks at its open questions, and its log."""
        self._attempts = attempts
        self._looking = looking
        self._log = log

    def report(
        self,
        loaded: Loaded,
        node: NodeName,
        claimed: OpenAttempt,
        *,
        result: ScriptResult,
        wired: Loaded | None = None,
    ) -> FinishScript:
        """The report of an attempt's end, without any secret of the session.

        `wired` says what the node's outputs feed, where that is not what the run hands over.
        """
        result = self._attempts.safe(loaded.state, result)
        end = self._end(loaded, node, claimed, result=result, wired=wired or loaded)
        folder = attempt_folder(claimed.run, node, claimed.attempt)
        return FinishScript(
            run=claimed.run,
            node=node,
            attempt=claimed.attempt,
            outcome=end.outcome,
            exit_code=result.exit_code,
            signal=result.signal,
            duration_s=result.duration_s,
            peak_rss_bytes=result.peak_rss_bytes,
            cpu_s=result.cpu_s,
            outputs=end.left.outputs,
            error=end.error,
            log=log_of(result, folder) if has_logs(result) else None,
            returned=result.returned,
            seams=end.left.seams,
            facts=end.facts,
        )

    def _end(
        self,
        loaded: Loaded,
        node: NodeName,
        claimed: OpenAttempt,
        *,
        result: ScriptResult,
        wired: Loaded,
    ) -> _End:
        """The end of an attempt, of whatever kind: one without an end would bar its session.

        Whoever takes over or resumes judges the same files again, and would fail the same way.
        So what cannot be judged has failed, and says why.
        """
        try:
            return self._judged(loaded, node, claimed, result, wired)
        except Exception as why:  # noqa: BLE001 - whatever a script left, the session goes on
            if self._log is not None:
                kind = type(why).__name__
                self._log("unjudged", correlation_id=claimed.run, node=node, failed=kind)
            if result.outcome != "passed":
                return _End(result.outcome, result.error)
            message = (
                "the script ended well, but what it left cannot be looked at: "
                f"{type(why).__name__}: {why}"
            )
            error = ScriptError(kind="outputs", message=message)
            failed = replace(result, outcome="failed", error=error)
            return _End("failed", self._attempts.safe(loaded.state, failed).error)

    def _judged(
        self,
        loaded: Loaded,
        node: NodeName,
        claimed: OpenAttempt,
        result: ScriptResult,
        wired: Loaded,
    ) -> _End:
        state, particulars = loaded.state, loaded.particulars
        outcome, error, left = result.outcome, result.error, Left()
        if outcome == "passed":
            folder = attempt_folder(claimed.run, node, claimed.attempt)
            left = self._attempts.left(
                wired.state, wired.particulars, node, claimed.outputs, folder
            )
            if left.error is not None:
                outcome, error = "failed", left.error
        if error is not None:
            error = self._attempts.explained(
                state, particulars, node, error, result=result, claimed=claimed
            )
        if outcome != "passed" or self._looking is None:
            return _End(outcome, error, left)
        facts = self._looking.asked_below(state, particulars, node, left.outputs)
        return _End(outcome, error, left, facts)
