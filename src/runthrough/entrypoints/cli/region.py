"""The lines of a terminal that a run redraws while it is on: what runs, how far, how long yet."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from runthrough.core.values.ids import NodeName
from runthrough.core.views.remaining import (
    Remaining,
    clock_text,
    remaining,
    remaining_text,
)
from runthrough.entrypoints.cli.screen import writing_to

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

    from runthrough.core.values.plans import Plan
    from runthrough.entrypoints.cli.screen import Piece

FRAMES_PER_S = 4
"""Seconds are shown whole, so that more would only flicker."""
LOOK_AHEAD_S = 1.0
"""How often the end is told anew; with thousands of nodes it costs milliseconds."""
ROWS = 8
"""Nodes that are shown running; more push what was told off the screen."""
BAR_COLUMNS = 24


class Region:
    """A run's live lines; below them nothing is written, above them all that stays."""

    def __init__(
        self,
        console: "Console",
        plan: "Plan",
        *,
        predecessors: Mapping[NodeName, Sequence[NodeName]],
        past_s: Mapping[NodeName, float],
        jobs: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._predecessors = predecessors
        self._past_s = {**past_s, **dict.fromkeys(plan.reuse, 0.0)}
        self._jobs = jobs
        self._clock = clock
        self._left = dict.fromkeys(plan.order)
        self._total = len(plan.order)
        self._failed = 0
        self._running: dict[NodeName, float] = {}
        self._expected: tuple[float, Remaining | None] | None = None
        self.ending = ""
        self._lock = threading.Lock()
        self._live: Live | None = None

    def open(self) -> None:
        """Begin to draw."""
        from rich.live import Live  # noqa: PLC0415 - rich is imported on terminals only

        self._live = Live(
            get_renderable=self.drawn,
            console=self._console,
            refresh_per_second=FRAMES_PER_S,
            transient=True,
        )
        with writing_to(self._stream):
            self._live.start()

    def close(self) -> None:
        """Wipe the lines away; the terminal is as it was."""
        if self._live is not None:
            live, self._live = self._live, None
            with writing_to(self._stream):
                live.stop()

    def started(self, node: NodeName) -> None:
        """A node runs."""
        with self._lock:
            self._running[node] = self._clock()
            self._expected = None

    def ended(self, node: NodeName, *, failed: bool = False) -> None:
        """The run is through with a node."""
        with self._lock:
            self._running.pop(node, None)
            self._left.pop(node, None)
            self._failed += failed
            self._expected = None

    def line(self, *pieces: "str | Piece") -> None:
        """A line that stays, above the region."""
        from rich.text import Text  # noqa: PLC0415 - as above

        with writing_to(self._stream):
            self._console.print(Text.assemble(*pieces))

    def drawn(self) -> "RenderableType":
        """How far the run is, then a row for each running node."""
        from rich.console import Group  # noqa: PLC0415 - as above
        from rich.table import Table  # noqa: PLC0415 - as above
        from rich.text import Text  # noqa: PLC0415 - as above

        with self._lock:
            now = self._clock()
            rows = [(node, now - since) for node, since in self._running.items()]
            head = self._head(now)
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(justify="right", no_wrap=True)
        for node, elapsed_s in rows[:ROWS]:
            table.add_row(Text.assemble(("▶ ", "cyan"), node), Text(clock_text(elapsed_s), "dim"))
        more = [Text(f"  and {len(rows) - ROWS} more", "dim")] if len(rows) > ROWS else []
        ending = [Text(self.ending, "yellow")] if self.ending else []
        return Group(head, table, *more, *ending)

    def _head(self, now: float) -> "RenderableType":
        from rich.progress_bar import ProgressBar  # noqa: PLC0415 - as above
        from rich.table import Table  # noqa: PLC0415 - as above
        from rich.text import Text  # noqa: PLC0415 - as above

        done = self._total - len(self._left)
        told = Text(f"{done}/{self._total} done")
        if self._failed:
            told.append(f" · {self._failed} failed", "bold red")
        if expected := self._remaining(now):
            told.append(f" · {remaining_text(expected)}", "dim")
        head = Table.grid(padding=(0, 2, 0, 0))
        head.add_row(
            ProgressBar(self._total, done, width=BAR_COLUMNS, complete_style="cyan"), told
        )
        return head

    def _remaining(self, now: float) -> Remaining | None:
        if self._expected is None or now - self._expected[0] >= LOOK_AHEAD_S:
            running_s = {node: now - since for node, since in self._running.items()}
            told = remaining(
                list(self._left),
                self._predecessors,
                past_s=self._past_s,
                running_s=running_s,
                jobs=self._jobs,
            )
            self._expected = now, told
        return self._expected[1]

    @property
    def _stream(self) -> IO[str]:
        return self._console.file
