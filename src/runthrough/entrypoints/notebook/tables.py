"""Displays that are tables: work list, needs, history, differences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from runthrough.core.views.value_words import changed_words
from runthrough.entrypoints.drawing.boxes import counted
from runthrough.entrypoints.notebook.frame import (
    Row,
    add,
    add_latest,
    add_table,
    as_text,
    cell,
    frame,
    worded,
    written,
)

Told = Mapping[str, Any]

_TO_ACT_ON = ("running", "needs_you", "failed", "stale", "ready", "blocked", "waiting")
"""What a person can act on comes first, so that no fold hides it; what is done comes last."""
_KINDS = (
    ("expected_inputs", "inputs"),
    ("expected_outputs", "outputs"),
    ("environment_variables", "environment variables"),
    ("job_arguments", "arguments"),
)


def worklist_html(rows: Sequence[Told]) -> str:
    """A row for each node, with what to do next where that is known."""
    counts = counted(str(row["category"]) for row in rows)
    told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())
    root = frame("Work list", told or "no nodes")
    add_worklist(root, rows)
    return written(root)


def add_worklist(root: ET.Element, rows: Iterable[Told]) -> None:
    """The table of a work list; what can be acted on stands above what waits for it."""
    rank = {category: place for place, category in enumerate(_TO_ACT_ON)}
    add_table(
        root,
        ("state", "node", "what", "next"),
        (
            (
                worded(row["category"]),
                cell(row["node"], tag="strong"),
                cell(row["text"], tag="div"),
                cell(row["next"] or "", tag="code"),
            )
            for row in sorted(rows, key=lambda row: rank.get(row["category"], len(rank)))
        ),
        whole="factory.worklist()",
    )


def requirements_html(view: Told) -> str:
    """What a node needs, kind by kind."""
    root = frame(view["step_name"], view["script_path"] or "no script")
    for key, title in _KINDS:
        if needs := view[key]:
            add(root, "p", title, kind="rt-part")
            add_table(
                root, ("name", "value", "default", "what for", "known from"), _needs(key, needs)
            )
    if view["drift"]:
        add(root, "p", "contract and code disagree", kind="rt-part")
        for line in view["drift"]:
            add(root, "p", str(line), kind="rt-warn")
    add(root, "p", "* required", kind="rt-soft")
    return written(root)


def history_html(rows: Sequence[Told]) -> str:
    """A row for each event, the latest ones in sight."""
    root = frame("History", f"{len(rows)} event{'' if len(rows) == 1 else 's'}")
    add_latest(
        root,
        ("version", "time (UTC)", "who", "what"),
        (
            (
                str(row["version"]),
                str(row["recorded_at"])[:19].replace("T", " "),
                row["actor"],
                _happened(row),
            )
            for row in rows
        ),
        whole="factory.history()",
    )
    return written(root)


def differences_html(rows: Sequence[Told]) -> str:
    """A row for each thing that differs; of a script also the lines."""
    root = frame("Differences", "nothing differs" if not rows else f"{len(rows)}")
    add_table(
        root,
        ("node", "part", "name", "old", "new"),
        (
            (
                cell(row["node"] or "", tag="strong"),
                row["part"],
                row["name"] or "",
                *(cell(_value(row[side]), tag="div") for side in ("old", "new")),
            )
            for row in rows
        ),
    )
    for row in rows:
        if row["diff"] or row["reason"]:
            fold = add(root, "details")
            add(fold, "summary", f"{row['node']}: {row['name'] or row['part']}")
            add(fold, "pre", row["diff"] or row["reason"])
    return written(root)


def _needs(kind: str, needs: Iterable[Told]) -> Iterator[Row]:
    for need in needs:
        default = need.get("default_value")
        # Where outputs go is settled by the run, so that none is ever missing.
        asks = need["required"] and default is None and kind != "expected_outputs"
        yield (
            cell(f"{'* ' if need['required'] else ''}{need['name']}", tag="strong"),
            _had(need, asks=asks),
            "" if default is None else as_text(default),
            cell(need["description"], tag="div"),
            need["source"],
        )


def _had(need: Told, *, asks: bool) -> ET.Element:
    """The value of a need, what is proposed for it, or that it is missing."""
    value = need.get("current_path", need.get("current_value"))
    if value is not None:
        return cell(as_text(value), tag="code")
    if proposed := need.get("proposed"):
        return cell(f"? {proposed}", kind="rt-warn")
    return cell("? missing", kind="rt-warn") if asks else cell("")


def _happened(row: Told) -> ET.Element:
    told = cell("", tag="div")
    add(told, "div", row["sentence"])
    for line in changed_words(row["before"], row["after"]):
        add(told, "div", line, kind="rt-soft")
    return told


def _value(value: object) -> str:
    return "" if value is None else as_text(value)
