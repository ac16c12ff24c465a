"""How a run and its attempts ended, in words that all doors share."""

from collections import Counter
from collections.abc import Iterator, Sequence

from runthrough.core.state import RunState
from runthrough.core.values.ids import NodeName
from runthrough.core.values.outcomes import Frame, ScriptError
from runthrough.core.views.telling import counted

GOOD = frozenset({"passed", "reused", "blocked", "not_run"})
"""Outcomes of nodes of which nothing went wrong by themselves."""
ORDER = (
    "passed",
    "reused",
    "failed",
    "timed_out",
    "crashed",
    "lost",
    "cancelled",
    "blocked",
    "not_run",
)
"""The outcomes, as they are counted."""


def count_parts(ran: RunState) -> list[str]:
    """`failed: 2 passed`, `1 failed`, `3.4 s`: how the run ended, and how many nodes how."""
    outcomes = Counter(ran.outcomes.get(node, "not_run") for node in ran.plan.order)
    told = [f"{outcomes[kind]} {kind.replace('_', ' ')}" for kind in ORDER if outcomes[kind]]
    seconds = ran.summary.duration_s if ran.summary else 0.0
    edges = counted(len(ran.incompatible), "connection")
    unfit = [f"{edges} incompatible"] if ran.incompatible else []
    first, *rest = told or ["no node"]
    return [f"{ran.status}: {first}", *rest, *unfit, f"{seconds:.1f} s"]


def causes_of(ran: RunState) -> list[NodeName]:
    """The nodes of a run that did not pass by themselves, in execution order."""
    return [node for node in ran.plan.order if ran.outcomes.get(node, "not_run") not in GOOD]


def blocked_by(ran: RunState, node: NodeName) -> list[NodeName]:
    """The nodes that did not run because of one that did not pass."""
    return [name for name, by in ran.blocked_by.items() if node in by]


def why_words(error: ScriptError | None) -> str:
    """Why an attempt did not pass: the exception's class, if it was one, and its words."""
    if error is None:
        return "no reason was recorded"
    return f"{error.type}: {error.message}".rstrip(": ") if error.type else error.message


def exit_words(exit_code: int | None, error: ScriptError | None) -> str:
    """The exit code, where it tells what the reason does not; else empty."""
    if exit_code and not why_words(error).endswith(f"exit code {exit_code}"):
        return f"exit code {exit_code}"
    return ""


def told_frames(frames: Sequence[Frame]) -> Iterator[Frame]:
    """The frames without those that Python makes of a comprehension, on the line it stands on."""
    before: Frame | None = None
    for frame in frames:
        made = frame.function.startswith("<") and frame.function != "<module>"
        same = before is not None and (frame.file, frame.line) == (before.file, before.line)
        if not (made and same):
            yield frame
        before = frame


def source_lines(frame: Frame) -> Iterator[tuple[int, str, bool]]:
    """The lines around a frame: number, text, and whether it is the line itself."""
    first = max(1, frame.line - 1)
    for number, source in enumerate(frame.source, first):
        yield number, source, number == frame.line
