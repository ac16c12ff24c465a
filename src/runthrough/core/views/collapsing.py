"""A DAG too large for one picture, folded into groups of nodes that still form a DAG."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

Group = tuple[str, ...]
"""Nodes that one box stands for, in the order in which they were given."""
Edge = tuple[int, int]
"""From one group to another, by their places."""


@dataclass(frozen=True)
class Collapsed:
    """Every node in exactly one group, and the edges between groups."""

    groups: tuple[Group, ...]
    edges: tuple[Edge, ...]
    words: tuple[frozenset[str], ...]
    """The words of each group's nodes, such as `passed`."""
    apart: frozenset[int]
    """Places of groups that stay alone as long as that is possible."""

    @cached_property
    def above(self) -> tuple[frozenset[int], ...]:
        """The groups that lead to each."""
        return _neighbours(len(self.groups), ((target, source) for source, target in self.edges))

    @cached_property
    def below(self) -> tuple[frozenset[int], ...]:
        """The groups that each leads to."""
        return _neighbours(len(self.groups), self.edges)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Of each group the length of the longest path to it."""
        levels = [0] * len(self.groups)
        waits = [len(above) for above in self.above]
        ready = [place for place, count in enumerate(waits) if count == 0]
        for place in ready:
            for target in self.below[place]:
                levels[target] = max(levels[target], levels[place] + 1)
                waits[target] -= 1
                if waits[target] == 0:
                    ready.append(target)
        return tuple(levels)


def collapse(
    words: Mapping[str, str],
    edges: Iterable[tuple[str, str]],
    *,
    apart: Collection[str] = (),
    groups_at_most: int,
    edges_at_most: int,
) -> Collapsed:
    """Groups of nodes, as few as asked and no fewer than that needs.

    `words` gives each node's word, in topological order or any other. First nodes are folded that
    a person would call alike: siblings between the same neighbours and links of one chain, with
    one word; then with different words, then what lies equally deep. Nodes that are `apart` are
    folded last; where they and their neighbours fill at most half of the groups, so are these. No
    step makes a cycle, since each folds nodes without a path between them, whole chains, or all
    that lies between two depths.
    """
    start = _of_nodes(words, edges, apart)
    limits = groups_at_most, edges_at_most
    around = _with_neighbours(start)
    if len(around.apart) <= groups_at_most // 2 and _fits(
        folded := _by_steps(around, _STEPS, limits), limits
    ):
        return folded
    folded = _by_steps(start, (*_STEPS, _LAST_STEP), limits)
    return folded if _fits(folded, limits) else _in_bands(folded, limits)


def _fits(now: Collapsed, limits: tuple[int, int]) -> bool:
    return len(now.groups) <= limits[0] and len(now.edges) <= limits[1]


def _by_steps(
    now: Collapsed, steps: Sequence[Sequence["_Step"]], limits: tuple[int, int]
) -> Collapsed:
    """Each step until it changes nothing more, up to the first that fits."""
    for together in steps:
        while not _fits(now, limits):
            before = len(now.groups)
            for step in together:
                now = _folded(now, step(now))
            if len(now.groups) == before:
                break
    return now


def _in_bands(now: Collapsed, limits: tuple[int, int]) -> Collapsed:
    """Everything at so many depths in a row, whatever it is: the last resort."""
    bands, edges_at_most = limits
    deepest = max(now.levels, default=0) + 1
    while bands > 1:
        folded = _folded(now, [level * bands // max(deepest, bands) for level in now.levels])
        if len(folded.edges) <= edges_at_most:
            return folded
        bands = bands * 3 // 4
    return _folded(now, [0] * len(now.groups))


def _with_neighbours(now: Collapsed) -> Collapsed:
    """The same, with the neighbours of what is apart apart as well."""
    near = {other for place in now.apart for other in now.above[place] | now.below[place]}
    return replace(now, apart=now.apart | near)


def _neighbours(count: int, pairs: Iterable[Edge]) -> tuple[frozenset[int], ...]:
    found: list[set[int]] = [set() for _ in range(count)]
    for place, other in pairs:
        found[place].add(other)
    return tuple(frozenset(one) for one in found)


def _of_nodes(
    words: Mapping[str, str], edges: Iterable[tuple[str, str]], apart: Collection[str]
) -> Collapsed:
    places = {node: place for place, node in enumerate(words)}
    pairs = dict.fromkeys(
        (places[source], places[target])
        for source, target in edges
        if source in places and target in places
    )
    return Collapsed(
        tuple((node,) for node in words),
        tuple(pairs),
        tuple(frozenset({word}) for word in words.values()),
        frozenset(places[node] for node in apart if node in places),
    )


def _folded(now: Collapsed, keys: Sequence[Hashable]) -> Collapsed:
    """One group for all groups with one key."""
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        members[key].append(place)
    places = {key: place for place, key in enumerate(members)}
    new = [places[key] for key in keys]
    pairs = dict.fromkeys((new[source], new[target]) for source, target in now.edges)
    merged = members.values()
    return Collapsed(
        tuple(tuple(node for old in olds for node in now.groups[old]) for olds in merged),
        tuple((source, target) for source, target in pairs if source != target),
        tuple(frozenset().union(*(now.words[old] for old in olds)) for olds in merged),
        frozenset(new[place] for place in now.apart),
    )


_Step = Callable[[Collapsed], Sequence[Hashable]]
"""A key for each group; groups of one key become one."""


def _siblings(now: Collapsed, *, alike: bool) -> Sequence[Hashable]:
    """Groups between the same neighbours; there is no path between two of them."""
    return [
        ("alone", place)
        if place in now.apart
        else (now.above[place], now.below[place], now.words[place] if alike else None)
        for place in range(len(now.groups))
    ]


def _chains(now: Collapsed, *, alike: bool) -> Sequence[Hashable]:
    """Groups that follow each other without a branch; the key is the first of them."""
    heads = list(range(len(now.groups)))
    for place in sorted(heads, key=now.levels.__getitem__):
        for above in now.above[place]:
            linked = len(now.above[place]) == len(now.below[above]) == 1
            same = not alike or now.words[above] == now.words[place]
            if linked and same and not {above, place} & now.apart:
                heads[place] = heads[above]
    return heads


def _depths(now: Collapsed, *, alike: bool, all_of_them: bool = False) -> Sequence[Hashable]:
    """Groups that lie equally deep; there is no path between two of them."""
    return [
        ("alone", place)
        if place in now.apart and not all_of_them
        else (now.levels[place], now.words[place] if alike else None, place in now.apart)
        for place in range(len(now.groups))
    ]


def _stretches(now: Collapsed, *, levels: int) -> Sequence[Hashable]:
    """Groups at so many depths in a row, between depths at which something stays alone."""
    taken = {now.levels[place] for place in now.apart}
    stretch: dict[int, int] = {}
    for level in sorted(set(now.levels)):
        follows = level - 1 in stretch and not {level, level - 1} & taken
        begun = stretch[level - 1] if follows else level
        stretch[level] = begun if level - begun < levels else level
    return [
        ("alone", place) if place in now.apart else stretch[now.levels[place]]
        for place in range(len(now.groups))
    ]


_STEPS: Sequence[Sequence[_Step]] = (
    (lambda now: _siblings(now, alike=True), lambda now: _chains(now, alike=True)),
    (lambda now: _siblings(now, alike=False), lambda now: _chains(now, alike=False)),
    (lambda now: _depths(now, alike=True),),
    (lambda now: _depths(now, alike=False),),
    (lambda now: _stretches(now, levels=2),),
)
"""From what changes the picture least to what changes it most."""
_LAST_STEP: Sequence[_Step] = (lambda now: _depths(now, alike=True, all_of_them=True),)
"""Also folds what is apart."""
