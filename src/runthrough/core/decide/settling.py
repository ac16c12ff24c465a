"""Deciding a node's configuration: shared by everything that may change one."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, TypedDict

from runthrough.core.decide.rewiring import rewired
from runthrough.core.decide.surroundings import (
    Surroundings,
    answered,
    base_spec,
    earlier_readers,
)
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import (
    ConfigurationRestored,
    Event,
    NodeDiscovered,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptMarkedPending,
    WorldChanged,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.noticing import outside_path
from runthrough.core.planning import reachable
from runthrough.core.state import NodeState
from runthrough.core.validation import Proposal, errors, problems_of
from runthrough.core.values.connections import Connection, ProposedConnection
from runthrough.core.values.facts import Evidence, NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.problems import Problem, ProblemCode
from runthrough.core.values.requirements import RereadReason
from runthrough.core.values.specs import ScriptSpec


def learned(around: Surroundings, node: NodeName) -> tuple[Event, ...]:
    """What a look at a node brought: what changed, that its script was found, what it needs now.

    Changes alone decide nothing: whether a node is stale is asked when it is shown or run.
    """
    facts = around.facts(node)
    if around.state.nodes[node].script is None and facts.script is not None:
        return discovered(node, facts)
    changed = (WorldChanged(node=node, changes=facts.changes),) if facts.changes else ()
    if facts.reread is None:
        return changed
    return (*changed, read(node, facts, facts.reread))


def discovered(node: NodeName, facts: NodeFacts) -> tuple[Event, ...]:
    """That a node's script was looked for, and what it needs where it was found."""
    found = NodeDiscovered(node=node, script=facts.script, candidates=facts.candidates)
    if facts.script is None:
        return (found,)
    return (found, read(node, facts, "discovered"))


def read(
    node: NodeName,
    facts: NodeFacts,
    because: Literal["discovered", "bound"] | RereadReason,
) -> RequirementsRead:
    """What a node needs, as it was read."""
    return RequirementsRead(
        node=node,
        requirements=facts.requirements,
        drift=tuple(str(drift) for drift in facts.drift),
        because=because,
    )


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
    proposals: Mapping[str, ProposedConnection] | None = None,
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
        readers=earlier_readers(around, node, spec),
        kept=around.kept if spec.output_paths else {},
        inherited=frozenset(state.pipeline.inherit_env),
        proposals=state.proposals.get(node, {}) if proposals is None else proposals,
        rejections=state.rejected.get(node, ()),
    )


def redecide(
    unfolding: Unfolding,
    around: Surroundings,
    nodes: Iterable[NodeName],
    *,
    below: Iterable[NodeName] = (),
) -> None:
    """Wire and settle nodes anew, and those `below` that take what they write.

    External nodes have nothing to decide. A consumer that a run is at is left to it, and of one
    whose script was not looked at nothing can be said.
    """
    state = unfolding.state
    around.moved()
    planned = frozenset(state.running.plan.order) if state.running else frozenset()
    own = dict.fromkeys(nodes)
    looked = [
        node
        for node in below
        if node not in own
        and node not in planned
        and (around.facts(node).script is not None or state.nodes[node].script is None)
    ]
    for node in looked:
        if not state.nodes[node].external:
            unfolding.happen(*learned(around, node))
    for node in (*own, *looked):
        if not state.nodes[node].external:
            unfolding.happen(*rewired(around, node))
            unfolding.happen(*settled(around, node))


def settled(around: Surroundings, node: NodeName) -> tuple[Event, ...]:
    """What a node has become: everything is there, or what is missing; nothing if as before."""
    there = around.state.nodes[node]
    coming = around.coming.get(node)
    stands = there.spec is not None and coming is None
    proposal, needs = judged(around, node, coming or base_spec(around.state, node), stands=stands)
    spec = proposal.spec
    if needs:
        told = there.state is Lifecycle.PENDING and there.needs == needs and there.draft == spec
        return () if told else (ScriptMarkedPending(node=node, needs=needs, draft=spec),)
    return () if there.spec == spec else (_decided(around, there, proposal),)


def judged(
    around: Surroundings, node: NodeName, spec: ScriptSpec, *, stands: bool
) -> tuple[Proposal, tuple[Problem, ...]]:
    """A configuration beside the node's connections, and what keeps it from holding.

    One that stands is only freed of paths that connections took the place of; what lies in the
    workspace by convention is taken where nothing stands yet, or no longer.
    """
    connected = around.state.connections.get(node, {})
    if stands:
        fed = answered(around.facts(node).requirements, "input", connected)
        proposal = propose(around, node, unfed(spec, fed))
        needs = _still(around, node, proposal.spec, errors(problems_of(proposal)))
        if not needs:
            return proposal, needs
    proposal = propose(around, node, completed(around, node, spec, connected))
    return proposal, _still(around, node, proposal.spec, errors(problems_of(proposal)))


def _still(
    around: Surroundings, node: NodeName, spec: ScriptSpec, found: tuple[Problem, ...]
) -> tuple[Problem, ...]:
    """All that keeps a node from being configured; of files, as far as can be said here.

    Whether a file is back only a look tells, where the session lives; elsewhere what was missing
    is missing still, unless the input has another path by now.
    """
    there = around.state.nodes[node]
    if around.facts(node).checked_here or there.draft is None:
        return found
    draft = there.draft.input_paths
    other = {n for n in {*spec.input_paths, *draft} if spec.input_paths.get(n) != draft.get(n)}
    kept = [
        need
        for need in there.needs
        if need in found or (need.code in _SEEN_ONLY_AT_HOME and need.where.name not in other)
    ]
    return (*kept, *(problem for problem in found if problem not in kept))


_SEEN_ONLY_AT_HOME: Collection[ProblemCode] = frozenset(
    {
        "SCRIPT_NOT_FOUND",
        "SCRIPT_SYNTAX",
        "SCRIPT_UNREADABLE",
        "MAIN_MISSING",
        "MAIN_SIGNATURE",
        "INPUT_NOT_FOUND",
        "INPUT_EMPTY",
        "INPUT_UNREADABLE",
        "INPUT_FORMAT",
        "EXTERNAL_NOT_FOUND",
        "OUTPUT_NOT_WRITABLE",
        "CONTRACT_INVALID",
    }
)


def _decided(around: Surroundings, there: NodeState, proposal: Proposal) -> Event:
    """The event of a node that lacks nothing."""
    node, spec = proposal.node, proposal.spec
    by = there.configured_by or there.restores_to
    was_accepted = there.accepted_at is not None
    if by is not None and was_accepted and there.state is Lifecycle.PENDING:
        return ConfigurationRestored(node=node, spec=spec)
    evidence = evidence_of(around, proposal)
    if by == "person":
        return ScriptConfigured(node=node, spec=spec, evidence=evidence, adjusted=True)
    return ScriptAutoConfigured(node=node, spec=spec, evidence=evidence)


def evidence_of(around: Surroundings, proposal: Proposal) -> tuple[Evidence, ...]:
    """What each part of an accepted configuration stands on."""
    declared = around.state.declared(proposal.node)
    spec, facts = proposal.spec, proposal.facts
    evidence = []
    for name, path in spec.input_paths.items():
        found = "found" if facts.found.get(name) == path else "person"
        evidence.append(
            Evidence(
                kind="input",
                name=name,
                source="pipeline" if declared.inputs.get(name) == path else found,
                path=path,
                **_stat(facts, path),
            )
        )
    for name, connection in proposal.connections.items():
        outside = outside_path(around.state, connection)
        evidence.append(
            Evidence(
                kind="input",
                name=name,
                source="connection",
                connection=str(connection.source),
                path=outside,
                **_stat(facts, outside),
            )
        )
    for name, value in spec.environ_vars.items():
        by = "pipeline" if declared.environ_vars.get(name) == value else "person"
        evidence.append(Evidence(kind="environ_var", name=name, source=by))
    for name, value in spec.job_args.items():
        by = "pipeline" if declared.job_args.get(name) == value else "person"
        evidence.append(Evidence(kind="job_arg", name=name, source=by))
    return tuple(evidence)


class _Stat(TypedDict, total=False):
    """What evidence keeps of a look at a path."""

    size_bytes: int | None
    mtime_ns: int | None
    inode: int | None
    digest: str | None


def _stat(facts: NodeFacts, path: RecordedPath | None) -> _Stat:
    seen = facts.paths.get(path) if path is not None else None
    if seen is None:
        return {}
    return _Stat(
        size_bytes=seen.size_bytes, mtime_ns=seen.mtime_ns, inode=seen.inode, digest=seen.digest
    )
