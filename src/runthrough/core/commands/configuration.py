"""What may be asked of the pipeline, of what feeds its nodes and of how they are to be run."""

from typing import ClassVar

from pydantic import Field, JsonValue

from runthrough.core.commands.kinds import InformedCommand, World
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath, Version
from runthrough.core.values.limits import Limits
from runthrough.core.values.model import Frozen
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.standing import Standing


class ConfigureScript(InformedCommand):
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
    unset: tuple[str, ...] = ()
    """Values that are taken back first, by the names of `views.nodes.flat_values`."""
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


class Connect(InformedCommand):
    """Feed an input from an output, whatever fed it before."""

    verb: ClassVar[str] = "connect"
    node: NodeName
    input: str
    source: Output
    based_on: Version | None = None


class ConfirmConnections(InformedCommand):
    """Take what is proposed for some inputs."""

    verb: ClassVar[str] = "confirm"
    targets: tuple[Target, ...]
    based_on: Version | None = None


class RejectConnections(InformedCommand):
    """Say that what is proposed or accepted for some inputs does not feed them."""

    verb: ClassVar[str] = "reject"
    targets: tuple[Target, ...]
    based_on: Version | None = None


class Disconnect(InformedCommand):
    """Leave some inputs open that something feeds."""

    verb: ClassVar[str] = "disconnect"
    targets: tuple[Target, ...]
    based_on: Version | None = None


class BindScript(InformedCommand):
    """Choose the script that a node runs."""

    verb: ClassVar[str] = "bind"
    node: NodeName
    path: RecordedPath
    based_on: Version | None = None


class MarkExternal(InformedCommand):
    """Let a node stand for something outside; `outputs` are added to what it declares."""

    verb: ClassVar[str] = "external"
    node: NodeName
    outputs: dict[str, RecordedPath] = Field(default_factory=dict)
    based_on: Version | None = None


class MarkInternal(InformedCommand):
    """Let an external node run a script again."""

    verb: ClassVar[str] = "internal"
    node: NodeName
    based_on: Version | None = None


class ClearConfiguration(InformedCommand):
    """Take back all that was answered for a node, and decide it anew."""

    verb: ClassVar[str] = "clear"
    node: NodeName
    based_on: Version | None = None


class AcceptUnchanged(InformedCommand):
    """Let a node's last passed attempt stand although what it depended on has changed."""

    verb: ClassVar[str] = "accept"
    node: NodeName
    based_on: Version | None = None


class RecordWorld(InformedCommand):
    """Take note of what is there now: demote what no longer holds, restore what is back."""

    verb: ClassVar[str] = "resume"


class UndoConfiguration(InformedCommand):
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
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)
    """Of the nodes as they were then."""


class RedoConfiguration(InformedCommand):
    """Do again what the last undo took back."""

    verb: ClassVar[str] = "redo"
    to_version: Version
    """The version that the undo was decided on."""
    undo: Version
    """First version of that undo."""
    renamed: dict[NodeName, NodeName] = Field(default_factory=dict)
    stood: Standing
    based_on: Version | None = None


class UpdatePipeline(InformedCommand):
    """Let the session test another pipeline, mostly the same one as its file has it now."""

    verb: ClassVar[str] = "update"
    pipeline: PipelineDeclaration
    renamed: dict[NodeName, NodeName] = Field(default_factory=dict)
    """Old name → new name."""
    based_on: Version | None = None
    facts: World = Field(default_factory=dict)
    """Of all nodes of the new pipeline."""
