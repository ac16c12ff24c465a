"""A DAG as one SVG: names, states in colours and marks; the only room of the layout library."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

Tone = Literal["good", "bad", "warn", "busy", "calm"]

LOOKS: Mapping[str, tuple[str, Tone]] = {
    "passed": ("✓", "good"),
    "reused": ("=", "good"),
    "executed": ("✓", "good"),
    "failed": ("✗", "bad"),
    "timed_out": ("✗", "bad"),
    "crashed": ("✗", "bad"),
    "lost": ("✗", "bad"),
    "cancelled": ("✗", "bad"),
    "blocked": ("⊘", "warn"),
    "stale": ("~", "warn"),
    "needs_you": ("?", "warn"),
    "pending": ("?", "warn"),
    "running": ("▶", "busy"),
    "ready": ("•", "busy"),
    "configured": ("•", "busy"),
    "auto_configured": ("•", "busy"),
    "waiting": ("…", "calm"),
    "discovered": ("·", "calm"),
    "not_run": ("·", "calm"),
    "not_selected": ("·", "calm"),
    "external": ("↗", "calm"),
}
"""A mark and a tone for each outcome, work list category and lifecycle state."""
DRAWN_AT_MOST = 600
"""Nodes beyond this make a picture in which nobody finds anything."""
EDGES_DRAWN_AT_MOST = 1_200
"""Edges beyond this make a thicket, and take the layout many seconds."""
_POLISHED_AT_MOST = 150
"""Edges up to which crossings are looked for to the last; beyond it that takes seconds."""

_SIGN_PX = 8.5
"""Width of a sign at 13 px and bold in the widest of the usual sans-serif faces."""
_SIGNS = 34
"""Longer names are cut in the middle, since their ends tell siblings apart."""
_HEIGHT, _LEAST_WIDTH, _MARGIN, _BEND, _HEAD = 46.0, 128.0, 14.0, 7.0, 7.0
_PAGE_PX = 1400.0
"""A drawing wider than this is turned on its side if that makes it narrower."""

_LIGHT = {
    "ink": "#1f2328",
    "soft": "#59636e",
    "line": "#8c959f",
    "good": "#1a7f37",
    "good-fill": "#e6f6ea",
    "bad": "#cf222e",
    "bad-fill": "#ffebe9",
    "warn": "#9a6700",
    "warn-fill": "#fff8c5",
    "busy": "#0969da",
    "busy-fill": "#ddf4ff",
    "calm": "#6e7781",
    "calm-fill": "#f6f8fa",
}
_DARK = {
    "ink": "#e6edf3",
    "soft": "#9198a1",
    "line": "#656c76",
    "good": "#3fb950",
    "good-fill": "#12261e",
    "bad": "#f85149",
    "bad-fill": "#30171a",
    "warn": "#d29922",
    "warn-fill": "#2b2111",
    "busy": "#4493f8",
    "busy-fill": "#121d2f",
    "calm": "#8b949e",
    "calm-fill": "#1b2027",
}


class _Spot(NamedTuple):
    x: float
    y: float


class _Plan(NamedTuple):
    """Where everything lies: middles of the nodes, lines of the edges, the whole's size."""

    spots: Sequence[_Spot]
    lines: Sequence[Sequence[_Spot]]
    width: float
    height: float


def colours(tokens: Mapping[str, str], *, prefix: str = "--rt-") -> str:
    """CSS declarations of colours by their names."""
    return "".join(f"{prefix}{name}:{value};" for name, value in tokens.items())


def palette(selector: str) -> str:
    """CSS that gives `selector` the colours, by daylight and in the dark."""
    dark = f"@media (prefers-color-scheme:dark){{{selector}{{{colours(_DARK)}}}}}"
    return f"{selector}{{{colours(_LIGHT)}}}{dark}"


def look(word: str) -> tuple[str, Tone]:
    """The mark and the tone of an outcome, category or state."""
    return LOOKS.get(word, ("·", "calm"))


def svg(
    nodes: Mapping[str, Mapping[str, object]],
    edges: Iterable[Mapping[str, object]],
    *,
    title: str = "",
) -> str:
    """The picture of a DAG, to be written to a file or put into a page.

    Of a node `outcome`, else `state`, gives mark, colour and word; `took`, a text, stands beside
    the word; `external` draws it dashed. An edge leads from `from_node` to `node`; `fits=False`
    marks one whose data did not fit, and `note` is told where the pointer rests on it.
    The same arguments always give the same text.
    """
    return ET.tostring(picture(nodes, edges, title=title), encoding="unicode")


def picture(
    nodes: Mapping[str, Mapping[str, object]],
    edges: Iterable[Mapping[str, object]],
    *,
    title: str = "",
) -> ET.Element:
    """The same as an element, to be put into a page that is made of elements."""
    names = {name: place for place, name in enumerate(nodes)}
    drawn = [one for one in edges if one.get("from_node") in names and one.get("node") in names]
    words = [_words(there) for there in nodes.values()]
    width = _width([*(_cut(name) for name in nodes), *words])
    pairs = [(names[str(one["from_node"])], names[str(one["node"])]) for one in drawn]
    plan = _laid_out(len(names), pairs, width)
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "rt-dag",
            "role": "img",
            "viewBox": f"0 0 {plan.width:g} {plan.height:g}",
            "width": f"{plan.width:g}",
            "height": f"{plan.height:g}",
        },
    )
    ET.SubElement(root, "title").text = _told(title, nodes)
    ET.SubElement(root, "style").text = palette(".rt-dag") + _STYLE
    for one, line in zip(drawn, plan.lines, strict=True):
        _draw_edge(root, one, line)
    for (name, there), spot in zip(nodes.items(), plan.spots, strict=True):
        _draw_node(root, name, there, spot, width)
    return root


def _laid_out(count: int, pairs: Sequence[tuple[int, int]], width: float) -> _Plan:
    """From top to bottom; from left to right where the drawing would be too wide."""
    down = _graphlay(count, pairs, width, "topbottom")
    if down.width <= _PAGE_PX:
        return down
    right = _graphlay(count, pairs, width, "leftright")
    return right if right.width < down.width else down


def _graphlay(count: int, pairs: Sequence[tuple[int, int]], width: float, direction: str) -> _Plan:
    if count == 0:
        return _Plan((), (), 2 * _MARGIN, 2 * _MARGIN)
    import graphlay  # noqa: PLC0415 - only pictures need it

    graph = graphlay.Graph()
    for place in range(count):
        graph.node(place, width=width, height=_HEIGHT)
    for source, target in pairs:
        graph.edge(source, target)
    spacing = {"layer_gap": 40.0, "node_gap": 26.0}
    effort = "balanced" if len(pairs) <= _POLISHED_AT_MOST else "fast"
    options = {"direction": direction, "spacing": spacing, "effort": effort}
    layout = graphlay.layout(graph, options=options)
    low, high = layout.bounds["min"], layout.bounds["max"]

    def moved(point: Mapping[str, float]) -> _Spot:
        return _Spot(
            round(point["x"] - low["x"] + _MARGIN, 1), round(point["y"] - low["y"] + _MARGIN, 1)
        )

    return _Plan(
        [moved(node["center"]) for node in layout.nodes],
        [[moved(point) for point in edge["points"]] for edge in layout.edges],
        round(high["x"] - low["x"] + 2 * _MARGIN, 1),
        round(high["y"] - low["y"] + 2 * _MARGIN, 1),
    )


def _draw_node(
    root: ET.Element, name: str, there: Mapping[str, object], spot: _Spot, width: float
) -> None:
    mark, tone = look(_word(there))
    kind = f"rt-node rt-{tone}{' rt-external' if there.get('external') else ''}"
    group = ET.SubElement(root, "g", {"class": kind})
    ET.SubElement(group, "title").text = f"{name}: {_words(there)}"
    left, top = spot.x - width / 2, spot.y - _HEIGHT / 2
    box = {"x": left, "y": top, "width": width, "height": _HEIGHT, "rx": 7.0}
    ET.SubElement(group, "rect", {key: f"{value:g}" for key, value in box.items()})
    _text(group, "rt-name", left + 12, spot.y - 4, _cut(name))
    _text(group, "rt-word", left + 12, spot.y + 14, f"{mark} {_words(there)}")


def _text(group: ET.Element, kind: str, x: float, y: float, text: str) -> None:
    ET.SubElement(group, "text", {"class": kind, "x": f"{x:g}", "y": f"{y:g}"}).text = text


def _draw_edge(root: ET.Element, edge: Mapping[str, object], line: Sequence[_Spot]) -> None:
    unfit = edge.get("fits") is False
    group = ET.SubElement(root, "g", {"class": "rt-edge rt-unfit" if unfit else "rt-edge"})
    note = str(edge.get("note") or "")
    ET.SubElement(group, "title").text = note or f"{edge['from_node']} → {edge['node']}"
    ET.SubElement(group, "path", {"d": _rounded(line)})
    ET.SubElement(group, "polygon", {"points": _arrow(line)})
    if unfit:
        middle = line[len(line) // 2 - 1], line[len(line) // 2]
        x, y = ((middle[0][axis] + middle[1][axis]) / 2 for axis in (0, 1))
        ET.SubElement(group, "circle", {"cx": f"{x:g}", "cy": f"{y:g}", "r": "9"})
        _text(group, "rt-cross", x, y + 4.5, "✗")


def _rounded(line: Sequence[_Spot]) -> str:
    """An SVG path along the line, its bends rounded."""
    told = [f"M{line[0].x:g} {line[0].y:g}"]
    for before, bend, after in zip(line, line[1:], line[2:], strict=False):
        near, far = _toward(bend, before), _toward(bend, after)
        told.append(f"L{near.x:g} {near.y:g}Q{bend.x:g} {bend.y:g} {far.x:g} {far.y:g}")
    end = _toward(line[-1], line[-2], _HEAD)
    return "".join((*told, f"L{end.x:g} {end.y:g}"))


def _toward(start: _Spot, aim: _Spot, reach: float = _BEND) -> _Spot:
    """The spot `reach` away from `start`, at most half of the way to `aim`."""
    length = math.dist(start, aim)
    part = min(reach / length, 0.5) if length else 0.0
    return _Spot(
        round(start.x + (aim.x - start.x) * part, 1), round(start.y + (aim.y - start.y) * part, 1)
    )


def _arrow(line: Sequence[_Spot]) -> str:
    tip, tail = line[-1], line[-2]
    length = math.dist(tip, tail) or 1.0
    dx, dy = (tip.x - tail.x) / length, (tip.y - tail.y) / length
    back = _Spot(tip.x - dx * _HEAD, tip.y - dy * _HEAD)
    half = _HEAD / 2
    wings = ((back.x - dy * half, back.y + dx * half), (back.x + dy * half, back.y - dx * half))
    return " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in (tip, *wings))


def _word(there: Mapping[str, object]) -> str:
    external = "external" if there.get("external") else ""
    return str(there.get("outcome") or there.get("state") or external or "discovered")


def _words(there: Mapping[str, object]) -> str:
    took = there.get("took")
    return f"{_word(there).replace('_', ' ')}{f'  {took}' if took else ''}"


def _cut(name: str) -> str:
    if len(name) <= _SIGNS:
        return name
    tail = _SIGNS // 2
    return f"{name[: _SIGNS - tail - 1]}…{name[-tail:]}"


def _width(texts: Iterable[str]) -> float:
    longest = max((len(text) for text in texts), default=0)
    return max(_LEAST_WIDTH, round(longest * _SIGN_PX + 26))


def _told(title: str, nodes: Mapping[str, Mapping[str, object]]) -> str:
    """What a screen reader says of the picture: how many nodes, and how they stand."""
    counts: dict[str, int] = {}
    for there in nodes.values():
        word = _word(there).replace("_", " ")
        counts[word] = counts.get(word, 0) + 1
    standing = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"{title}{': ' if title else ''}{standing or 'no nodes'}"


_STYLE = (
    ".rt-dag text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',"
    "'DejaVu Sans',sans-serif;fill:var(--rt-ink)}"
    ".rt-dag .rt-name{font-weight:600}"
    ".rt-dag .rt-word{font-size:12px}"
    ".rt-dag rect{stroke-width:1.5}"
    ".rt-dag .rt-external rect{stroke-dasharray:5 4}"
    ".rt-dag .rt-edge path{fill:none;stroke:var(--rt-line);stroke-width:1.5}"
    ".rt-dag .rt-edge polygon{fill:var(--rt-line)}"
    ".rt-dag .rt-unfit path{stroke:var(--rt-bad);stroke-dasharray:6 4}"
    ".rt-dag .rt-unfit polygon{fill:var(--rt-bad)}"
    ".rt-dag .rt-unfit circle{fill:var(--rt-bad-fill);stroke:var(--rt-bad)}"
    ".rt-dag .rt-cross{font-size:11px;text-anchor:middle;fill:var(--rt-bad)}"
    + "".join(
        f".rt-dag .rt-{tone} rect{{fill:var(--rt-{tone}-fill);stroke:var(--rt-{tone})}}"
        f".rt-dag .rt-{tone} .rt-word{{fill:var(--rt-{tone})}}"
        for tone in ("good", "bad", "warn", "busy", "calm")
    )
)
