"""The session as a whole: the founding plan's summary, and the status that doors show."""

from pydantic import JsonValue

from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.staleness import World, stale
from runthrough.core.state import SessionState
from runthrough.core.views.approval import approval_view
from runthrough.core.views.nodes import View, connection_views, node_view
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.worklist import LOOK_BACK, next_command, row_view, worklist


def summary_view(state: SessionState, particulars: Particulars) -> View:
    """The founding plan's summary.

    Keys: dag_name, total_scripts, configured_scripts, auto_configured_scripts,
    manually_configured_scripts, pending_scripts, ready_for_testing, completion_percentage
    (0 to 100), script_details.
    External nodes are no scripts and are not counted.
    """
    scripts = {node: there for node, there in state.nodes.items() if not there.external}
    auto = sum(there.configured_by == "auto" for there in scripts.values())
    by_person = sum(there.configured_by == "person" for there in scripts.values())
    pending = sum(there.state is Lifecycle.PENDING for there in scripts.values())
    total = len(scripts)
    details: dict[str, JsonValue] = {}
    for node, there in scripts.items():
        needs = particulars.needs(node)
        details[node] = {
            "status": there.state.value if there.state else None,
            "step_name": node,
            "expected_inputs": [need.name for need in needs.of("input")],
            "expected_outputs": [need.name for need in needs.of("output")],
        }
    return {
        "dag_name": state.pipeline.name,
        "total_scripts": total,
        "configured_scripts": auto + by_person,
        "auto_configured_scripts": auto,
        "manually_configured_scripts": by_person,
        "pending_scripts": pending,
        "ready_for_testing": total > 0 and pending == 0,
        "completion_percentage": 100.0 * (auto + by_person) / total if total else 0.0,
        "script_details": details,
    }


def status_view(
    state: SessionState,
    particulars: Particulars,
    world: World,
    *,
    seen: SessionState | None = None,
    tester_gone: bool = False,
) -> View:
    """The summary and everything a status screen shows.

    The work list and the next command are those of `seen`, the state as a look would leave it,
    where that is given; all else is as history has it. Keys beside the summary's: session_id,
    name, version, phase, home, last_actor, last_at, approval (see `views.approval`), nodes,
    connections, worklist, next_command.
    """
    changes = stale(state, world)
    rows = worklist(state if seen is None else seen, world, tester_gone=tester_gone)
    nodes: dict[str, JsonValue] = {
        node: node_view(
            there,
            changes=changes.get(node, ()),
            evidence=particulars.evidence.get(node, ()),
        )
        for node, there in state.nodes.items()
    }
    return {
        **summary_view(state, particulars),
        "session_id": state.session_id,
        "name": state.name,
        "version": state.version,
        "phase": state.phase.value,
        "home": state.home.model_dump(mode="json") if state.home else None,
        "last_actor": state.last_actor,
        "last_at": state.last_at.isoformat() if state.last_at else None,
        "approval": approval_view(state, world),
        "nodes": nodes,
        "connections": [*connection_views(state)],
        "worklist": [row_view(row) for row in rows],
        "next_command": LOOK_BACK if state.phase is Phase.CLOSED else next_command(rows),
    }
