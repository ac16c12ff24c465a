"""The clock, the ids and the secrets that are wired; nothing else of the program makes any."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from uuid_utils import uuid7


def now() -> datetime:
    """The time by the clock that is wired, for doors that say how long ago something was."""
    return here()


def new_id() -> str:
    """An id that sorts by the time at which it was made."""
    return str(uuid7())


def new_token_id() -> str:
    """12 random hex characters, which name a token and may be shown."""
    return secrets.token_hex(6)


def new_secret() -> str:
    """43 random characters that a URL takes, 256 bits of them, which nobody can guess."""
    return secrets.token_urlsafe(32)


def _of_this_machine() -> datetime:
    return datetime.now(UTC)


here: Callable[[], datetime] = _of_this_machine
"""What tells the time."""
