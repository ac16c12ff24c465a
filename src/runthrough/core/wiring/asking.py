"""What a person is asked about the inputs that are still open."""

from collections.abc import Iterator

from runthrough.core.values.connections import ProposedConnection
from runthrough.core.values.ids import NodeName
from runthrough.core.wiring import weights
from runthrough.core.wiring.pairing import Chosen, Pair, Pairing

Ranked = dict[int, list[Pair]]
"""What may still feed each open input, best first."""


def proposed(node: NodeName, pairing: Pairing, taken: Chosen) -> tuple[ProposedConnection, ...]:
    """One question for each open input that has a candidate, in the order of the inputs."""
    ranked = {row: _ranked(pairing, row, taken) for row in _open(pairing, taken)}
    asked = _asked(pairing, ranked, taken)
    expected = _expected(pairing, asked, taken)
    return tuple(
        _proposal(node, pairing, asked[row], ranked[row], expected=row in expected)
        for row in sorted(asked)
    )


def _open(pairing: Pairing, taken: Chosen) -> Iterator[int]:
    """All inputs that are required, and others that evidence speaks for."""
    for row, need in enumerate(pairing.needs):
        if row not in taken and (need.required or row in pairing.chosen):
            yield row


def _ranked(pairing: Pairing, row: int, taken: Chosen) -> list[Pair]:
    """What is not taken, by evidence; then edges that carry nothing; ties as they were given."""
    gone = {pair.target for pair in taken.values()}
    carrying = _carrying(pairing, taken)
    free = [
        pair
        for pair in pairing.rows[row]
        if pair.target not in gone
        and (pair.own > 0 or not pair.found.contradicted)
        and not pairing.opposed(pair)
    ]
    free.sort(key=lambda pair: (-pair.own, pair.edge in carrying, not pairing.agree(pair)))
    return free


def _carrying(pairing: Pairing, taken: Chosen) -> set[int]:
    return {*pairing.carrying, *(pair.edge for pair in taken.values())}


def _asked(pairing: Pairing, ranked: Ranked, taken: Chosen) -> dict[int, Pair]:
    """The pair of the best assignment, else the best candidate, else an output that is free."""
    asked: dict[int, Pair] = {}
    for row, candidates in ranked.items():
        chosen = pairing.chosen.get(row)
        if chosen is not None:
            asked[row] = chosen
        elif pairing.needs[row].required and candidates and candidates[0].own > 0:
            asked[row] = candidates[0]
    for row, candidates in ranked.items():
        if row not in asked and pairing.needs[row].required:
            gone = {pair.output for pair in (*taken.values(), *asked.values())}
            free = next((pair for pair in candidates if pair.output not in gone), None)
            if free is not None:
                asked[row] = free
    return asked


def _expected(pairing: Pairing, asked: Chosen, taken: Chosen) -> set[int]:
    """The optional inputs that are the best takers of edges that would carry nothing."""
    carrying = _carrying(pairing, taken)
    carrying.update(pair.edge for row, pair in asked.items() if pairing.needs[row].required)
    takers: dict[int, Pair] = {}
    for row in sorted(asked):
        pair = asked[row]
        best = takers.get(pair.edge)
        if pair.edge not in carrying and (best is None or pair.own > best.own):
            takers[pair.edge] = pair
    return {pair.row for pair in takers.values()}


def _proposal(
    node: NodeName, pairing: Pairing, pair: Pair, ranked: list[Pair], *, expected: bool
) -> ProposedConnection:
    second = next((other for other in ranked if other is not pair), None)
    reasons = pair.found.reasons or ("nothing but the edge speaks for it",)
    doubts = (f"but {doubt}" for doubt in pairing.doubts(pair))
    return ProposedConnection(
        node,
        pairing.needs[pair.row].name,
        pairing.source(pair),
        pair.own / weights.UNIT,
        pairing.margin(pair) / weights.UNIT,
        "; ".join((*reasons, *doubts)),
        runner_up=None if second is None else pairing.source(second),
        subpath_choices=pairing.choices(pair),
        expected=expected,
        outside=pair.own < weights.OUTSIDE_BELOW,
    )
