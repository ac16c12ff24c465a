"""A session and what was seen of the world, with the look-ups that decisions share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runthrough.core.planning import reachable
from runthrough.core.state import SessionState
from runthrough.core.validation import Neighbour
from runthrough.core.validation.places import above as above_path
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import inside
from runthrough.core.values.pipelines import declared_spec
from runthrough.core.values.requirements import (
    RequirementKind,
    ScriptRequirements,
)
from runthrough.core.values.specs import ScriptSpec

World = Mapping[NodeName, NodeFacts]
_NOTHING_SEEN = NodeFacts()


Reader = tuple[NodeName, str]
"""A node and its input."""


class Surroundings:
    """A session and what was seen of the world, with the look-ups that decisions share.

    Each look-up is made when it is first asked for, and once: a command on one node of a
    thousand stays cheap, and deciding many nodes stays linear. Configurations that are `coming`
    are about to be decided, and stand for those that nodes have.
    """

    def __init__(
        self,
        state: SessionState,
        world: World,
        *,
        coming: Mapping[NodeName, ScriptSpec] | None = None,
    ) -> None:
        self.state = state
        self.world = world
        self.coming: Mapping[NodeName, ScriptSpec] = coming or {}
        self.neighbours: Mapping[NodeName, Neighbour] = _Neighbours(self)
        self._places: _Places | None = None

    @property
    def claims(self) -> Mapping[RecordedPath, Sequence[Output]]:
        """Where the outputs of all nodes are to lie: as given, or as external."""
        return self._looked_up.claims

    @property
    def written(self) -> Mapping[RecordedPath, Sequence[Output]]:
        """Where other outputs lie, as the last passed attempts left them."""
        return self._looked_up.written

    @property
    def readers(self) -> Mapping[RecordedPath, Sequence[Reader]]:
        """Nodes and their inputs that read a path, by the path."""
        return self._looked_up.readers

    @property
    def kept(self) -> Mapping[RecordedPath, str]:
        """The pipeline file and the scripts of all nodes, and what they are."""
        scripts = {
            there.script.path: f"the script of {node}"
            for node, there in reversed(self.state.nodes.items())
            if there.script is not None
        }
        file = self.state.pipeline.file
        return scripts if file is None else {**scripts, file: "the pipeline file"}

    def facts(self, node: NodeName) -> NodeFacts:
        """What was seen for a node."""
        return self.world.get(node, _NOTHING_SEEN)

    def moved(self) -> None:
        """Forget where outputs and inputs lie: configurations have changed."""
        self._places = None

    @property
    def _looked_up(self) -> "_Places":
        if self._places is None:
            self._places = _places_of(self.state, self.coming)
        return self._places


class _Neighbours(Mapping[NodeName, Neighbour]):
    """What other nodes mean for one, told when they are asked for."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._told: dict[NodeName, Neighbour] = {}

    def __getitem__(self, node: NodeName) -> Neighbour:
        there = self._around.state.nodes[node]
        if there.external:  # what it provides may change within a command
            outputs = there.external_outputs
            return Neighbour(frozenset(outputs), open_ended=False, external_outputs=outputs)
        if node not in self._told:
            needs = self._around.facts(node).requirements
            names = frozenset(n for o in needs.of("output") for n in (o.name, *o.aliases))
            open_ended = not names or needs.open_ended("output")
            written = self._around.facts(node).written
            files = {
                name: written.get(output.name) or output.files
                for output in needs.of("output")
                for name in (output.name, *output.aliases)
            }
            self._told[node] = Neighbour(names, open_ended=open_ended, files=files)
        return self._told[node]

    def __iter__(self) -> Iterator[NodeName]:
        return iter(self._around.state.nodes)

    def __len__(self) -> int:
        return len(self._around.state.nodes)


@dataclass(slots=True)
class _Places:
    claims: dict[RecordedPath, list[Output]] = field(default_factory=dict)
    written: dict[RecordedPath, list[Output]] = field(default_factory=dict)
    readers: dict[RecordedPath, list[Reader]] = field(default_factory=dict)


def _places_of(state: SessionState, coming: Mapping[NodeName, ScriptSpec]) -> _Places:
    found = _Places()
    for node, there in state.nodes.items():
        if there.external:
            for name, path in there.external_outputs.items():
                found.claims.setdefault(path, []).append(Output(node, name))
            continue
        spec = coming.get(node) or base_spec(state, node)
        for name, path in spec.output_paths.items():
            found.claims.setdefault(path, []).append(Output(node, name))
        for name, path in spec.input_paths.items():
            found.readers.setdefault(path, []).append((node, name))
        if there.passed is not None:
            for name, path in there.passed.outputs.items():
                if name not in spec.output_paths:
                    found.written.setdefault(path, []).append(Output(node, name))
    return found


def earlier_readers(
    around: Surroundings, node: NodeName, spec: ScriptSpec
) -> dict[RecordedPath, tuple[Reader, ...]]:
    """Who reads where the node would write, of those that do not run after it."""
    hit = {path for path in spec.output_paths.values() if path in around.readers}
    if not hit:
        return {}
    later = reachable({node}, around.state.successors)
    return {path: tuple(r for r in around.readers[path] if r[0] not in later) for path in hit}


def claimed_source(around: Surroundings, node: NodeName, path: RecordedPath) -> Output | None:
    """The upstream output that `path` is, or lies inside: such a path is a connection."""
    for folder in above_path(path):
        for output in (*around.claims.get(folder, ()), *around.written.get(folder, ())):
            above = NodeName(output.node)
            if above == node or not _offers(around, output):
                continue
            if _is_upstream(around.state, above, node):
                return Output(above, output.output, inside(path, folder) or None)
    return None


def _offers(around: Surroundings, output: Output) -> bool:
    neighbour = around.neighbours[NodeName(output.node)]
    return neighbour.open_ended or output.output in neighbour.outputs


def _is_upstream(state: SessionState, above: NodeName, node: NodeName) -> bool:
    """Whether `above` runs before `node`; mostly it is a direct predecessor."""
    if above in state.predecessors.get(node, ()):
        return True
    return above in reachable({node}, state.predecessors)


def own_name(around: Surroundings, source: Output) -> Output:
    """An output by the name that its script writes it under; it may be known by others."""
    for need in around.facts(NodeName(source.node)).requirements.of("output"):
        if source.output in need.aliases:
            return replace(source, output=need.name)
    return source


def initial_spec(state: SessionState, node: NodeName) -> ScriptSpec:
    """What the pipeline declares of a node's configuration, connections left out."""
    return declared_spec(state.declared(node))


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


def sources_of(state: SessionState, node: NodeName) -> tuple[NodeName, ...]:
    """The nodes that connections into a node come from, declared ones included."""
    declared = (d for d in state.declared(node).inputs.values() if isinstance(d, Output))
    wired = (wire.source for wire in state.connections.get(node, {}).values())
    return tuple(NodeName(source.node) for source in (*declared, *wired))
