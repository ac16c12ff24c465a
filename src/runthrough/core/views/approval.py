"""What somebody signed off, and whether it is still what is there."""

from runthrough.core.staleness import World, configured_otherwise, digest, fingerprint
from runthrough.core.state import Approval, SessionState
from runthrough.core.values.ids import NodeName
from runthrough.core.views.nodes import View

NAMED = 5
"""So many nodes are named where more changed: enough to know what it is about."""


def approval_view(state: SessionState, world: World) -> View | None:
    """The latest approval, or null.

    Keys: version, by, at (ISO 8601, UTC), stale, since: the version since which one of the nodes
    is another one, null where only files changed, or where that was so when it was approved;
    nodes: those that are not what was approved, came or went.
    """
    approval = state.approval
    if approval is None:
        return None
    nodes = _otherwise(state, approval, world)
    since = [approval.since[node] for node in nodes if node in approval.since]
    return {
        "version": approval.version,
        "by": approval.by,
        "at": approval.at.isoformat(),
        "stale": bool(nodes),
        "since": min(since, default=None),
        "nodes": [*nodes],
    }


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
