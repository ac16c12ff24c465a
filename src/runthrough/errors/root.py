"""The root of all errors, and the words that many share."""

from collections.abc import Sequence
from typing import ClassVar


class RunthroughError(Exception):
    """Root of all errors raised on purpose."""

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        self.message = message
        self.fix = fix
        super().__init__(f"{message}\n  → {fix}" if fix else message)


def did_you_mean(nearest: Sequence[str]) -> str:
    """The end of a sentence about a name that is none: the names it may have meant."""
    return f" Did you mean {' or '.join(repr(name) for name in nearest)}?" if nearest else ""
