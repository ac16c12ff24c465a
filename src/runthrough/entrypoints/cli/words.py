"""Times, ids and paths in a few words."""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runthrough.application.session import Session

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S
PAST_DAYS = 30
"""Beyond a month a date says more than a count of days."""


def short_id(session_id: str) -> str:
    """An id by its two ends: enough to recognise one."""
    return f"{session_id[:4]}…{session_id[-4:]}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago that was."""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < MINUTE_S:
        return "just now"
    for unit, length_s, below_s in (
        ("minute", MINUTE_S, HOUR_S),
        ("hour", HOUR_S, DAY_S),
        ("day", DAY_S, PAST_DAYS * DAY_S),
    ):
        if seconds < below_s:
            return f"{counted(seconds // length_s, unit)} ago"
    return stamp(then)[:10]


def stamp(at: datetime) -> str:
    """A time for people: UTC, to the second, since a database may be shared across zones."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def counted(number: int, thing: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def elsewhere(session: "Session") -> str:
    """That a session's files are on another machine, or nobody knows where on this one."""
    paths, home = session.paths_elsewhere, session.home_name
    verbs = ("is", "was") if paths == 1 else ("are", "were")
    there = "" if home == session.here_name else f"{verbs[0]} on {home} and "
    return f"{counted(paths, 'path')} {there}{verbs[1]} not looked at; {session.away_words}"


def one_line(text: str) -> str:
    """A text in which nothing can be mistaken for another line, or for a command to a terminal."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def near(path: str) -> str:
    """A path below the current folder without it; another one whole."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
