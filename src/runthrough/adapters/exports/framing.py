"""The first and the last line of an export, which say what stands between them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runthrough.adapters.exports.excerpts import read_filter, told_filter
from runthrough.adapters.store.codec import read_time
from runthrough.core.values.store import EventFilter, LogHead
from runthrough.errors import AuditFileError

FORMAT = "runthrough-export-1"
TYPE = "io.runthrough."
DATA = ',"data":'
"""Quotes inside a JSON string are escaped, and no member before the last is nested."""
_BEGAN, _ENDED = f"{TYPE}export.began", f"{TYPE}export.ended"

Scope = Literal["log", "session", "filtered"]
Told = Mapping[str, str | int | Mapping[str, Sequence[str] | str]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What the first and the last line of an export say of it."""

    session_id: str | None
    wanted: EventFilter
    at: str
    app_version: str

    @property
    def scope(self) -> Scope:
        """What the export is of; a part proves less than the whole."""
        if self.wanted.leaves_out:
            return "filtered"
        return "session" if self.session_id else "log"

    @property
    def hash_name(self) -> str:
        """Which of the two hashes of the last event stands in the last line."""
        return "event_hash" if self.session_id else "log_hash"

    @property
    def exported_at(self) -> datetime:
        """When it was written; aware, UTC."""
        return read_time(self.at)

    def first(self) -> str:
        """The line that begins it."""
        data: dict[str, str | Mapping[str, Sequence[str] | str]]
        data = {"format": FORMAT, "scope": self.scope}
        if self.session_id:
            data["session_id"] = self.session_id
        if self.wanted.leaves_out:
            data["filter"] = told_filter(self.wanted)
        return self._line(_BEGAN, {**data, "app_version": self.app_version})

    def last(self, events: int, end: LogHead) -> str:
        """The line that ends it: how many events, and where they end.

        A filtered export tells the end of what it was chosen from.
        """
        told: dict[str, str | int] = {"events": events, "position": end.position}
        return self._line(_ENDED, {**told, self.hash_name: end.log_hash})

    def _line(self, event_type: str, data: Told) -> str:
        head = {
            "specversion": "1.0",
            "id": f"{event_type}/{self.at}",
            "source": "/export",
            "type": event_type,
            "time": self.at,
            "datacontenttype": "application/json",
        }
        return f"{spelled(head)[:-1]}{DATA}{spelled(data)}}}\n"


def begun(line: str) -> Frame:
    """What the first line says, in whatever spelling.

    Raises:
        AuditFileError: It is not the first line of an export.
    """
    data = _framed(line, _BEGAN) or {}
    try:
        wanted = read_filter(data["filter"]) if "filter" in data else EventFilter()
        session_id = str(data["session_id"]) if "session_id" in data else None
        time = str(json.loads(line)["time"]) if data else ""
        frame = Frame(session_id, wanted, time, str(data.get("app_version")))
        is_export = data.get("format") == FORMAT and data.get("scope") == frame.scope
        is_export = is_export and frame.exported_at.utcoffset() is not None
    except (KeyError, TypeError, ValueError):
        is_export = False
    if not is_export:
        raise AuditFileError(
            f"The file is no export: its first line does not say that its format is {FORMAT}, and "
            "what it is an export of.",
            fix="name a file that runthrough audit export wrote",
        )
    return frame


def ended(line: str, frame: Frame) -> LogHead | None:
    """Where the last line says that the export ends; `None` where it is no such line."""
    match _framed(line, _ENDED):
        case {"position": int(position), frame.hash_name: str(end_hash)}:
            return LogHead(position, end_hash)
        case _:
            return None


def spelled(value: Told) -> str:
    """JSON as an export spells it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _framed(line: str, event_type: str) -> dict[str, object] | None:
    try:
        told = json.loads(line)
        data = told["data"] if told["type"] == event_type else None
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    return data if isinstance(data, dict) else None
