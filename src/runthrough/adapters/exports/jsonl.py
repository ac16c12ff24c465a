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
from typing import Literal

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


def export_lines(
    rows: Iterable[StoredEvent], *, session_id: str | None, at: datetime, app_version: str
) -> Iterator[str]:
    """The lines of an export, each with its end: one that begins, one an event, one that ends.

    `session_id` names the session that the rows are of; `None` where they are the whole log.
    """
    scope = {"format": FORMAT, "scope": "session" if session_id else "log"}
    scope |= {"session_id": session_id} if session_id else {}
    yield _framing(_BEGAN, at, {**scope, "app_version": app_version})
    count, last = 0, None
    for count, last in enumerate(rows, start=1):  # noqa: B007 - told behind the loop
        yield f"{_line(last)}\n"
    end: dict[str, str | int] = {"events": count, "position": last.position if last else 0}
    if session_id:
        end["event_hash"] = last.event_hash if last else ZERO_HASH
    else:
        end["log_hash"] = last.log_hash if last else ZERO_HASH
    yield _framing(_ENDED, at, end)


def verify_lines(lines: Iterable[str], *, against: Sequence[Checkpoint] = ()) -> ExportedLog:
    """Recompute the chain over an export, from its text alone.

    Raises:
        AuditFileError: It is no export of this kind, or cannot be held against checkpoints.
    """
    rest = iter(lines)
    scope, session_id = _begun(next(rest, ""))
    if scope == "session":
        if against:
            raise AuditFileError(
                "A checkpoint is about the whole log, and the file holds one session of it.",
                fix="export the whole log: runthrough audit export, without --session",
            )
        return ExportedLog(scope, session_id, _session_verdict(rest))
    return ExportedLog(scope, None, _log_verdict(rest, against))


def _log_verdict(lines: Iterator[str], against: Sequence[Checkpoint]) -> AuditVerdict:
    check = ChainCheck(against=against)
    for line in lines:
        row = _row(line)
        if row is None:
            end = _end(line, lines, "log_hash")
            whole = end is not None
            return check.verdict(end) if whole else _broken(check.position, check.position, "line")
        if not check.add(row):
            return check.verdict(None)
    return _broken(check.position, check.position, "head")


def _session_verdict(lines: Iterator[str]) -> AuditVerdict:
    check = SessionChainCheck()
    for line in lines:
        row = _row(line)
        if row is None:
            end = _end(line, lines, "event_hash")
            whole = end is not None
            return check.verdict(end) if whole else _broken(check.checked, check.position, "line")
        if not check.add(row):
            return check.verdict(None)
    return _broken(check.checked, check.position, "head")


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
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _framing(event_type: str, at: datetime, data: Mapping[str, str | int]) -> str:
    head = {
        "specversion": "1.0",
        "id": f"{event_type}/{time_text(at)}",
        "source": "/export",
        "type": event_type,
        "time": time_text(at),
        "datacontenttype": "application/json",
    }
    return f"{_json(head)[:-1]}{_DATA}{_json(data)}}}\n"


def _begun(line: str) -> tuple[Literal["log", "session"], str | None]:
    data = _framed(line, _BEGAN)
    if data is None or data.get("format") != FORMAT or data.get("scope") not in {"log", "session"}:
        raise AuditFileError(
            f"The file is no export: its first line does not say that its format is {FORMAT}.",
            fix="name a file that runthrough audit export wrote",
        )
    scope: Literal["log", "session"] = "log" if data["scope"] == "log" else "session"
    return scope, str(data["session_id"]) if "session_id" in data else None


def _end(line: str, rest: Iterator[str], hash_name: str) -> LogHead | None:
    """What the last line says; `None` where this is not it, or something follows."""
    data = _framed(line, _ENDED) if next(rest, None) is None else None
    try:
        return None if data is None else LogHead(int(data["position"]), str(data[hash_name]))
    except (KeyError, TypeError, ValueError):
        return None


def _framed(line: str, event_type: str) -> Mapping[str, str | int] | None:
    try:
        told = json.loads(line)
        data = told["data"] if told["type"] == event_type else None
    except (KeyError, TypeError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _json(value: Mapping[str, str | int]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
