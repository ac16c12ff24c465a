"""What is checked of an export that is not the whole log: a session's lineage, or a part."""

import json
from collections.abc import Callable

from runthrough.adapters.store.chain import SessionChainCheck
from runthrough.core.values.store import AuditVerdict, FirstBad, LogHead, StoredEvent

_FORKED = "SessionForked"


class LineageCheck:
    """Recomputes the chain of one session, behind the part of each ancestor that it goes on from.

    The hashes alone show that a fork goes on from the event before it. That the rows say so too,
    and end with the session that was asked for, is what is looked at beside them.
    """

    def __init__(self, session_id: str) -> None:
        self._wanted = session_id
        self._chain = SessionChainCheck()
        self._of: str | None = None
        self.first_bad: FirstBad | None = None

    @property
    def checked(self) -> int:
        """How many rows were found whole."""
        return self._chain.checked

    @property
    def position(self) -> int:
        """Of the last row that was found whole."""
        return self._chain.position

    def add(self, row: StoredEvent) -> bool:
        """Check the next row; `False` from the first bad one on."""
        if self.first_bad is None and not self._follows(row):
            self.first_bad = FirstBad(self.position + 1, "lineage")
        if self.first_bad is None and not self._chain.add(row):
            self.first_bad = self._chain.first_bad
        self._of = row.session_id
        return self.first_bad is None

    def verdict(self, last: LogHead | None) -> AuditVerdict:
        """What was found, once the last event that there should be is compared.

        `last` holds its position and its event hash.
        """
        if self.first_bad is None and self._of not in {None, self._wanted}:
            self.first_bad = FirstBad(self.position + 1, "lineage")
        if self.first_bad is None:
            return self._chain.verdict(last)
        position = last.position if last else 0
        return AuditVerdict(
            ok=False, checked=self.checked, head_position=position, first_bad=self.first_bad
        )

    def _follows(self, row: StoredEvent) -> bool:
        """Whether the row's session is that of the row before, or a fork of it right there."""
        if self._of is None or row.session_id == self._of:
            return row.type != _FORKED
        return row.type == _FORKED and _forked_from(row) == (self._of, self.checked)


class ExcerptCheck:
    """Looks whether rows are what a filter lets through, in the order of the log.

    Nothing more can be said of rows whose neighbours are not there.
    """

    def __init__(self, fits: Callable[[StoredEvent], bool]) -> None:
        self._fits = fits
        self.checked = 0
        self.position = 0
        """Of the last row that was found in order; then of the end."""
        self.first_bad: FirstBad | None = None

    def add(self, row: StoredEvent) -> bool:
        """Check the next row; `False` from the first bad one on."""
        if self.first_bad is None and row.position <= self.position:
            self.first_bad = FirstBad(self.position + 1, "position")
        if self.first_bad is None and not self._fits(row):
            self.first_bad = FirstBad(row.position, "line")
        if self.first_bad is None:
            self.checked, self.position = self.checked + 1, row.position
        return self.first_bad is None

    def verdict(self, last: LogHead | None) -> AuditVerdict:
        """What was found, once the end of what the rows were chosen from is told."""
        end = last.position if last else 0
        if self.first_bad is None and end < self.position:
            self.first_bad = FirstBad(end + 1, "head")
        if self.first_bad is None:
            self.position = end
        return AuditVerdict(self.first_bad is None, self.checked, end, self.first_bad)


def _forked_from(row: StoredEvent) -> tuple[str, int] | None:
    try:
        told = json.loads(row.payload)
        return told["parent"], told["at"]
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
