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
from runthrough.entrypoints.cli.folding import MANY
from runthrough.entrypoints.cli.telling import draw_warnings
from runthrough.entrypoints.cli.words import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Self

    from pydantic import JsonValue
    from rich.console import Console

    from runthrough.application.session import Session
    from runthrough.core.values.ids import NodeName
    from runthrough.entrypoints.cli.region import Region
    from runthrough.entrypoints.cli.screen import Piece, Screen

OUTCOME_STYLES = {
    "passed": ("✓", "green"),
    "reused": ("=", "green"),
    "failed": ("✗", "bold red"),
    "timed_out": ("✗", "bold red"),
    "crashed": ("✗", "bold red"),
    "lost": ("✗", "bold red"),
    "cancelled": ("✗", "red"),
    "blocked": ("⊘", "dim"),
    "not_run": ("·", "dim"),
}
"""A mark and a colour for each outcome; the word beside them says it all."""
UNCHANGED = "unchanged since it passed"
AS_IT_STANDS = "as it stands"
"""Said of a reused node below something that was not selected and does not hold."""
QUIET = frozenset({"passed", "reused", "blocked"})
"""Outcomes that a live region counts and does not tell; the table that follows does."""


def reused_words(reused: "Iterable[str]", outdated: "Collection[str]") -> str:
    """How many nodes are reused: `2 unchanged`, and how many of them only as they stand."""
    kinds = [node in outdated for node in reused]
    stand = f", {kinds.count(True)} as it stands" if any(kinds) else ""
    return f"{kinds.count(False)} unchanged{stand}"


def draw_outdated(
    screen: "Screen",
    rows: "Iterable[Mapping[str, JsonValue]]",
    *,
    sagemaker: bool,
    typed: "Callable[[str], str]",
) -> None:
    """A line for each node that stands on what no longer holds, with the run that takes it along.

    Such nodes outside the selection are not run again, and nothing else would tell.
    """
    from runthrough.core.validation.words import command  # noqa: PLC0415 - inside commands

    options = "--sagemaker" if sagemaker else ""
    for row in rows:
        again = typed(command("run", f"+{row['node']}", options=options))
        screen.typed(f"! {row['node']} {row['text']}; ", again)


class Progress:
    """Tells a run's events to people.

    As a context manager on a terminal it draws what runs in place and leaves only failures
    behind; elsewhere, and without `session`, it is a line for each thing.
    """

    def __init__(
        self,
        screen: "Screen",
        session: "Session | None" = None,
        *,
        advice: "Callable[[str], str]" = str,
    ) -> None:
        """Tell on a screen; `advice` makes of a fix what is to be typed from here."""
        self._screen = screen
        self._session = session
        self._advice = advice
        self._console: Console | None = None
        self._past_s: Mapping[NodeName, float] = {}
        self._region: Region | None = None
        self._outdated: frozenset[str] = frozenset()
        self._many = False  # then what is reused is counted only

    def __enter__(self) -> "Self":
        if self._session is not None:
            self._console = self._screen.terminal()
        if self._session is not None and self._console is not None:
            self._past_s = self._session.durations()
        return self

    def __exit__(self, *_: object) -> None:
        if self._region is not None:
            self._region.close()

    def ending(self, words: str) -> bool:
        """Tell in the live lines that the run is being ended; `False` where there are none.

        A signal's handler may call it: it only sets what is drawn next.
        """
        if self._region is None:
            return False
        self._region.ending = words
        return True

    def told(self, envelope: EventEnvelope) -> None:
        """One event of the run."""
        match envelope.event:
            case RunStarted() as started:
                self._begun(started)
            case ScriptStarted() as event:
                self._started(event.node)
            case ScriptExecuted() as event:
                why = event.error.headline if event.error else ""
                self._ended(event.node, event.outcome, f"{event.duration_s:.1f} s", why)
            case ScriptReused() as event:
                told = AS_IT_STANDS if event.node in self._outdated else UNCHANGED
                self._ended(event.node, "reused", told)
            case ScriptBlocked() as event:
                self._ended(event.node, "blocked", f"by {', '.join(event.by)}")
            case DataFlowChecked() as event:
                for issue in event.result.issues:
                    if issue.severity == "error":
                        self._line(("✗ ", "bold red"), issue.message)
            case _:
                pass  # what the others tell stands in the table that follows

    def _begun(self, started: RunStarted) -> None:
        plan = started.plan
        rows = self._session.outdated if self._session is not None else ()
        self._outdated = frozenset(str(row["node"]) for row in rows)
        self._many = len(plan.order) > MANY
        self._screen.line(
            f"run of {counted(len(plan.order), 'node')}: {len(plan.run)} to run, "
            f"{reused_words(plan.reuse, self._outdated)}, {len(plan.blocked)} blocked"
        )
        draw_outdated(self._screen, rows, sagemaker=started.sagemaker, typed=self._advice)
        if self._session is not None:
            unset = self._session.unset_secrets(planned.node for planned in plan.run)
            draw_warnings(self._screen, unset, self._advice)
        self._open(started)

    def _open(self, started: RunStarted) -> None:
        """Draw in place from now on, unless a script has the terminal to itself."""
        alone = started.runner.startswith("debug:")
        if self._console is None or self._session is None or alone:
            return
        from runthrough.entrypoints.cli.region import Region  # noqa: PLC0415 - terminals only

        self._region = Region(
            self._console,
            started.plan,
            predecessors=self._session.state.predecessors,
            past_s=self._past_s,
            jobs=started.jobs,
        )
        self._region.open()

    def _started(self, node: "NodeName") -> None:
        if self._region is None:
            self._screen.line(node, lead=("▶ ", "cyan"))
        else:
            self._region.started(node)

    def _ended(self, node: "NodeName", outcome: str, told: str, why: str = "") -> None:
        mark, style = OUTCOME_STYLES[outcome]
        line = f"{node}  {outcome.replace('_', ' ')}  {told}"
        if self._region is None:
            if not (outcome == "reused" and self._many):
                self._screen.line(line, lead=(f"{mark} ", style))
            return
        failed = outcome not in QUIET
        self._region.ended(node, failed=failed)
        if failed:
            self._region.line((f"{mark} ", style), f"{line}{'  ' if why else ''}{one_line(why)}")

    def _line(self, *pieces: "str | Piece") -> None:
        (self._screen if self._region is None else self._region).line(*pieces)
