"""One node told whole: what it is, what it is set to and why, what it ran, and what is wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from runthrough.core.events import EventEnvelope, PipelineChanged, ScriptExecuted
from runthrough.core.staleness import Change
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import shown
from runthrough.core.values.pipelines import declared_spec
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.nodes import (
    View,
    connection_views,
    execution_spec,
    flat_values,
    node_view,
)
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.requirements import requirements_view
from runthrough.core.views.worklist import WorklistRow

ATTEMPTS_KEPT = 10
"""As many as a screen tells; the history holds all."""
_EVIDENCE_KINDS = {"input": "input", "env": "environ_var", "arg": "job_arg"}

Locate = Callable[[RecordedPath], str]


@dataclass(slots=True)
class EndedAttempts:
    """What the log holds of attempts that ended, newest last; events are taken in order."""

    of: dict[NodeName, list[tuple[datetime, ScriptExecuted]]] = field(default_factory=dict)
    _gone: dict[NodeName, list[tuple[datetime, ScriptExecuted]]] = field(default_factory=dict)
    """Of nodes that were taken out of the pipeline; an undo may bring them back."""

    def take(self, envelopes: Iterable[EventEnvelope]) -> None:
        """Fold events; a node keeps its attempts when it is called otherwise.

        One that is added anew under the name of a removed one has none.
        """
        for envelope in envelopes:
            event = envelope.event
            if isinstance(event, ScriptExecuted):
                kept = self.of.setdefault(event.node, [])
                kept.append((envelope.metadata.recorded_at, event))
                del kept[:-ATTEMPTS_KEPT]
            elif isinstance(event, PipelineChanged):
                self._change(event)

    def _change(self, event: PipelineChanged) -> None:
        for node in event.removed:
            self._gone[node] = self.of.pop(node, [])
        self.of = {event.renamed.get(node, node): held for node, held in self.of.items()}
        for node in event.restored:
            self.of[node] = self._gone.pop(node, [])


def whole_node_view(
    state: SessionState,
    particulars: Particulars,
    row: WorklistRow,
    attempts: EndedAttempts,
    *,
    changes: tuple[Change, ...],
    locate: Locate,
) -> View:
    """One node, JSON-able; secrets by their names. `locate` says where a recorded path lies.

    Keys: node, category, text, those of `views.nodes.node_view`, script (path, module, digest,
    framework, description, bound), interpreter (python, origin), timeout_s, limits, accepted_by,
    accepted_at, values (name, value, origin), inputs_from and outputs_to (as
    `views.nodes.connection_views`), upstream, downstream, attempts (newest first), written (where
    the last attempt that passed left each output), spec, requirements, next.
    """
    node = row.node
    there = state.nodes[node]
    evidence = particulars.evidence.get(node, ())
    wires = connection_views(state)
    spec = execution_spec(state, node)
    held = there.spec or there.draft or ScriptSpec()
    return {
        "node": node,
        "category": row.category,
        "text": row.text,
        **node_view(there, changes=changes, evidence=evidence),
        "script": _script(there, particulars, node, locate),
        "interpreter": _interpreter(state, node, held),
        "timeout_s": held.timeout_s,
        "limits": held.limits.model_dump(mode="json"),
        "accepted_by": there.accepted_by,
        "accepted_at": there.accepted_at.isoformat() if there.accepted_at else None,
        "values": [*_values(state, particulars, node)],
        "inputs_from": [wire for wire in wires if wire["node"] == node],
        "outputs_to": [wire for wire in wires if wire["from_node"] == node],
        "upstream": list(state.predecessors.get(node, ())),
        "downstream": list(state.successors.get(node, ())),
        "attempts": _attempts(attempts.of.get(node, ()), locate),
        "written": {
            name: locate(path)
            for name, path in (there.passed.outputs if there.passed else {}).items()
        },
        "spec": spec.model_dump(mode="json") if spec else None,
        "requirements": requirements_view(state, particulars, node),
        "next": row.next,
    }


def _script(
    there: NodeState, particulars: Particulars, node: NodeName, locate: Locate
) -> JsonValue:
    if there.script is None:
        return None
    read = particulars.scripts.get(node)
    return {
        "path": locate(there.script.path),
        "module": there.script.module,
        "digest": read.digest if read else None,
        "framework": read.framework if read else None,
        "description": read.description if read else "",
        "bound": there.bound,
    }


def _interpreter(state: SessionState, node: NodeName, spec: ScriptSpec) -> JsonValue:
    """The Python that runs the script, as it is written, and who says so."""
    if spec.python is not None:
        declared = state.declared(node).python == spec.python
        return {"python": spec.python, "origin": "pipeline" if declared else "person"}
    whole = state.pipeline.python
    return {"python": whole, "origin": "default" if whole is None else "pipeline"}


def _values(
    state: SessionState, particulars: Particulars, node: NodeName
) -> Iterable[dict[str, JsonValue]]:
    """Each value by its dotted name, with where it came from."""
    there, connections = state.nodes[node], state.connections.get(node, {})
    if there.external:
        for name, path in there.external_outputs.items():
            said = state.declared(node).outputs.get(name) == path
            yield {
                "name": f"output.{name}",
                "value": shown(path),
                "origin": "pipeline" if said else "person",
            }
        return
    declared = flat_values(NodeState(spec=declared_spec(state.declared(node))), {})
    # Evidence is of what was accepted: of a draft it says nothing.
    seen = particulars.evidence.get(node, ()) if there.spec is not None else ()
    sources: Mapping[str, str] = {f"{one.kind}.{one.name}": one.source for one in seen}
    for name, value in flat_values(there, connections).items():
        kind, _, own = name.partition(".")
        if kind == "input" and own in connections:
            origin: str = connections[own].status
        elif declared.get(name) == value:
            origin = "pipeline"
        else:
            by = "found" if there.configured_by == "auto" else "person"
            origin = sources.get(f"{_EVIDENCE_KINDS.get(kind, kind)}.{own}", by)
        yield {"name": name, "value": value, "origin": origin}


def _attempts(ended: Sequence[tuple[datetime, ScriptExecuted]], locate: Locate) -> list[JsonValue]:
    return [
        {
            "outcome": event.outcome,
            "run": event.run,
            "attempt": event.attempt,
            "at": at.isoformat(),
            "duration_s": event.duration_s,
            "exit_code": event.exit_code,
            "signal": event.signal,
            "peak_rss_bytes": event.peak_rss_bytes,
            "error": event.error.headline if event.error else None,
            "log": locate(event.log.stderr) if event.log else None,
        }
        for at, event in reversed(ended)
    ]
