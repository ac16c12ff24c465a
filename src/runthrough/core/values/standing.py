"""What people and rules had made of a session's nodes at a version: what undo brings back."""

from typing import Literal

from pydantic import Field

from runthrough.core.values.connections import Connection, Rejection
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import AttemptId, NodeName, RecordedPath, Version
from runthrough.core.values.model import Frozen
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptSpec


class StandingNode(Frozen):
    """One node: what it stands for, what feeds it, and how it is to be run."""

    external: bool = False
    external_outputs: dict[str, RecordedPath] = Field(default_factory=dict)
    script: RecordedPath | None = None
    bound: bool = False
    """Whether a person chose the script."""
    spec: ScriptSpec | None = None
    """The accepted configuration, else what was known of it."""
    accepted: bool = False
    """Whether `spec` was accepted, or a draft."""
    needs: tuple[Problem, ...] = ()
    """What kept it from being accepted, where it was a draft."""
    by: Literal["auto", "person"] | None = None
    """Whose configuration it is; of a node that was pending, whose it had been."""
    connections: tuple[Connection, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    passed: AttemptId | None = None
    """The last attempt that had passed."""
    fingerprint: Fingerprint = ()
    """What that attempt counted as having depended on."""


class Standing(Frozen):
    """A session's configuration as it stood at a version."""

    version: Version
    pipeline: PipelineDeclaration
    nodes: dict[NodeName, StandingNode]
