"""A session's configuration as values that commands can carry: what undo brings back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.connections import Output, Rejection
from runthrough.core.values.ids import NodeName
from runthrough.core.values.standing import Standing, StandingNode


def standing(state: SessionState) -> Standing:
    """The configuration as it stands; what the world was found to be is no part of it."""
    nodes = {node: _node(state, node, there) for node, there in state.nodes.items()}
    return Standing(version=state.version, pipeline=state.pipeline, nodes=nodes)


def same(one: StandingNode, other: StandingNode) -> bool:
    """Whether two are one configuration; whether the world lets it hold is no part of that.

    So it is no part either whether the rules had configured what nobody answered. An acceptance
    of a passed attempt is one of that attempt alone.
    """
    return _alike(one, other, {}) and not accepted_otherwise(one, other)


def answered_alike(one: StandingNode, other: StandingNode) -> bool:
    """Whether people's answers are the same, but for acceptances of passed attempts.

    What the rules made of a node that nobody answered follows from its pipeline and the world.
    """
    nobody = "person" not in {one.by, other.by}
    return _alike(one, other, {"spec": None} if nobody else {})


def accepted_otherwise(one: StandingNode, other: StandingNode) -> bool:
    """Whether one passed attempt counts as having depended on something else."""
    return one.passed == other.passed and one.fingerprint != other.fingerprint


def renamed(there: StandingNode, names: Mapping[NodeName, NodeName]) -> StandingNode:
    """What stood, where nodes are called otherwise: old name → new name."""
    if not names:
        return there

    def source(of: Output) -> Output:
        return replace(of, node=names.get(NodeName(of.node), NodeName(of.node)))

    wires = (
        replace(wire, node=names.get(wire.node, wire.node), source=source(wire.source))
        for wire in there.connections
    )
    rejected = (replace(old, source=source(old.source)) for old in there.rejected)
    return there.model_copy(
        update={"connections": tuple(wires), "rejected": _sorted(rejected)},
    )


def _alike(one: StandingNode, other: StandingNode, more: Mapping[str, object]) -> bool:
    aside = {"accepted": False, "needs": (), "passed": None, "fingerprint": (), **more}
    by = tuple("person" if there.by == "person" else None for there in (one, other))
    return one.model_copy(update={**aside, "by": by[0]}) == other.model_copy(
        update={**aside, "by": by[1]}
    )


def _node(state: SessionState, name: NodeName, there: NodeState) -> StandingNode:
    wires = state.connections.get(name, {})
    return StandingNode(
        external=there.external,
        external_outputs=there.external_outputs,
        script=there.script.path if there.script else None,
        bound=there.bound and not there.external,
        spec=there.spec or there.draft,
        accepted=there.spec is not None,
        needs=there.needs,
        by=there.configured_by or there.restores_to,
        connections=tuple(wires[name] for name in sorted(wires)),
        rejected=_sorted(state.rejected.get(name, ())),
        passed=there.passed.attempt if there.passed else None,
        fingerprint=there.passed.fingerprint if there.passed else (),
    )


def _sorted(rejected: Iterable[Rejection]) -> tuple[Rejection, ...]:
    return tuple(sorted(rejected, key=lambda old: (old.input, str(old.source))))
