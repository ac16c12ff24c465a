"""One node as readers see it, and its configuration in the founding plan's shape."""

from collections.abc import Mapping

from pydantic import JsonValue

from runthrough.core.staleness import Change
from runthrough.core.state import LastAttempt, NodeState, SessionState
from runthrough.core.values.connections import Connection, ProposedConnection
from runthrough.core.values.facts import Evidence
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import shown
from runthrough.core.values.specs import ScriptExecutionSpec, ScriptSpec

View = dict[str, JsonValue]


def node_view(
    there: NodeState,
    *,
    changes: tuple[Change, ...] = (),
    evidence: tuple[Evidence, ...] = (),
) -> View:
    """One node.

    Keys: state, external, configured_by, draft, running, last, stale, script_path, problems,
    evidence.
    """
    return {
        "state": there.state.value if there.state else None,
        "external": there.external,
        "configured_by": there.configured_by,
        "draft": there.draft.model_dump(mode="json") if there.draft else None,
        "running": there.running.attempt if there.running else None,
        "last": last_view(there.last) if there.last else None,
        "stale": [change_view(change) for change in changes],
        "script_path": shown(there.script.path) if there.script else None,
        "problems": [need.model_dump(mode="json") for need in there.needs],
        "evidence": [item.model_dump(mode="json", exclude_none=True) for item in evidence],
    }


def last_view(last: LastAttempt) -> View:
    """Keys: outcome, run, attempt, at (ISO 8601, UTC), duration_s, exit_code, signal, error."""
    return {
        "outcome": last.outcome,
        "run": last.run,
        "attempt": last.attempt,
        "at": last.at.isoformat(),
        "duration_s": last.duration_s,
        "exit_code": last.exit_code,
        "signal": last.signal,
        "error": last.error.message if last.error else None,
    }


def change_view(change: Change) -> View:
    """Keys: part, name, old, new."""
    return {"part": change.part, "name": change.name, "old": change.old, "new": change.new}


def connection_views(state: SessionState) -> list[View]:
    """A mapping for each connection, and for each that is proposed.

    Keys: node, input, from_node, output, subpath, status, score, margin, reason, runner_up,
    subpath_choices.
    """
    views: list[View] = []
    for node in state.nodes:
        views += [
            {
                **_wire_view(connection, connection.status),
                "runner_up": None,
                "subpath_choices": [],
            }
            for connection in state.connections.get(node, {}).values()
        ]
        views += [
            {
                **_wire_view(proposal, "proposed"),
                "runner_up": str(proposal.runner_up) if proposal.runner_up else None,
                "subpath_choices": list(proposal.subpath_choices),
            }
            for proposal in state.proposals.get(node, {}).values()
        ]
    return views


def _wire_view(wire: Connection | ProposedConnection, status: str) -> View:
    return {
        "node": wire.node,
        "input": wire.input,
        "from_node": wire.source.node,
        "output": wire.source.output,
        "subpath": wire.source.subpath,
        "status": status,
        "score": wire.score,
        "margin": wire.margin,
        "reason": wire.reason,
    }


def flat_values(there: NodeState, connections: Mapping[str, Connection]) -> View:
    """What a person sees of a configuration, by dotted names such as `input.x` and `env.X`."""
    spec = there.spec or there.draft or ScriptSpec()
    flat: View = {}
    flat |= {f"input.{name}": shown(path) for name, path in spec.input_paths.items()}
    flat |= {f"input.{name}": f"@{wire.source}" for name, wire in connections.items()}
    flat |= {f"output.{name}": shown(path) for name, path in spec.output_paths.items()}
    flat |= {f"env.{name}": value for name, value in spec.environ_vars.items()}
    flat |= {f"arg.{name}": value for name, value in spec.job_args.items()}
    for name in ("timeout_s", "python", "user_notes"):
        if (value := getattr(spec, name)) is not None:
            flat[name] = value
    flat |= {f"limit.{name}": n for name, n in spec.limits.model_dump(exclude_none=True).items()}
    return flat


def node_values(state: SessionState, node: NodeName) -> View:
    """What a person sees of a node, by dotted names: state, script, and as in `flat_values`.

    Of an external node `external` and what it provides; empty where there is no such node.
    """
    there = state.nodes.get(node)
    if there is None:
        return {}
    values: View = {"state": there.state.value if there.state else None}
    if there.script is not None:
        values["script"] = shown(there.script.path)
    if there.external:
        values["external"] = True
        return values | {
            f"provides.{name}": shown(path) for name, path in there.external_outputs.items()
        }
    return values | flat_values(there, state.connections.get(node, {}))


def execution_spec(state: SessionState, node: NodeName) -> ScriptExecutionSpec | None:
    """The accepted or drafted configuration of a node; `None` where there is neither."""
    there = state.nodes[node]
    spec = there.spec or there.draft
    if spec is None:
        return None
    return ScriptExecutionSpec(
        script_name=there.script.name if there.script else None,
        step_name=node,
        script_path=shown(there.script.path) if there.script else None,
        input_paths=spec.input_paths,
        output_paths=spec.output_paths,
        environ_vars=spec.environ_vars,
        job_args=spec.job_args,
        last_updated=there.accepted_at,
        user_notes=spec.user_notes,
        connections={
            name: connection.source for name, connection in state.connections.get(node, {}).items()
        },
        timeout_s=spec.timeout_s,
        limits=spec.limits,
        python=spec.python,
    )
