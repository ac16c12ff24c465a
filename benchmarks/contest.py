"""What the benchmarks share: turns, medians, and the rows of the table."""

import argparse
import gc
import os
import platform
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

OURS = "runthrough"
COLUMNS = ("what", "ours", "peer", "ratio", "goal", "measured by")
MICRO, MILLI = (1e6, "µs"), (1e3, "ms")

Contestant = Callable[[int], Callable[[], object]]
"""Makes ready for the turn of that number; what it gives back is called, and timed."""


class Goal(NamedTuple):
    """What a ratio is to be: ours to the peer's with `≤`, the peer's to ours with `≥`."""

    sign: Literal["≤", "≥"]
    limit: float

    def told(self, ratio: float) -> str:
        """The goal, and whether the ratio misses it."""
        met = ratio <= self.limit if self.sign == "≤" else ratio >= self.limit
        return f"{self.sign} {self.limit:g}{'' if met else ', missed'}"


class Figures:
    """Seconds of each contestant, one median a round."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[float]] = defaultdict(list)

    def add(self, taken: Mapping[str, Sequence[float]]) -> None:
        """Take in one round."""
        for name, seconds in taken.items():
            self._rounds[name].append(statistics.median(seconds))

    def median(self, name: str) -> float:
        """The median of a contestant's rounds."""
        return statistics.median(self._rounds[name])

    def ratio(self, name: str, *, to: str) -> float:
        """The median of the ratios within each round, so that a slow round meets both."""
        pairs = zip(self._rounds[name], self._rounds[to], strict=True)
        return statistics.median(a / b for a, b in pairs)


def quick() -> bool:
    """Whether `--quick` was given: a try whose figures say little."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--quick", action="store_true", help="few and small rounds, to try it out")
    return bool(parser.parse_args().quick)


def turns(
    contestants: Mapping[str, Contestant], numbers: Iterable[int], *, collect: bool = False
) -> dict[str, list[float]]:
    """Seconds of every turn; who goes first rotates.

    Args:
        contestants: Those who take part, by name.
        numbers: What each turn is told.
        collect: Whether garbage is collected before each, for turns that make much of it.
    """
    names = list(contestants)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for turn, number in enumerate(numbers):
        first = turn % len(names)
        for name in (*names[first:], *names[:first]):
            call = contestants[name](number)
            if collect:
                gc.collect()
            began = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - began)
    return taken


def heading(title: str) -> None:
    """Print what is measured on what, and the head of the table."""
    print(
        f"{title}; {os.cpu_count()} cores, CPython {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}\n\n"
        f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}",
        flush=True,
    )


def row(
    what: str,
    figures: Figures,
    peer: str,
    goal: Goal | None = None,
    *,
    ours: str = OURS,
    per: int = 1,
    unit: tuple[float, str] = MICRO,
    faster: bool = False,
) -> None:
    """Print one row: ours beside a peer, each divided by `per`.

    With `faster`, or where the goal says so, the ratio is the peer's to ours.
    """
    scale, name = unit
    mine, theirs = (figures.median(who) * scale / per for who in (ours, peer))
    faster = faster or (goal is not None and goal.sign == "≥")
    ratio = figures.ratio(peer, to=ours) if faster else figures.ratio(ours, to=peer)
    tell(
        what,
        f"{mine:.1f} {name}",
        f"{peer}: {theirs:.1f} {name}",
        ratio,
        goal,
        faster=faster,
    )


def tell(
    what: str,
    ours: str,
    peer: str,
    ratio: float,
    goal: Goal | None = None,
    *,
    faster: bool = False,
) -> None:
    """Print one row of figures that are told in words."""
    told = f"{ratio:.2f}{' times as fast' if faster else ''}"
    line(what, ours, peer, told, goal.told(ratio) if goal else "none")


def line(*cells: str) -> None:
    """Print one line of the table, as it stands in `docs/explanation/benchmarks.md`."""
    command = f"`python benchmarks/{Path(sys.argv[0]).name}`"
    print(f"| {' | '.join((*cells, command))} |", flush=True)


def missing(what: str, why: str) -> None:
    """Print plainly that a peer cannot be had."""
    line(what, "not measured", why, "none", "none")
