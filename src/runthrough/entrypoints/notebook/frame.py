"""The frame that all displays share: elements, so that whatever is told is escaped."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from runthrough.entrypoints.drawing import look, palette, picture, readable
from runthrough.entrypoints.drawing.looks import themes

ROWS_AT_MOST = 40
"""Rows beyond this are folded away, so that a notebook can still be scrolled."""
ROWS_DRAWN = 400
"""Rows beyond this are only counted: a notebook file keeps whatever a cell has shown."""

Cell = str | ET.Element
Row = Sequence[Cell]

_STYLE = """
.rt-view{color:var(--rt-ink);background:var(--rt-paper);padding:1px 6px;max-width:1180px;
font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,
'Helvetica Neue','DejaVu Sans',sans-serif}
.rt-view .rt-title{font-size:16px;font-weight:600;margin:4px 0}
.rt-view .rt-part{font-weight:600;margin:10px 0 2px}
.rt-view .rt-soft{color:var(--rt-soft);font-weight:400}
.rt-view p{margin:4px 0}
.rt-view table{border-collapse:collapse;margin:4px 0;font-size:13px;color:var(--rt-ink)}
.rt-view th,.rt-view td{text-align:left;vertical-align:top;max-width:640px;
padding:3px 16px 3px 0;border:0;border-bottom:1px solid rgba(128,128,128,.3);background:none;
overflow-wrap:anywhere}
.rt-view th{color:var(--rt-soft);font-weight:600}
.rt-view td.rt-tight{white-space:nowrap}
.rt-view code,.rt-view pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,
'DejaVu Sans Mono',monospace;color:var(--rt-ink);background:none;white-space:pre-wrap}
.rt-view pre{margin:2px 0}
.rt-view summary{cursor:pointer;color:var(--rt-soft);font-size:13px}
.rt-view .rt-scroll{overflow:auto;margin:6px 0}
.rt-view .rt-scroll svg{display:block;max-width:100%;height:auto}
""" + "".join(
    f".rt-view .rt-{tone}{{color:var(--rt-{tone})}}"
    for tone in ("good", "bad", "warn", "busy", "calm")
)


def frame(title: str, told: str = "") -> ET.Element:
    """An empty display with its title and, softly, what else is told of it."""
    root = ET.Element("div", {"class": "rt-view"})
    # ElementTree writes the text of a style as it is, and this one is ours alone.
    style = palette(".rt-view") + themes(".rt-view") + themes(".rt-view .rt-dag") + _STYLE
    ET.SubElement(root, "style").text = style
    line = add(root, "p", title, kind="rt-title")
    if told:
        add(line, "span", f" · {told}", kind="rt-soft")
    return root


def written(root: ET.Element) -> str:
    """The display as text."""
    return ET.tostring(root, encoding="unicode", method="html")


def add(parent: ET.Element, tag: str, text: str = "", *, kind: str = "") -> ET.Element:
    """One more element below another."""
    element = ET.SubElement(parent, tag, {"class": kind} if kind else {})
    element.text = readable(text)
    return element


def cell(text: str, *, kind: str = "", tag: str = "span") -> ET.Element:
    """What stands in a table, in a style of its own."""
    element = ET.Element(tag, {"class": kind} if kind else {})
    element.text = readable(text)
    return element


def worded(word: str) -> ET.Element:
    """A word with its mark, in its colour."""
    mark, tone = look(word)
    return cell(f"{mark} {word.replace('_', ' ')}", kind=f"rt-{tone}")


def add_table(
    parent: ET.Element, names: Sequence[str], rows: Iterable[Row], *, whole: str = "the answer"
) -> None:
    """A table without its empty columns; what is beyond forty rows is folded away below it.

    Of more than four hundred rows the others are counted; `whole` names what holds them all.
    """
    names, listed = _told_columns(names, rows)
    _add_rows(parent, names, listed[:ROWS_AT_MOST])
    if rest := listed[ROWS_AT_MOST:]:
        fold = add(parent, "details")
        add(fold, "summary", f"… and {len(rest)} more")
        _add_rows(fold, names, rest[: ROWS_DRAWN - ROWS_AT_MOST])
        if beyond := listed[ROWS_DRAWN:]:
            told = f"… and {len(beyond)} that are not drawn; {whole} holds them all"
            add(fold, "p", told, kind="rt-soft")


def add_latest(
    parent: ET.Element, names: Sequence[str], rows: Iterable[Row], *, whole: str
) -> None:
    """A table that grows at its end: the last forty rows, what was before folded away above it.

    Of more than four hundred rows the first are counted; `whole` names what holds them all.
    """
    names, listed = _told_columns(names, rows)
    if before := listed[:-ROWS_AT_MOST]:
        fold = add(parent, "details")
        add(fold, "summary", f"… {len(before)} earlier")
        if beyond := len(listed[:-ROWS_DRAWN]):
            told = f"… {beyond} before these are not drawn; {whole} holds them all"
            add(fold, "p", told, kind="rt-soft")
        _add_rows(fold, names, before[beyond:])
    _add_rows(parent, names, listed[-ROWS_AT_MOST:])


def add_picture(parent: ET.Element, told: Mapping[str, Any], title: str) -> None:
    """The picture of a session; `told` is as `core.views.picture` gives it."""
    drawn = picture(told["nodes"], told["edges"], title=title)
    add(parent, "div", kind="rt-scroll").append(drawn)


def _told_columns(names: Sequence[str], rows: Iterable[Row]) -> tuple[list[str], list[list[Cell]]]:
    """Names and rows without the columns that are empty throughout."""
    listed = list(rows)
    told = [place for place in range(len(names)) if any(_says(row[place]) for row in listed)]
    return [names[at] for at in told], [[row[at] for at in told] for row in listed]


def _says(one: Cell) -> bool:
    return bool(one if isinstance(one, str) else "".join(one.itertext()))


def as_text(value: object) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _add_rows(parent: ET.Element, names: Sequence[str], rows: Iterable[Row]) -> None:
    table = add(parent, "table")
    head = add(add(table, "thead"), "tr")
    for name in names:
        add(head, "th", name).set("scope", "col")
    body = add(table, "tbody")
    for row in rows:
        line = add(body, "tr")
        for place, one in enumerate(row):
            last = place == len(row) - 1
            if isinstance(one, str):
                add(line, "td", one, kind="" if last else "rt-tight")
            else:
                add(line, "td", kind="" if last else "rt-tight").append(one)
