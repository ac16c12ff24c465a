"""A line for each thing that a run does, as it does it."""

from typing import TYPE_CHECKING

from runthrough.core.events import (
    DataFlowChecked,
    EventEnvelope,
    RunStarted,
    ScriptBlocked,
    ScriptExecuted,
    ScriptReused,
    ScriptStarted,
)
from runthrough.entrypoints.cli.words import counted

if TYPE_CHECKING:
    from runthrough.entrypoints.cli.screen import Screen

OUTCOME_STYLES = {
    "passed": ("✓", "green"),
    "reused": ("=", "green"),
    "failed": ("✗", "bold red"),
    "timed_out": ("✗", "bold red"),
    "crashed": ("✗", "bold red"),
    "lost": ("✗", "bold red"),
    "cancelled": ("✗", "red"),
    "blocked": ("⊘", "red"),
    "not_run": ("·", "dim"),
}
"""A mark and a colour for each outcome; the word beside them says it all."""


class Progress:
    """Tells a run's events to people."""

    def __init__(self, screen: "Screen") -> None:
        self._screen = screen

    def told(self, envelope: EventEnvelope) -> None:
        """One event of the run."""
        match envelope.event:
            case RunStarted() as started:
                plan = started.plan
                self._screen.line(
                    f"run of {counted(len(plan.order), 'node')}: {len(plan.run)} to run, "
                    f"{len(plan.reuse)} unchanged, {len(plan.blocked)} blocked"
                )
            case ScriptStarted() as event:
                self._screen.line(("▶ ", "cyan"), event.node)
            case ScriptExecuted() as event:
                self._ended(event.node, event.outcome, f"{event.duration_s:.1f} s")
            case ScriptReused() as event:
                self._ended(event.node, "reused", "unchanged since it passed")
            case ScriptBlocked() as event:
                self._ended(event.node, "blocked", f"by {', '.join(event.by)}")
            case DataFlowChecked() as event:
                for issue in () if event.result.compatible else event.result.issues:
                    self._screen.line(("✗ ", "bold red"), issue.message)
            case _:
                pass  # what the others tell stands in the table that follows

    def _ended(self, node: str, outcome: str, told: str) -> None:
        mark, style = OUTCOME_STYLES[outcome]
        self._screen.line((f"{mark} ", style), f"{node}  {outcome.replace('_', ' ')}  {told}")
