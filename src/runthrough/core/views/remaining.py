"""How long a run will go on, told from how long its nodes took before."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runthrough.core.values.ids import NodeName


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a run."""

    seconds: float
    at_least: bool
    """Whether some of the nodes never passed, so that nobody knows how long they take."""


def remaining(
    order: Sequence[NodeName],
    predecessors: Mapping[NodeName, Sequence[NodeName]],
    *,
    past_s: Mapping[NodeName, float],
    running_s: Mapping[NodeName, float],
    jobs: int,
) -> Remaining | None:
    """Seconds until the last node of `order` ends, when each takes as long as it last took.

    `order` holds the nodes that are not through, in execution order; `running_s` says of those
    that run for how long they have. Nodes start as the scheduler starts them: of those that are
    ready the first, while one of `jobs` places is free. `None` where nothing is known of any.
    """
    if not order or not any(node in past_s for node in order):
        return None
    left = {node: max(0.0, past_s.get(node, 0.0) - running_s.get(node, 0.0)) for node in order}
    rank = {node: place for place, node in enumerate(order)}
    waits = {
        node: sum(above in rank for above in predecessors.get(node, ()))
        for node in order
        if node not in running_s
    }
    below: dict[NodeName, list[NodeName]] = {node: [] for node in order}
    for node in waits:
        for above in predecessors.get(node, ()):
            if above in rank:
                below[above].append(node)
    ends = [(left[node], rank[node]) for node in order if node in running_s]
    heapq.heapify(ends)
    ready = [rank[node] for node, count in waits.items() if count == 0]
    heapq.heapify(ready)
    now = 0.0
    while ready or ends:
        while ready and len(ends) < max(1, jobs):
            place = heapq.heappop(ready)
            heapq.heappush(ends, (now + left[order[place]], place))
        now, done = heapq.heappop(ends)
        for node in below[order[done]]:
            waits[node] -= 1
            if waits[node] == 0:
                heapq.heappush(ready, rank[node])
    return Remaining(now, at_least=any(node not in past_s for node in order))


def remaining_text(expected: Remaining) -> str:
    """`about 12 s left`, `at least 2 min left`."""
    seconds = round(expected.seconds)
    amount = f"{seconds} s" if seconds < 100 else f"{round(seconds / 60)} min"  # noqa: PLR2004 - two digits
    return f"{'at least' if expected.at_least else 'about'} {amount} left"


def clock_text(elapsed_s: float) -> str:
    """`0:07`, `12:34`, `1:02:03`."""
    minutes, seconds = divmod(int(elapsed_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
