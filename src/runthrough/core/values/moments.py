"""A moment as it is written: a version, a time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"(?P<number>[0-9]+)(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = len("2026-11-28")
"""What is no longer than that says no hour."""
_VERSION = re.compile(r"[0-9]{1,18}")
"""No log will ever be longer."""


def moment_of(text: str, *, now: datetime) -> int | datetime:
    """The version, or the time in UTC; of a day its begin, of `2d` that long before `now`.

    Raises:
        ValueError: It is none of these.
    """
    return int(text) if _VERSION.fullmatch(text) else time_of(text, now=now)


def time_of(text: str, *, now: datetime, end_of_day: bool = False) -> datetime:
    """The time in UTC, which one without a zone is taken for; of a day its end where asked for.

    Raises:
        ValueError: It is no time, or none that a calendar tells.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago["unit"]]: int(ago["number"])})
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        return at + timedelta(days=1, microseconds=-1) if end_of_day and len(text) <= _DAY else at
    except OverflowError as beyond:
        raise ValueError(str(beyond)) from None
