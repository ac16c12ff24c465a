"""Where boxes and lines of a DAG lie; the only room of the layout library."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

HEIGHT = 46.0
"""Of a box, in px."""
HEAD = 7.0
"""Length of an arrow's head, in px."""
_MARGIN, _BEND = 14.0, 7.0
_PAGE_PX = 1400.0
"""A drawing wider than this is turned on its side if that makes it narrower."""
_POLISHED_AT_MOST = 150
"""Edges up to which crossings are looked for to the last; beyond it that takes seconds."""


class Spot(NamedTuple):
    """A point, in px from the upper left corner."""

    x: float
    y: float


class Plan(NamedTuple):
    """Where everything lies: middles of the boxes, lines of the edges, the whole's size."""

    spots: Sequence[Spot]
    lines: Sequence[Sequence[Spot]]
    width: float
    height: float


def laid_out(
    count: int, pairs: Sequence[tuple[int, int]], width: float, *, between: float = 40.0
) -> Plan:
    """Boxes of one width from top to bottom; from left to right where that would be too wide.

    `between` is the room between two layers, in px.
    """
    down = _graphlay(count, pairs, width, "topbottom", between)
    if down.width <= _PAGE_PX:
        return down
    right = _graphlay(count, pairs, width, "leftright", between)
    return right if right.width < down.width else down


def _graphlay(
    count: int, pairs: Sequence[tuple[int, int]], width: float, direction: str, between: float
) -> Plan:
    if count == 0:
        return Plan((), (), 2 * _MARGIN, 2 * _MARGIN)
    import graphlay  # noqa: PLC0415 - only pictures need it

    graph = graphlay.Graph()
    # Ties are settled by the order of names, which numbers without leading zeros would shuffle.
    names = [f"{place:06}" for place in range(count)]
    for name in names:
        graph.node(name, width=width, height=HEIGHT)
    for source, target in pairs:
        graph.edge(names[source], names[target])
    spacing = {"layer_gap": between, "node_gap": 26.0}
    effort = "balanced" if len(pairs) <= _POLISHED_AT_MOST else "fast"
    options = {"direction": direction, "spacing": spacing, "effort": effort}
    layout = graphlay.layout(graph, options=options)
    low, high = layout.bounds["min"], layout.bounds["max"]

    def moved(point: Mapping[str, float]) -> Spot:
        return Spot(
            round(point["x"] - low["x"] + _MARGIN, 1), round(point["y"] - low["y"] + _MARGIN, 1)
        )

    return Plan(
        [moved(node["center"]) for node in layout.nodes],
        [[moved(point) for point in edge["points"]] for edge in layout.edges],
        round(high["x"] - low["x"] + 2 * _MARGIN, 1),
        round(high["y"] - low["y"] + 2 * _MARGIN, 1),
    )


def rounded(line: Sequence[Spot]) -> str:
    """An SVG path along the line up to the arrow's head, its bends rounded."""
    told = [f"M{line[0].x:g} {line[0].y:g}"]
    for before, bend, after in zip(line, line[1:], line[2:], strict=False):
        near, far = _toward(bend, before), _toward(bend, after)
        told.append(f"L{near.x:g} {near.y:g}Q{bend.x:g} {bend.y:g} {far.x:g} {far.y:g}")
    end = _toward(line[-1], line[-2], HEAD)
    return "".join((*told, f"L{end.x:g} {end.y:g}"))


def arrow(line: Sequence[Spot]) -> str:
    """The corners of the head at the line's end."""
    tip, tail = line[-1], line[-2]
    length = math.dist(tip, tail) or 1.0
    dx, dy = (tip.x - tail.x) / length, (tip.y - tail.y) / length
    back = Spot(tip.x - dx * HEAD, tip.y - dy * HEAD)
    half = HEAD / 2
    wings = ((back.x - dy * half, back.y + dx * half), (back.x + dy * half, back.y - dx * half))
    return " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in (tip, *wings))


def middle(line: Sequence[Spot]) -> Spot:
    """The middle of the line's longest part, where a mark or a word has most room."""
    one, other = max(itertools.pairwise(line), key=lambda ends: round(math.dist(*ends), 1))
    return Spot(round((one.x + other.x) / 2, 1), round((one.y + other.y) / 2, 1))


def _toward(start: Spot, aim: Spot, reach: float = _BEND) -> Spot:
    """The spot `reach` away from `start`, at most half of the way to `aim`."""
    length = math.dist(start, aim)
    part = min(reach / length, 0.5) if length else 0.0
    return Spot(
        round(start.x + (aim.x - start.x) * part, 1), round(start.y + (aim.y - start.y) * part, 1)
    )
