"""The log as JSON Lines: a CloudEvents 1.0 envelope for each event, verified without a database.

A line is written from a row and from nothing else, with the payload's own text as its last
member. So the text that was hashed can be cut out again, and a line is as it was written if and
only if writing its row gives the same line.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from runthrough.adapters.store.chain import ChainCheck, SessionChainCheck
from runthrough.adapters.store.codec import time_text
from runthrough.core.values.store import (
    ZERO_HASH,
    AuditVerdict,
    Checkpoint,
    FirstBad,
    LogHead,
    StoredEvent,
)
from runthrough.errors import AuditFileError

FORMAT = "runthrough-export-1"
_TYPE = "io.runthrough."
_BEGAN, _ENDED = f"{_TYPE}export.began", f"{_TYPE}export.ended"
# Quotes inside a JSON string are escaped, and no member before the last is nested.
_DATA = ',"data":'
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
_NUMBER = re.compile(r"0|[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class ExportedLog:
    """What an export says of itself, and what was found of it."""

    scope: Literal["log", "session"]
    session_id: str | None
    verdict: AuditVerdict
    ends_at: int | None
    """Position of the last event as the last line says it; `None` where that was not reached."""


def export_lines(
    rows: Iterable[StoredEvent], *, session_id: str | None, at: datetime, app_version: str
) -> Iterator[str]:
    """The lines of an export, each with its end: one that begins, one an event, one that ends.

    `session_id` names the session that the rows are of; `None` where they are the whole log.
    """
    frame = _Frame(session_id, time_text(at), app_version)
    yield frame.first()
    count, last = 0, None
    for count, last in enumerate(rows, start=1):  # noqa: B007 - told behind the loop
        yield f"{_line(last)}\n"
    if last is None:
        yield frame.last(0, LogHead(0, ZERO_HASH))
    else:
        end_hash = last.event_hash if session_id else last.log_hash
        yield frame.last(count, LogHead(last.position, end_hash))


def verify_lines(lines: Iterable[str], *, against: Sequence[Checkpoint] = ()) -> ExportedLog:
    """Recompute the chain over an export, from its text alone.

    Raises:
        AuditFileError: It is no export of this kind, or cannot be held against checkpoints.
    """
    rest = iter(lines)
    first = next(rest, "")
    frame = _begun(first)
    if frame.session_id is not None and against:
        raise AuditFileError(
            "A checkpoint is about the whole log, and the file holds one session of it.",
            fix="export the whole log: runthrough audit export, without --session",
        )
    if first != frame.first():
        found: _Found = _broken(0, -1, "line"), None
    elif frame.session_id is not None:
        found = _session_verdict(rest, frame)
    else:
        found = _log_verdict(rest, frame, against)
    return ExportedLog(frame.scope, frame.session_id, *found)


_Found = tuple[AuditVerdict, int | None]
"""The verdict, and the position of the end as the last line says it, where it was reached."""


class _Frame(NamedTuple):
    """What the first and the last line of an export say of it."""

    session_id: str | None
    at: str
    app_version: str

    @property
    def scope(self) -> Literal["log", "session"]:
        return "session" if self.session_id else "log"

    @property
    def hash_name(self) -> str:
        return "event_hash" if self.session_id else "log_hash"

    def first(self) -> str:
        data = {"format": FORMAT, "scope": self.scope}
        data |= {"session_id": self.session_id} if self.session_id else {}
        return self._line(_BEGAN, {**data, "app_version": self.app_version})

    def last(self, events: int, end: LogHead) -> str:
        told: dict[str, str | int] = {"events": events, "position": end.position}
        return self._line(_ENDED, {**told, self.hash_name: end.log_hash})

    def _line(self, event_type: str, data: Mapping[str, str | int]) -> str:
        head = {
            "specversion": "1.0",
            "id": f"{event_type}/{self.at}",
            "source": "/export",
            "type": event_type,
            "time": self.at,
            "datacontenttype": "application/json",
        }
        return f"{_json(head)[:-1]}{_DATA}{_json(data)}}}\n"


def _log_verdict(lines: Iterator[str], frame: _Frame, against: Sequence[Checkpoint]) -> _Found:
    check = ChainCheck(against=against)
    for line in lines:
        row = _row(line)
        if row is None:
            return _ended(check, line, lines, frame, checked=check.position)
        if not check.add(row):
            return check.verdict(None), None
    return _broken(check.position, check.position, "head"), None


def _session_verdict(lines: Iterator[str], frame: _Frame) -> _Found:
    check = SessionChainCheck()
    for line in lines:
        row = _row(line)
        if row is None:
            return _ended(check, line, lines, frame, checked=check.checked)
        if row.session_id != frame.session_id:
            return _broken(check.checked, check.position, "line"), None
        if not check.add(row):
            return check.verdict(None), None
    return _broken(check.checked, check.position, "head"), None


def _ended(
    check: ChainCheck | SessionChainCheck,
    line: str,
    rest: Iterator[str],
    frame: _Frame,
    *,
    checked: int,
) -> _Found:
    """What was found, once the line that is no event's is compared with those before it."""
    match _framed(line, _ENDED):
        case {"position": int(position), frame.hash_name: str(end_hash)} if (
            next(rest, None) is None
        ):
            verdict = check.verdict(LogHead(position, end_hash))
            written = frame.last(checked, LogHead(check.position, end_hash))
            if not verdict.ok or line == written:
                return verdict, position
    return _broken(checked, check.position, "line"), None


def _broken(checked: int, position: int, kind: str) -> AuditVerdict:
    """What is to be said of the line behind the one that holds that position."""
    first_bad = FirstBad(position + 1, kind)
    return AuditVerdict(ok=False, checked=checked, head_position=0, first_bad=first_bad)


def _line(row: StoredEvent) -> str:
    head: dict[str, str | int] = {
        "specversion": "1.0",
        "id": f"{row.session_id}/{row.version}",
        "source": f"/sessions/{row.session_id}",
        "type": f"{_TYPE}{row.type}",
    }
    if row.subject is not None:
        head["subject"] = row.subject
    head |= {"time": row.recorded_at, "datacontenttype": "application/json"}
    for name, column in _EXTENSIONS.items():
        value = getattr(row, column)
        if value is not None:
            # A CloudEvents integer has 32 bits; a log may have more positions.
            head[name] = str(value) if column == "position" else value
    return f"{_json(head)[:-1]}{_DATA}{row.payload}}}"


def _row(line: str) -> StoredEvent | None:
    """The row that a line was written from; `None` where it was not written from one."""
    text = line.removesuffix("\n")
    head_text, found, tail = text.partition(_DATA)
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
                "position": _number(head["rtposition"]),
                "type": head["type"].removeprefix(_TYPE),
                "subject": head.get("subject"),
                "recorded_at": head["time"],
                "request_hash": "",
                "payload": tail[:-1],
            }
        )
        return row if _line(row) == text else None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return None


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _begun(line: str) -> _Frame:
    """What the first line says, in whatever spelling."""
    data = _framed(line, _BEGAN) or {}
    scoped = [data.get("scope"), "session_id" in data]
    if data.get("format") != FORMAT or scoped not in (["log", False], ["session", True]):
        raise AuditFileError(
            f"The file is no export: its first line does not say that its format is {FORMAT}, and "
            "what it is an export of.",
            fix="name a file that runthrough audit export wrote",
        )
    session_id = str(data["session_id"]) if "session_id" in data else None
    return _Frame(session_id, str(json.loads(line).get("time")), str(data.get("app_version")))


def _framed(line: str, event_type: str) -> Mapping[str, str | int] | None:
    try:
        told = json.loads(line)
        data = told["data"] if told["type"] == event_type else None
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _json(value: Mapping[str, str | int]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
