"""What a run means for each node's test: passed, failed or skipped, and in which words."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from runthrough.core.events import (
    DataFlowChecked,
    EventEnvelope,
    ScriptBlocked,
    ScriptExecuted,
    ScriptReused,
)
from runthrough.core.state import RunState
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.views.report import end_view
from runthrough.entrypoints.reports import words

Told = Literal["passed", "failed", "skipped"]
REUSED = "reused: nothing has changed since it passed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one node's test tells; JSON-able."""

    outcome: Told
    headline: str = ""
    """Why it did not pass, in one line; of one that passed, that it was reused."""
    text: str = ""
    """All of that, for people."""
    duration_s: float = 0.0
    sections: tuple[tuple[str, str], ...] = ()
    """Ends of logs: `stdout` or `stderr`, and text."""

    def written(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "Verdict":
        """One that was written."""
        sections = tuple((str(name), str(text)) for name, text in written["sections"])
        return cls(**{**written, "sections": sections})


@dataclass(slots=True)
class Judging:
    """Takes the events of a run, and says of each node what its test is to tell.

    A root cause fails. What it blocks is skipped, so that a report counts each fault once; unless
    nobody asked for the test of the root cause, which then fails what was asked for and needs it.
    """

    predecessors: Mapping[NodeName, Iterable[NodeName]]
    needed: Sequence[NodeName]
    """The nodes that have a test in this run and all scripts above them, as they run."""
    asked: Collection[NodeName]
    """The nodes that have a test in this run."""
    locate: Callable[[RecordedPath], str]
    near: words.Near
    found: dict[NodeName, Verdict] = field(default_factory=dict)
    """By node; also of nodes that are only needed."""
    _seams: dict[NodeName, list[DataFlowChecked]] = field(default_factory=dict)
    _untold: dict[NodeName, None] = field(default_factory=dict)
    _unasked: frozenset[NodeName] = field(init=False)

    def __post_init__(self) -> None:
        self._unasked = frozenset(self.needed).difference(self.asked)

    def needs_a_person(self, node: NodeName, text: str, fix: str) -> None:
        """A node cannot run before somebody answers."""
        told = f"not configured: {text}"
        self._decide(node, Verdict("failed", told, f"{told}\n{fix}"))

    def stands_outside(self, node: NodeName) -> None:
        """Somebody marked a node external in the session, so that it runs no script."""
        self._decide(node, Verdict("skipped", "external in this session: it runs no script"))

    def take(self, envelope: EventEnvelope) -> None:
        """One event of the run."""
        match envelope.event:
            case DataFlowChecked() as checked:
                if not checked.result.compatible:
                    self._seams.setdefault(checked.node, []).append(checked)
            case ScriptExecuted() as executed:
                if executed.outcome != "cancelled":  # of that, the end of the run tells why
                    self._decide(executed.node, self._executed(executed))
            case ScriptReused() as reused:
                self._decide(reused.node, Verdict("passed", REUSED))
            case ScriptBlocked() as blocked:
                self._decide(blocked.node, self._blocked(blocked.node))
            case _:
                pass  # it decides nothing

    def leave(self, nodes: Iterable[NodeName], run: RunState | None) -> None:
        """The run is over: tell what became of the nodes that it did not come to, in order."""
        for node in nodes:
            if node not in self.found:
                self._decide(node, self._left(node, run))

    def told(self) -> Iterator[tuple[NodeName, Verdict]]:
        """What tests can tell by now and could not before."""
        for node in list(self._untold):
            if not self._unasked or self._unasked.intersection(self._above(node)) <= set(
                self.found
            ):
                del self._untold[node]
                yield node, self._of(node)

    def _of(self, node: NodeName) -> Verdict:
        own = self.found[node]
        if own.outcome == "failed" or not self._unasked:
            return own
        unseen = [above for above in self._causes(node) if above in self._unasked]
        if not unseen:
            return own
        first = self.found[unseen[0]]
        needed = f"{unseen[0]}, which it needs, did not pass"
        return Verdict(
            "failed",
            f"{needed}: {first.headline}",
            "\n".join(filter(None, (f"{needed}:", first.text or first.headline))),
            own.duration_s,
            first.sections,
        )

    def _decide(self, node: NodeName, verdict: Verdict) -> None:
        self.found[node] = verdict
        if node in self.asked:
            self._untold[node] = None

    def _causes(self, node: NodeName) -> list[NodeName]:
        """The nodes above a node that failed, nearest first."""
        return [one for one in self._above(node) if self._has_failed(one)]

    def _has_failed(self, node: NodeName) -> bool:
        return node in self.found and self.found[node].outcome == "failed"

    def _above(self, node: NodeName) -> dict[NodeName, None]:
        """All nodes above a node, nearest first."""
        seen: dict[NodeName, None] = {}
        waiting = list(self.predecessors.get(node, ()))
        while waiting:
            above = waiting.pop(0)
            if above not in seen:
                seen[above] = None
                waiting += self.predecessors.get(above, ())
        return seen

    def _executed(self, executed: ScriptExecuted) -> Verdict:
        if executed.outcome == "passed" and executed.node in self._seams:
            return self._unfit(executed.node, duration_s=executed.duration_s)
        if executed.outcome == "passed":
            return Verdict("passed", duration_s=executed.duration_s)
        told: dict[str, Any] = {
            "outcome": executed.outcome,
            **end_view(executed, self.locate),
        }
        error, log = told["error"], told["log"]
        parts = [f"{words.word(executed.outcome)}: {words.reason(told)}"]
        parts += words.frames(error, self.near) if error else []
        parts += error["hints"] if error else []
        parts.append(words.ending(told))
        if log is not None:
            parts.append(f"logs: {words.readable(self.near(log['stdout']))}")
            parts.append(f"      {words.readable(self.near(log['stderr']))}")
        return Verdict(
            "failed",
            f"{words.word(executed.outcome)}: {words.headline(told)}",
            "\n".join(filter(None, parts)),
            executed.duration_s,
            tuple(
                ("stdout" if name == "standard output" else "stderr", text)
                for name, text, _ in words.tails(told)
            ),
        )

    def _blocked(self, node: NodeName) -> Verdict:
        if node in self._seams:
            return self._unfit(node, f", so {node} did not run")
        causes = self._causes(node)
        told = ", ".join(causes) or "what lies above it"
        return Verdict("skipped", f"blocked: {told} did not pass")

    def _unfit(self, node: NodeName, why: str = "", duration_s: float = 0.0) -> Verdict:
        """What is wrong with what a node reads."""
        seams = self._seams[node]
        issues = [
            issue for seam in seams for issue in seam.result.issues if issue.severity == "error"
        ]
        edge = seams[0].edge
        lines = [f"{edge.from_node}.{edge.output} → {node}.{edge.input} does not fit{why}:"]
        for issue in issues:
            lines += [issue.message, f"  → {issue.fix}"]
        headline = issues[0].message if issues else lines[0].rstrip(":")
        text = words.readable("\n".join(lines))
        return Verdict("failed", words.one_line(headline), text, duration_s)

    def _left(self, node: NodeName, run: RunState | None) -> Verdict:
        causes = self._causes(node)
        if causes:
            return Verdict("skipped", f"blocked: {', '.join(causes)} did not pass")
        if run is not None and run.cancelled_by is not None:
            return Verdict("failed", f"the run was ended by {run.cancelled_by}")
        first = next((one for one, seen in self.found.items() if seen.outcome == "failed"), None)
        if first is not None:
            return Verdict("skipped", f"not run: the run ends with its first failure, {first}")
        return Verdict("failed", "the run ended before its turn")
