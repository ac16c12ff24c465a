"""What a run will do, node by node, decided before it starts."""

from functools import cached_property
from typing import Literal

from runthrough.core.values.ids import NodeName
from runthrough.core.values.model import Frozen

PlanReason = Literal[
    "never_passed",
    "last_attempt_failed",
    "does_not_fit",
    "changed",
    "upstream_runs",
    "outputs_changed",
    "not_reused",
]


class PlannedNode(Frozen):
    """A node that will run, and why."""

    node: NodeName
    reasons: tuple[PlanReason, ...]


class BlockedNode(Frozen):
    """A node that cannot run, and what stands in its way."""

    node: NodeName
    by: tuple[NodeName, ...]


class Plan(Frozen):
    """The selection of a run in execution order, split by what happens to each node."""

    order: tuple[NodeName, ...] = ()
    run: tuple[PlannedNode, ...] = ()
    reuse: tuple[NodeName, ...] = ()
    blocked: tuple[BlockedNode, ...] = ()
    """Below a node that is not selected and has no passed result."""

    @cached_property
    def nodes(self) -> frozenset[NodeName]:
        """The nodes of the selection, to be looked up at once however many they are."""
        return frozenset(self.order)
