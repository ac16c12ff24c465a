"""Outputs → inputs: which connections are taken, which proposed, and why.

`words` takes names apart, `files` compares what is read with what is written, `evidence` weighs
one pair, `pairing` and `assignment` find the best choice for all inputs of a node together,
`choosing` says what of it needs no person, and `asking` what a person is asked. Every figure
stands in `weights`.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName
from runthrough.core.values.requirements import Requirement
from runthrough.core.wiring.asking import proposed
from runthrough.core.wiring.candidates import Producer, Wiring
from runthrough.core.wiring.choosing import accepted
from runthrough.core.wiring.evidence import place
from runthrough.core.wiring.pairing import Pairing

__all__ = ["Producer", "Wiring", "wire"]

NOTHING_FIXED: Mapping[str, Output | None] = MappingProxyType({})


def wire(
    node: NodeName,
    *,
    inputs: Sequence[Requirement],
    producers: Sequence[Producer],
    script: str | None = None,
    fixed: Mapping[str, Output | None] = NOTHING_FIXED,
    rejected: Collection[tuple[str, Output]] = (),
) -> Wiring:
    """What feeds the open inputs of a node, and what a person is asked about.

    Args:
        node: The consumer.
        inputs: Its inputs in their order; those that are never read are left alone.
        producers: Its direct predecessors in their order; further ancestors offer nothing.
        script: The stem of its script.
        fixed: Inputs that are settled, by name or alias: with the output that feeds them, which
            is used up for this consumer, or `None` for a path.
        rejected: Input and output (without subpath) that are never taken or proposed.
    """
    needs = [
        need
        for need in inputs
        if need.level != "unread" and fixed.keys().isdisjoint((need.name, *need.aliases))
    ]
    if not needs or not producers:
        return Wiring()
    used = tuple(source for source in fixed.values() if source is not None)
    pairing = Pairing(place(node, script), needs, producers, used=used, rejected=rejected)
    taken, connections = accepted(node, pairing)
    return Wiring(connections, proposed(node, pairing, taken))
