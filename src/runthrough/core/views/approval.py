"""What somebody signed off, and whether it is still what is there."""

from runthrough.core.staleness import World, configured_otherwise, fingerprint
from runthrough.core.state import Approval, SessionState
from runthrough.core.values.fingerprints import digest
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.views.nodes import View

NAMED = 5
"""So many nodes are named where more changed: enough to know what it is about."""


def approval_view(state: SessionState, world: World) -> View | None:
    """The latest approval, or null.

    Keys: version, by, at (ISO 8601, UTC), stale, since: the first version that still stands and
    made one of the nodes another one, null where only files changed, or where that was so when
    it was approved; nodes: those that are not what was approved, came or went.
    """
    approval = state.approval
    if approval is None:
        return None
    nodes = _otherwise(state, approval, world)
    since = [v for node in nodes if (v := _changed_at(state, approval, node)) is not None]
    return {
        "version": approval.version,
        "by": approval.by,
        "at": approval.at.isoformat(),
        "stale": bool(nodes),
        "since": min(since, default=None),
        "nodes": [*nodes],
    }


def _changed_at(state: SessionState, approval: Approval, node: NodeName) -> Version | None:
    """The first version that made a node another one than was approved, and was not taken back.

    That may be an undo, of what had been done before. None, where what came first is gone and
    nothing that still stands tells of another configuration.
    """
    first = approval.since.get(node)
    if first is None or state.reverted_at <= first:  # nothing was taken back since
        return first
    did = [action for action in state.actions if action.until >= first and node in action.nodes]
    if any(action.version <= first for action in did):
        return first
    if node in state.nodes and not configured_otherwise(state, node):
        return None
    undone = [
        undo.version
        for undo in state.taken_back
        if any(node in action.nodes and action.until < first for action in undo.actions)
    ]
    return min((*undone, *(action.told_at for action in did)), default=None)


def _otherwise(state: SessionState, approval: Approval, world: World) -> list[NodeName]:
    """The nodes that are not what was approved, in execution order; those that went come last."""
    scripts = [node for node, there in state.nodes.items() if not there.external]
    approved = approval.fingerprints
    changed = [
        node
        for node in scripts
        if node not in approved or approved[node] != _present(state, node, world)
    ]
    return changed + sorted(set(approved) - set(scripts))


def _present(state: SessionState, node: NodeName, world: World) -> str | None:
    """The digest of what a node depends on now; `None` where it cannot run as it is.

    Where nothing was looked at, what its last passed attempt depended on stands for that.
    """
    there, facts = state.nodes[node], world.get(node)
    if there.passed is None or configured_otherwise(state, node):
        return None
    if facts is None or not facts.checked_here:
        return digest(there.passed.fingerprint)
    present = fingerprint(state, node, facts)
    return None if present is None else digest(present)


def approval_words(view: View) -> str:
    """One line: `approved at 41 by bob, stale since 43: Train changed`."""
    told = f"approved at {view['version']} by {view['by']}"
    nodes = view["nodes"] if isinstance(view["nodes"], list) else []
    if not view["stale"]:
        return told
    since = "" if view["since"] is None else f" since {view['since']}"
    named = ", ".join(map(str, nodes[:NAMED]))
    more = f" and {len(nodes) - NAMED} more" if len(nodes) > NAMED else ""
    return f"{told}, stale{since}: {named}{more} changed"
