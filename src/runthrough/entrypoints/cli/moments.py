"""A moment as it is typed: a version, a time, or how long from now."""

import re
from datetime import datetime, timedelta

import typer

_AGO = re.compile(r"(?P<number>[0-9]+)(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_VERSION = re.compile(r"[0-9]{1,18}")
"""No log will ever be longer."""
_DATES = (
    "2026-11-28 or 2026-11-28T09:30, in UTC, or with a zone behind it, as in "
    "2026-11-28T09:30+01:00"
)
_TIMES = f"2d or 3h for so long ago, {_DATES}"


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
    return _time(option, given, end_of_day=end_of_day)


def span_typed(option: str, given: str, *, or_else: str) -> float:
    """Seconds from now that were typed: so long, or until a time, which may have passed.

    `or_else` is what may be given in their place.

    Raises:
        typer.BadParameter: It is neither.
    """
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside commands

    if length := _AGO.fullmatch(given):
        try:
            return timedelta(**{_UNITS[length["unit"]]: int(length["number"])}).total_seconds()
        except (ValueError, OverflowError):
            raise typer.BadParameter("it is too long", param_hint=f"'{option}'") from None
    wrong = f"is neither a length nor a time; write {or_else}, 90d or 12h for so long,"
    return (_time(option, given, wrong=wrong, times=_DATES) - now()).total_seconds()


def _time(
    option: str,
    given: str,
    *,
    wrong: str = "is no time; write",
    times: str = _TIMES,
    end_of_day: bool = False,
) -> datetime:
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside commands
    from runthrough.core.values.moments import time_of  # noqa: PLC0415 - as above

    try:
        return time_of(given, now=now(), end_of_day=end_of_day)
    except ValueError:
        raise typer.BadParameter(f"{given!r} {wrong} {times}", param_hint=f"'{option}'") from None
