"""Attempts that ended before they began, as both kinds of runs tell them."""

from concurrent.futures import Future

from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.outcomes import ScriptError


def not_started(why: str) -> ScriptResult:
    """The result of an attempt that could not start."""
    error = ScriptError(kind="start", message=why)
    return ScriptResult(outcome="failed", duration_s=0.0, error=error)


def already(result: ScriptResult) -> Future[ScriptResult]:
    """A result as what is waited for."""
    future: Future[ScriptResult] = Future()
    future.set_result(result)
    return future


def has_logs(result: ScriptResult) -> bool:
    """Whether the attempt's process came as far as opening its logs."""
    if result.error is None or result.error.kind not in {"lost", "start"}:
        return True
    return bool(result.stdout_bytes or result.stderr_bytes)
