"""What tests without a session found."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, JsonValue

from runthrough.core.values.model import Frozen
from runthrough.core.values.outcomes import Outcome

OUTPUT_PREVIEW_BYTES = 64 * 1024
"""So much of an answer of inference handlers is shown."""

InferenceStage = Literal["import", "model_fn", "input_fn", "predict_fn", "output_fn"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One payload for inference handlers."""

    name: str
    """Relative to what was given."""
    path: str
    """Absolute."""
    content_type: str


class ScriptTestResult(Frozen):
    """How one script ran."""

    script_name: str
    step_name: str
    success: bool
    error_message: str | None = None
    error_hints: tuple[str, ...] = ()
    """What a person may look at first, a sentence each."""
    execution_time: float = 0.0
    """Seconds."""
    has_main_function: bool
    outcome: Outcome
    exit_code: int | None = None
    signal: int | None = None
    log: str | None = None
    """Absolute path of what it wrote to standard error; `stdout.log` lies beside it."""
    output_paths: dict[str, str] = Field(default_factory=dict)
    """Where each output that it wrote lies."""


class DataCompatibilityResult(Frozen):
    """Whether what one script really wrote is what another one reads."""

    script_a: str
    script_b: str
    compatible: bool
    compatibility_issues: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unchecked: str | None = None
    """What could not be looked into; that never makes them incompatible."""
    data_format_a: str | None = None
    """Found by content."""
    data_format_b: str | None = None
    """What the consumer reads."""
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    connections: tuple[dict[str, JsonValue], ...] = ()
    """Each output that feeds an input, with its own issues."""


class SampleResult(Frozen):
    """How one payload went through the handlers."""

    name: str
    content_type: str
    success: bool = False
    failed_stage: InferenceStage | None = None
    error_message: str | None = None
    seconds: dict[str, float] = Field(default_factory=dict)
    """By stage."""
    output_preview: str | None = None
    """The beginning of the answer."""
    output_bytes: int | None = None


class InferenceTestResult(Frozen):
    """How inference handlers served a packed model."""

    success: bool
    error_message: str | None = None
    failed_stage: InferenceStage | None = None
    """Where it failed for all samples, or for the first that failed."""
    missing_handlers: tuple[str, ...] = ()
    """Required handlers that the script does not define."""
    default_handlers: tuple[str, ...] = ()
    """Optional handlers that it does not define, so that the default served."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Of the stages that come once: `import` and `model_fn`."""
    samples: tuple[SampleResult, ...] = ()
    skipped: tuple[str, ...] = ()
    """Payload files of no known suffix, which were left out."""
    outcome: Outcome | None = None
    """How the child ended; `None` when none was started."""
    exit_code: int | None = None
    signal: int | None = None
    execution_time: float = 0.0
    """Seconds of the child."""
    log: str | None = None
    """Absolute path of what it wrote to standard error."""
