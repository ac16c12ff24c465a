"""Garbage collection put off for a moment."""

import gc
from types import TracebackType


class CollectingLater:
    """A `with` in which no garbage is collected.

    Trees have no cycles, and one of 150 lines has ten thousand objects: looking through them
    again and again while they are made takes longer than making them.
    """

    __slots__ = ("_was_on",)

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._was_on:
            gc.enable()
