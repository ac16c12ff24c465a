"""What a command did to nodes: as a result, and what is still missing of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import JsonValue

    from runthrough.core.state import NodeState
    from runthrough.core.values.ids import NodeName
    from runthrough.core.values.problems import Problem
    from runthrough.entrypoints.cli.screen import Screen
    from runthrough.entrypoints.cli.visit import Visit


def node_results(
    nodes: "Iterable[NodeName]", known: "Mapping[NodeName, NodeState]"
) -> "dict[str, JsonValue]":
    """State, external and problems of each node; `None` for one that is gone."""
    from runthrough.core.views.settled import node_results as told  # noqa: PLC0415 - as below

    return told(nodes, known)


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
            visit.screen.line(f"{node}: {need.message}", lead=("  ? ", "bold yellow"))
            visit.screen.typed("      → ", visit.advice(need.fix))


def draw_warnings(
    screen: "Screen", warnings: "Iterable[Problem]", advice: "Callable[[str], str]"
) -> None:
    """What looks wrong and forbids nothing, each with what to type."""
    for warning in warnings:
        screen.line(f"warning: {warning.message}", lead=("  ! ", "bold yellow"))
        screen.typed("      → ", advice(warning.fix))
