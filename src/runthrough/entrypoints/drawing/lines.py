"""What leads from one box to another: a line, its mark, and the name of what flows along it."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree as ET

from runthrough.entrypoints.drawing.boxes import draw_text, draw_title
from runthrough.entrypoints.drawing.layout import HEIGHT, Spot, arrow, middle, rounded

_SIGN_PX = 6.8
"""Width of a sign at 11 px in the widest of the usual sans-serif faces."""
_BEYOND_PX = 160.0
"""How far labels may reach beyond the boxes."""
_LABEL_PX = 13.0
"""Height of a label."""
_CLEAR_PX = 4.0
"""Between a label and what it does not belong to."""
_SIGNS = 34
_TOLD = 20
"""Wires that are told where the pointer rests on a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """All edges between two boxes."""

    label: str
    title: str
    unfit: bool
    asked: bool

    @property
    def kind(self) -> str:
        """What tells it from a plain line, as a class of its own."""
        return " rt-unfit" if self.unfit else " rt-asked" if self.asked else ""


class _Place(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Place") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Room:
    """Where a label may stand: over no box, no line and no other label."""

    def __init__(
        self, boxes: Sequence[Spot], width: float, ways: Iterable[Sequence[Spot]]
    ) -> None:
        aside, above = width / 2 + _CLEAR_PX, HEIGHT / 2
        self._taken = [_Place(x - aside, y - above, x + aside, y + above) for x, y in boxes]
        self._limit = max((place.right for place in self._taken), default=0.0) + _BEYOND_PX
        self.right = 0.0
        """How far the labels reach, in px."""
        self._taken += [_around(*ends) for way in ways for ends in itertools.pairwise(way)]

    def take(self, text: str, way: Sequence[Spot], *, marked: bool) -> Spot | None:
        """Where the label of a line begins, near its longest part; `None` where is no room.

        `marked` leaves room for the mark in the middle.
        """
        wide, aside = len(text) * _SIGN_PX, 13 if marked else 7
        for one, other in sorted(itertools.pairwise(way), key=lambda ends: -_length(*ends)):
            x, y = (one.x + other.x) / 2, (one.y + other.y) / 2
            upright = abs(one.x - other.x) < abs(one.y - other.y)
            beside = ((x + aside, y), (x - wide - aside, y))
            over = ((x - wide / 2, y - aside - 3), (x - wide / 2, y + aside + 3))
            for left, across in beside if upright else over:
                place = _Place(left, across - _LABEL_PX / 2, left + wide, across + _LABEL_PX / 2)
                inside = left >= 0 and place.right <= self._limit
                if inside and not any(place.meets(other) for other in self._taken):
                    self._taken.append(place)
                    self.right = max(self.right, place.right)
                    return Spot(round(left, 1), round(across + 4, 1))
        return None


def _around(one: Spot, other: Spot) -> _Place:
    """A part of a line with a little room on both sides."""
    xs, ys = sorted((one.x, other.x)), sorted((one.y, other.y))
    return _Place(xs[0] - 2, ys[0] - 2, xs[1] + 2, ys[1] + 2)


def _length(one: Spot, other: Spot) -> float:
    return round(math.dist(one, other), 1)


def line_of(edges: Sequence[Mapping[str, object]]) -> Line:
    """The line for all edges between two boxes."""
    wires = [wire for one in edges for wire in _wires(one)]
    notes = [str(one.get("note") or _note(one)) for one in edges]
    rest = [f"and {len(notes) - _TOLD} more"] if len(notes) > _TOLD else []
    return Line(
        label=_label(wires),
        title="\n".join([*notes[:_TOLD], *rest]),
        unfit=any(one.get("fits") is False for one in edges),
        asked=any(bool(one.get("asked")) for one in edges),
    )


def draw_line(root: ET.Element, line: Line, way: Sequence[Spot], label: Spot | None) -> None:
    """Put a line into the picture, and its label where that has a place."""
    group = ET.SubElement(root, "g", {"class": f"rt-edge{line.kind}"})
    draw_title(group, line.title)
    ET.SubElement(group, "path", {"d": rounded(way)})
    ET.SubElement(group, "polygon", {"points": arrow(way)})
    if line.kind:
        spot = middle(way)
        ET.SubElement(group, "circle", {"cx": f"{spot.x:g}", "cy": f"{spot.y:g}", "r": "9"})
        draw_text(group, "rt-sign", Spot(spot.x, spot.y + 4.5), "✗" if line.unfit else "?")
    if label is not None:
        draw_text(group, "rt-wire", label, line.label)


def _wires(edge: Mapping[str, object]) -> list[tuple[str, str]]:
    wires = edge.get("wires")
    return [(str(one), str(other)) for one, other in wires] if isinstance(wires, Sequence) else []


def _label(wires: Sequence[tuple[str, str]]) -> str:
    if len(wires) != 1:
        return f"{len(wires)} wires" if wires else ""
    ((output, name),) = wires
    told = name if output == name else f"{output} → {name}"
    return told if len(told) <= _SIGNS else f"{told[: _SIGNS - 1]}…"


def _note(edge: Mapping[str, object]) -> str:
    ends = str(edge["from_node"]), str(edge["node"])
    wires = [f"{ends[0]}.{output} → {ends[1]}.{name}" for output, name in _wires(edge)]
    return "\n".join(wires) or f"{ends[0]} → {ends[1]}"
