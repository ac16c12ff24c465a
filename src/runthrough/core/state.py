"""What is true of one session: small, rebuilt by replay, never shared while it is folded.

Logs, evidence and requirements are referred to by the log, not held here.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.values.connections import Connection, ProposedConnection, Rejection
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import (
    AttemptId,
    CommandId,
    NodeName,
    RecordedPath,
    RunId,
    SessionId,
    Version,
)
from runthrough.core.values.metadata import Holder, Home, SessionSettings
from runthrough.core.values.outcomes import Outcome, RunStatus, RunSummary, ScriptError
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.plans import Plan
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptSpec

ConfiguredBy = Literal["auto", "person"]
_NONE = Version(0)
_NO_COMMAND = CommandId("")


@dataclass(slots=True)
class LastAttempt:
    """The latest attempt at a node that has ended."""

    run: RunId
    attempt: AttemptId
    outcome: Outcome
    at: datetime
    duration_s: float
    exit_code: int | None
    signal: int | None
    peak_rss_bytes: int | None
    error: ScriptError | None
    log: RecordedPath | None
    fingerprint: Fingerprint


@dataclass(slots=True)
class PassedAttempt:
    """The latest attempt at a node that passed, and what it left."""

    run: RunId
    attempt: AttemptId
    at: datetime
    fingerprint: Fingerprint
    outputs: dict[str, RecordedPath]
    digests: dict[str, str | None]


@dataclass(slots=True)
class OpenAttempt:
    """An attempt that was claimed and has not ended."""

    run: RunId
    attempt: AttemptId
    fingerprint: Fingerprint
    outputs: dict[str, RecordedPath]


@dataclass(slots=True)
class ScriptIdentity:
    """The script a node runs, as small as state may be."""

    name: str
    path: RecordedPath
    package_root: RecordedPath
    module: str
    has_main: bool


@dataclass(frozen=True, slots=True)
class Misfit:
    """An output that does not do for an input which it feeds."""

    node: NodeName
    """The one that consumes."""
    input: str
    output: str
    text: str
    """Why, in words."""
    fix: str = ""
    """A thing to type."""


@dataclass(slots=True)
class NodeState:
    """One node."""

    state: Lifecycle | None = None
    external: bool = False
    external_outputs: dict[str, RecordedPath] = field(default_factory=dict)
    script: ScriptIdentity | None = None
    bound: bool = False
    """Whether a person chose the script, whatever the name rules would take."""
    spec: ScriptSpec | None = None
    """The accepted configuration."""
    draft: ScriptSpec | None = None
    """What is known while the node is pending."""
    configured_by: ConfiguredBy | None = None
    restores_to: ConfiguredBy | None = None
    """Who had configured a node that is pending now, so that it can be restored."""
    accepted_at: datetime | None = None
    accepted_by: str | None = None
    needs: tuple[Problem, ...] = ()
    running: OpenAttempt | None = None
    last: LastAttempt | None = None
    passed: PassedAttempt | None = None
    misfits: tuple[Misfit, ...] = ()
    """What the last passed attempt left that does not do; so it is not reused."""
    concerned_at: Version = _NONE
    """Version of the last event that concerns the node."""


@dataclass(slots=True)
class RunState:
    """The present run, or the last one."""

    run: RunId
    plan: Plan
    holder: Holder
    actor: str
    started_at: datetime
    runner: str
    reuse: bool
    sagemaker: bool = False
    cancelled_by: str | None = None
    """Who asked that the run be ended."""
    outcomes: dict[NodeName, str] = field(default_factory=dict)
    """Outcome, `reused` or `blocked`, of each node that the run is through with."""
    blocked_by: dict[NodeName, tuple[NodeName, ...]] = field(default_factory=dict)
    incompatible: list[tuple[NodeName, NodeName]] = field(default_factory=list)
    """Producer and consumer of each connection that was found not to fit."""
    status: RunStatus | None = None
    summary: RunSummary | None = None


@dataclass(slots=True)
class Action:
    """One thing that somebody did to the configuration; see `core.evolve.actions`."""

    version: Version
    """Of the first event that it left."""
    until: Version
    """Of the last."""
    actor: str
    type: str
    """Of the event that tells what was done, such as `ScriptConfigured`."""
    nodes: dict[NodeName, None]
    """The nodes that its events are about, in their order; added to while they are folded."""
    told_at: Version
    """Of the event that tells what was done: where people find it in the history."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Actions that were undone together, and may be done again."""

    version: Version
    """Of the first event that the undo left."""
    actor: str
    actions: tuple[Action, ...]


@dataclass(slots=True)
class Approval:
    """What somebody signed off."""

    version: Version
    by: str
    at: datetime
    fingerprints: dict[NodeName, str]
    since: dict[NodeName, Version] = field(default_factory=dict)
    """Of each node the version since which its configuration, or its script, is another one."""


@dataclass(slots=True)
class SessionState:
    """One session."""

    session_id: SessionId
    name: str = ""
    version: Version = _NONE
    phase: Phase = Phase.OPEN
    archived: bool = False
    in_part: bool = False
    """Whether only that part of it is here which a fork needs."""
    parent: SessionId | None = None
    """The session that this one is a fork of."""
    forked_at: Version = _NONE
    """Versions up to this one are the parent's."""
    pipeline: PipelineDeclaration = field(default_factory=lambda: PipelineDeclaration(name=""))
    home: Home | None = None
    settings: SessionSettings = field(default_factory=SessionSettings)
    nodes: dict[NodeName, NodeState] = field(default_factory=dict)
    """In topological order."""
    predecessors: dict[NodeName, tuple[NodeName, ...]] = field(default_factory=dict)
    successors: dict[NodeName, tuple[NodeName, ...]] = field(default_factory=dict)
    connections: dict[NodeName, dict[str, Connection]] = field(default_factory=dict)
    """Consumer → input → what feeds it."""
    proposals: dict[NodeName, dict[str, ProposedConnection]] = field(default_factory=dict)
    """Consumer → input → what a person is asked about; only for inputs that nothing feeds."""
    rejected: dict[NodeName, tuple[Rejection, ...]] = field(default_factory=dict)
    """Consumer → what is not proposed again."""
    gone: dict[NodeName, NodeState] = field(default_factory=dict)
    """What had become of nodes that another pipeline took away; an undo brings it back."""
    run: RunState | None = None
    green_at: Version | None = None
    """Version at which the last run ended that passed."""
    approval: Approval | None = None
    command: CommandId = _NO_COMMAND
    """The command that left the last event."""
    command_after: Version = _NONE
    """The version that this command was decided on."""
    actions: list[Action] = field(default_factory=list)
    """What somebody did to the configuration and nobody took back, oldest first, the newest
    `core.evolve.actions.ACTIONS_KEPT` of it."""
    reverted_at: Version = _NONE
    """First version of the last command that took something back, or did it again."""
    taken_back: list[TakenBack] = field(default_factory=list)
    """What may be done again, the last undo last."""
    concerned_at: Version = _NONE
    """Version of the last event that concerns all nodes."""
    changed_at: Version = _NONE
    """Version of the last event that concerns the session as a whole, or any node."""
    last_actor: str = ""
    last_at: datetime | None = None

    def declared(self, node: NodeName) -> NodeDeclaration:
        """What the pipeline says of a node; empty when it says nothing."""
        return self.pipeline.nodes.get(node) or NodeDeclaration()

    def outputs_of(self, node: NodeName) -> dict[str, RecordedPath] | None:
        """Paths of what the node's last passed attempt left, or of an external node's outputs.

        `None` where there is no passed attempt yet.
        """
        there = self.nodes[node]
        if there.external:
            return there.external_outputs
        return there.passed.outputs if there.passed else None

    @property
    def running(self) -> RunState | None:
        """The run that is on, if any."""
        return self.run if self.run is not None and self.run.status is None else None
