"""What a command did to nodes: as a result, and what is still missing of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue

    from runthrough.core.state import NodeState
    from runthrough.core.values.ids import NodeName
    from runthrough.entrypoints.cli.visit import Visit


def node_results(
    nodes: "Iterable[NodeName]", known: "Mapping[NodeName, NodeState]"
) -> "dict[NodeName, dict[str, JsonValue] | None]":
    """State, external and problems of each node; `None` for one that is gone."""
    return {node: _result(known[node]) if node in known else None for node in nodes}


def draw_needs(
    visit: "Visit", nodes: "Iterable[NodeName]", known: "Mapping[NodeName, NodeState]"
) -> None:
    """What each of the nodes that are pending needs, with what to type."""
    from runthrough.core.lifecycle import Lifecycle  # noqa: PLC0415 - inside commands

    for node in nodes:
        there = known.get(node)
        if there is None or there.state is not Lifecycle.PENDING:
            continue
        for need in there.needs:
            visit.screen.line(("  ? ", "bold yellow"), f"{node}: {need.message}")
            visit.screen.typed("      → ", visit.typed(need.fix))


def _result(there: "NodeState") -> "dict[str, JsonValue]":
    return {
        "state": there.state.value if there.state else None,
        "external": there.external,
        "problems": [need.model_dump(mode="json") for need in there.needs],
    }
