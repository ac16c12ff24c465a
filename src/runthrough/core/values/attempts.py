"""What a runner is given for one attempt, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from runthrough.core.values.ids import AttemptId, NodeName
from runthrough.core.values.limits import UNLIMITED, Limits
from runthrough.core.values.outcomes import Outcome, ReturnValue, ScriptError

GRACE_S = 2.0
"""Between SIGTERM and SIGKILL: long enough to flush files, short enough not to be noticed."""


@dataclass(frozen=True, slots=True)
class ScriptRequest:
    """One attempt at one script; all paths are absolute on the host that runs it."""

    node: NodeName
    attempt: AttemptId
    script: str
    package_root: str
    """Stands on `sys.path` so that `module` can be imported."""
    module: str
    """Dotted name below `package_root`."""
    folder: str
    """The attempt's own folder: `claim`, `stdout.log`, `stderr.log`, `result.json`, `work/`
    (the script's working folder) and the outputs that were given no path."""
    input_paths: Mapping[str, str]
    output_paths: Mapping[str, str]
    environ_vars: Mapping[str, str] = field(repr=False)
    """Resolved, secrets included; so they are not shown where a request is printed."""
    job_args: Mapping[str, JsonValue] = field(repr=False)
    """Resolved, secrets included."""
    made: tuple[str, ...] = ()
    """Folders that are there, empty, when it starts."""
    inherit_env: tuple[str, ...] = ()
    """Names that the child takes over from the runner beside the small clean base."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values to be redacted from whatever leaves the runner."""
    python: str | None = None
    """Interpreter; `None` for the one that runs the tester."""
    timeout_s: float | None = None
    limits: Limits = UNLIMITED
    grace_s: float = GRACE_S


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How an attempt ended, as its host wrote it to `result.json`."""

    outcome: Outcome
    duration_s: float
    """Wall seconds from the start of the script's process to its end."""
    exit_code: int | None = None
    signal: int | None = None
    peak_rss_bytes: int | None = None
    cpu_s: float | None = None
    error: ScriptError | None = None
    returned: ReturnValue = field(default_factory=ReturnValue)
    stdout_tail: str = ""
    stderr_tail: str = ""
    stdout_bytes: int = 0
    stderr_bytes: int = 0


def masked(result: ScriptResult, mask: Callable[[str], str]) -> ScriptResult:
    """An end whose every text went through `mask`."""
    error, returned = result.error, result.returned
    if error is not None:
        frames = tuple(
            frame.model_copy(update={"source": tuple(map(mask, frame.source))})
            for frame in error.frames
        )
        error = error.model_copy(update={"message": mask(error.message), "frames": frames})
    return replace(
        result,
        error=error,
        returned=returned.model_copy(
            update={
                "value": _masked_value(returned.value, mask),
                "reason": None if returned.reason is None else mask(returned.reason),
            }
        ),
        stdout_tail=mask(result.stdout_tail),
        stderr_tail=mask(result.stderr_tail),
    )


def _masked_value(value: JsonValue, mask: Callable[[str], str]) -> JsonValue:
    if isinstance(value, dict):
        return {mask(key): _masked_value(inner, mask) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked_value(inner, mask) for inner in value]
    text = value if isinstance(value, str) else str(value)
    return value if (safe := mask(text)) == text else safe
