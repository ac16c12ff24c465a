"""What may be asked of a run, and what its tester reports of it."""

from typing import ClassVar, Literal

from pydantic import Field

from runthrough.core.commands.kinds import InformedCommand, World
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import AttemptId, NodeName, RecordedPath, RunId
from runthrough.core.values.metadata import Holder
from runthrough.core.values.model import Frozen
from runthrough.core.values.outcomes import (
    Edge,
    Outcome,
    ReturnValue,
    RunStatus,
    ScriptError,
    ScriptLog,
    SeamResult,
    WrittenOutput,
)


class StartRun(InformedCommand):
    """Begin a run over the selection."""

    verb: ClassVar[str] = "run"
    run: RunId
    select: tuple[str, ...] = ()
    """`node`, `node+`, `+node`; all nodes when empty."""
    holder: Holder
    runner: str
    jobs: int = 1
    fail_fast: bool = False
    reuse: bool = True
    sagemaker: bool = False
    """Whether scripts also find their paths in the variables that SageMaker sets."""


class CancelRun(Frozen):
    """Ask the tester that drives the present run to end it."""

    verb: ClassVar[str] = "cancel"


class StartScript(Frozen):
    """Claim an attempt at a node before its child process starts."""

    verb: ClassVar[str] = "run"
    run: RunId
    node: NodeName
    attempt: AttemptId
    fingerprint: Fingerprint
    runner: str
    outputs: dict[str, RecordedPath]


class SeamChecked(Frozen):
    """What was found at one connection into `node`."""

    node: NodeName
    edge: Edge
    result: SeamResult


class FinishScript(InformedCommand):
    """Report how an attempt ended."""

    verb: ClassVar[str] = "run"
    run: RunId
    node: NodeName
    attempt: AttemptId
    outcome: Outcome
    exit_code: int | None = None
    signal: int | None = None
    duration_s: float
    peak_rss_bytes: int | None = None
    cpu_s: float | None = None
    outputs: tuple[WrittenOutput, ...] = ()
    error: ScriptError | None = None
    log: ScriptLog | None = None
    returned: ReturnValue = ReturnValue()
    seams: tuple[SeamChecked, ...] = ()
    facts: World = Field(default_factory=dict)
    """Of the node and of the consumers that a person is asked about, where there are any: what
    was really written may answer."""


class ReuseScript(Frozen):
    """Report that a node's last passed attempt serves this run."""

    verb: ClassVar[str] = "run"
    run: RunId
    node: NodeName
    fingerprint: Fingerprint
    """As it is now; refused when it differs from the last passed attempt's."""
    seams: tuple[SeamChecked, ...] = ()


class FinishRun(Frozen):
    """End a run."""

    verb: ClassVar[str] = "run"
    run: RunId
    status: RunStatus | Literal["as_it_went"] = "as_it_went"
    duration_s: float = 0.0
