"""What may be asked. A command carries the facts its decision needs in the field `facts`.

`facts` are what was seen, not what was asked: two tries of one command may differ in them and
still be the same request. So is `stood`, which a version tells already.
"""

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import (
    AttemptId,
    NodeName,
    RecordedPath,
    RunId,
    SessionId,
    Version,
)
from runthrough.core.values.limits import Limits
from runthrough.core.values.metadata import Holder, Home, Origin, SessionSettings
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
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.standing import Standing

World = dict[NodeName, NodeFacts]


class StartSession(Frozen):
    """Begin a guided test of a pipeline."""

    verb: ClassVar[str] = "new"
    name: str
    pipeline: PipelineDeclaration
    home: Home
    settings: SessionSettings
    like: Standing | None = None
    """The configuration of another session, whose answers are taken for nodes of one name."""
    facts: World = Field(default_factory=dict)


class ConfigureScript(Frozen):
    """Answer what a node needs.

    Each mapping that is given is merged over what is there, or with `replace` stands for it.
    """

    verb: ClassVar[str] = "configure"
    node: NodeName
    input_paths: dict[str, RecordedPath | Output] | None = None
    output_paths: dict[str, RecordedPath] | None = None
    environ_vars: dict[str, JsonValue] | None = None
    job_args: dict[str, JsonValue] | None = None
    user_notes: str | None = None
    timeout_s: float | None = None
    limits: Limits | None = None
    """Each that is given stands for what is there."""
    python: str | None = None
    replace: bool = False
    partial: bool = False
    based_on: Version | None = None
    """The version the person saw; `None` for what is there."""
    facts: World = Field(default_factory=dict)
    """The node itself, and the producers it is to be connected to."""


class Target(Frozen):
    """One input of one node."""

    node: NodeName
    input: str

    def __str__(self) -> str:
        """`Node.input`, as the command line writes it."""
        return f"{self.node}.{self.input}"


class Connect(Frozen):
    """Feed an input from an output, whatever fed it before."""

    verb: ClassVar[str] = "connect"
    node: NodeName
    input: str
    source: Output
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class ConfirmConnections(Frozen):
    """Take what is proposed for some inputs."""

    verb: ClassVar[str] = "confirm"
    targets: tuple[Target, ...]
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class RejectConnections(Frozen):
    """Say that what is proposed or accepted for some inputs does not feed them."""

    verb: ClassVar[str] = "reject"
    targets: tuple[Target, ...]
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class Disconnect(Frozen):
    """Leave some inputs open that something feeds."""

    verb: ClassVar[str] = "disconnect"
    targets: tuple[Target, ...]
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class BindScript(Frozen):
    """Choose the script that a node runs."""

    verb: ClassVar[str] = "bind"
    node: NodeName
    path: RecordedPath
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class MarkExternal(Frozen):
    """Let a node stand for something outside; `outputs` are added to what it declares."""

    verb: ClassVar[str] = "external"
    node: NodeName
    outputs: dict[str, RecordedPath] = Field(default_factory=dict)
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class MarkInternal(Frozen):
    """Let an external node run a script again."""

    verb: ClassVar[str] = "internal"
    node: NodeName
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class ClearConfiguration(Frozen):
    """Take back all that was answered for a node, and decide it anew."""

    verb: ClassVar[str] = "clear"
    node: NodeName
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class RecordWorld(Frozen):
    """Take note of what is there now: demote what no longer holds, restore what is back."""

    verb: ClassVar[str] = "resume"
    facts: World = Field(default_factory=dict)


class AcceptUnchanged(Frozen):
    """Let a node's last passed attempt stand although what it depended on has changed."""

    verb: ClassVar[str] = "accept"
    node: NodeName
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)


class CancelRun(Frozen):
    """Ask the tester that drives the present run to end it."""

    verb: ClassVar[str] = "cancel"


class UndoConfiguration(Frozen):
    """Take actions back: the configuration becomes what it was at a version."""

    verb: ClassVar[str] = "undo"
    to_version: Version
    versions: tuple[Version, ...]
    """First versions of the actions to be taken back, oldest first."""
    actor: str = ""
    """Who takes them back."""
    anyone: bool = False
    """Whether those of others may be among them."""
    renamed: dict[NodeName, NodeName] = Field(default_factory=dict)
    """Names that nodes have now → those that they had then, where the actions renamed them."""
    stood: Standing
    """The configuration at that version."""
    facts: World = Field(default_factory=dict)
    """Of the nodes as they were then."""


class RedoConfiguration(Frozen):
    """Do again what the last undo took back."""

    verb: ClassVar[str] = "redo"
    to_version: Version
    """The version that the undo was decided on."""
    undo: Version
    """First version of that undo."""
    renamed: dict[NodeName, NodeName] = Field(default_factory=dict)
    stood: Standing
    facts: World = Field(default_factory=dict)


class UpdatePipeline(Frozen):
    """Let the session test another pipeline, mostly the same one as its file has it now."""

    verb: ClassVar[str] = "update"
    pipeline: PipelineDeclaration
    renamed: dict[NodeName, NodeName] = Field(default_factory=dict)
    """Old name → new name."""
    facts: World = Field(default_factory=dict)
    """Of all nodes of the new pipeline."""


class ForkSession(Frozen):
    """Begin a session that goes on from a version of another one."""

    verb: ClassVar[str] = "fork"
    parent: SessionId
    at: Version
    name: str


class ImportSession(Frozen):
    """Take note that a session's events came from an export."""

    verb: ClassVar[str] = "audit import"
    origin: Origin
    name: str | None = None
    """Another name, where its own is taken here."""


class MoveHome(Frozen):
    """Let the session live on another host."""

    verb: ClassVar[str] = "resume"
    home: Home


class AddNote(Frozen):
    """Write down a remark."""

    verb: ClassVar[str] = "note"
    text: str


class ApproveVersion(Frozen):
    """Sign off what had passed at a version."""

    verb: ClassVar[str] = "approve"
    version: Version
    fingerprints: dict[NodeName, str]
    """Of each node that had passed then and had not failed since; see `core.staleness.digest`."""
    open_nodes: tuple[NodeName, ...] = ()
    """The other nodes that have a script."""


class RenameSession(Frozen):
    """Call the session otherwise."""

    verb: ClassVar[str] = "rename"
    name: str


class ArchiveSession(Frozen):
    """Let a closed session no longer be listed."""

    verb: ClassVar[str] = "archive"


class CloseSession(Frozen):
    """End the session's work; its history stays."""

    verb: ClassVar[str] = "close"


class ReopenSession(Frozen):
    """Go on with a closed session."""

    verb: ClassVar[str] = "reopen"
    name: str | None = None
    """Another name, where its own is taken by now."""


class StartRun(Frozen):
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
    facts: World = Field(default_factory=dict)


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


class FinishScript(Frozen):
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


Command = (
    StartSession
    | ConfigureScript
    | Connect
    | ConfirmConnections
    | RejectConnections
    | Disconnect
    | BindScript
    | MarkExternal
    | MarkInternal
    | ClearConfiguration
    | AcceptUnchanged
    | RecordWorld
    | CancelRun
    | UndoConfiguration
    | RedoConfiguration
    | UpdatePipeline
    | ForkSession
    | ImportSession
    | MoveHome
    | AddNote
    | ApproveVersion
    | RenameSession
    | CloseSession
    | ReopenSession
    | ArchiveSession
    | StartRun
    | StartScript
    | FinishScript
    | ReuseScript
    | FinishRun
)

NodeCommand = (
    ConfigureScript
    | Connect
    | BindScript
    | MarkExternal
    | MarkInternal
    | ClearConfiguration
    | AcceptUnchanged
)
"""What a person asks of one node."""
TargetsCommand = ConfirmConnections | RejectConnections | Disconnect
"""What a person asks of some inputs."""


def nodes_of(command: Command) -> tuple[NodeName, ...]:
    """The nodes that a person's command is about; none for what is about the whole session."""
    if isinstance(command, NodeCommand):
        return (command.node,)
    if isinstance(command, TargetsCommand):
        return tuple(dict.fromkeys(target.node for target in command.targets))
    return ()
