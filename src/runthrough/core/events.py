"""What has happened: the closed union of events, and the envelope that history keeps around one.

An event's meaning never changes (ARCHITECTURE § 8). `type` and `node` are columns (`type`,
`subject`) and do not stand in the stored payload; payloads are whole after-images.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import Field, TypeAdapter

from runthrough.core.values.connections import Output
from runthrough.core.values.facts import Evidence, WorldChange
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import (
    AttemptId,
    NodeName,
    RecordedPath,
    RunId,
    SessionId,
    Version,
)
from runthrough.core.values.metadata import Holder, Home, Metadata, SessionSettings
from runthrough.core.values.model import Frozen
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
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.plans import Plan
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import ScriptCandidate, ScriptInfo
from runthrough.core.values.specs import ScriptSpec


class SessionEvent(Frozen):
    """An event that concerns the session as a whole."""

    schema_version: ClassVar[int] = 1


class NodeEvent(Frozen):
    """An event whose subject is one node."""

    schema_version: ClassVar[int] = 1
    node: NodeName


# ---- session


class SessionStarted(SessionEvent):
    """A guided test of a pipeline began."""

    type: Literal["SessionStarted"] = "SessionStarted"
    name: str
    pipeline: PipelineDeclaration
    home: Home
    settings: SessionSettings


class SessionClosed(SessionEvent):
    """The session takes no further configuration or run until it is reopened."""

    type: Literal["SessionClosed"] = "SessionClosed"


class SessionReopened(SessionEvent):
    """A closed session goes on."""

    type: Literal["SessionReopened"] = "SessionReopened"


# ---- pipeline


class NodeDiscovered(NodeEvent):
    """A node's script was found, or looked for in vain."""

    type: Literal["NodeDiscovered"] = "NodeDiscovered"
    script: ScriptInfo | None
    candidates: tuple[ScriptCandidate, ...] = ()


class RequirementsRead(NodeEvent):
    """What a node needs was read from its script."""

    type: Literal["RequirementsRead"] = "RequirementsRead"
    requirements: ScriptRequirements
    drift: tuple[str, ...] = ()
    """Where contract and code disagree, a line each: `contract: DATA · code: data_input`."""
    because: Literal["discovered", "bound", "script", "contract", "arguments"]


class ScriptBound(NodeEvent):
    """A person chose the script that a node runs."""

    type: Literal["ScriptBound"] = "ScriptBound"
    script: ScriptInfo


class NodeMarkedExternal(NodeEvent):
    """A node stands for something outside that provides or consumes paths."""

    type: Literal["NodeMarkedExternal"] = "NodeMarkedExternal"
    outputs: dict[str, RecordedPath]


class NodeMarkedInternal(NodeEvent):
    """A node that was external runs a script again."""

    type: Literal["NodeMarkedInternal"] = "NodeMarkedInternal"


# ---- configuration


class ConnectionProposed(NodeEvent):
    """An output seems to feed an input, and a person is asked."""

    type: Literal["ConnectionProposed"] = "ConnectionProposed"
    input: str
    from_node: NodeName
    output: str
    subpath: str | None = None
    score: float
    margin: float
    reason: str
    runner_up: Output | None = None
    subpath_choices: tuple[str, ...] = ()
    expected: bool = False
    outside: bool = False


class ConnectionAccepted(NodeEvent):
    """An output was wired to an input by declaration or by the wiring rules."""

    type: Literal["ConnectionAccepted"] = "ConnectionAccepted"
    input: str
    from_node: NodeName
    output: str
    subpath: str | None = None
    score: float | None = None
    margin: float | None = None
    reason: str


class ConnectionConfirmed(NodeEvent):
    """A person wired an output to an input."""

    type: Literal["ConnectionConfirmed"] = "ConnectionConfirmed"
    input: str
    from_node: NodeName
    output: str
    subpath: str | None = None
    score: float | None = None
    reason: str


class ConnectionRejected(NodeEvent):
    """A person said that an output does not feed an input; it is not proposed again."""

    type: Literal["ConnectionRejected"] = "ConnectionRejected"
    input: str
    from_node: NodeName
    output: str
    subpath: str | None = None
    score: float | None = None
    reason: str


class ConnectionRemoved(NodeEvent):
    """An input is no longer fed by that output, or no longer asked about it."""

    type: Literal["ConnectionRemoved"] = "ConnectionRemoved"
    input: str
    from_node: NodeName
    output: str
    subpath: str | None = None
    score: float | None = None
    reason: str


class ScriptAutoConfigured(NodeEvent):
    """Everything the node needs was found without a person."""

    type: Literal["ScriptAutoConfigured"] = "ScriptAutoConfigured"
    spec: ScriptSpec
    evidence: tuple[Evidence, ...]


class ScriptMarkedPending(NodeEvent):
    """The node needs a person: every missing need, and what is known so far."""

    type: Literal["ScriptMarkedPending"] = "ScriptMarkedPending"
    needs: tuple[Problem, ...]
    draft: ScriptSpec


class ConfigurationDrafted(NodeEvent):
    """A person's partial answer was kept."""

    type: Literal["ConfigurationDrafted"] = "ConfigurationDrafted"
    draft: ScriptSpec
    needs: tuple[Problem, ...]


class ScriptConfigured(NodeEvent):
    """A person's configuration was accepted."""

    type: Literal["ScriptConfigured"] = "ScriptConfigured"
    spec: ScriptSpec
    evidence: tuple[Evidence, ...]


class ConfigurationRejected(NodeEvent):
    """A person's configuration had problems; it changed nothing."""

    type: Literal["ConfigurationRejected"] = "ConfigurationRejected"
    spec: ScriptSpec
    problems: tuple[Problem, ...]


class ConfigurationCleared(NodeEvent):
    """A person took back all that was answered for a node."""

    type: Literal["ConfigurationCleared"] = "ConfigurationCleared"


class ConfigurationRestored(NodeEvent):
    """What was missing is back, and the kept configuration holds again."""

    type: Literal["ConfigurationRestored"] = "ConfigurationRestored"
    spec: ScriptSpec


class WorldChanged(NodeEvent):
    """What a node's configuration stands on was found changed."""

    type: Literal["WorldChanged"] = "WorldChanged"
    changes: tuple[WorldChange, ...]


# ---- execution


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


# ---- audit


class CommandRefused(SessionEvent):
    """Somebody asked for what the session's state does not allow."""

    type: Literal["CommandRefused"] = "CommandRefused"
    command: str
    code: str
    message: str


Event = Annotated[
    SessionStarted
    | SessionClosed
    | SessionReopened
    | NodeDiscovered
    | ScriptBound
    | RequirementsRead
    | NodeMarkedExternal
    | NodeMarkedInternal
    | ConnectionProposed
    | ConnectionAccepted
    | ConnectionConfirmed
    | ConnectionRejected
    | ConnectionRemoved
    | ScriptAutoConfigured
    | ScriptMarkedPending
    | ConfigurationDrafted
    | ScriptConfigured
    | ConfigurationRejected
    | ConfigurationCleared
    | ConfigurationRestored
    | WorldChanged
    | RunStarted
    | ScriptStarted
    | ScriptExecuted
    | ScriptReused
    | ScriptBlocked
    | DataFlowChecked
    | ReuseAccepted
    | RunCancelRequested
    | RunFinished
    | CommandRefused,
    Field(discriminator="type"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads any event from its JSON with `type` and, for node events, `node`."""


@dataclass(frozen=True, slots=True)
class EventEnvelope:
    """An event as it stands in the log."""

    position: int
    """Place in the whole log, from 1, without holes."""
    session_id: SessionId
    version: Version
    """Place in the session, from 1; a fork's go on from its parent's."""
    event: Event
    metadata: Metadata
    event_hash: str
    """64 lower-case hex characters."""


def subject_of(event: Event) -> NodeName | None:
    """The node an event is about."""
    return event.node if isinstance(event, NodeEvent) else None


ConcernsAll = Literal["all"]


def concerned(event: Event) -> frozenset[NodeName] | ConcernsAll:
    """The nodes whose configuration a person must have seen this event to change (DESIGN § 10).

    Refusals, rejections and checks concern none, the end of a session concerns all.
    """
    if isinstance(event, NodeEvent):  # nearly all of them, so they are told apart first
        if isinstance(event, ConfigurationRejected | DataFlowChecked):
            return frozenset()
        return frozenset({event.node})
    match event:
        case RunStarted():
            return frozenset(event.plan.order)
        case SessionStarted() | SessionClosed() | SessionReopened():
            return "all"
        case CommandRefused() | RunFinished() | RunCancelRequested():
            return frozenset()
        case _:
            assert_never(event)
