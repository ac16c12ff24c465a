"""A DAG as one SVG: names, states in colours and marks, and what feeds what."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from runthrough.core.views.collapsing import Collapsed, collapse
from runthrough.entrypoints.drawing.boxes import (
    GROUP_PX,
    ILLEGAL,
    box_of,
    counted,
    draw_box,
    draw_title,
    readable,
    width_of,
    word_of,
)
from runthrough.entrypoints.drawing.layout import laid_out
from runthrough.entrypoints.drawing.lines import Line, Room, draw_line, line_of
from runthrough.entrypoints.drawing.looks import STYLE, look, palette

__all__ = ["ILLEGAL", "Links", "look", "palette", "picture", "readable", "stylesheet", "svg"]

BOXES_AT_MOST = 80
"""More nodes make a picture in which nobody finds anything, so that they are folded."""
LINES_AT_MOST = 240
"""More edges make a thicket."""
_APART = frozenset({"bad", "?", "▶"})
"""Tones and marks of what is looked for first, so that it is folded last."""
_LABELLED_AT_MOST = 40
"""Boxes up to which there is room to say along the edges what feeds what."""
_LABEL_LAYER_PX = 58.0
_LAYER_PX = 40.0


class Links(NamedTuple):
    """Where the parts of a picture lead; a group of nodes leads nowhere."""

    node: Callable[[str], str]
    asked: Callable[[str, str], str]
    """Of a line along which something is only proposed, by the nodes at its ends."""


def stylesheet(selector: str) -> str:
    """The colours of pictures below `selector`, and their style, for a page that keeps them."""
    return palette(selector) + STYLE


def svg(
    nodes: Mapping[str, Mapping[str, object]],
    edges: Iterable[Mapping[str, object]],
    *,
    title: str = "",
    styled: bool = True,
    links: Links | None = None,
) -> str:
    """The picture of a DAG, to be written to a file or put into a page.

    Of a node `outcome`, else `state`, gives mark, colour and word; `took`, a text, stands beside
    the word; `stale` hatches the box and `external` draws it dashed. An edge leads from
    `from_node` to `node`: `wires` are pairs of an output and the input that it feeds, `asked`
    says that one of them is only proposed, `fits=False` that data did not fit, and `note` is told
    where the pointer rests on it.
    A DAG of more than 80 nodes or 240 edges is folded into groups, see `views.collapsing`. The
    same arguments always give the same text, without ids, so that a page may hold several.
    Without `styled` it has no style of its own, for a page that serves `stylesheet`. With `links`
    boxes and asked lines lead where these say.
    """
    drawn = picture(nodes, edges, title=title, styled=styled, links=links)
    return ET.tostring(drawn, encoding="unicode")


def picture(
    nodes: Mapping[str, Mapping[str, object]],
    edges: Iterable[Mapping[str, object]],
    *,
    title: str = "",
    styled: bool = True,
    links: Links | None = None,
) -> ET.Element:
    """The same as an element, to be put into a page that is made of elements."""
    known = [one for one in edges if one.get("from_node") in nodes and one.get("node") in nodes]
    folded = _folded(nodes, known)
    boxes = [box_of({name: nodes[name] for name in group}) for group in folded.groups]
    lines = _lines(folded, known)
    labelled = len(boxes) <= _LABELLED_AT_MOST and any(line.label for line in lines.values())
    width = width_of(boxes)
    layers = _LABEL_LAYER_PX if labelled else _LAYER_PX
    plan = laid_out(len(boxes), list(lines), width, between=layers)
    room = Room(plan.spots, width, plan.lines)
    labels = [
        room.take(line.label, way, marked=bool(line.kind)) if labelled and line.label else None
        for line, way in zip(lines.values(), plan.lines, strict=True)
    ]
    # The boxes behind a group stand out, and labels may reach beyond the last box.
    size = f"{max(plan.width, room.right) + GROUP_PX:g}", f"{plan.height + GROUP_PX:g}"
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "rt-dag",
            # Links in an image are kept from those who listen.
            "role": "img" if links is None else "graphics-document",
            "viewBox": f"0 0 {size[0]} {size[1]}",
            "width": size[0],
            "height": size[1],
        },
    )
    draw_title(root, _told(title, nodes))
    if styled:
        ET.SubElement(root, "style").text = stylesheet(".rt-dag")
    names = [list(group) for group in folded.groups]
    for (ends, line), way, label in zip(lines.items(), plan.lines, labels, strict=True):
        joined = (names[ends[0]], names[ends[1]]) if line.asked else ()
        draw_line(_link(root, links, *joined), line, way, label)
    for group, box, spot in zip(names, boxes, plan.spots, strict=True):
        draw_box(_link(root, links, group), box, spot, width)
    return root


def _link(root: ET.Element, links: Links | None, *groups: Sequence[str]) -> ET.Element:
    """Where the one node of each group is drawn: in a link, where there is one."""
    if links is None or not groups or any(len(group) > 1 for group in groups):
        return root
    to = links.asked if len(groups) > 1 else links.node
    address = to(*(group[0] for group in groups))
    return ET.SubElement(root, "a", {"href": address, "class": "rt-link"})


def _folded(
    nodes: Mapping[str, Mapping[str, object]], edges: Sequence[Mapping[str, object]]
) -> Collapsed:
    words = {name: word_of(there) for name, there in nodes.items()}
    return collapse(
        words,
        [(str(one["from_node"]), str(one["node"])) for one in edges],
        apart={name for name, word in words.items() if _APART & {*look(word)}},
        groups_at_most=BOXES_AT_MOST,
        edges_at_most=LINES_AT_MOST,
    )


def _lines(
    folded: Collapsed, edges: Iterable[Mapping[str, object]]
) -> dict[tuple[int, int], Line]:
    """One line for all edges between two boxes, in the order of the edges."""
    places = {node: place for place, group in enumerate(folded.groups) for node in group}
    along: dict[tuple[int, int], list[Mapping[str, object]]] = {}
    for one in edges:
        ends = places[str(one["from_node"])], places[str(one["node"])]
        if ends[0] != ends[1]:
            along.setdefault(ends, []).append(one)
    return {ends: line_of(all_of_them) for ends, all_of_them in along.items()}


def _told(title: str, nodes: Mapping[str, Mapping[str, object]]) -> str:
    """What a screen reader says of the picture: how many nodes, and how they stand."""
    standing = counted(word_of(there) for there in nodes.values())
    told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in standing.items())
    return f"{title}{': ' if title else ''}{told or 'no nodes'}"
