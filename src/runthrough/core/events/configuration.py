"""Events of what feeds a node and of how it is to be run."""

from typing import Literal

from runthrough.core.events.kinds import NodeEvent, SessionEvent
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import Evidence, WorldChange
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptSpec


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
    adjusted: bool = False
    """Whether it follows from what a person had answered before, and nobody asked for it now."""


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
    adjusted: bool = False
    """Whether it follows from what a person had answered before, and nobody asked for it now."""


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


class ConfigurationReverted(SessionEvent):
    """Configuration was taken back, or done again: the events behind this one say how."""

    type: Literal["ConfigurationReverted"] = "ConfigurationReverted"
    to_version: Version
    """The version whose configuration the nodes have again, as far as the world allows."""
    versions: tuple[Version, ...]
    """First versions of the actions that are taken back; of an undo where it is done again."""
    nodes: tuple[NodeName, ...]
    """The nodes whose configuration differed."""


class WorldChanged(NodeEvent):
    """What a node's configuration stands on was found changed."""

    type: Literal["WorldChanged"] = "WorldChanged"
    changes: tuple[WorldChange, ...]
