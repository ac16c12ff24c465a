"""The picture of a node's lifecycle, made from the rows of core/lifecycle.

    python -m tests.support.lifecycle_picture

draws docs/images/lifecycle.svg anew after the rows changed. Where the states lie is said here;
what leads where, and what it is called, is said by the rows alone.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from runthrough.core.lifecycle import ABSENT, TRANSITIONS, Lifecycle
from runthrough.entrypoints.drawing.looks import STYLE, palette

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "lifecycle.svg"
PLACES = {
    ABSENT: (72, 195),
    Lifecycle.DISCOVERED.value: (272, 195),
    Lifecycle.AUTO_CONFIGURED.value: (478, 105),
    Lifecycle.PENDING.value: (478, 285),
    Lifecycle.CONFIGURED.value: (740, 285),
    Lifecycle.EXECUTED.value: (740, 105),
}
"""The middles of the boxes, in px."""
TONES = {
    ABSENT: "calm",
    Lifecycle.DISCOVERED.value: "calm",
    Lifecycle.AUTO_CONFIGURED.value: "good",
    Lifecycle.PENDING.value: "warn",
    Lifecycle.CONFIGURED.value: "good",
    Lifecycle.EXECUTED.value: "busy",
}
SIZE = (815, 400)
WIDTH, HEIGHT = 136, 44
_HEAD, _BOW, _STUB, _LINE = 8.0, 58.0, 40.0, 14.0


def picture() -> str:
    """The states, what leads from one to another, and what leads to one from every other."""
    size = {"viewBox": f"0 0 {SIZE[0]} {SIZE[1]}", "width": str(SIZE[0]), "height": str(SIZE[1])}
    root = ET.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "rt-dag", "role": "img", **size}
    )
    ET.SubElement(root, "title").text = "The lifecycle of a node: " + "; ".join(told())
    ET.SubElement(root, "style").text = palette(".rt-dag") + STYLE
    for (source, dest), triggers in arrows().items():
        _arrow(root, source, dest, triggers)
    for dest, triggers in from_every_other().items():
        _stub(root, dest, triggers)
    for state in PLACES:
        _box(root, state)
    return ET.tostring(root, encoding="unicode") + "\n"


def from_every_other() -> dict[str, list[str]]:
    """The triggers that lead to a state from each other state that a node with a script has."""
    found: dict[str, list[str]] = {}
    for trigger, sources, dest in TRANSITIONS:
        if _from_all(sources, dest):
            found.setdefault(dest, []).append(trigger)
    return found


def arrows() -> dict[tuple[str, str], list[str]]:
    """What else leads from one state to another one."""
    found: dict[tuple[str, str], list[str]] = {}
    for trigger, sources, dest in TRANSITIONS:
        for source in sources:
            known = _from_all(sources, dest) and source != ABSENT
            if source != dest and not known:
                found.setdefault((source, dest), []).append(trigger)
    return found


def staying() -> dict[str, list[str]]:
    """The triggers that leave a node in the state that it has."""
    found: dict[str, list[str]] = {}
    for trigger, sources, dest in TRANSITIONS:
        if dest in sources and dest != ABSENT:
            found.setdefault(dest, []).append(trigger)
    return found


def told() -> Iterator[str]:
    """The whole picture in words."""
    for (source, dest), triggers in arrows().items():
        yield f"{source} to {dest} by {', '.join(triggers)}"
    for dest, triggers in from_every_other().items():
        yield f"every other state to {dest} by {', '.join(triggers)}"
    for state, triggers in staying().items():
        yield f"{state} stays by {', '.join(triggers)}"


def _from_all(sources: tuple[str, ...], dest: str) -> bool:
    return {state.value for state in Lifecycle} - {dest} <= set(sources)


def _box(root: ET.Element, state: str) -> None:
    x, y = PLACES[state]
    group = ET.SubElement(root, "g", {"class": "rt-external"} if state == ABSENT else {})
    look = f"fill:var(--rt-{TONES[state]}-fill);stroke:var(--rt-{TONES[state]})"
    ET.SubElement(
        group,
        "rect",
        {
            "x": f"{x - WIDTH / 2:g}",
            "y": f"{y - HEIGHT / 2:g}",
            "width": f"{WIDTH}",
            "height": f"{HEIGHT}",
            "rx": "8",
            "style": look,
        },
    )
    loops = staying().get(state, [])
    loops = [trigger for trigger in loops if trigger not in from_every_other().get(state, [])]
    _text(group, x, y + (-2 if loops else 5), state, "rt-name")
    if loops:
        _text(group, x, y + 14, f"↻ {', '.join(loops)}", "rt-wire")


def _arrow(root: ET.Element, source: str, dest: str, triggers: list[str]) -> None:
    (ax, ay), (bx, by) = PLACES[source], PLACES[dest]
    bowed = (dest, source) in arrows() and ax > bx
    group = ET.SubElement(root, "g", {"class": "rt-edge"})
    if bowed:
        top = ay - HEIGHT / 2
        ways = f"M{ax} {top} C{ax} {top - _BOW:g} {bx} {top - _BOW:g} {bx} {top - _HEAD:g}"
        ET.SubElement(group, "path", {"d": ways})
        _head(group, (bx, top), math.pi / 2)
        _text(group, (ax + bx) / 2, top - _BOW * 0.75 - 6, ", ".join(triggers), "rt-wire")
        return
    angle = math.atan2(by - ay, bx - ax)
    begin, end = _border(PLACES[source], angle), _border(PLACES[dest], angle + math.pi)
    short = end[0] - _HEAD * math.cos(angle), end[1] - _HEAD * math.sin(angle)
    ET.SubElement(
        group, "path", {"d": f"M{begin[0]:.1f} {begin[1]:.1f} L{short[0]:.1f} {short[1]:.1f}"}
    )
    _head(group, end, angle)
    middle = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2
    if abs(math.sin(angle)) > 0.9:
        for row, trigger in enumerate(triggers):
            _text(
                group, middle[0] + 8, middle[1] + row * _LINE, trigger, "rt-wire", anchor="start"
            )
    else:
        lower = by > ay
        x = middle[0] - 10 if ay != by else middle[0]
        y = middle[1] + (18 if lower else -8)
        _text(group, x, y, ", ".join(triggers), "rt-wire", anchor="end" if ay != by else "middle")


def _stub(root: ET.Element, dest: str, triggers: list[str]) -> None:
    x, y = PLACES[dest]
    low = y + HEIGHT / 2
    group = ET.SubElement(root, "g", {"class": "rt-edge"})
    ET.SubElement(
        group,
        "path",
        {"d": f"M{x} {low + _STUB:g} L{x} {low + _HEAD:g}", "stroke-dasharray": "4 4"},
    )
    _head(group, (x, low), -math.pi / 2)
    _text(group, x, low + _STUB + _LINE, "from every other state:", "rt-wire")
    _text(group, x, low + _STUB + 2 * _LINE, ", ".join(triggers), "rt-wire")


def _border(middle: tuple[float, float], angle: float) -> tuple[float, float]:
    """Where a ray from the middle of a box leaves it."""
    across, down = math.cos(angle), math.sin(angle)
    reach = min(
        WIDTH / 2 / abs(across) if across else math.inf,
        HEIGHT / 2 / abs(down) if abs(down) > 1e-9 else math.inf,
    )
    return middle[0] + reach * across, middle[1] + reach * down


def _head(group: ET.Element, tip: tuple[float, float], angle: float) -> None:
    corners = [tip]
    for side in (-1, 1):
        turned = angle + math.pi + side * 0.4
        corners.append((tip[0] + _HEAD * math.cos(turned), tip[1] + _HEAD * math.sin(turned)))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    ET.SubElement(group, "polygon", {"points": points})


def _text(
    group: ET.Element, x: float, y: float, words: str, kind: str, *, anchor: str = "middle"
) -> None:
    given = {"x": f"{x:g}", "y": f"{y:g}", "class": kind, "text-anchor": anchor}
    ET.SubElement(group, "text", given).text = words


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
