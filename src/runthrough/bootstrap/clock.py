"""The clock and the ids that are wired; nothing else of the program makes any."""

from collections.abc import Callable
from datetime import UTC, datetime

from uuid_utils import uuid7


def now() -> datetime:
    """The time by the clock that is wired, for doors that say how long ago something was."""
    return here()


def new_id() -> str:
    """An id that sorts by the time at which it was made."""
    return str(uuid7())


def _of_this_machine() -> datetime:
    return datetime.now(UTC)


here: Callable[[], datetime] = _of_this_machine
"""What tells the time."""
