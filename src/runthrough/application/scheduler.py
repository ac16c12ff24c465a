"""Drives any DAG: starts what is ready, several at once, and goes on elsewhere below a failure."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Generic, TypeVar

from runthrough.core.values.ids import NodeName

_T = TypeVar("_T")
LOOK_S = 0.2
"""A person who asks for the end of a run sees it begin to end at once."""


class Scheduler(Generic[_T]):
    """One pass over a DAG; ready nodes start in the given order."""

    def __init__(
        self,
        order: Sequence[NodeName],
        predecessors: Mapping[NodeName, Sequence[NodeName]],
        *,
        jobs: int,
        fail_fast: bool,
    ) -> None:
        """Take the nodes in topological order; predecessors outside of it count as done."""
        self._rank = {node: place for place, node in enumerate(order)}
        self._jobs = jobs
        self._fail_fast = fail_fast
        self._waits = {
            node: sum(above in self._rank for above in predecessors.get(node, ()))
            for node in order
        }
        self._below: dict[NodeName, list[NodeName]] = {node: [] for node in order}
        for node in order:
            for above in predecessors.get(node, ()):
                if above in self._rank:
                    self._below[above].append(node)
        self._ready = [self._rank[node] for node in order if not self._waits[node]]
        self._order = tuple(order)

    def drive(
        self,
        start: Callable[[NodeName], Future[_T] | None],
        finish: Callable[[NodeName, _T], bool],
        *,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run until nothing is ready and nothing runs.

        `start` begins a node, or answers `None` when the node is done at once. `finish` is told
        each result in this thread and says whether what lies below may run. `stop` is asked
        before each start and at least every `LOOK_S`; from its first yes on nothing is started,
        and what runs is waited for. It is still asked meanwhile, since it may then end that, too.
        """
        heapq.heapify(self._ready)
        running: dict[Future[_T], NodeName] = {}
        stopping = False
        while True:
            stopping = stop() or stopping
            while self._ready and len(running) < self._jobs and not stopping:
                node = self._order[heapq.heappop(self._ready)]
                future = start(node)
                if future is None:
                    self._release(node)
                else:
                    running[future] = node
                stopping = stop()
            if not running:
                return
            done, _ = wait(running, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: self._rank[running[f]]):
                node = running.pop(future)
                if finish(node, future.result()):
                    self._release(node)
                elif self._fail_fast:
                    stopping = True

    def _release(self, node: NodeName) -> None:
        for below in self._below[node]:
            self._waits[below] -= 1
            if not self._waits[below]:
                heapq.heappush(self._ready, self._rank[below])
