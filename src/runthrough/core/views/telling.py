"""Times, counts and ids as people are told them, in words that all doors share."""

from datetime import UTC, datetime

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


def utc(at: datetime) -> str:
    """A time in a sentence: as `stamp`, with its zone as a word."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def counted(number: int, thing: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """A text in which nothing can be mistaken for another line, or for a command to a terminal.

    What turns the direction of writing is told as well, so that a name reads as it is.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
