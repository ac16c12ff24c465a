"""A moment of a session as it is typed: a version, or a time."""

import re
from datetime import UTC, datetime, timedelta

import typer

_AGO = re.compile(r"(?P<number>[0-9]+)(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = len("2026-11-28")
"""What is no longer than that says no hour."""
_VERSION = re.compile(r"[0-9]{1,18}")
"""No log will ever be longer."""
_TIMES = (
    "2d or 3h for so long ago, 2026-11-28 or 2026-11-28T09:30, in UTC, or with a zone behind it, "
    "as in 2026-11-28T09:30+01:00"
)


def moment(option: str, given: str) -> int | datetime:
    """The version, or the time in UTC, that was typed; of a day its begin, of `2d` that long ago.

    A time without a zone is taken as UTC, as all commands show times.

    Raises:
        typer.BadParameter: It is none of these.
    """
    if _VERSION.fullmatch(given):
        return int(given)
    return _time(option, given, wrong="is neither a version nor a time; write 41,")


def time_typed(option: str, given: str, *, end_of_day: bool = False) -> datetime:
    """The time in UTC that was typed, as for `moment`; of a day its end where that is asked for.

    Raises:
        typer.BadParameter: It is no time.
    """
    at = _time(option, given, wrong="is no time; write")
    is_day = end_of_day and len(given) <= _DAY and not _AGO.fullmatch(given)
    return at + timedelta(days=1, microseconds=-1) if is_day else at


def _time(option: str, given: str, *, wrong: str) -> datetime:
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside commands

    try:
        if ago := _AGO.fullmatch(given):
            length = timedelta(**{_UNITS[ago["unit"]]: int(ago["number"])})
            return now() - length
        at = datetime.fromisoformat(given)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{given!r} {wrong} {_TIMES}", param_hint=f"'{option}'") from None
