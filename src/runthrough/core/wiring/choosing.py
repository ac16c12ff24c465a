"""Which pairs need no person: strong evidence with a clear margin, or the only one left."""

from collections.abc import Iterator

from runthrough.core.values.connections import Connection
from runthrough.core.values.ids import NodeName
from runthrough.core.wiring import weights
from runthrough.core.wiring.pairing import Chosen, Pair, Pairing


def accepted(node: NodeName, pairing: Pairing) -> tuple[dict[int, Pair], tuple[Connection, ...]]:
    """The pairs that are taken, by input, and their connections in the order of the inputs."""
    taken = dict(_by_evidence(pairing))
    last = _only_left(pairing, taken)
    taken.update(last)
    connections = tuple(
        _connection(node, pairing, taken[row], last=row in last) for row in sorted(taken)
    )
    return taken, connections


def _by_evidence(pairing: Pairing) -> Iterator[tuple[int, Pair]]:
    """Pairs that are strong, clearly needed, the best for their input, and without doubts."""
    for row, pair in pairing.chosen.items():
        if (
            pair.own >= weights.ACCEPT_OWN
            and pairing.margins[row] >= weights.ACCEPT_MARGIN
            and not pairing.doubts(pair)
            and all(other.own < pair.own for other in pairing.rows[row] if other is not pair)
            and pairing.agree(pair)
        ):
            yield row, pair


def _only_left(pairing: Pairing, taken: Chosen) -> Chosen:
    """What is left when as many edges as required inputs are, and names agree one to one.

    On each of these edges there is one thing only that the input could take, and each input
    agrees with one of them alone. Where several are left, something must also speak for each.
    """
    rows = [row for row, need in enumerate(pairing.needs) if need.required and row not in taken]
    edges = set(range(len(pairing.producers))) - pairing.carrying
    edges -= {pair.edge for pair in taken.values()}
    if len(rows) != len(edges):
        return {}
    found: dict[int, Pair] = {}
    for row in rows:
        left = [
            pair
            for pair in pairing.rows[row]
            if pair.edge in edges
            and not pair.found.contradicted
            and (pair.own > 0 or len(rows) == 1)
            and pairing.agree(pair)
        ]
        if len(left) != 1 or not _sole(pairing, left[0]) or _wanted(pairing, left[0], taken):
            return {}
        found[row] = left[0]
    return found if len({pair.edge for pair in found.values()}) == len(rows) else {}


def _sole(pairing: Pairing, pair: Pair) -> bool:
    """Whether its edge offers nothing else to the input, and no other edge something better.

    An output whose files contradict the input is nothing that it could take.
    """
    row = pairing.rows[pair.row]
    if pairing.doubts(pair) or any(other.own > pair.own for other in row):
        return False
    others = [other for other in row if other.edge == pair.edge and other is not pair]
    # An output that a person rejected or used elsewhere leaves a doubt about what is left.
    complete = len(others) == len(pairing.offers[pair.edge]) - 1
    return complete and all(other.found.contradicted for other in others)


def _wanted(pairing: Pairing, pair: Pair, taken: Chosen) -> bool:
    """Whether an optional input has more reason to take it."""
    return any(
        other.edge == pair.edge and other.own >= weights.OPTIONAL_OWN and other.own > pair.own
        for row, need in enumerate(pairing.needs)
        if not need.required and row not in taken
        for other in pairing.rows[row]
    )


def _connection(node: NodeName, pairing: Pairing, pair: Pair, *, last: bool) -> Connection:
    reasons = pair.found.reasons
    if last:
        producer = pairing.producers[pair.edge].node
        reasons = (*reasons, f"only output left on the edge from {producer}")
    return Connection(
        node,
        pairing.needs[pair.row].name,
        pairing.source(pair),
        "accepted",
        pair.own / weights.UNIT,
        "; ".join(reasons),
        margin=pairing.margin(pair) / weights.UNIT,
    )
