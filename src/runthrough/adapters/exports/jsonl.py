"""The log as JSON Lines: a CloudEvents 1.0 envelope for each event, verified without a database.

A line is written from a row and from nothing else, with the payload's own text as its last
member. So the text that was hashed can be cut out again, and a line is as it was written if and
only if writing its row gives the same line.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from runthrough.adapters.exports.excerpts import passes
from runthrough.adapters.exports.framing import DATA, TYPE, Frame, Scope, begun, ended, spelled
from runthrough.adapters.exports.lineage import ExcerptCheck, LineageCheck
from runthrough.adapters.store.chain import ChainCheck
from runthrough.adapters.store.codec import read_time, time_text
from runthrough.core.values.store import (
    ZERO_HASH,
    AuditVerdict,
    Checkpoint,
    EventFilter,
    FirstBad,
    LogHead,
    StoredEvent,
)
from runthrough.errors import AuditFileError

_EXTENSIONS: Mapping[str, str] = {
    "rtposition": "position",
    "rtsession": "session_id",
    "rtversion": "version",
    "rtschema": "schema_version",
    "rtactor": "actor",
    "rtactorsource": "actor_source",
    "rtdoor": "door",
    "rthost": "host",
    "rtappversion": "app_version",
    "rtcommand": "command_id",
    "rtcorrelation": "correlation_id",
    "rtcausation": "causation_id",
    "rteventhash": "event_hash",
    "rtloghash": "log_hash",
}
"""CloudEvents extension attributes and the columns that they hold."""
_POSITION = re.compile(r"[1-9][0-9]{0,18}")
_NUMBERS = ("version", "schema_version")
_LARGEST = 2**31 - 1
"""What a CloudEvents integer holds, and the column of a database."""
ALL = EventFilter()


@dataclass(frozen=True, slots=True)
class ExportedLog:
    """What an export says of itself, and what was found of it."""

    scope: Scope
    session_id: str | None
    wanted: EventFilter
    """What was asked for, of a filtered one."""
    verdict: AuditVerdict
    """Of a filtered export it tells only that the lines are as they were written."""
    ends_at: int | None
    """Position of the last event as the last line says it, of a filtered one of those that it
    was chosen from; `None` where that line was not reached."""


def export_lines(
    rows: Iterable[StoredEvent],
    *,
    session_id: str | None,
    at: datetime,
    app_version: str,
    wanted: EventFilter = ALL,
    naming: Iterable[StoredEvent] = (),
) -> Iterator[str]:
    """The lines of an export, each with its end: one that begins, one an event, one that ends.

    `session_id` names the session that the rows are of, behind those of its ancestors; `None`
    where they are the whole log. Of the rows those that pass the filter `wanted` are written;
    `naming` are the events among them that name nodes.
    """
    frame = Frame(session_id, wanted, time_text(at), app_version)
    yield frame.first()
    fits = passes(wanted, naming=naming, session_id=session_id)
    count, last = 0, None
    for last in rows:
        if fits(last):
            count += 1
            yield f"{_line(last)}\n"
    if last is None:
        yield frame.last(0, LogHead(0, ZERO_HASH))
    else:
        end_hash = last.event_hash if session_id else last.log_hash
        yield frame.last(count, LogHead(last.position, end_hash))


class ExportReader:
    """Reads the rows of an export and recomputes its chain on the way, from the text alone.

    Raises:
        AuditFileError: It is no export of this kind, or cannot be held against checkpoints.
    """

    def __init__(self, lines: Iterable[str], *, against: Sequence[Checkpoint] = ()) -> None:
        self._lines = iter(lines)
        self._first = next(self._lines, "")
        self.frame = frame = begun(self._first)
        if frame.scope != "log" and against:
            raise AuditFileError(
                "A checkpoint is about the whole log, and the file holds "
                f"{'one session' if frame.scope == 'session' else 'some events'} of it.",
                fix="export the whole log: runthrough audit export, without --session"
                + (" and without filters" if frame.scope == "filtered" else ""),
            )
        self._check = _check(frame, against)
        self.found: ExportedLog | None = None
        """What came out; `None` until all rows are read, or a bad one is met."""

    def rows(self) -> Iterator[StoredEvent]:
        """The rows as far as they are whole; to be read once."""
        if self._first != self.frame.first():
            self._tell(_broken(0, -1, "line"))
            return
        check = self._check
        for line in self._lines:
            row = _row(line)
            if row is None:
                self._end(line)
                return
            if not check.add(row):
                self._tell(check.verdict(None))
                return
            yield row
        self._tell(_broken(_checked(check), check.position, "head"))

    def _end(self, line: str) -> None:
        """Compare the line that is no event's with those before it."""
        check, end = self._check, ended(line, self.frame)
        if end is not None and next(self._lines, None) is None:
            verdict = check.verdict(end)
            written = self.frame.last(_checked(check), LogHead(check.position, end.log_hash))
            if not verdict.ok or line == written:
                self._tell(verdict, end.position)
                return
        self._tell(_broken(_checked(check), check.position, "line"))

    def _tell(self, verdict: AuditVerdict, ends_at: int | None = None) -> None:
        frame = self.frame
        self.found = ExportedLog(frame.scope, frame.session_id, frame.wanted, verdict, ends_at)


def verify_lines(lines: Iterable[str], *, against: Sequence[Checkpoint] = ()) -> ExportedLog:
    """Recompute the chain over an export, from its text alone.

    Raises:
        AuditFileError: It is no export of this kind, or cannot be held against checkpoints.
    """
    reader = ExportReader(lines, against=against)
    for _ in reader.rows():
        pass
    if reader.found is None:
        raise AssertionError("an export was read to its end and nothing was found of it")
    return reader.found


_Check = ChainCheck | LineageCheck | ExcerptCheck


def _check(frame: Frame, against: Sequence[Checkpoint]) -> _Check:
    if frame.wanted.leaves_out:
        # What a node was called before is told by the database alone.
        return ExcerptCheck(passes(replace(frame.wanted, nodes=())))
    if frame.session_id is not None:
        return LineageCheck(frame.session_id)
    return ChainCheck(against=against)


def _checked(check: _Check) -> int:
    """How many rows were found whole; those of a whole log are numbered."""
    return check.position if isinstance(check, ChainCheck) else check.checked


def _broken(checked: int, position: int, kind: str) -> AuditVerdict:
    """What is to be said of the line behind the one that holds that position."""
    first_bad = FirstBad(position + 1, kind)
    return AuditVerdict(ok=False, checked=checked, head_position=0, first_bad=first_bad)


def _line(row: StoredEvent) -> str:
    head: dict[str, str | int] = {
        "specversion": "1.0",
        "id": f"{row.session_id}/{row.version}",
        "source": f"/sessions/{row.session_id}",
        "type": f"{TYPE}{row.type}",
    }
    if row.subject is not None:
        head["subject"] = row.subject
    head |= {"time": row.recorded_at, "datacontenttype": "application/json"}
    for name, column in _EXTENSIONS.items():
        value = getattr(row, column)
        if value is not None:
            # A CloudEvents integer has 32 bits; a log may have more positions.
            head[name] = str(value) if column == "position" else value
    return f"{spelled(head)[:-1]}{DATA}{row.payload}}}"


def _row(line: str) -> StoredEvent | None:
    """The row that a line was written from; `None` where it was not written from one."""
    text = line.removesuffix("\n")
    head_text, found, tail = text.partition(DATA)
    if not found or not tail.endswith("}"):
        return None
    try:
        head = json.loads(f"{head_text}}}")
        if not all(isinstance(value, str | int) for value in head.values()):
            return None
        columns = {column: head.get(name) for name, column in _EXTENSIONS.items()}
        row = StoredEvent(
            **{
                **columns,
                "position": _position(head["rtposition"]),
                "type": head["type"].removeprefix(TYPE),
                "subject": head.get("subject"),
                "recorded_at": head["time"],
                "request_hash": "",
                "payload": tail[:-1],
            }
        )
        return row if _is_written_so(row) and _line(row) == text else None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return None


def _is_written_so(row: StoredEvent) -> bool:
    """Whether the numbers and the time are such as are stored.

    The hashes do not tell: they are made of texts, in which `1` and `"1"` are one.
    """
    numbers = (getattr(row, name) for name in _NUMBERS)
    counted = all(type(one) is int and 0 < one <= _LARGEST for one in numbers)
    return counted and time_text(read_time(row.recorded_at)) == row.recorded_at


def _position(text: str) -> int:
    if not _POSITION.fullmatch(text):
        raise ValueError(text)
    return int(text)
