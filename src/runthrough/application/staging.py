"""Specifications made into a session that nobody keeps, so that one set of rules judges both."""

import posixpath
from collections.abc import Iterable, Iterator
from typing import Protocol

from runthrough.application.ports import Catalog
from runthrough.core.events import (
    ConnectionAccepted,
    Event,
    NodeDiscovered,
    NodeMarkedExternal,
    RequirementsRead,
    ScriptConfigured,
    SessionStarted,
)
from runthrough.core.names import nearest, snake
from runthrough.core.pipeline import PipelineDAG
from runthrough.core.requirements import Merged, merge
from runthrough.core.testing_specs import PipelineTestingSpec
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import HostId, NodeName, RecordedPath
from runthrough.core.values.metadata import Home, SessionSettings
from runthrough.core.values.paths import (
    ABSOLUTE,
    PIPELINE,
    WORKSPACE,
    Roots,
    inside,
    is_own_folder,
    split,
)
from runthrough.core.values.paths import folders as folders_of
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import ScriptInfo
from runthrough.core.values.specs import ScriptExecutionSpec, ScriptSpec
from runthrough.core.wiring import Producer, wire
from runthrough.errors import (
    CommandInvalidError,
    PendingScriptsError,
    ScriptNotFoundError,
    UnknownNodeError,
)

_DECLARED = "given with the specification"
_SAME_PATH = "the same path"
_NOWHERE = HostId("")
"""What nobody keeps has no home."""


class NamedScripts(Catalog, Protocol):
    """A catalog that also knows scripts by their names."""

    roots: Roots
    """The folders that it looks into."""

    def find(self, name: str) -> ScriptInfo | None:
        """The script of that name."""
        ...


class Staging:
    """Reads the scripts of specifications, finds what feeds what, and tells it as events."""

    def __init__(
        self, tested: PipelineTestingSpec, catalog: NamedScripts, *, roots: Roots, cwd: str
    ) -> None:
        """Read the scripts, without importing them.

        Args:
            tested: The pipeline and its specifications.
            catalog: Reads scripts, and finds one for a specification that names no file.
            roots: Where recorded paths lie.
            cwd: Absolute path at which relative ones start.

        Raises:
            PendingScriptsError: A node that is not external has no specification.
            ScriptNotFoundError: A specification names no script that is there.
            UnknownNodeError: A connection comes from a node that there is not.
            PipelineCycleError: The connections close a cycle.
            CommandInvalidError: A path stands below a root that nobody knows here.
        """
        self._tested = tested
        self._catalog = catalog
        self._roots = roots
        self._cwd = cwd
        self._refuse_missing()
        specs = tested.script_specs
        self._specs = {NodeName(n): specs[n] for n in tested.dag.nodes if n in specs}
        self._scripts = {node: self._script(spec) for node, spec in self._specs.items()}
        merged = {node: self._read(node) for node in self._specs}
        self._needs = {node: both.requirements for node, both in merged.items()}
        self._drift = {node: both.drift for node, both in merged.items()}
        self._outputs = {node: self._output_places(node) for node in self._specs}
        self._connections = {node: dict(self._fed(node)) for node in self._specs}
        self.dag = self._with_connections()

    def told(self, *, handed_over: bool) -> Iterator[Event]:
        """The events that lead to the state in which the specifications can be run.

        Where nothing is `handed_over`, no node feeds another one: each runs on the paths of its
        own specification.

        Raises:
            PendingScriptsError: An input has no path where it needs one.
        """
        self._refuse_open(handed_over=handed_over)
        dag, external = self.dag, self._tested.external
        yield SessionStarted(
            name=dag.name,
            pipeline=PipelineDeclaration(
                name=dag.name,
                inherit_env=self._tested.inherit_env,
                nodes={n: NodeDeclaration(external=n in external) for n in dag.nodes},
                edges=dag.edges if handed_over else (),
            ),
            home=Home(host=_NOWHERE),
            settings=SessionSettings(),
        )
        for name in dag.topological_sort():
            node = NodeName(name)
            if node in self._specs:
                yield from self._told_of(node, handed_over=handed_over)
            else:
                yield NodeMarkedExternal(node=node, outputs={})

    @property
    def producers(self) -> tuple[NodeName, ...]:
        """The nodes whose outputs feed others, in execution order."""
        feeding = {
            source.node
            for connections in self._connections.values()
            for source, _ in connections.values()
        }
        return tuple(NodeName(n) for n in self.dag.topological_sort() if n in feeding)

    def feeds(self, above: str, node: str) -> bool:
        """Whether an output of one node feeds an input of the other."""
        return any(s.node == above for s, _ in self._connections[NodeName(node)].values())

    # ---- what is told

    def _told_of(self, node: NodeName, *, handed_over: bool) -> Iterator[Event]:
        yield NodeDiscovered(node=node, script=self._scripts[node])
        yield RequirementsRead(
            node=node,
            requirements=self._needs[node],
            drift=tuple(map(str, self._drift[node])),
            because="discovered",
        )
        fed = self._connections[node] if handed_over else {}
        for name, (source, reason) in fed.items():
            yield ConnectionAccepted(
                node=node,
                input=name,
                from_node=NodeName(source.node),
                output=source.output,
                subpath=source.subpath,
                reason=reason,
            )
        yield ScriptConfigured(node=node, spec=self._configuration(node, fed), evidence=())

    def _configuration(self, node: NodeName, fed: Iterable[str]) -> ScriptSpec:
        spec = self._specs[node]
        return ScriptSpec(
            input_paths={n: p for n, p in self._inputs(node).items() if n not in fed},
            output_paths=self._outputs[node],
            environ_vars=dict(spec.environ_vars),
            job_args=dict(spec.job_args),
            user_notes=spec.user_notes,
            timeout_s=spec.timeout_s,
            limits=spec.limits,
            python=spec.python,
        )

    # ---- what is refused

    def _refuse_missing(self) -> None:
        tested = self._tested
        missing = [
            node
            for node in tested.dag.topological_sort()
            if node not in tested.script_specs and node not in tested.external
        ]
        if missing:
            raise PendingScriptsError(
                {node: ["it has no specification"] for node in missing},
                fix="give script_specs one for each, or name those that run nothing in external",
            )

    def _refuse_open(self, *, handed_over: bool) -> None:
        """Refuse inputs that are said to be fed and would get nothing."""
        told: dict[str, list[str]] = {}
        for node, spec in self._specs.items():
            given = self._inputs(node)
            for name, source in spec.connections.items():
                own = self._needs[node].own_name("input", name)
                fed = handed_over and source.node in self._specs
                if not fed and own not in given:
                    told.setdefault(node, []).append(
                        f"input {name} comes from {source}, which does not run in this test, "
                        "and has no path"
                    )
        if told:
            raise PendingScriptsError(told, fix="give them a path in input_paths")

    # ---- what is read

    def _script(self, spec: ScriptExecutionSpec) -> ScriptInfo:
        if spec.script_path is None:
            found = self._catalog.find(spec.script_name or spec.step_name)
            stem = snake(spec.script_name or spec.step_name)
        else:
            path = self._recorded(spec.script_path)
            found = self._catalog.inspect(path, roots=self._roots)
            stem = posixpath.splitext(posixpath.basename(split(path)[1]))[0]
        if found is not None:
            return found
        if spec.script_path is None:
            searched = tuple(self._catalog.roots.places.values())
        else:
            searched = (posixpath.dirname(self._roots.locate(self._recorded(spec.script_path))),)
        raise ScriptNotFoundError(spec.step_name, stem, folders=searched)

    def _read(self, node: NodeName) -> Merged:
        script, spec = self._scripts[node], self._specs[node]
        code = self._catalog.requirements(
            script,
            roots=self._roots,
            job_args=spec.job_args,
            environ_vars=spec.environ_vars,
        )
        contract = self._catalog.contract(script, roots=self._roots)
        declared = NodeDeclaration()
        return merge(declared, code, contract.requirements if contract is not None else None)

    def _inputs(self, node: NodeName) -> dict[str, RecordedPath]:
        """The paths of a specification, by the names that the script reads."""
        needs, spec = self._needs[node], self._specs[node]
        given = {needs.own_name("input", n): path for n, path in spec.input_paths.items()}
        return {name: self._recorded(path) for name, path in given.items()}

    def _output_places(self, node: NodeName) -> dict[str, RecordedPath]:
        needs, spec = self._needs[node], self._specs[node]
        given = {needs.own_name("output", n): path for n, path in spec.output_paths.items()}
        return {name: self._recorded(path) for name, path in given.items()}

    def _recorded(self, text: str) -> RecordedPath:
        """A path as it is recorded, of one that is absolute, relative, or recorded already."""
        root, colon, _ = text.partition(":")
        if colon and (root == ABSOLUTE or root in self._roots.places):
            return RecordedPath(text)
        if colon and (root == PIPELINE or is_own_folder(root) or root.startswith(WORKSPACE)):
            raise CommandInvalidError(
                "test",
                f"{text} begins at {root}:, and nobody knows here where that lies",
                fix="write an absolute path",
            )
        return self._roots.record(posixpath.normpath(posixpath.join(self._cwd, text)))

    # ---- what feeds what

    def _fed(self, node: NodeName) -> Iterator[tuple[str, tuple[Output, str]]]:
        """Input → the output that feeds it, and why; only outputs of nodes that run."""
        needs, spec, given = self._needs[node], self._specs[node], self._inputs(node)
        said = {needs.own_name("input", n): source for n, source in spec.connections.items()}
        settled: dict[str, Output | None] = dict.fromkeys(given)
        for name, source in said.items():
            if source.node not in self._tested.dag:
                near = nearest(source.node, self._tested.dag.nodes)
                raise UnknownNodeError(source.node, near, in_dag=True)
            settled[name] = self._own(source) if source.node in self._specs else None
            if settled[name] is not None:
                yield name, (self._own(source), _DECLARED)
        for name, path in given.items():
            owner = self._owner(node, path) if name not in said else None
            if owner is not None:
                settled[name] = owner
                yield name, (owner, _SAME_PATH)
        above = [n for n in self._tested.dag.get_dependencies(node) if n in self._specs]
        wiring = wire(
            node,
            inputs=needs.of("input"),
            producers=[self._producer(NodeName(name)) for name in above],
            script=self._scripts[node].name,
            fixed=settled,
        )
        for connection in wiring.connections:
            yield connection.input, (connection.source, connection.reason)

    def _own(self, source: Output) -> Output:
        """The output by the name that its script writes."""
        needs = self._needs.get(NodeName(source.node), ScriptRequirements())
        return Output(source.node, needs.own_name("output", source.output), source.subpath)

    def _owner(self, node: NodeName, path: RecordedPath) -> Output | None:
        """The upstream output that a path is, or lies in."""
        for above in self._tested.dag.upstream(node):
            places = {p: name for name, p in self._outputs.get(NodeName(above), {}).items()}
            for folder in folders_of(path):
                if folder in places:
                    return Output(above, places[folder], inside(path, folder) or None)
        return None

    def _producer(self, node: NodeName) -> Producer:
        return Producer(node, self._needs[node].of("output"), self._scripts[node].name)

    def _with_connections(self) -> PipelineDAG:
        """The DAG, and an edge for each connection along which it has none."""
        implied = [
            (source.node, node)
            for node, connections in self._connections.items()
            for source, _ in connections.values()
        ]
        dag = self._tested.dag
        return PipelineDAG(dag.nodes, [*dag.edges, *implied], dag.name)
