"""Deciding a node's configuration: shared by everything that may change one."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from runthrough.core.events import (
    ConnectionAccepted,
    Event,
    NodeDiscovered,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptMarkedPending,
)
from runthrough.core.planning import reachable
from runthrough.core.state import SessionState
from runthrough.core.validation import Neighbour, Proposal, errors, problems_of
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.facts import Evidence, NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import folders, inside
from runthrough.core.values.requirements import (
    Requirement,
    RequirementKind,
    ScriptRequirements,
)
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.wiring import Offers, wire

World = Mapping[NodeName, NodeFacts]
_NOTHING_SEEN = NodeFacts()


@dataclass(slots=True)
class Surroundings:
    """A session and what was seen of the world, with the look-ups that decisions share.

    Made once for a command, so that deciding many nodes stays linear.
    """

    state: SessionState
    world: World
    claims: dict[RecordedPath, tuple[Output, ...]] = field(init=False)
    """Where the outputs of all nodes lie: as given, as external, or as last written."""
    neighbours: dict[NodeName, Neighbour] = field(init=False)

    def __post_init__(self) -> None:
        self.claims = _claims_of(self.state)
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


def claimed_source(around: Surroundings, node: NodeName, path: RecordedPath) -> Output | None:
    """The upstream output that `path` is, or lies inside: such a path is a connection."""
    for folder in folders(path):
        for output in around.claims.get(folder, ()):
            above = NodeName(output.node)
            if above != node and above in reachable({node}, around.state.predecessors):
                return Output(above, output.output, inside(path, folder) or None)
    return None


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


def learned(around: Surroundings, node: NodeName) -> tuple[Event, ...]:
    """What a look at a node's script brought: that it was found, or what it needs by now."""
    facts = around.facts(node)
    if around.state.nodes[node].script is None and facts.script is not None:
        return discovered(node, facts)
    if facts.reread is None:
        return ()
    return (RequirementsRead(node=node, requirements=facts.requirements, because=facts.reread),)


def discovered(node: NodeName, facts: NodeFacts) -> tuple[Event, ...]:
    """That a node's script was looked for, and what it needs where it was found."""
    found = NodeDiscovered(node=node, script=facts.script, candidates=facts.candidates)
    if facts.script is None:
        return (found,)
    read = RequirementsRead(node=node, requirements=facts.requirements, because="discovered")
    return (found, read)


def unfed(spec: ScriptSpec, fed: Collection[str]) -> ScriptSpec:
    """`spec` without the paths of inputs that a connection feeds."""
    if spec.input_paths.keys().isdisjoint(fed):
        return spec
    paths = {name: path for name, path in spec.input_paths.items() if name not in fed}
    return spec.model_copy(update={"input_paths": paths})


def completed(
    around: Surroundings, node: NodeName, spec: ScriptSpec, connected: Iterable[str]
) -> ScriptSpec:
    """`spec` with what needs no person.

    Inputs that a connection feeds lose their path; inputs that nothing feeds get the one that
    lies in the workspace by convention.
    """
    facts = around.facts(node)
    spec = unfed(spec, answered(facts.requirements, "input", connected))
    given = answered(facts.requirements, "input", (*spec.input_paths, *connected))
    found = {n: path for n, path in facts.found.items() if n not in given}
    if not found:
        return spec
    return spec.model_copy(update={"input_paths": {**spec.input_paths, **found}})


def propose(
    around: Surroundings,
    node: NodeName,
    spec: ScriptSpec,
    connections: Mapping[str, Connection] | None = None,
) -> Proposal:
    """A configuration with all that validation asks for."""
    state = around.state
    wired = state.connections.get(node, {}) if connections is None else connections
    edges = state.predecessors.get(node, ())
    # Edges that are there cannot close a cycle, so the search is spared nearly always.
    new_edge = any(connection.source.node not in edges for connection in wired.values())
    return Proposal(
        node=node,
        spec=spec,
        connections=wired,
        facts=around.facts(node),
        sources=around.neighbours,
        below=reachable({node}, state.successors) if new_edge else frozenset(),
        claimed=around.claims,
        inherited=frozenset(state.pipeline.inherit_env),
    )


def settle(
    around: Surroundings, node: NodeName, spec: ScriptSpec
) -> ScriptAutoConfigured | ScriptMarkedPending:
    """Decide a node that nobody has answered for: everything was found, or what is missing."""
    proposal = propose(around, node, spec)
    needs = errors(problems_of(proposal))
    if needs:
        return ScriptMarkedPending(node=node, needs=needs, draft=spec)
    return ScriptAutoConfigured(node=node, spec=spec, evidence=evidence_of(around, proposal))


def evidence_of(around: Surroundings, proposal: Proposal) -> tuple[Evidence, ...]:
    """What each part of an accepted configuration stands on."""
    declared = around.state.declared(proposal.node)
    spec, facts = proposal.spec, proposal.facts
    evidence = []
    for name, path in spec.input_paths.items():
        seen = facts.paths.get(path)
        found = "found" if facts.found.get(name) == path else "person"
        evidence.append(
            Evidence(
                kind="input",
                name=name,
                source="pipeline" if declared.inputs.get(name) == path else found,
                path=path,
                size_bytes=seen.size_bytes if seen else None,
                mtime_ns=seen.mtime_ns if seen else None,
                inode=seen.inode if seen else None,
                digest=seen.digest if seen else None,
            )
        )
    for name, connection in proposal.connections.items():
        source = str(connection.source)
        evidence.append(Evidence(kind="input", name=name, source="connection", connection=source))
    for name, value in spec.environ_vars.items():
        by = "pipeline" if declared.environ_vars.get(name) == value else "person"
        evidence.append(Evidence(kind="environ_var", name=name, source=by))
    for name, value in spec.job_args.items():
        by = "pipeline" if declared.job_args.get(name) == value else "person"
        evidence.append(Evidence(kind="job_arg", name=name, source=by))
    return tuple(evidence)


def _offers_for(around: Surroundings, node: NodeName) -> Offers:
    offers: dict[NodeName, tuple[Requirement, ...]] = {}
    for above in around.state.predecessors.get(node, ()):
        external = around.state.nodes[above].external_outputs
        offers[above] = around.facts(above).requirements.of("output") or tuple(
            Requirement(kind="output", name=name, level="required", sources=("pipeline",))
            for name in external
        )
    return offers


def newly_wired(around: Surroundings, node: NodeName) -> tuple[Connection, ...]:
    """The connections into a node that need no person and are not there yet."""
    state = around.state
    there = state.connections.get(node, {})
    spec = state.nodes[node].spec or state.nodes[node].draft
    requirements = around.facts(node).requirements
    taken = answered(requirements, "input", (*there, *(spec.input_paths if spec else ())))
    declared: dict[str, RecordedPath | Output] = {}
    for name, source in state.declared(node).inputs.items():
        path = None if isinstance(source, Output) else source
        upstream = claimed_source(around, node, path) if path else None
        declared[name] = upstream or source
    connections = wire(
        node,
        inputs=requirements.of("input"),
        declared=declared,
        offers=_offers_for(around, node),
        taken=taken,
    )
    return tuple(connection for connection in connections if connection.input not in taken)


def accepted(connections: Iterable[Connection]) -> tuple[ConnectionAccepted, ...]:
    """The events of connections that need no person."""
    return tuple(
        ConnectionAccepted(
            node=connection.node,
            input=connection.input,
            from_node=NodeName(connection.source.node),
            output=connection.source.output,
            subpath=connection.source.subpath,
            score=connection.score,
            reason=connection.reason,
        )
        for connection in connections
    )
