"""Inputs assigned to outputs, one to one, so that the sum of all evidence is as large as can be.

Each output feeds one input at most, and each edge that carries anything gives a bonus once. That
bonus shrinks with use (first a sum, then nothing), so the whole is a flow of least cost: it is
solved exactly by shortest paths in the residual graph, input by input, in polynomial time.
Weights are integers; floats would make such paths run in circles.

The margin of a pair is the optimum less the optimum with that pair forbidden. Once the optimum
is known, it is one shortest path around the pair.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from runthrough.core.wiring import weights

Row = int
"""An input, by its place."""
Column = int
"""An output, by its place."""
Pairs = tuple[tuple[Row, Column, int], ...]
"""Who may be fed by what, and the weight of it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The best choice, and how much each pair of it is worth."""

    taken: Mapping[Row, Column]
    margins: Mapping[Row, int]


@lru_cache(maxsize=4096)  # nodes that share scripts ask the same again
def assign(
    rows: int, edges: tuple[int, ...], pairs: Pairs, carrying: frozenset[int] = frozenset()
) -> Assignment:
    """The best assignment of `rows` inputs; `edges` tells for each output its edge.

    `carrying` are edges that carry something already and give no bonus any more. Of several best
    assignments one is returned; the margin of a pair that is not in all of them is 0.
    """
    graph = _Graph(rows, edges, pairs, carrying)
    for row in range(rows):
        graph.insert(row)
    return Assignment(dict(sorted(graph.taken.items())), graph.margins())


class _Graph:
    """The residual graph of a flow from the root over inputs, outputs and edges back to it."""

    def __init__(
        self, rows: int, edges: Sequence[int], pairs: Pairs, carrying: frozenset[int]
    ) -> None:
        self.taken: dict[Row, Column] = {}
        self._rows = rows
        self._edges = edges
        self._carrying = carrying
        self._weights: list[list[tuple[Column, int]]] = [[] for _ in range(rows)]
        for row, column, weight in pairs:
            self._weights[row].append((column, weight))
        self._of_edge: dict[int, list[Column]] = {}
        for column, edge in enumerate(edges):
            self._of_edge.setdefault(edge, []).append(column)
        self._first_edge = rows + len(edges)
        self._place = {edge: self._first_edge + n for n, edge in enumerate(self._of_edge)}
        self._root = self._first_edge + len(self._of_edge)

    def insert(self, row: Row) -> None:
        """Let one more input take part; those before it may move or fall out."""
        if not self._weights[row]:
            return
        distances, before = self._shortest(row, self._arcs(row), through_root=False)
        if distances[self._root] >= 0:
            return
        path = [self._root]
        while path[-1] != row:
            path.append(before[path[-1]])
        path.reverse()
        for here, there in pairwise(path):
            if here < self._rows and there == self._root:
                del self.taken[here]
            elif here < self._rows:
                self.taken[here] = there - self._rows

    def margins(self) -> dict[Row, int]:
        """What forbidding each pair would cost."""
        arcs = self._arcs(self._rows)
        margins = {}
        for row, column in self.taken.items():
            around, _ = self._shortest(row, arcs, through_root=True)
            weight = next(weight for other, weight in self._weights[row] if other == column)
            margins[row] = int(around[self._rows + column]) + weight
        return margins

    def _arcs(self, last: Row) -> list[list[tuple[int, int]]]:
        """The residual arcs of each place, with their costs; inputs after `last` are not there."""
        arcs: list[list[tuple[int, int]]] = [[] for _ in range(self._root + 1)]
        owners = {column: row for row, column in self.taken.items()}
        for row in range(min(last + 1, self._rows)):
            mine = self.taken.get(row)
            if mine is None:
                arcs[self._root].append((row, 0))
            else:
                arcs[row].append((self._root, 0))
            for column, weight in self._weights[row]:
                if column == mine:
                    arcs[self._rows + column].append((row, weight))
                else:
                    arcs[row].append((self._rows + column, -weight))
        for edge, columns in self._of_edge.items():
            place = self._place[edge]
            used = [column for column in columns if column in owners]
            for column in columns:
                if column in owners:
                    arcs[place].append((self._rows + column, 0))
                else:
                    arcs[self._rows + column].append((place, 0))
            bonus = 0 if edge in self._carrying else weights.EDGE_CARRIES
            arcs[place].append((self._root, 0 if used else -bonus))
            if used:
                arcs[self._root].append((place, bonus if len(used) == 1 else 0))
        return arcs

    def _shortest(
        self, start: int, arcs: Sequence[Sequence[tuple[int, int]]], *, through_root: bool
    ) -> tuple[list[float], list[int]]:
        """Distances from one place and the way there; an optimal flow has no negative circles."""
        distances = [float("inf")] * len(arcs)
        before = [-1] * len(arcs)
        distances[start] = 0
        waiting = deque([start])
        queued = {start}
        while waiting:
            here = waiting.popleft()
            queued.discard(here)
            if here == self._root and not through_root:
                continue
            for there, cost in arcs[here]:
                if distances[here] + cost < distances[there]:
                    distances[there] = distances[here] + cost
                    before[there] = here
                    if there not in queued:
                        queued.add(there)
                        waiting.append(there)
        return distances, before
