"""A session and what was seen of the world, with the look-ups that decisions share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from runthrough.core.planning import reachable
from runthrough.core.state import SessionState
from runthrough.core.validation import Neighbour
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import folders, inside
from runthrough.core.values.requirements import (
    RequirementKind,
    ScriptRequirements,
)
from runthrough.core.values.specs import ScriptSpec

World = Mapping[NodeName, NodeFacts]
_NOTHING_SEEN = NodeFacts()


@dataclass(slots=True)
class Surroundings:
    """A session and what was seen of the world.

    Made once for a command, so that deciding many nodes stays linear.
    """

    state: SessionState
    world: World
    claims: dict[RecordedPath, tuple[Output, ...]] = field(init=False)
    """Where the outputs of all nodes lie: as given, as external, or as last written."""
    readers: dict[RecordedPath, tuple[tuple[NodeName, str], ...]] = field(init=False)
    """Nodes and their inputs that read a path, by the path."""
    neighbours: dict[NodeName, Neighbour] = field(init=False)

    def __post_init__(self) -> None:
        self.claims = _claims_of(self.state)
        self.readers = _readers_of(self.state)
        self.neighbours = {name: self._neighbour(name) for name in self.state.nodes}

    def facts(self, node: NodeName) -> NodeFacts:
        """What was seen for a node."""
        return self.world.get(node, _NOTHING_SEEN)

    def _neighbour(self, node: NodeName) -> Neighbour:
        there = self.state.nodes[node]
        if there.external:
            outputs = there.external_outputs
            return Neighbour(frozenset(outputs), open_ended=False, external_outputs=outputs)
        requirements = self.facts(node).requirements
        names = frozenset(n for o in requirements.of("output") for n in (o.name, *o.aliases))
        return Neighbour(names, open_ended=not names or requirements.open_ended("output"))


def _claims_of(state: SessionState) -> dict[RecordedPath, tuple[Output, ...]]:
    claims: dict[RecordedPath, tuple[Output, ...]] = {}
    for node, there in state.nodes.items():
        spec = there.spec or there.draft
        given = spec.output_paths if spec else state.declared(node).outputs
        passed = there.passed.outputs if there.passed else {}
        for name, path in {**passed, **given, **there.external_outputs}.items():
            claims[path] = (*claims.get(path, ()), Output(node, name))
    return claims


def _readers_of(
    state: SessionState,
) -> dict[RecordedPath, tuple[tuple[NodeName, str], ...]]:
    readers: dict[RecordedPath, tuple[tuple[NodeName, str], ...]] = {}
    for node, there in state.nodes.items():
        spec = there.spec or there.draft
        for name, path in (spec.input_paths if spec else {}).items():
            readers[path] = (*readers.get(path, ()), (node, name))
    return readers


def earlier_readers(
    around: Surroundings, node: NodeName, spec: ScriptSpec
) -> dict[RecordedPath, tuple[tuple[NodeName, str], ...]]:
    """Who reads where the node would write, of those that do not run after it."""
    hit = {path for path in spec.output_paths.values() if path in around.readers}
    if not hit:
        return {}
    later = reachable({node}, around.state.successors)
    return {path: tuple(r for r in around.readers[path] if r[0] not in later) for path in hit}


def claimed_source(around: Surroundings, node: NodeName, path: RecordedPath) -> Output | None:
    """The upstream output that `path` is, or lies inside: such a path is a connection."""
    for folder in folders(path):
        for output in around.claims.get(folder, ()):
            above = NodeName(output.node)
            if above != node and above in reachable({node}, around.state.predecessors):
                return Output(above, output.output, inside(path, folder) or None)
    return None


def own_name(around: Surroundings, source: Output) -> Output:
    """An output by the name that its script writes it under; it may be known by others."""
    for need in around.facts(NodeName(source.node)).requirements.of("output"):
        if source.output in need.aliases:
            return replace(source, output=need.name)
    return source


def initial_spec(state: SessionState, node: NodeName) -> ScriptSpec:
    """What the pipeline declares of a node's configuration, connections left out."""
    declared = state.declared(node)
    return ScriptSpec(
        input_paths={
            name: source
            for name, source in declared.inputs.items()
            if not isinstance(source, Output)
        },
        output_paths=declared.outputs,
        environ_vars=declared.environ_vars,
        job_args=declared.job_args,
        timeout_s=declared.timeout_s,
        python=declared.python,
    )


def base_spec(state: SessionState, node: NodeName) -> ScriptSpec:
    """What is there to be merged over: the accepted configuration, the draft, the pipeline's."""
    there = state.nodes[node]
    return there.spec or there.draft or initial_spec(state, node)


def answered(
    requirements: ScriptRequirements, kind: RequirementKind, names: Iterable[str]
) -> frozenset[str]:
    """The names, and all others of the needs that they answer: one need has one answer."""
    given = frozenset(names)
    ways = ({need.name, *need.aliases} for need in requirements.of(kind) if need.aliases)
    return given.union(*(names for names in ways if names & given))
