"""Moments of a session as requests name them: a version, or a time."""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from runthrough.core.values.moments import moment_of, time_of
from runthrough.entrypoints.http.problems import AccessError

MOMENT_CHARACTERS = 64
"""No way to write a moment is longer."""
At = Annotated[
    str | None,
    Query(
        max_length=MOMENT_CHARACTERS,
        description="As it was at a version or a time: `41`, `2026-11-28T09:30Z`, `2d` (so long "
        "ago).",
    ),
]
_PLUS_LOST = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)")
"""A `+` in a query stands for a blank, so that a zone typed as it is reads like this."""


def moment_asked(name: str, given: str, *, now: datetime) -> int | datetime:
    """The version, or the time in UTC, that a parameter names.

    Raises:
        AccessError: It is neither.
    """
    try:
        return moment_of(_PLUS_LOST.sub("+", given), now=now)
    except ValueError:
        raise _refused(name, "neither a version nor a time", "41, ") from None


def time_asked(name: str, given: str, *, now: datetime, end_of_day: bool = False) -> datetime:
    """The time in UTC that a parameter names.

    Raises:
        AccessError: It is no time.
    """
    try:
        return time_of(_PLUS_LOST.sub("+", given), now=now, end_of_day=end_of_day)
    except ValueError:
        raise _refused(name, "no time") from None


def _refused(name: str, what: str, first: str = "") -> AccessError:
    return AccessError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "MOMENT_INVALID",
        f"The parameter {name!r} is {what}.",
        fix=f"write {first}2026-11-28T09:30Z, 2026-11-28, or 2d for so long ago",
    )
