"""Events of runs and attempts."""

from typing import ClassVar, Literal

from runthrough.core.events.kinds import NodeEvent, SessionEvent
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import (
    AttemptId,
    NodeName,
    RecordedPath,
    RunId,
)
from runthrough.core.values.metadata import Holder
from runthrough.core.values.outcomes import (
    Edge,
    Outcome,
    ReturnValue,
    RunStatus,
    RunSummary,
    ScriptError,
    ScriptLog,
    SeamResult,
    WrittenOutput,
)
from runthrough.core.values.plans import Plan


class RunStarted(SessionEvent):
    """A run began, with its whole plan."""

    type: Literal["RunStarted"] = "RunStarted"
    run: RunId
    plan: Plan
    holder: Holder
    runner: str
    jobs: int
    fail_fast: bool
    reuse: bool
    sagemaker: bool = False


class ScriptStarted(NodeEvent):
    """An attempt was claimed, before its child process starts."""

    type: Literal["ScriptStarted"] = "ScriptStarted"
    run: RunId
    attempt: AttemptId
    fingerprint: Fingerprint
    runner: str
    outputs: dict[str, RecordedPath]
    """Where each output is to be written."""


class ScriptExecuted(NodeEvent):
    """An attempt ended."""

    type: Literal["ScriptExecuted"] = "ScriptExecuted"
    run: RunId
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


class ScriptReused(NodeEvent):
    """Nothing the last passed attempt depends on changed: its outputs serve this run."""

    type: Literal["ScriptReused"] = "ScriptReused"
    run: RunId
    attempt: AttemptId


class ScriptBlocked(NodeEvent):
    """The node did not run because something above it did not pass."""

    type: Literal["ScriptBlocked"] = "ScriptBlocked"
    run: RunId
    by: tuple[NodeName, ...]


class DataFlowChecked(NodeEvent):
    """A connection was checked on what its producer wrote; the subject is the consumer."""

    schema_version: ClassVar[int] = 2
    type: Literal["DataFlowChecked"] = "DataFlowChecked"
    run: RunId
    edge: Edge
    result: SeamResult


class ReuseAccepted(NodeEvent):
    """A person let the last passed attempt stand although what it depended on has changed."""

    type: Literal["ReuseAccepted"] = "ReuseAccepted"
    fingerprint: Fingerprint
    """What the attempt counts as having depended on from now."""
    taken_back: bool = False
    """Whether an earlier acceptance no longer holds; the fingerprint is the one before it."""


class RunCancelRequested(SessionEvent):
    """Somebody asked the tester that drives a run to end it."""

    type: Literal["RunCancelRequested"] = "RunCancelRequested"
    run: RunId


class RunFinished(SessionEvent):
    """A run ended."""

    type: Literal["RunFinished"] = "RunFinished"
    run: RunId
    status: RunStatus
    summary: RunSummary
