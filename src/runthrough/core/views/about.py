"""Which nodes an event is about: one rule for history and for exports."""

from runthrough.core.events import (
    ConfigurationReverted,
    Event,
    PipelineChanged,
    SessionForked,
    SessionStarted,
    concerned,
    subject_of,
)
from runthrough.core.values.ids import NodeName

ABOUT_SEVERAL = frozenset({PipelineChanged.__name__, ConfigurationReverted.__name__})
"""Types of events that have no subject and are about the nodes that they list."""
NAMING = frozenset({SessionStarted.__name__, SessionForked.__name__, PipelineChanged.__name__})
"""Types of events that tell what nodes are called, and where those of a fork come from."""


def nodes_of(event: Event) -> tuple[NodeName, ...]:
    """The nodes whose values an event may change."""
    node = subject_of(event)
    if node is not None:
        return (node,)
    if isinstance(event, PipelineChanged | ConfigurationReverted):
        nodes = concerned(event)
        return () if nodes == "all" else tuple(sorted(nodes))
    return ()
