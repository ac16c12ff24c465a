"""Drafts how the nodes of a pipeline are run, from what lies on this machine."""

import posixpath
from collections.abc import Mapping

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.inspection.digests import DigestCache
from runthrough.adapters.inspection.looking import look_at
from runthrough.core.pipeline import declared_dag
from runthrough.core.requirements import Merged, merge
from runthrough.core.validation import Neighbour, Proposal, errors, problems_of
from runthrough.core.values.connections import Connection, Output, ProposedConnection
from runthrough.core.values.facts import NodeFacts, PathFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.interpreters import executable
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import Roots, below, folders, inside, record
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import Requirement, ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptInfo
from runthrough.core.values.secrets import masked_text, masked_values
from runthrough.core.values.specs import ScriptExecutionSpec, ScriptSpec
from runthrough.core.wiring import Producer, wire

NO_DIGEST = -1
"""Nothing is reused here, so no content needs to be read."""


class Drafts:
    """The nodes of one pipeline: their scripts, needs and connections, and where things lie.

    Scripts are found and read as a session does it, and the same rules wire and validate. What a
    session would ask a person for stays open here.
    """

    def __init__(
        self,
        declaration: PipelineDeclaration,
        *,
        catalog: StepCatalog,
        roots: Roots,
        test_data_dir: str,
    ) -> None:
        """Read the scripts of a pipeline.

        Args:
            declaration: The pipeline.
            catalog: Finds and reads scripts, in the folders that it was made with.
            roots: Where the pipeline's file and these folders lie.
            test_data_dir: Absolute path of the folder that holds `input/` and `output/`.

        Raises:
            PipelineCycleError: Edges and connections form a cycle.
            PipelineError: A name is not one.
        """
        self.dag = declared_dag(declaration)
        self._declaration = declaration
        self._catalog = catalog
        self._roots = roots
        self._test_data_dir = test_data_dir
        self._digests = DigestCache()
        self._below: dict[str, frozenset[str]] = {}
        self._looks: dict[RecordedPath, PathFacts] = {}
        self._nodes = {
            NodeName(name): declaration.nodes.get(name) or NodeDeclaration()
            for name in self.dag.topological_sort()
        }
        self._found = self._discovered()
        merged = {node: self._read(node) for node in self._found}
        self._needs = {node: both.requirements for node, both in merged.items()}
        self._drift = {node: both.drift for node, both in merged.items()}
        self._neighbours = {node: self._neighbour(node) for node in self._nodes}
        self._outputs = {node: self._output_places(node) for node in self._nodes}
        self._claims = self._claimed()
        self._proposals: dict[NodeName, tuple[ProposedConnection, ...]] = {}
        self._connections = {node: self._wired(node) for node in self._found}
        for connections in self._connections.values():
            for connection in connections.values():
                self._promise(connection.source)

    @property
    def scripted(self) -> tuple[NodeName, ...]:
        """The nodes that have a script to run, in execution order; external ones have none."""
        return tuple(self._found)

    def script(self, node: NodeName) -> ScriptInfo | None:
        """The script that was found for a node."""
        return self._found[node].script

    def needs(self, node: NodeName) -> ScriptRequirements:
        """What a node needs, from the pipeline, the contract and the code."""
        return self._needs[node]

    def locate(self, path: RecordedPath) -> str:
        """The absolute path of a recorded one."""
        return self._roots.locate(path)

    def input_place(self, node: NodeName, name: str) -> RecordedPath:
        """Where an input lies: the first place that holds something, else its own place."""
        own, *others = self._input_places(node, name)
        return next((path for path in (own, *others) if self._holds(path)), own)

    def output_place(self, node: NodeName, name: str) -> RecordedPath:
        """Where an output of a node goes that nobody gave a path."""
        return self._place("output", node, name)

    def spec(self, node: NodeName) -> ScriptExecutionSpec:
        """How a node would be run; paths are absolute, those of connected inputs included."""
        drafted, declared, script = self._spec(node), self._nodes[node], self.script(node)
        fed = {
            name: path
            for name, connection in self._connections[node].items()
            if (path := self._source_path(connection.source)) is not None
        }
        python = declared.python or self._declaration.python
        return ScriptExecutionSpec(
            script_name=script.name if script else None,
            step_name=node,
            script_path=self.locate(script.path) if script else None,
            input_paths=self._located({**drafted.input_paths, **fed}),
            output_paths=self._located(drafted.output_paths),
            environ_vars=drafted.environ_vars,
            job_args=drafted.job_args,
            connections={name: c.source for name, c in self._connections[node].items()},
            timeout_s=drafted.timeout_s,
            limits=drafted.limits,
            python=executable(python, self._roots) if python else None,
        )

    def still_open(self, node: NodeName) -> tuple[str, ...]:
        """What keeps a node from being run, in people's words."""
        spec, found = self._spec(node), self._found[node]
        proposal = Proposal(
            node=node,
            spec=spec,
            connections=self._connections[node],
            facts=NodeFacts(
                script=found.script,
                candidates=found.candidates,
                requirements=self._needs[node],
                drift=self._drift[node],
                paths=self._seen(node, spec),
            ),
            sources=self._neighbours,
            claimed=self._claims,
            proposals={proposed.input: proposed for proposed in self._proposals[node]},
            inherited=frozenset(self._declaration.inherit_env),
        )
        return tuple(self._told(node, problem) for problem in errors(problems_of(proposal)))

    # ---- what is read

    def _discovered(self) -> dict[NodeName, Discovery]:
        settings = SessionSettings(
            workspaces=tuple(record(root, ".") for root in self._catalog.roots.places)
        )
        scripted = [node for node, declared in self._nodes.items() if not declared.external]
        return self._catalog.discover(
            scripted, pipeline=self._declaration, settings=settings, roots=self._roots
        )

    def _read(self, node: NodeName) -> Merged:
        """A node's needs; what is wrong with its contract joins what is wrong with its script."""
        script, declared = self._found[node].script, self._nodes[node]
        if script is None:
            return Merged(ScriptRequirements())
        code = self._catalog.requirements(
            script,
            roots=self._roots,
            job_args=declared.job_args,
            environ_vars=declared.environ_vars,
        )
        contract = self._catalog.contract(script, roots=self._roots)
        if contract is None:
            return merge(declared, code)
        problems = (*script.problems, *contract.problems)
        told = script.model_copy(update={"problems": problems})
        self._found[node] = Discovery(told, self._found[node].candidates)
        return merge(declared, code, contract.requirements)

    # ---- where things lie

    def _place(self, *parts: str) -> RecordedPath:
        """A path below the test data; a name with a slash is one folder, and never leads out."""
        safe = (part.replace("/", "_") for part in parts)
        kept = (f"_{part}" if part in {"", ".", ".."} else part for part in safe)
        return self._roots.record(posixpath.join(self._test_data_dir, *kept))

    def _input_places(self, node: NodeName, name: str) -> tuple[RecordedPath, ...]:
        own = self._place("input", node, name)
        if self.dag.get_dependencies(node):
            return (own,)
        return (own, self._place("input", name))

    def _output_places(self, node: NodeName) -> dict[str, RecordedPath]:
        declared = self._nodes[node]
        if declared.external:
            return dict(declared.outputs)
        read = (need.name for need in self._needs[node].of("output") if need.level != "unread")
        places = {name: self.output_place(node, name) for name in read}
        return {**places, **declared.outputs}

    def _promise(self, source: Output) -> None:
        """Give an output that is consumed a place where its script names it at run time only."""
        node = NodeName(source.node)
        if self._neighbours[node].open_ended and self._source_path(source) is None:
            place = self.output_place(node, source.output)
            self._outputs[node][source.output] = place

    def _source_path(self, source: Output) -> RecordedPath | None:
        """Where a connection's output lies; `None` where its node has no such output."""
        node = NodeName(source.node)
        outputs = self._outputs[node]
        names = [source.output]
        names += [n.name for n in self._needs_of(node).of("output") if source.output in n.aliases]
        path = next((outputs[name] for name in names if name in outputs), None)
        return None if path is None else below(path, source.subpath)

    def _needs_of(self, node: NodeName) -> ScriptRequirements:
        """A node's needs; an external one has none."""
        return self._needs.get(node, ScriptRequirements())

    def _claimed(self) -> dict[RecordedPath, tuple[Output, ...]]:
        claims: dict[RecordedPath, tuple[Output, ...]] = {}
        for node, outputs in self._outputs.items():
            for name, path in outputs.items():
                claims[path] = (*claims.get(path, ()), Output(node, name))
        return claims

    def _look(self, path: RecordedPath) -> PathFacts:
        """What lies at a path, looked at once."""
        if path not in self._looks:
            self._looks[path] = look_at(
                path, self.locate(path), digests=self._digests, digest_up_to=NO_DIGEST
            )
        return self._looks[path]

    def _holds(self, path: RecordedPath) -> bool:
        seen = self._look(path)
        return seen.kind is not None and not seen.empty

    def _located(self, paths: Mapping[str, RecordedPath]) -> dict[str, str]:
        return {name: self.locate(path) for name, path in paths.items()}

    # ---- what is connected

    def _wired(self, node: NodeName) -> dict[str, Connection]:
        declared: dict[str, Output | None] = {}
        for name, source in self._nodes[node].inputs.items():
            declared[name] = source if isinstance(source, Output) else self._owner(node, source)
        script = self.script(node)
        wiring = wire(
            node,
            inputs=self._needs[node].of("input"),
            producers=[self._producer(above) for above in self.dag.get_dependencies(node)],
            script=script.name if script else None,
            fixed=declared,
        )
        self._proposals[node] = wiring.proposals
        given = {
            name: Connection(node, name, source, "declared", None, "declared in the pipeline")
            for name, source in declared.items()
            if source is not None
        }
        return {**{c.input: c for c in wiring.connections}, **given}

    def _owner(self, node: NodeName, path: RecordedPath) -> Output | None:
        """The upstream output that a given path is, or lies inside."""
        for folder in folders(path):
            for output in self._claims.get(folder, ()):
                if node in self._downstream(output.node):
                    return Output(output.node, output.output, inside(path, folder) or None)
        return None

    def _downstream(self, node: str) -> frozenset[str]:
        """What lies below a node, walked once."""
        if node not in self._below:
            self._below[node] = frozenset(self.dag.downstream(node))
        return self._below[node]

    def _producer(self, above: str) -> Producer:
        node = NodeName(above)
        if self._nodes[node].external:
            offered = tuple(
                Requirement(kind="output", name=name, level="required", sources=("pipeline",))
                for name in self._outputs[node]
            )
            return Producer(node, offered, external=True)
        script = self.script(node)
        return Producer(node, self._needs[node].of("output"), script.name if script else None)

    # ---- how it is put together

    def _spec(self, node: NodeName) -> ScriptSpec:
        declared, connections = self._nodes[node], self._connections[node]
        inputs = {
            name: source
            for name, source in declared.inputs.items()
            if name not in connections and not isinstance(source, Output)
        }
        for need in self._needs[node].of("input"):
            if {need.name, *need.aliases} & (inputs.keys() | connections.keys()):
                continue
            place = self.input_place(node, need.name)
            if need.required or (need.level != "unread" and self._holds(place)):
                inputs[need.name] = place
        return ScriptSpec(
            input_paths=_without_passwords(inputs),
            output_paths=_without_passwords(self._outputs[node]),
            environ_vars=masked_values(declared.environ_vars),
            job_args=masked_values(declared.job_args),
            timeout_s=declared.timeout_s,
            limits=declared.limits,
            python=declared.python,
        )

    def _seen(self, node: NodeName, spec: ScriptSpec) -> dict[RecordedPath, PathFacts]:
        outside = [
            path
            for connection in self._connections[node].values()
            if self._nodes[NodeName(connection.source.node)].external
            and (path := self._source_path(connection.source)) is not None
        ]
        paths = (*spec.input_paths.values(), *spec.output_paths.values(), *outside)
        return {path: self._look(path) for path in paths}

    def _neighbour(self, node: NodeName) -> Neighbour:
        if self._nodes[node].external:
            outputs = self._nodes[node].outputs
            return Neighbour(frozenset(outputs), open_ended=False, external_outputs=outputs)
        needs = self._needs[node]
        names = frozenset(n for need in needs.of("output") for n in (need.name, *need.aliases))
        return Neighbour(names, open_ended=not names or needs.open_ended("output"))

    def _told(self, node: NodeName, problem: Problem) -> str:
        """A problem, and the connection that a session would propose."""
        if problem.where.kind != "input":
            return problem.message
        for proposed in self._proposals[node]:
            if proposed.input == problem.where.name:
                return f"{problem.message}; perhaps it is {proposed.source}"
        return problem.message


def _without_passwords(paths: Mapping[str, RecordedPath]) -> dict[str, RecordedPath]:
    """Paths as a session records them: what looks like a secret in one is masked."""
    return {name: RecordedPath(masked_text(path)) for name, path in paths.items()}
