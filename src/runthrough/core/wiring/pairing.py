"""The open inputs of one node before the outputs of its predecessors, and the best assignment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runthrough.core.values.connections import Output
from runthrough.core.values.requirements import Requirement
from runthrough.core.wiring import weights
from runthrough.core.wiring.assignment import assign
from runthrough.core.wiring.candidates import Producer
from runthrough.core.wiring.evidence import (
    Evidence,
    Place,
    agree,
    compare,
    contrast,
    place,
    together,
    told_apart,
)
from runthrough.core.wiring.roles import fitting_folders, opposed_folder
from runthrough.core.wiring.words import Side, said, side, words


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One output of one predecessor."""

    name: str
    side: Side
    edge: int
    """The place of its producer."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """An input and an output that may feed it."""

    row: int
    """The place of the input."""
    offer: Offer
    found: Evidence

    @property
    def own(self) -> int:
        """Its own evidence, in thousandths."""
        return self.found.own

    @property
    def edge(self) -> int:
        """The edge that it would use."""
        return self.offer.edge

    @property
    def output(self) -> tuple[int, str]:
        """Its output, by edge and name."""
        return (self.offer.edge, self.offer.name)

    @property
    def target(self) -> tuple[int, str, str | None]:
        """What one input at most may take: an output, or one of its sub-folders."""
        return (self.offer.edge, self.offer.name, self.found.subpath)


Chosen = Mapping[int, Pair]
"""By the place of the input."""


class Pairing:
    """Every pair of a consumer with its evidence, and the best assignment over all its edges."""

    def __init__(
        self,
        consumer: Place,
        needs: Sequence[Requirement],
        producers: Sequence[Producer],
        *,
        used: Collection[Output],
        rejected: Collection[tuple[str, Output]],
    ) -> None:
        self.needs = needs
        self.producers = producers
        self.carrying = frozenset(
            edge
            for edge, producer in enumerate(producers)
            if any(source.node == producer.node for source in used)
        )
        """Edges that carry something already."""
        self.offers = [
            [
                Offer(output.name, side(output), edge)
                for output in producer.outputs
                if output.level != "unread"
            ]
            for edge, producer in enumerate(producers)
        ]
        """By edge."""
        self._sides = [side(need) for need in needs]
        self._consumer = consumer
        self._places = tuple(place(producer.node, producer.script) for producer in producers)
        self._others = [
            self._places[:edge] + self._places[edge + 1 :] for edge in range(len(producers))
        ]
        self._used = used
        self._rejected = rejected
        self.rows = [list(self._pairs(row)) for row in range(len(needs))]
        """By input, in the order of producers and their outputs."""
        self.chosen, self.margins = self._assign()

    def agree(self, pair: Pair) -> bool:
        """Whether the names of a pair do not disagree, or something else vouches for it."""
        return pair.found.vouched or agree(
            self._sides[pair.row], self._consumer, pair.offer.side, self._places[pair.edge]
        )

    def doubts(self, pair: Pair) -> tuple[str, ...]:
        """What forbids to take a pair without asking."""
        apart = contrast(
            self._sides[pair.row],
            self._consumer,
            pair.offer.side,
            self._places[pair.edge],
            pair.found.subpath,
        )
        return pair.found.doubts if apart is None else (*pair.found.doubts, apart)

    def opposed(self, pair: Pair) -> bool:
        """Whether the input speaks of training and all that is offered of what is held back.

        Or the other way round: nobody is asked about such a pair, whatever else speaks for it.
        """
        mine, offered = self._sides[pair.row].strong, pair.offer.side.strong
        folders = pair.found.choices or (pair.found.subpath,)
        return all(opposed_folder(mine, offered, folder) for folder in folders)

    def source(self, pair: Pair) -> Output:
        """What would feed the input: with its sub-folder, or the likeliest of several."""
        choices = self.choices(pair)
        subpath = pair.found.subpath or (choices[0] if choices else None)
        return Output(self.producers[pair.edge].node, pair.offer.name, subpath)

    def choices(self, pair: Pair) -> tuple[str, ...]:
        """The sub-folders that fit, the likeliest first.

        Where the input speaks of none of them, what its node is called tells:
        `BuildFeatures_validation` reads `val/` rather than `train/`.
        """
        choices = pair.found.choices
        mine = side(self.needs[pair.row]).strong
        if any(said(word, mine) for folder in choices for word in words(folder)):
            return choices
        ordered, _ = fitting_folders(self._consumer.words, choices)
        return ordered

    def margin(self, pair: Pair) -> int:
        """How much the best assignment loses without the pair; 0 when it is not in it."""
        return self.margins[pair.row] if self.chosen.get(pair.row) is pair else 0

    def _pairs(self, row: int) -> Iterator[Pair]:
        """Everything that may feed an input: not rejected, and not used up."""
        need = self.needs[row]
        mine = self._sides[row]
        for edge, offers in enumerate(self.offers):
            between = told_apart(mine, self._places[edge], self._others[edge])
            for offer in offers:
                if self._rejected and self._is_rejected(need, offer):
                    continue
                found = compare(mine, offer.side)
                if between.own:
                    found = together(found, between)
                if not (self._used and self._used_up(offer, found.subpath)):
                    yield Pair(row, offer, found)

    def _is_rejected(self, need: Requirement, offer: Offer) -> bool:
        source = Output(self.producers[offer.edge].node, offer.name)
        return any((name, source) in self._rejected for name in (need.name, *need.aliases))

    def _used_up(self, offer: Offer, subpath: str | None) -> bool:
        return any(
            used.node == self.producers[offer.edge].node
            and used.output == offer.name
            and (used.subpath is None or subpath is None or used.subpath == subpath)
            for used in self._used
        )

    def _takes_part(self, pair: Pair) -> bool:
        if self.opposed(pair):
            return False
        if self.needs[pair.row].required:
            return pair.own > 0
        return pair.own >= weights.OPTIONAL_OWN

    def _assign(self) -> tuple[Chosen, Mapping[int, int]]:
        targets: dict[tuple[int, str, str | None], int] = {}
        pairs = []
        by_column: dict[tuple[int, int], Pair] = {}
        for row, candidates in enumerate(self.rows):
            filled = weights.REQUIRED_FILLED if self.needs[row].required else 0
            for pair in filter(self._takes_part, candidates):
                column = targets.setdefault(pair.target, len(targets))
                pairs.append((row, column, pair.own + filled))
                by_column[row, column] = pair
        if not pairs:
            return {}, {}
        edges = tuple(edge for edge, _, _ in targets)
        best = assign(len(self.needs), edges, tuple(pairs), self.carrying)
        return {row: by_column[row, column] for row, column in best.taken.items()}, best.margins
