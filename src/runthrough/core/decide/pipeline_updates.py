"""What another pipeline makes of a session: which nodes come, go and stay, and what stays of them.

Values of the pipeline are defaults, and a person's own win; see `merging`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from shlex import quote

from runthrough.core.commands import UpdatePipeline
from runthrough.core.decide.merging import (
    Answered,
    Kept,
    Source,
    merged,
    merged_outputs,
    renamed_declaration,
    renamed_output,
)
from runthrough.core.decide.repiping import pipeline_change
from runthrough.core.decide.surroundings import base_spec
from runthrough.core.events import PipelineChanged
from runthrough.core.names import nearest
from runthrough.core.pipeline import PipelineDAG, declared_dag
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import shown
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import CommandRefusedError, PipelineCycleError, UnknownNodeError

Renamed = Mapping[NodeName, NodeName]
Leaving = tuple[Connection, str]
"""A connection that goes, and why."""


@dataclass(frozen=True, slots=True)
class StayingNode:
    """A node of both pipelines, as it is to become."""

    old: NodeName
    node: NodeName
    """Its name in the new pipeline."""
    external: bool
    outputs: Mapping[str, RecordedPath]
    """Where an external one provides its outputs; of another one where they are to lie."""
    anew: bool
    """Whether its script is looked for as if it had none."""
    by_person: bool
    spec: ScriptSpec
    """Its values, merged."""
    kept: tuple[Kept, ...]
    decided_anew: bool
    """Whether the pipeline says something else of it, or the connections that it declared go."""
    leaving: tuple[Leaving, ...] = ()
    """By old names."""


@dataclass(frozen=True, slots=True)
class PipelineUpdate:
    """What is to happen to a session whose pipeline becomes another one."""

    change: PipelineChanged
    staying: Mapping[NodeName, StayingNode]
    """By new names."""
    leaving: tuple[Leaving, ...]
    """All connections that go, by old names."""

    @property
    def coming(self) -> dict[NodeName, ScriptSpec]:
        """The configurations that are to be decided anew."""
        return {
            name: node.spec
            for name, node in self.staying.items()
            if node.decided_anew and not node.external
        }

    @property
    def kept(self) -> tuple[Kept, ...]:
        """What a person said that stays although the pipeline says otherwise now."""
        return tuple(kept for node in self.staying.values() for kept in node.kept)


def pipeline_update(command: UpdatePipeline, state: SessionState) -> PipelineUpdate:
    """What a new pipeline makes of the nodes; of facts only names of needs are asked.

    Raises:
        CommandRefusedError: Nothing differs, a name cannot be taken over, or a person's
            connection would close a cycle.
        UnknownNodeError: No node has the old name of one that is renamed.
        PipelineCycleError: The pipeline itself has a cycle.
    """
    pipeline, names = command.pipeline, command.renamed
    _refuse_names(names, pipeline, state)
    if not names and pipeline == state.pipeline:
        raise CommandRefusedError(
            "The pipeline says what the session has already.",
            fix="runthrough resume takes note of files and scripts that changed",
        )
    new = declared_dag(pipeline)
    staying = {
        node: _staying(command, state, old, node)
        for old in state.nodes
        if (node := names.get(old, old)) in pipeline.nodes
    }
    feeding = _Feeding(command, state, staying, new)
    staying = {node: feeding.settled(there) for node, there in staying.items()}
    change = pipeline_change(state.pipeline, pipeline, names)
    leaving = (
        *_of_removed(state, change.removed),
        *(gone for there in staying.values() for gone in there.leaving),
    )
    _refuse_cycle(state, command, leaving)
    return PipelineUpdate(change, staying, leaving)


def _refuse_names(names: Renamed, pipeline: PipelineDeclaration, state: SessionState) -> None:
    """Refuse what cannot be renamed."""
    taken = list(names.values())
    for old, new in names.items():
        if old not in state.nodes:
            raise UnknownNodeError(old, nearest(old, list(state.nodes)))
        why = None
        if new not in pipeline.nodes:
            near = nearest(new, list(pipeline.nodes))
            meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            why = f"the pipeline has no node {new}.{meant}"
        elif old in pipeline.nodes and old not in taken:
            why = f"the pipeline has a node {old} still."
        elif new in state.nodes and new not in names:
            why = f"the session has a node {new} already."
        elif taken.count(new) > 1:
            why = "two nodes cannot become one."
        if why is not None:
            raise CommandRefusedError(
                f"{old} cannot be renamed {new}: {why}",
                fix="runthrough update --rename OLD=NEW, with a name that the session has and one "
                "that the pipeline has instead of it",
            )


def _staying(
    command: UpdatePipeline, state: SessionState, old: NodeName, node: NodeName
) -> StayingNode:
    """A node without regard to what feeds it."""
    there, after = state.nodes[old], command.pipeline.nodes[node]
    before = renamed_declaration(state.declared(old), command.renamed)
    answered = answers(state, old, command.renamed)
    new = merged(node, before, answered, after, command.facts.get(node, NodeFacts()))
    own_mark = there.external != before.external
    external = there.external if own_mark else after.external
    anew, bound = _script(there, before, after)
    kept = [*new.kept]
    if external != after.external and before != after:
        kept = [Kept(node, "external", *(str(said).lower() for said in (external, not external)))]
    elif bound is not None:
        kept.append(Kept(node, "script", *map(shown, bound)))
    outputs: Mapping[str, RecordedPath] = new.spec.output_paths
    if external:
        mine = there.external_outputs if there.external else answered.spec.output_paths
        if not there.external and not answered.by_person:
            mine = before.outputs
        outputs, told = merged_outputs(node, before.outputs, mine, after.outputs)
        kept = [*(k for k in kept if k.name == "external"), *told]
    return StayingNode(
        old=old,
        node=node,
        external=external,
        outputs=outputs,
        anew=anew or (there.external and not external),
        by_person=answered.by_person,
        spec=new.spec,
        kept=tuple(kept),
        decided_anew=before != after or there.external != external,
    )


def answers(state: SessionState, node: NodeName, names: Renamed) -> Answered:
    """What a node has, with the nodes that feed it under their new names."""
    there = state.nodes[node]
    return Answered(
        spec=base_spec(state, node),
        wires={
            name: replace(wire, source=renamed_output(wire.source, names))
            for name, wire in state.connections.get(node, {}).items()
        },
        by_person="person" in (there.configured_by, there.restores_to),
        rejected=tuple(
            replace(old, source=renamed_output(old.source, names))
            for old in state.rejected.get(node, ())
        ),
    )


def _script(
    there: NodeState, before: NodeDeclaration, after: NodeDeclaration
) -> tuple[bool, tuple[RecordedPath, RecordedPath] | None]:
    """Whether the script is looked for anew; else a person's, and the one declared by now."""
    present = there.script.path if there.script else None
    if after.script in (before.script, present):
        return False, None
    if there.bound and present is not None:
        return False, None if after.script is None else (present, after.script)
    return True, None


class _Feeding:
    """Tells which connections stay."""

    def __init__(
        self,
        command: UpdatePipeline,
        state: SessionState,
        staying: Mapping[NodeName, StayingNode],
        new: PipelineDAG,
    ) -> None:
        self._command = command
        self._state = state
        self._new = new
        self._by_old = {node.old: node for node in staying.values()}

    def settled(self, there: StayingNode) -> StayingNode:
        """A node with the connections that do not stay."""
        wires = self._state.connections.get(there.old, {}).values()
        if not wires:
            return there
        said, says = self._inputs(there)
        above = {NodeName(name) for name in self._new.get_dependencies(there.node)}
        above |= {
            self._by_old[NodeName(wire.source.node)].node
            for wire in wires
            if wire.status == "confirmed" and NodeName(wire.source.node) in self._by_old
        }
        leaving = tuple(
            (wire, why)
            for wire in wires
            if (why := self._departs(there, wire, said, says, above)) is not None
        )
        anew = there.decided_anew or any(wire.status == "declared" for wire, _ in leaving)
        return replace(there, leaving=leaving, decided_anew=anew)

    def _inputs(self, there: StayingNode) -> tuple[dict[str, Source], dict[str, Source]]:
        """What the pipeline said of a node's inputs, and says now, by the script's own names."""
        own_name = self._facts(there.node).requirements.own_name
        before = renamed_declaration(self._state.declared(there.old), self._command.renamed)
        after = self._command.pipeline.nodes[there.node]
        return (
            {own_name("input", name): source for name, source in before.inputs.items()},
            {own_name("input", name): source for name, source in after.inputs.items()},
        )

    def _departs(
        self,
        there: StayingNode,
        wire: Connection,
        said: Mapping[str, Source],
        says: Mapping[str, Source],
        above: Collection[NodeName],
    ) -> str | None:
        """Why a connection goes; `None` where it stays."""
        if there.external:
            return f"{there.node} is external now"
        source = self._by_old.get(NodeName(wire.source.node))
        if source is None:
            return f"{wire.source.node} is no longer in the pipeline"
        if source.external and wire.source.output not in source.outputs:
            return f"{source.node} declares no output {wire.source.output}"
        if wire.status == "confirmed":
            return None
        before, after = said.get(wire.input), says.get(wire.input)
        if before != after and self._named(after) != replace(wire.source, node=source.node):
            gone = wire.status == "declared"
            return "no longer declared" if gone else "the pipeline says otherwise now"
        if wire.status == "declared":
            by_path = before is not None and not isinstance(before, Output)
            moved = by_path and base_spec(self._state, source.old).output_paths != source.outputs
            return f"the outputs of {source.node} lie elsewhere now" if moved else None
        return None if source.node in above else f"no edge leads from {source.node} any more"

    def _named(self, source: Source | None) -> Source | None:
        """A source by the name that its script writes it under."""
        if not isinstance(source, Output):
            return source
        needs = self._facts(NodeName(source.node)).requirements
        return replace(source, output=needs.own_name("output", source.output))

    def _facts(self, node: NodeName) -> NodeFacts:
        return self._command.facts.get(node, NodeFacts())


def _of_removed(state: SessionState, removed: tuple[NodeName, ...]) -> Iterator[Leaving]:
    for node in removed:
        for wire in state.connections.get(node, {}).values():
            yield wire, f"{node} is no longer in the pipeline"


def _refuse_cycle(
    state: SessionState, command: UpdatePipeline, leaving: tuple[Leaving, ...]
) -> None:
    """Refuse new edges that a person's connection would close to a cycle."""
    names = command.renamed
    gone = {(wire.node, wire.input) for wire, _ in leaving}
    made = [
        wire
        for node, wires in state.connections.items()
        for wire in wires.values()
        if wire.status == "confirmed" and (node, wire.input) not in gone
    ]
    dag = declared_dag(command.pipeline)
    for wire in made:
        source = renamed_output(wire.source, names)
        try:
            dag.add_edge(source.node, names.get(wire.node, wire.node))
        except PipelineCycleError as cycle:
            target = f"{wire.node}.{wire.input}"
            raise CommandRefusedError(
                f"With the connection {wire.source} → {target}, which somebody made, the new "
                f"edges would be a cycle: {' → '.join(cycle.cycle)}.",
                fix=f"runthrough disconnect {quote(target)}, then update again",
            ) from cycle
