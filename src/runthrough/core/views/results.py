"""A run's results in the founding plan's shape."""

from collections.abc import Callable, Iterable, Sequence

from pydantic import JsonValue

from runthrough.core.events import DataFlowChecked
from runthrough.core.state import RunState, SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.outcomes import SeamResult
from runthrough.core.views.nodes import View, execution_spec
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.summary import summary_view


def results_view(
    state: SessionState,
    particulars: Particulars,
    seams: Iterable[DataFlowChecked],
    *,
    locate: Callable[[RecordedPath], str],
    outdated: Sequence[View] = (),
) -> View:
    """The last run's results, JSON-able; `locate` says where a recorded path lies.

    Keys: pipeline_success, script_results, data_flow_results, execution_order, errors,
    step_catalog_analysis, interactive_factory_info; and run, outcomes, root_causes, outdated.
    `outdated` is as in `views.plans.outdated_view`, of the run's selection before it ran.

    Raises:
        ValueError: No run has been started.
    """
    run = state.run
    if run is None:
        raise ValueError("no run has been started")
    order = [node for node in run.plan.order if run.outcomes.get(node) not in {None, "blocked"}]
    causes = [node for node in order if run.outcomes[node] not in {"passed", "reused", "blocked"}]
    outcomes: dict[str, JsonValue] = {
        node: _outcome(state, node, run.outcomes.get(node, "not_run"), locate)
        for node in run.plan.order
    }
    flows = _flows(seams)
    return {
        "pipeline_success": run.status == "passed",
        "script_results": {node: _script_result(state, run, node) for node in order},
        "data_flow_results": flows,
        "execution_order": [*order],
        "errors": [_error(state, node) for node in causes],
        "step_catalog_analysis": _catalog_analysis(state, particulars),
        "interactive_factory_info": _factory_info(state, particulars),
        "run": run.run,
        "status": run.status,
        "outcomes": outcomes,
        "root_causes": [{"node": node, "blocked": _blocked_by(run, node)} for node in causes],
        "outdated": [*outdated],
    }


def _outcome(
    state: SessionState, node: NodeName, outcome: str, locate: Callable[[RecordedPath], str]
) -> View:
    last = state.nodes[node].last
    ran = last is not None and outcome not in {"reused", "blocked", "not_run"}
    return {
        "outcome": outcome,
        "exit_code": last.exit_code if last and ran else None,
        "signal": last.signal if last and ran else None,
        "duration_s": last.duration_s if last and ran else None,
        "peak_rss_bytes": last.peak_rss_bytes if last and ran else None,
        "log": locate(last.log) if last and last.log and ran else None,
    }


def _script_result(state: SessionState, run: RunState, node: NodeName) -> View:
    there = state.nodes[node]
    last = there.last
    outcome = run.outcomes[node]
    good = outcome in {"passed", "reused"}
    error = None if good or last is None else last.error
    return {
        "script_name": there.script.name if there.script else None,
        "success": good,
        "error_message": None if error is None else error.message,
        "error_hints": [] if error is None else [*error.hints],
        "execution_time": last.duration_s if last and outcome != "reused" else 0.0,
        "has_main_function": there.script.has_main if there.script else False,
        "outcome": outcome,
        "exit_code": last.exit_code if last and outcome != "reused" else None,
        "signal": last.signal if last and outcome != "reused" else None,
    }


def _flows(seams: Iterable[DataFlowChecked]) -> dict[str, JsonValue]:
    """One mapping an edge; several connections of one edge are told together and each."""
    edges: dict[str, list[DataFlowChecked]] = {}
    for seam in seams:
        edges.setdefault(f"{seam.edge.from_node}->{seam.node}", []).append(seam)
    return {edge: _flow(checked) for edge, checked in edges.items()}


def _flow(checked: Sequence[DataFlowChecked]) -> View:
    """One edge; rows and columns only where a single connection has them to tell."""
    results = [seam.result for seam in checked]
    issues = [issue for result in results for issue in result.issues]
    only = results[0] if len(results) == 1 else SeamResult(compatible=True)
    return {
        "script_a": checked[0].edge.from_node,
        "script_b": checked[0].node,
        "compatible": all(result.compatible for result in results),
        "compatibility_issues": [i.message for i in issues if i.severity == "error"],
        "warnings": [i.message for i in issues if i.severity == "warning"],
        "unchecked": _together(result.unchecked for result in results),
        "data_format_a": _together(result.format_written for result in results),
        "data_format_b": _together(result.format_read for result in results),
        "rows": only.rows,
        "columns": None if only.columns is None else [*only.columns],
        "connections": [_connection(seam) for seam in checked],
    }


def _together(texts: Iterable[str | None]) -> str | None:
    return ", ".join(dict.fromkeys(text for text in texts if text is not None)) or None


def _connection(seam: DataFlowChecked) -> View:
    edge, result = seam.edge, seam.result
    return {
        "output": str(Output(edge.from_node, edge.output, edge.subpath)),
        "input": f"{seam.node}.{edge.input}",
        "compatible": result.compatible,
        "issues": [issue.model_dump(mode="json") for issue in result.issues],
        "data_format_a": result.format_written,
        "data_format_b": result.format_read,
        "rows": result.rows,
        "columns": None if result.columns is None else [*result.columns],
        "unchecked": result.unchecked,
    }


def _error(state: SessionState, node: NodeName) -> str:
    last = state.nodes[node].last
    told = last.error.headline if last and last.error else "did not pass"
    return f"{node}: {told}"


def _blocked_by(run: RunState, node: NodeName) -> list[JsonValue]:
    return [blocked for blocked, by in run.blocked_by.items() if node in by]


def _catalog_analysis(state: SessionState, particulars: Particulars) -> View:
    scripts = {n: there for n, there in state.nodes.items() if not there.external}
    frameworks: dict[str, JsonValue] = {
        node: info.framework for node, info in particulars.scripts.items() if info.framework
    }
    return {
        "total_scripts": len(scripts),
        "found_scripts": {n: t.script.path for n, t in scripts.items() if t.script},
        "missing_scripts": [n for n, t in scripts.items() if t.script is None],
        "frameworks": frameworks,
    }


def _factory_info(state: SessionState, particulars: Particulars) -> View:
    summary = summary_view(state, particulars)
    configurations: dict[str, JsonValue] = {}
    for node, there in state.nodes.items():
        spec = execution_spec(state, node)
        if not there.external and spec is not None:
            configurations[node] = spec.model_dump(mode="json")
    return {
        "dag_name": summary["dag_name"],
        "total_scripts": summary["total_scripts"],
        "auto_configured_scripts": summary["auto_configured_scripts"],
        "manually_configured_scripts": summary["manually_configured_scripts"],
        "script_configurations": configurations,
    }
