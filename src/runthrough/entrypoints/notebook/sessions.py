"""Displays with a picture: a session as it stands, and how a run ended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from runthrough.entrypoints.notebook.frame import (
    Row,
    add,
    add_picture,
    add_table,
    cell,
    frame,
    worded,
    written,
)
from runthrough.entrypoints.notebook.tables import add_worklist
from runthrough.entrypoints.reports import words
from runthrough.errors import RunthroughError

Told = Mapping[str, Any]
FAILURES = 20
"""How many failures are told whole."""
LINES, COLUMNS = 40, 300
"""How much of a text is shown: what fits a screen."""


def session_html(view: Told, picture: Told) -> str:
    """A session: who was last, what comes next, the picture, and the work list.

    `view` is a status as `core.views.summary` gives it, with advice for programs.
    """
    told = f"session {view['name']} · {view['phase']} · version {view['version']}"
    root = frame(view["dag_name"], f"{told} · last: {view['last_actor']}")
    for how in _seen_how(view):
        add(root, "p", how, kind="rt-soft")
    if view["next_command"]:
        line = add(root, "p", "next: ")
        add(line, "code", view["next_command"])
    add_picture(root, picture, view["dag_name"])
    add_worklist(root, view["worklist"])
    return written(root)


def results_html(results: Told, picture: Told, failures: Sequence[Told] = ()) -> str:
    """How a run ended: the picture, why what failed did, and each node."""
    root = frame(picture["title"], "run ")
    root[-1].append(worded(results["status"]))
    add_picture(root, picture, picture["title"])
    for error in results["errors"]:
        add(root, "p", str(error), kind="rt-bad")
    for node in failures[:FAILURES]:
        _add_failure(root, node)
    if len(failures) > FAILURES:
        add(root, "p", f"… and {len(failures) - FAILURES} more failures", kind="rt-soft")
    add_table(root, ("outcome", "node", "took", "why"), _outcomes(results))
    _add_seams(root, results["data_flow_results"])
    return written(root)


def refused_html(name: str, error: RunthroughError) -> str:
    """That a session cannot be shown, and why."""
    root = frame(name, "cannot be shown")
    add(root, "p", error.message, kind="rt-bad")
    if error.fix:
        add(add(root, "p", "→ "), "code", error.fix)
    return written(root)


def _seen_how(view: Told) -> Iterator[str]:
    """What a reader has to know of a session that is not looked at as it is here and now."""
    if then := view["as_of"]:
        yield f"as it was {str(then['at'])[:19].replace('T', ' ')} UTC; no file is looked at"
    elif paths := view["paths_not_looked_at"]:
        yield f"paths that are not on this machine and are not looked at: {paths}"


def _outcomes(results: Told) -> Iterator[Row]:
    blocked = {
        node: cause["node"] for cause in results["root_causes"] for node in cause["blocked"]
    }
    failed = {cause["node"] for cause in results["root_causes"]}
    for node, outcome in results["outcomes"].items():
        why = f"below {blocked[node]}" if node in blocked else ""
        yield (
            worded(outcome["outcome"]),
            cell(node, tag="strong"),
            _took(outcome),
            cell(f"factory.logs({node!r})", tag="code") if node in failed else why,
        )


def _add_failure(root: ET.Element, node: Told) -> None:
    """Why a node did not pass: its error and the lines where, hints, and the ends of its logs."""
    add(root, "p", f"{node['node']}: why", kind="rt-part")
    error = node["error"]
    frames = words.frames(error, str) if error else ()
    add(root, "pre", _cut("\n\n".join((words.reason(node), *frames))))
    for hint in error["hints"] if error else ():
        add(root, "p", f"→ {words.one_line(hint)}")
    if ended := words.ending(node):
        add(root, "p", ended, kind="rt-soft")
    for stream, text, _ in words.tails(node):
        fold = add(root, "details")
        add(fold, "summary", f"the end of its {stream}")
        add(fold, "pre", _cut(text))


def _cut(text: str) -> str:
    """The last lines of a text, the long ones shortened."""
    lines = text.rstrip().split("\n")
    left_out = len(lines) - LINES
    kept = [f"… {left_out} lines before"] if left_out > 0 else []
    kept += [f"{one[:COLUMNS]}…" if len(one) > COLUMNS else one for one in lines[-LINES:]]
    return "\n".join(kept)


def _add_seams(root: ET.Element, flows: Mapping[str, Told]) -> None:
    if flows:
        add(root, "p", "data that flowed", kind="rt-part")
        add_table(
            root, ("data", "edge", "format"), (_seam(edge, flow) for edge, flow in flows.items())
        )


def _seam(edge: str, flow: Told) -> Row:
    fits = flow["compatible"]
    mark = cell("✓ fits" if fits else "✗ does not fit", kind="rt-good" if fits else "rt-bad")
    return mark, cell(edge, tag="strong"), flow["data_format_a"] or ""


def _took(outcome: Told) -> str:
    took = outcome["duration_s"]
    return "" if took is None else f"{took:.1f} s"
