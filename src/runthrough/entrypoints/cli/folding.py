"""Long lists for people: the first of each kind, and how many more there are."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

MANY = 30
"""More nodes than that are counted and folded: with what stands around them, a screen is full."""
FIRST = 5
"""Shown of a kind of which one node is like the other."""
FIRST_URGENT = 20
"""Shown of a kind that somebody must look at, one by one; a screen holds no more."""
CAUSES = 10
"""Failures that are told with their source; those behind them often have the same cause."""


class Row(NamedTuple):
    """A node in a list: the kind by which it is sorted, and what is told of it."""

    kind: str
    node: str
    text: str


def folded(
    rows: Sequence[Row], *, urgent: Collection[str], everything: bool = False
) -> Iterator[Row]:
    """All rows where there are few; else of each kind the first, and how many more there are."""
    if everything or len(rows) <= MANY:
        yield from rows
        return
    for kind, group in groupby(rows, key=lambda row: row.kind):
        of_kind = list(group)
        shown = FIRST_URGENT if kind in urgent else FIRST
        # Instead of a row that stands for one other, that one.
        if len(of_kind) <= shown + 1:
            shown = len(of_kind)
        yield from of_kind[:shown]
        if rest := len(of_kind) - shown:
            yield Row(kind, f"… {rest} more", "")


def by_kind(rows: Sequence[Row], kinds: Sequence[str]) -> list[Row]:
    """The rows, those of one kind together, in the order of the kinds."""
    rank = {kind: place for place, kind in enumerate(kinds)}
    return sorted(rows, key=lambda row: rank[row.kind])
