"""How an attempt ended, judged by what it left and told so that a person can mend it."""

from dataclasses import dataclass, field, replace

from runthrough.application.attempts import Attempts, Left, attempt_folder
from runthrough.application.looking import Looking, World
from runthrough.application.ports import Log
from runthrough.core.state import OpenAttempt
from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.ids import NodeName
from runthrough.core.values.outcomes import Outcome, ScriptError
from runthrough.core.views.loaded import Loaded


@dataclass(frozen=True, slots=True)
class End:
    """What is to be reported of an attempt beside what its host measured."""

    outcome: Outcome
    error: ScriptError | None = None
    left: Left = field(default_factory=Left)
    facts: World = field(default_factory=dict)
    """What decides the open questions below it."""


class Judge:
    """Looks at what attempts left, for one session."""

    def __init__(self, attempts: Attempts, looking: Looking, log: Log) -> None:
        self._attempts = attempts
        self._looking = looking
        self._log = log

    def end(
        self, loaded: Loaded, node: NodeName, claimed: OpenAttempt, *, result: ScriptResult
    ) -> End:
        """The end of an attempt, of whatever kind: one without an end would bar its session.

        Whoever takes over or resumes judges the same files again, and would fail the same way.
        So what cannot be judged has failed, and says why.
        """
        try:
            return self._judged(loaded, node, claimed, result)
        except Exception as why:  # noqa: BLE001 - whatever a script left, the session goes on
            self._log("unjudged", correlation_id=claimed.run, node=node, failed=type(why).__name__)
            if result.outcome != "passed":
                return End(result.outcome, result.error)
            message = (
                "the script ended well, but what it left cannot be looked at: "
                f"{type(why).__name__}: {why}"
            )
            error = ScriptError(kind="outputs", message=message)
            failed = replace(result, outcome="failed", error=error)
            return End("failed", self._attempts.safe(loaded.state, failed).error)

    def _judged(
        self, loaded: Loaded, node: NodeName, claimed: OpenAttempt, result: ScriptResult
    ) -> End:
        state, particulars = loaded.state, loaded.particulars
        outcome, error, left = result.outcome, result.error, Left()
        if outcome == "passed":
            folder = attempt_folder(claimed.run, node, claimed.attempt)
            left = self._attempts.left(state, particulars, node, claimed.outputs, folder)
            if left.error is not None:
                outcome, error = "failed", left.error
        if error is not None:
            error = self._attempts.explained(
                state, particulars, node, error, result=result, claimed=claimed
            )
        if outcome != "passed":
            return End(outcome, error, left)
        facts = self._looking.asked_below(state, particulars, node, left.outputs)
        return End(outcome, error, left, facts)
