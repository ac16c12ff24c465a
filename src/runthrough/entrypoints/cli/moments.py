"""A moment of a session as it is typed: a version, or a time."""

import re
from datetime import UTC, datetime, timedelta

import typer

_AGO = re.compile(r"(?P<number>[0-9]+)(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(option: str, given: str) -> int | datetime:
    """The version, or the time in UTC, that was typed; of a day its begin, of `2d` that long ago.

    A time without a zone is taken as UTC, as all commands show times.

    Raises:
        typer.BadParameter: It is none of these.
    """
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside commands

    if given.isdecimal() and given.isascii():
        return int(given)
    try:
        if ago := _AGO.fullmatch(given):
            length = timedelta(**{_UNITS[ago["unit"]]: int(ago["number"])})
            return now() - length
        at = datetime.fromisoformat(given)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{given!r} is neither a version nor a time; write 41, 2d or 3h for so long ago, "
            "2026-11-28 or 2026-11-28T09:30, in UTC, or with a zone behind it, as in "
            "2026-11-28T09:30+01:00",
            param_hint=f"'{option}'",
        ) from None
