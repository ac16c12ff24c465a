"""Child processes that begin at one moment, and what they took."""

import math
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

_LONG_S = 120
"""Until all have come up: each imports what it needs, on two cores that are busy with it."""
_meeting: Any = None


def _keep(barrier: Any) -> None:
    global _meeting  # noqa: PLW0603 - a barrier reaches a worker only when that is started
    _meeting = barrier


def meet() -> None:
    """Wait until all processes of the crowd are ready."""
    _meeting.wait(_LONG_S)


def crowd(task: Callable[..., Any], each: Sequence[tuple]) -> list[Any]:
    """What the task gives in a process of its own for each of the arguments; it calls `meet`."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(each))
    with ProcessPoolExecutor(
        len(each), context, initializer=_keep, initargs=(barrier,)
    ) as processes:
        return [future.result() for future in [processes.submit(task, *given) for given in each]]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below that share of all."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
