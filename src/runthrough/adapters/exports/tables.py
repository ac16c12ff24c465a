"""The log as a table for spreadsheets: comma-separated values, a row an event."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from runthrough.adapters.exports.excerpts import filter_words, passes
from runthrough.core.values.store import EventFilter, StoredEvent

_LEFT_OUT = "request_hash"
"""Serves retries, and is no part of the chain."""
COLUMNS = tuple(name for name in StoredEvent._fields if name != _LEFT_OUT)
SCOPE = "export"
"""The last column: what the table is of, since a row that is gone leaves no trace in it."""
_RUN_BY_SPREADSHEETS = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
"""What a formula begins with, the full-width signs of East Asian keyboards too."""
_QUOTE = "'"
"""In front of a cell it says that the rest is text. It is put in front of itself as well, so
that taking one off gives every value back."""


def table_lines(
    rows: Iterable[StoredEvent],
    *,
    session_id: str | None,
    wanted: EventFilter,
    naming: Iterable[StoredEvent] = (),
) -> Iterator[str]:
    """The lines of the table: the names of the columns, then a line for each event.

    Of the rows those that pass the filter are written; `naming` are those that name nodes.
    """
    fits = passes(wanted, naming=naming, session_id=session_id)
    scope = scope_words(session_id, wanted)
    yield _line([*COLUMNS, SCOPE])
    for row in rows:
        if fits(row):
            yield _line([*(_cell(getattr(row, name)) for name in COLUMNS), _cell(scope)])


def scope_words(session_id: str | None, wanted: EventFilter) -> str:
    """What a table is of."""
    of = f"session {session_id}" if session_id else "log"
    return f"filtered {of}: {filter_words(wanted)}" if wanted.leaves_out else of


def is_table(first_line: str) -> bool:
    """Whether a file that begins with that line is such a table."""
    return first_line.rstrip("\r\n") == _line([*COLUMNS, SCOPE]).rstrip("\n")


def _cell(value: str | int | None) -> str:
    text = "" if value is None else str(value)
    return f"{_QUOTE}{text}" if text.startswith((*_RUN_BY_SPREADSHEETS, _QUOTE)) else text


def _line(cells: list[str]) -> str:
    written = StringIO()
    # What is quoted are the signs of the terminator, and a reader takes either for a row's end.
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue().removesuffix("\r\n") + "\n"
