"""Events of the pipeline's nodes: found, read, bound, and what they stand for."""

from typing import Literal

from pydantic import Field

from runthrough.core.events.kinds import NodeEvent, SessionEvent
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.requirements import RereadReason, ScriptRequirements
from runthrough.core.values.scripts import ScriptCandidate, ScriptInfo


class PipelineChanged(SessionEvent):
    """The pipeline became another one under the living session."""

    type: Literal["PipelineChanged"] = "PipelineChanged"
    pipeline: PipelineDeclaration
    added: tuple[NodeName, ...] = ()
    removed: tuple[NodeName, ...] = ()
    renamed: dict[NodeName, NodeName] = Field(default_factory=dict)
    """Old name → new name."""
    changed: tuple[NodeName, ...] = ()
    """Nodes that stay, of which the pipeline says something else, or into which other edges lead;
    by their new names."""
    restored: tuple[NodeName, ...] = ()
    """Of the added nodes those that come back with what had become of them: an undo says so."""


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
    because: Literal["discovered", "bound"] | RereadReason


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
