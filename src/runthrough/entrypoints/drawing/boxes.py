"""A node, or a group of them, as a box."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from runthrough.entrypoints.drawing.layout import HEIGHT, Spot
from runthrough.entrypoints.drawing.looks import Tone, look

ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that XML 1.0 § 2.2 does not allow or warns of: control signs, lone surrogates."""
GROUP_PX = 4.0
"""How far the box behind a group stands out."""
_SIGN_PX = 8.5
"""Width of a sign at 13 px and bold in the widest of the usual sans-serif faces."""
_SIGNS = 34
"""Longer names are cut in the middle, since their ends tell siblings apart."""
_LEAST_WIDTH = 128.0
_HATCH_PX = 11.0
"""Between two lines of a hatched box."""
_NAMED = 20
"""Nodes of a group that are named where the pointer rests on it."""
_WORST_FIRST: Sequence[Tone] = ("bad", "warn", "busy", "good", "calm")


@dataclass(frozen=True, slots=True)
class Box:
    """What one box says."""

    name: str
    line: str
    """Below the name: marks, words, and how long it took."""
    title: str
    """Told where the pointer rests on it."""
    tone: Tone
    many: bool
    stale: bool
    external: bool


def counted(words: Iterable[str]) -> dict[str, int]:
    """How often each word is there."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def box_of(nodes: Mapping[str, Mapping[str, object]]) -> Box:
    """The box of one node, or of several."""
    words = [word_of(there) for there in nodes.values()]
    tones = {look(word)[1] for word in words}
    stale = any(
        there.get("stale") or word == "stale"
        for there, word in zip(nodes.values(), words, strict=True)
    )
    names = list(nodes)
    external = all(there.get("external") for there in nodes.values())
    tone = next(tone for tone in _WORST_FIRST if tone in tones)
    if len(nodes) == 1:
        took = nodes[names[0]].get("took")
        told = f"{_spoken(words[0])}{f' · {took}' if took else ''}"
        line = f"{look(words[0])[0]} {told}"
        return Box(names[0], line, f"{names[0]}: {told}", tone, False, stale, external)
    counts = counted(words)
    line = " · ".join(f"{look(word)[0]} {count} {_spoken(word)}" for word, count in counts.items())
    shown = ", ".join(names[:_NAMED])
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    title = f"{len(names)} nodes: {shown}{rest}: {line}"
    return Box(_group_name(names), line, title, tone, True, stale, external)


def word_of(there: Mapping[str, object]) -> str:
    """The word of a node: its outcome, else its state."""
    external = "external" if there.get("external") else ""
    return str(there.get("outcome") or there.get("state") or external or "discovered")


def width_of(boxes: Iterable[Box]) -> float:
    """One width for all, in which the longest text fits, in px."""
    longest = max((len(text) for box in boxes for text in (_cut(box.name), box.line)), default=0)
    return max(_LEAST_WIDTH, round(longest * _SIGN_PX + 26))


def draw_box(root: ET.Element, box: Box, spot: Spot, width: float) -> None:
    """Put a box into the picture, its middle at `spot`."""
    kind = f"rt-node rt-{box.tone}{' rt-external' if box.external else ''}"
    group = ET.SubElement(root, "g", {"class": f"{kind}{' rt-many' if box.many else ''}"})
    draw_title(group, box.title)
    left, top = spot.x - width / 2, spot.y - HEIGHT / 2
    if box.many:
        _rectangle(group, left + GROUP_PX, top + GROUP_PX, width)
    _rectangle(group, left, top, width)
    if box.stale:
        ET.SubElement(group, "path", {"class": "rt-hatch", "d": _hatch(left, top, width)})
    draw_text(group, "rt-name", Spot(left + 12, spot.y - 4), _cut(box.name))
    draw_text(group, "rt-word", Spot(left + 12, spot.y + 14), box.line)


def draw_text(group: ET.Element, kind: str, spot: Spot, text: str) -> ET.Element:
    """Put a text into the picture; it begins at `spot` unless its style says otherwise."""
    place = {"class": kind, "x": f"{spot.x:g}", "y": f"{spot.y:g}"}
    element = ET.SubElement(group, "text", place)
    element.text = readable(text)
    return element


def draw_title(group: ET.Element, text: str) -> None:
    """What is told where the pointer rests, and by a screen reader."""
    ET.SubElement(group, "title").text = readable(text)


def readable(text: str) -> str:
    """A text without the signs that no page may hold, such as a bell."""
    return ILLEGAL.sub("�", text)


def _rectangle(group: ET.Element, left: float, top: float, width: float) -> None:
    box = {"x": left, "y": top, "width": width, "height": HEIGHT, "rx": 7.0}
    ET.SubElement(group, "rect", {key: f"{value:g}" for key, value in box.items()})


def _hatch(left: float, top: float, width: float) -> str:
    """Slanted lines inside of a box, by themselves: a pattern would need an id of its own."""
    right, bottom, inset = left + width, top + HEIGHT, 1.0
    told = []
    start = left - HEIGHT + _HATCH_PX
    while start < right - inset:
        # From the lower edge up to the right, cut where the box ends.
        begin, end = max(start, left + inset), min(start + HEIGHT, right - inset)
        y_begin, y_end = bottom - (begin - start), bottom - (end - start)
        told.append(f"M{begin:.1f} {y_begin:.1f}L{end:.1f} {y_end:.1f}")
        start += _HATCH_PX
    return "".join(told)


def _group_name(names: Sequence[str]) -> str:
    first, last = names[0], names[-1]
    return f"{_cut(first, _SIGNS // 2 - 1)} … {_cut(last, _SIGNS // 2 - 1)}"


def _spoken(word: str) -> str:
    return word.replace("_", " ")


def _cut(name: str, signs: int = _SIGNS) -> str:
    if len(name) <= signs:
        return name
    tail = signs // 2
    return f"{name[: signs - tail - 1]}…{name[-tail:]}"
