"""What all formats of a report share: texts made safe to show, and the parts of a view."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runthrough.entrypoints.drawing import ILLEGAL

Told = Mapping[str, Any]
"""A report's view, or a part of one; see `core.views.report.report_view`."""
Near = Callable[[str], str]
"""How a path is written for whoever reads the report."""

GOOD = frozenset({"passed", "reused"})
IDLE = frozenset({"blocked", "not_run", "not_selected", "external", "running"})
"""Outcomes of nodes that did not end in the run."""
NAMED_AT_MOST = 20
"""More names than these in a sentence are counted instead."""

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\x9d\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[@-_]"
)
"""Colours, cursor moves and titles that scripts send to terminals (ECMA-48)."""


def readable(text: str) -> str:
    """A text as a terminal would have left it, without a sign that XML or a browser chokes on."""
    text = _ESCAPE.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(map(_overwritten, text.split("\n")))
    return ILLEGAL.sub("", text)


def _overwritten(line: str) -> str:
    """What is left of a line after a progress bar drew over it."""
    return line.rstrip("\r").rpartition("\r")[2]


def one_line(text: str) -> str:
    """A readable text without line breaks."""
    return " ".join(readable(text).split())


def failures(view: Told) -> list[Told]:
    """The nodes that did not pass by themselves, root causes in execution order."""
    nodes = {node["node"]: node for node in view["nodes"]}
    return [nodes[cause["node"]] for cause in view["root_causes"]]


def verdict(view: Told) -> str:
    """How the run ended; where it was of a part of the pipeline, of how large a one."""
    selection, status = view["selection"], word(view["run"]["status"])
    part = f"{selection['selected']} of {selection['scripts']} nodes selected"
    return f"{status}, {part}" if partial(view) else status


def partial(view: Told) -> bool:
    """Whether the run was of a part of the pipeline only."""
    return bool(view["selection"]["selected"] < view["selection"]["scripts"])


def failed_outside(view: Told, written: Callable[[str], str] = str) -> str:
    """`outside this run, still failed: A, B`; empty where the run left out no such node."""
    names = view["selection"]["failed_outside"]
    if not names:
        return ""
    more = len(names) - NAMED_AT_MOST
    told = ", ".join(map(written, names[:NAMED_AT_MOST]))
    return f"outside this run, still failed: {told}{f' and {more} more' if more > 0 else ''}"


def blocked_below(view: Told, node: str) -> list[str]:
    """The nodes that one failure blocked."""
    causes = view["root_causes"]
    return next((list(cause["blocked"]) for cause in causes if cause["node"] == node), [])


def unfit(view: Told) -> list[Told]:
    """The connections at which the run found what does not fit."""
    return [wire for wire in view["connections"] if wire["check"] and not fits(wire)]


def fits(wire: Told) -> bool:
    """Whether nothing was found that speaks against a connection."""
    return wire["check"] is None or bool(wire["check"]["compatible"])


def edge_name(wire: Told) -> str:
    """`Node.output/subpath → Node.input`."""
    sub = f"/{wire['subpath']}" if wire["subpath"] else ""
    return f"{wire['from_node']}.{wire['output']}{sub} → {wire['node']}.{wire['input']}"


def word(outcome: str) -> str:
    """An outcome as people read it."""
    return outcome.replace("_", " ")


def headline(node: Told) -> str:
    """Why a node did not pass, in one line."""
    return one_line(node["error"]["headline"]) if node["error"] else "no reason was recorded"


def reason(node: Told) -> str:
    """Why a node did not pass, whole."""
    error = node["error"]
    if not error:
        return headline(node)
    kind = f"{error['type']}: " if error["type"] else ""
    return readable(f"{kind}{error['message']}").rstrip(": \n")


def ending(node: Told) -> str:
    """How the script's process ended; empty where it ended well."""
    if node["signal"]:
        return f"ended by signal {node['signal']}"
    return f"exit code {node['exit_code']}" if node["exit_code"] else ""


def aside(node: Told) -> str:
    """What stands beside an outcome: what blocked the node, or what an earlier run found."""
    if node["blocked_by"]:
        return f"by {', '.join(node['blocked_by'])}"
    if node["outcome"] == "not_selected" and node["last_outcome"] not in {None, "passed"}:
        return f"its last attempt: {word(node['last_outcome'])}"
    if node["reused_from"]:
        at = node["reused_from"]["at"]
        since = f"unchanged since {moment(at)}" if at else "unchanged since it passed"
        took = seconds(node["reused_from"]["duration_s"])
        return f"{since}, when it took {took}" if took else since
    return ""


def moment(at: str) -> str:
    """An ISO time in UTC for people: to the second."""
    return f"{at[:19].replace('T', ' ')} UTC"


def seconds(value: float | None) -> str:
    """`0.42 s`, `12.3 s`, `2 min 05 s`; empty for none."""
    if value is None:
        return ""
    if value < 10:  # noqa: PLR2004 - below it hundredths tell scripts apart
        return f"{value:.2f} s"
    if value < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def own_frames(error: Told) -> list[Told]:
    """The frames in the user's own files; where there are none, the innermost one."""
    return [frame for frame in error["frames"] if not frame["in_library"]] or error["frames"][-1:]


def library_frames(error: Told) -> list[Told]:
    """The frames that `own_frames` leaves out."""
    hidden = [frame for frame in error["frames"] if frame["in_library"]]
    return hidden if len(hidden) < len(error["frames"]) else hidden[:-1]


def folded(hidden: Sequence[Told]) -> str:
    """What is written on the fold that hides frames of libraries."""
    return f"{len(hidden)} {'frame' if len(hidden) == 1 else 'frames'} in libraries"


def frames(error: Told, near: Near) -> list[str]:
    """Each of the user's frames as text."""
    return [framed(frame, near) for frame in own_frames(error)]


def framed(frame: Told, near: Near) -> str:
    """A frame as text: where, and its source with the line marked."""
    where = f"{near(frame['file'])}:{frame['line']} in {frame['function']}"
    first = max(1, frame["line"] - 1)
    lines = [
        f"{'>' if number == frame['line'] else ' '} {number:>4} │ {source}"
        for number, source in enumerate(frame["source"], first)
    ]
    return readable("\n".join((where, *lines)))


def counted(view: Told) -> str:
    """`4 passed · 1 failed · 2 blocked`, and how many connections do not fit."""
    told = [f"{count} {word(outcome)}" for outcome, count in view["counts"].items()]
    wrong = len(unfit(view))
    if wrong:
        told.append(f"{wrong} {'connection does' if wrong == 1 else 'connections do'} not fit")
    return " · ".join(told)


def tails(node: Told) -> Sequence[tuple[str, str, int]]:
    """The ends of a node's logs that hold anything: name, text, bytes of the whole."""
    log = node["log"]
    if log is None:
        return ()
    streams = (("standard output", "stdout"), ("standard error", "stderr"))
    return [
        (name, readable(log[f"{key}_tail"]), log[f"{key}_bytes"])
        for name, key in streams
        if log[f"{key}_tail"].strip()
    ]
