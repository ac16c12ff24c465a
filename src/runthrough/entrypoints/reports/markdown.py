"""A run as Markdown: the summary of a CI job, or a comment."""

import re
from collections.abc import Iterable, Iterator, Sequence

from runthrough.entrypoints.drawing import look
from runthrough.entrypoints.reports import words
from runthrough.entrypoints.reports.words import Near, Told

ROWS = 200
"""A longer table is left to the page; GitHub refuses summaries above 1 MiB."""
FAILURES = 20
"""How many failures are told whole."""
LOG_LINES, LOG_COLUMNS = 40, 300
"""How much of a log's end is shown: what fits a screen."""


def markdown(view: Told, near: Near = str) -> str:
    """GitHub-flavoured Markdown: how it ended, a table of nodes, the failures, the data flow."""
    blocks = [*_head(view), *_failures(view, near), *_flows(view), *_table(view)]
    return "\n\n".join(blocks) + "\n"


def _head(view: Told) -> Iterator[str]:
    run, session = view["run"], view["session"]
    mark, _ = look(run["status"])
    yield f"## {mark} {_text(view['pipeline'])}: {words.verdict(view)}"
    took = words.seconds(run["duration_s"])
    told = [_text(words.counted(view)), took, f"session {_code(session['name'])}"]
    told += [f"by {_text(run['actor'])}", words.moment(run["started_at"])]
    yield " · ".join(filter(None, told))
    outside = words.failed_outside(view, _code)
    if outside:
        yield f"**{outside[0].upper()}{outside[1:]}**"


def _failures(view: Told, near: Near) -> Iterator[str]:
    failed = words.failures(view)
    if failed:
        yield "### Failures"
    for node in failed[:FAILURES]:
        yield from _failure(view, node, near)
    if len(failed) > FAILURES:
        yield f"… and {len(failed) - FAILURES} more failures."


def _failure(view: Told, node: Told, near: Near) -> Iterator[str]:
    mark, _ = look(node["outcome"])
    yield f"#### {mark} {_code(node['node'])} {words.word(node['outcome'])}"
    error = node["error"]
    frames = words.frames(error, near) if error else ()
    yield _fence("\n\n".join(map(_cut, (words.reason(node), *frames))))
    notes = [_text(words.one_line(hint)) for hint in (error["hints"] if error else ())]
    notes += [_text(words.ending(node))] if words.ending(node) else []
    blocked = words.blocked_below(view, node["node"])
    notes += [f"blocked: {', '.join(map(_code, blocked))}"] if blocked else []
    if notes:
        yield "\n".join(f"- {note}" for note in notes)
    hidden = words.library_frames(error) if error else ()
    if hidden:
        yield f"<details><summary>{words.folded(hidden)}</summary>"
        yield _fence(_cut("\n\n".join(words.framed(frame, near) for frame in hidden)))
        yield "</details>"
    for stream, text, _ in words.tails(node):
        yield f"<details><summary>{stream}</summary>"
        yield _fence(_cut(text))
        yield "</details>"


def _flows(view: Told) -> Iterator[str]:
    checked = [wire for wire in view["connections"] if wire["check"]]
    issues = [(wire, one) for wire in checked for one in wire["check"]["issues"]]
    if not issues:
        return
    yield "### Data flow"
    yield _rows(
        ("connection", "", "found"),
        (
            (_code(words.edge_name(wire)), one["severity"], _text(words.one_line(one["message"])))
            for wire, one in issues[:ROWS]
        ),
    )


def _table(view: Told) -> Iterator[str]:
    nodes: Sequence[Told] = view["nodes"]
    yield "### Nodes"
    if len(nodes) > ROWS:
        nodes = [node for node in nodes if node["outcome"] not in words.GOOD][:ROWS]
        yield f"The first {len(nodes)} nodes that did not pass, of {len(view['nodes'])} nodes."
    yield _rows(("node", "outcome", "time", ""), map(_row, nodes))


def _row(node: Told) -> tuple[str, ...]:
    mark, _ = look(node["outcome"])
    ran = node["outcome"] not in words.IDLE
    return (
        _code(node["node"]),
        f"{mark} {words.word(node['outcome'])}",
        words.seconds(node["duration_s"]),
        _text(words.aside(node) or (words.headline(node) if node["error"] and ran else "")),
    )


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line(head), _line(["---"] * len(head))]
    lines += [_line([cell.replace("|", "\\|") for cell in row]) for row in rows]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


_SIGNS = re.compile(r"[\\`*\[\]<>~$#]|(?<!\w)_|_(?!\w)")
"""What Markdown takes for markup; underscores only where a word begins or ends."""
_ENTITIES = re.compile(r"(?<!\w)@|&(?=[#\w])")
"""Mentions and entities, which a backslash does not stop."""


def _text(text: str) -> str:
    """A text in which nothing is taken for markup or a mention."""
    text = _ENTITIES.sub(lambda found: f"&#{ord(found[0])};", words.one_line(text))
    return _SIGNS.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    entity = found[0] == "#" and found.string[found.start() - 1 : found.start()] == "&"
    return found[0] if entity else f"\\{found[0]}"


def _code(text: str) -> str:
    """A code span, its backticks outnumbered."""
    text = words.one_line(text)
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _fence(text: str) -> str:
    """A fenced block that its text cannot end."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}text\n{text.rstrip()}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _cut(text: str) -> str:
    """The last lines of a text, the long ones shortened."""
    lines = text.rstrip().split("\n")
    left_out = len(lines) - LOG_LINES
    kept = [f"… {left_out} lines before"] if left_out > 0 else []
    kept += [
        line if len(line) <= LOG_COLUMNS else f"{line[:LOG_COLUMNS]}…"
        for line in lines[-LOG_LINES:]
    ]
    return "\n".join(kept)
