"""Outputs → inputs: which connections are taken without asking, and why.

Accepted by itself is only what the pipeline declares, and an equal name where exactly one direct
predecessor offers it, exactly one input wants it, and no sub-folder is open (DESIGN § 6). A wrong
silent connection is worse than a question, so all else stays open.
"""

from collections.abc import Iterable, Mapping, Sequence

from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.requirements import Requirement

EQUAL_NAME_SCORE = 3.6
"""Similarity 3.0 of equal names at weight 1.2 (WIRING, table of evidence)."""

Offers = Mapping[NodeName, Sequence[Requirement]]
"""Direct predecessor → the outputs it offers."""


def wire(
    node: NodeName,
    *,
    inputs: Sequence[Requirement],
    declared: Mapping[str, RecordedPath | Output],
    offers: Offers,
    taken: Iterable[str] = (),
) -> tuple[Connection, ...]:
    """The connections into `node` that need no person, declared ones first.

    `taken` names inputs that a person has answered already; they are left alone.
    """
    connections = [
        Connection(node, name, source, "declared", None, "declared in the pipeline")
        for name, source in declared.items()
        if isinstance(source, Output)
    ]
    closed = {*declared, *taken}
    used = {(c.source.node, c.source.output) for c in connections}
    for need in inputs:
        if need.level == "unread" or closed & {need.name, *need.aliases}:
            continue
        found = _equal_name(need, inputs, offers)
        if found is None or (found[0], found[1].name) in used:
            continue
        producer, output = found
        if output.level == "unread" or open_subfolder(need.files, output.files):
            continue
        used.add((producer, output.name))
        connections.append(
            Connection(
                node,
                need.name,
                Output(producer, output.name),
                "accepted",
                EQUAL_NAME_SCORE,
                f"equal name, and only {producer} offers it",
            )
        )
    return tuple(connections)


def _equal_name(
    need: Requirement, inputs: Sequence[Requirement], offers: Offers
) -> tuple[NodeName, Requirement] | None:
    names = {need.name, *need.aliases}
    offering = [
        (producer, output)
        for producer, outputs in offers.items()
        for output in outputs
        if output.name in names
    ]
    wanting = [other for other in inputs if names & {other.name, *other.aliases}]
    return offering[0] if len(offering) == 1 and len(wanting) == 1 else None


def open_subfolder(read: Sequence[str], written: Sequence[str]) -> bool:
    """Whether files read at the input's root are written only below sub-folders of the output."""
    at_root = [name for name in read if "/" not in name]
    return bool(at_root) and bool(written) and all("/" in name for name in written)
