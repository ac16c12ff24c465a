"""Configurations of one node, `train`, as validation gets them."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.builders import node_facts

from runthrough.core.validation import Neighbour, Proposal, problems_of
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.facts import NodeFacts, PathFacts
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import Requirement
from runthrough.core.values.specs import ScriptSpec

CLEAN = Neighbour(frozenset({"cleaned", "report"}), open_ended=False)
OUTSIDE = Neighbour(
    frozenset({"DATA"}), open_ended=False, external_outputs={"DATA": "workspace:data"}
)
AROUND = ("below", "claimed", "inherited", "kept", "proposals", "readers")


def proposal(
    *needs: Requirement,
    paths: Iterable[PathFacts] = (),
    connections: Mapping[str, Output] | None = None,
    facts: NodeFacts | None = None,
    node: str = "train",
    **more: Any,
) -> Proposal:
    """What `train` needs and is given, beside the nodes `clean` and `outside`.

    Whatever is no field of the proposal is one of the configuration.
    """
    sources = {"clean": CLEAN, "outside": OUTSIDE, "train": CLEAN, **more.pop("sources", {})}
    wired = {
        name: Connection(node, name, source, "confirmed", None, "")
        for name, source in (connections or {}).items()
    }
    around = {name: more.pop(name) for name in AROUND if name in more}
    return Proposal(
        node=node,
        spec=ScriptSpec(**more),
        connections=wired,
        facts=facts or node_facts(*needs, paths=paths),
        sources=sources,
        **around,
    )


def only(made: Proposal) -> Problem:
    """The one problem of a proposal."""
    (problem,) = problems_of(made)
    return problem


def seen(path: str, **more: Any) -> PathFacts:
    """A file that is there; of what it holds nothing is known."""
    return PathFacts(path=path, kind="file", **more)
