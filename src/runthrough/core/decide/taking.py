"""The answers of another session, for nodes of one name in a session that begins."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from runthrough.core.decide.merging import Answered, Kept, merged, merged_outputs
from runthrough.core.decide.rewiring import confirmed, rejected
from runthrough.core.decide.settling import read
from runthrough.core.decide.surroundings import World
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import (
    ConfigurationDrafted,
    Event,
    ScriptAutoConfigured,
    ScriptBound,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.pipeline import declared_dag
from runthrough.core.planning import reachable
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Connection, Output, Rejection
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration, declared_spec
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.values.standing import Standing, StandingNode
from runthrough.errors import PipelineCycleError

_FLAT = ("input_paths", "output_paths", "environ_vars", "job_args")
_SINGLE = ("user_notes", "timeout_s", "limits", "python")


@dataclass(frozen=True, slots=True)
class TakenNode:
    """What a node of the new session takes over."""

    external: bool
    outputs: Mapping[str, RecordedPath]
    script: RecordedPath | None
    """Another script than the pipeline's, which a person chose."""
    spec: ScriptSpec | None
    """The values, merged; `None` where nobody had answered any."""
    wires: tuple[Connection, ...]
    rejected: tuple[Rejection, ...]
    answers: int
    """How many of a person's answers these are."""
    kept: tuple[Kept, ...] = ()


def taken(
    like: Standing, pipeline: PipelineDeclaration, facts: World
) -> dict[NodeName, TakenNode]:
    """What the new session's nodes take over; of facts only names of needs are asked.

    A connection is left out where its producer is not in the pipeline, or where it would make a
    cycle.
    """
    found: dict[NodeName, TakenNode] = {}
    dag = declared_dag(pipeline)
    for node, stood in like.nodes.items():
        after = pipeline.nodes.get(node)
        if after is None:
            continue
        before = like.pipeline.nodes.get(node) or NodeDeclaration()
        wires = []
        for wire in stood.connections:
            if wire.status != "confirmed" or wire.source.node not in pipeline.nodes:
                continue
            try:
                dag.add_edge(wire.source.node, node)
            except PipelineCycleError:
                continue
            wires.append(wire)
        there = stood.model_copy(update={"connections": tuple(wires)})
        one = _taken(node, before, there, after, facts.get(node, NodeFacts()))
        if one.answers:
            found[node] = one
    return found


def _taken(
    node: NodeName,
    before: NodeDeclaration,
    there: StandingNode,
    after: NodeDeclaration,
    facts: NodeFacts,
) -> TakenNode:
    """What one node takes over; its connections are those that can be made."""
    wires = there.connections
    marked = there.external != before.external
    external = there.external if marked else after.external
    outputs: Mapping[str, RecordedPath] = after.outputs
    kept: tuple[Kept, ...] = ()
    answers = int(marked)
    if external:
        mine = there.external_outputs if there.external else before.outputs
        outputs, kept = merged_outputs(node, before.outputs, mine, after.outputs)
        answers += _differing(before.outputs, mine)
        return TakenNode(external, outputs, None, None, (), (), answers, kept)
    base = declared_spec(before)
    spec = there.spec if there.by == "person" and there.spec is not None else None
    answered = Answered(
        spec=spec or base,
        wires={wire.input: wire for wire in wires},
        by_person=spec is not None,
        rejected=there.rejected,
    )
    result = merged(node, before, answered, after, facts)
    script = there.script if there.bound and there.script != after.script else None
    answers += _values(base, spec) if spec is not None else 0
    answers += len(wires) + len(there.rejected) + (script is not None)
    return TakenNode(
        external,
        outputs,
        script,
        result.spec if spec is not None else None,
        wires,
        there.rejected,
        answers,
        result.kept,
    )


def _values(base: ScriptSpec, mine: ScriptSpec) -> int:
    """How many values a person gave."""
    flat = sum(_differing(getattr(base, part), getattr(mine, part)) for part in _FLAT)
    single = [part for part in _SINGLE if getattr(base, part) != getattr(mine, part)]
    return flat + len(single)


def _differing(base: Mapping[str, object], mine: Mapping[str, object]) -> int:
    return sum(name not in base or base[name] != value for name, value in mine.items())


def with_answers(
    pipeline: PipelineDeclaration, answers: Mapping[NodeName, TakenNode]
) -> PipelineDeclaration:
    """The pipeline as it would declare the answers: what is to be looked at."""
    nodes = dict(pipeline.nodes)
    for node, one in answers.items():
        declared = nodes[node]
        spec = one.spec or declared_spec(declared)
        fed: dict[str, RecordedPath | Output] = {
            **{n: s for n, s in declared.inputs.items() if isinstance(s, Output)},
            **spec.input_paths,
            **{wire.input: wire.source for wire in one.wires},
        }
        nodes[node] = NodeDeclaration(
            external=one.external,
            script=one.script or declared.script,
            inputs={} if one.external else fed,
            outputs=dict(one.outputs) if one.external else spec.output_paths,
            environ_vars=spec.environ_vars,
            job_args=spec.job_args,
            timeout_s=spec.timeout_s,
            limits=spec.limits,
            python=spec.python,
        )
    return pipeline.model_copy(update={"nodes": nodes})


def bound(node: NodeName, facts: NodeFacts, one: TakenNode) -> tuple[Event, ...] | None:
    """The events of a script that a person chose, where it is there."""
    if one.script is None or facts.script is None or facts.script.path != one.script:
        return None
    return (ScriptBound(node=node, script=facts.script), read(node, facts, "bound"))


def say(unfolding: Unfolding, answers: Mapping[NodeName, TakenNode]) -> None:
    """Connect and reject as it was said in the other session."""
    state = unfolding.state
    for node, one in answers.items():
        for old in one.rejected:
            if old.source.node in state.nodes:
                wire = Connection(node, old.input, old.source, "confirmed", None, "")
                unfolding.happen(rejected(wire, "rejected in the other session"))
        for wire in one.wires:
            if _possible(state, node, wire):
                unfolding.happen(confirmed(wire, adjusted=True))


def _possible(state: SessionState, node: NodeName, wire: Connection) -> bool:
    source = NodeName(wire.source.node)
    above = state.nodes[source]
    if above.external:
        return wire.source.output in above.external_outputs
    return source not in reachable({node}, state.successors)


def as_answered(events: Iterable[Event]) -> Iterator[Event]:
    """The events of a configuration that stands on a person's answers."""
    for event in events:
        if isinstance(event, ScriptAutoConfigured):
            yield ScriptConfigured(
                node=event.node, spec=event.spec, evidence=event.evidence, adjusted=True
            )
            continue
        yield event
        if isinstance(event, ScriptMarkedPending):
            yield ConfigurationDrafted(node=event.node, draft=event.draft, needs=event.needs)
