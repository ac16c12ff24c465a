"""Calls on threads of their own, never waited for without an end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from runthrough.entrypoints.store_suite.rule import RuleBrokenError, expect

DEADLINE_S = 30.0
"""For what must happen: far longer than it takes, so that a busy machine breaks no rule."""
QUIET_S = 0.5
"""For what must not happen: a store that does it does it at once. It is waited for in full."""

_Result = TypeVar("_Result")


class Aside(Generic[_Result]):
    """A call on a thread of its own, begun at once."""

    def __init__(self, call: Callable[[], _Result]) -> None:
        self._call = call
        self._future: Future[_Result] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self) -> _Result:
        """What the call gave.

        Raises:
            RuleBrokenError: It failed, or has not come to its end within the deadline.
        """
        self._thread.join(DEADLINE_S)
        expect(not self._thread.is_alive(), f"a thread still waits after {DEADLINE_S:g} seconds")
        try:
            return self._future.result()
        except Exception as error:
            raise RuleBrokenError(f"a call on another thread failed: {error!r}") from error

    def _run(self) -> None:
        try:
            self._future.set_result(self._call())
        except Exception as error:  # noqa: BLE001 - told to whoever asks for the result
            self._future.set_exception(error)


def aside(call: Callable[[], _Result]) -> _Result:
    """What a call gives on another thread.

    Raises:
        RuleBrokenError: It failed, or has not come to its end within the deadline.
    """
    return Aside(call).result()


def together(*calls: Callable[[], _Result]) -> list[_Result]:
    """What calls give that run at the same time, each on a thread of its own.

    Raises:
        RuleBrokenError: One failed, or has not come to its end within the deadline.
    """
    return [begun.result() for begun in [Aside(call) for call in calls]]
