"""What one command did: its rows, the nodes it concerned, and what to do next."""

from collections.abc import Iterable, Mapping, Sequence

from runthrough.core.state import NodeState
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.problems import Problem
from runthrough.core.views.history import HistoryRow
from runthrough.core.views.nodes import View


def settled_view(
    rows: Sequence[HistoryRow],
    known: Mapping[NodeName, NodeState],
    *,
    version: Version,
    warnings: Iterable[Problem],
    next_command: str,
) -> View:
    """Keys: version, nodes, recorded, warnings, next_command.

    `rows` are what the command recorded, and `known` the nodes as of its last event.
    """
    nodes = dict.fromkeys(row.node for row in rows if row.node is not None)
    return {
        "version": version,
        "nodes": node_results(nodes, known),
        "recorded": [row.view() for row in rows],
        "warnings": [warning.model_dump(mode="json") for warning in warnings],
        "next_command": next_command,
    }


def node_results(nodes: Iterable[NodeName], known: Mapping[NodeName, NodeState]) -> View:
    """State, external and problems of each node; `None` for one that is gone."""
    return {node: _result(known[node]) if node in known else None for node in nodes}


def _result(there: NodeState) -> View:
    return {
        "state": there.state.value if there.state else None,
        "external": there.external,
        "problems": [need.model_dump(mode="json") for need in there.needs],
    }
