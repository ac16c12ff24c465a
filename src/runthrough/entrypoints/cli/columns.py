"""Rows in aligned columns, for a screen of any width: nothing is cut, and no word falls apart."""

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GAP = 3
"""Blanks between columns."""
BELOW = 6
"""Indent of what found no room beside its row and stands below it."""
TEXT_COLUMNS = 28
"""Narrower than this a sentence falls into shreds, so that it stands there only on one line."""
WIDEST_SIGN = 2
"""Columns of one sign; where there are fewer it would be lost."""
Cell = tuple[str, str]
"""A text and its style."""


def aligned(
    rows: Iterable[Sequence[Cell]], *, console: Console, indent: str = ""
) -> Iterator[Text]:
    """Lines in which all columns but the last are aligned, and only the last one wraps.

    A cell that would leave the last column no room does not set its own column's width: what
    follows it stands below. So does a last text for which there is no room beside the others.
    """
    listed = [tuple(row) for row in rows]
    width = max(WIDEST_SIGN, console.width - len(indent))
    widths = _widths(listed, width)
    column = sum(each + GAP for each in widths)
    for row in listed:
        *fixed, (last, style) = row
        left = Text()
        for (text, of), columns in zip(fixed, widths, strict=False):
            left.append(text, of)
            left.append(" " * (max(columns - cell_len(text), 0) + GAP if text or columns else 0))
        left.rstrip()
        for line in _beside(left, Text(last, style), column, width, console):
            told = Text(indent) + line
            told.rstrip()
            yield told


def _widths(rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """Columns of all cells but the last: the widest, or less where that leaves no room."""
    count = max((len(row) - 1 for row in rows), default=0)
    told = [
        [cell_len(row[place][0]) for row in rows if place < len(row) - 1] for place in range(count)
    ]
    widest = [max(column) for column in told]
    taken = sum(widest) + GAP * count
    if taken + max((cell_len(row[-1][0]) for row in rows), default=0) <= width:
        return widest
    free = width - taken - TEXT_COLUMNS
    return [
        max((each for each in column if each <= max(width // 4, most + free)), default=0)
        for column, most in zip(told, widest, strict=True)
    ]


def _beside(left: Text, text: Text, column: int, width: int, console: Console) -> Iterator[Text]:
    """A row's last text at its column where that does, else below the row."""
    if not text.plain:
        yield from left.wrap(console, width, overflow="fold")
        return
    words = max((cell_len(word) for word in text.plain.split()), default=0)
    fits = cell_len(text.plain) <= width - column and "\n" not in text.plain
    alone, below = not left.plain.strip(), False
    if not (alone or fits or width - column >= max(TEXT_COLUMNS, words)):
        column, below = min(BELOW, width // 2), True
    if not alone and (below or cell_len(left.plain) >= column):
        yield from left.wrap(console, width, overflow="fold")
        left = Text()
    for line in text.wrap(console, max(WIDEST_SIGN, width - column), overflow="fold"):
        left.append(" " * (column - cell_len(left.plain)))
        yield left + line
        left = Text()
