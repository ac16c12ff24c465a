"""How a session stands as its log alone tells it: for lists, which look at no files."""

from collections import Counter
from collections.abc import Mapping

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.staleness import configured_otherwise, set_up_otherwise
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName
from runthrough.core.views.telling import counted
from runthrough.core.views.worklist import INTERRUPTED, Category, needs_a_person


def logged_categories(state: SessionState) -> Mapping[NodeName, Category]:
    """Node → its category in the work list, as far as the log knows.

    What became of files since is not looked at, so a node may be stale that is told as passed.
    """
    found: dict[NodeName, Category] = {}
    for node in state.nodes:
        found[node] = _judged(state, node, found)
    return found


def standing(state: SessionState) -> tuple[str, str]:
    """How an open session stands that is not running: a category or status, and few words."""
    counts = Counter(logged_categories(state).values())
    if needing := counts["needs_you"]:
        return "needs_you", f"{counted(needing, 'node')} {'needs' if needing == 1 else 'need'} you"
    if counts["failed"]:
        blocked = f", {counts['blocked']} blocked" if counts["blocked"] else ""
        return "failed", f"{counts['failed']} failed{blocked}"
    if counts["stale"]:
        return "stale", f"{counted(counts['stale'], 'node')} changed since the last run"
    to_run = counts["ready"] + counts["waiting"]
    status = state.run.status if state.run is not None else None
    if to_run and status in INTERRUPTED:
        return str(status), f"last run {status}"
    if to_run and counts["passed"]:
        return "ready", f"{counted(to_run, 'node')} to run"
    if to_run or not counts["passed"]:
        return "ready", "ready to run"
    return "passed", "last run passed" if status == "passed" else "all passed"


def _judged(state: SessionState, node: NodeName, above: Mapping[NodeName, Category]) -> Category:
    """The first category that fits, once those of the nodes above are known."""
    there, before = state.nodes[node], state.predecessors.get(node, ())
    told = {above[one] for one in before}
    if there.external:
        return "external"
    if there.running is not None:
        return "running"
    if needs_a_person(state, node):
        return "needs_you"
    if _failed(state, node):
        return "failed"
    if told & {"failed", "blocked"} or any(
        state.nodes[one].state is Lifecycle.PENDING for one in before
    ):
        return "blocked"
    if there.last is not None and there.last.outcome in INTERRUPTED:
        return "ready"
    if there.passed is None:
        return "waiting" if told & {"ready", "waiting"} else "ready"
    if told & {"stale", "ready", "waiting"} or configured_otherwise(state, node):
        return "stale"
    return "passed"


def _failed(state: SessionState, node: NodeName) -> bool:
    """Whether the last attempt did not do, and nothing was set up otherwise since."""
    there = state.nodes[node]
    if there.last is None or there.last.outcome in INTERRUPTED:
        return False
    if there.last.outcome == "passed":
        return bool(there.misfits) and not configured_otherwise(state, node)
    return not set_up_otherwise(state, node, there.last.fingerprint)
