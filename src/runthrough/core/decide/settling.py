"""Deciding a node's configuration: shared by everything that may change one."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

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
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.planning import reachable
from runthrough.core.state import NodeState
from runthrough.core.validation import Proposal, errors, problems_of
from runthrough.core.values.connections import Connection, ProposedConnection
from runthrough.core.values.facts import Evidence, NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.specs import ScriptSpec


def learned(around: Surroundings, node: NodeName) -> tuple[Event, ...]:
    """What a look at a node's script brought: that it was found, or what it needs by now."""
    facts = around.facts(node)
    if around.state.nodes[node].script is None and facts.script is not None:
        return discovered(node, facts)
    if facts.reread is None:
        return ()
    return (read(node, facts, facts.reread),)


def discovered(node: NodeName, facts: NodeFacts) -> tuple[Event, ...]:
    """That a node's script was looked for, and what it needs where it was found."""
    found = NodeDiscovered(node=node, script=facts.script, candidates=facts.candidates)
    if facts.script is None:
        return (found,)
    return (found, read(node, facts, "discovered"))


def read(
    node: NodeName,
    facts: NodeFacts,
    because: Literal["discovered", "bound", "script", "contract", "arguments"],
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
    """What a node has become: everything is there, or what is missing; nothing if as before.

    A configuration that stands is only freed of paths that connections took the place of; what
    lies in the workspace by convention is taken while nothing stands yet.
    """
    there = around.state.nodes[node]
    connected = around.state.connections.get(node, {})
    spec = base_spec(around.state, node)
    if there.spec is None:
        spec = completed(around, node, spec, connected)
    else:
        spec = unfed(spec, answered(around.facts(node).requirements, "input", connected))
    proposal = propose(around, node, spec)
    needs = errors(problems_of(proposal))
    if needs:
        told = there.state is Lifecycle.PENDING and there.needs == needs and there.draft == spec
        return () if told else (ScriptMarkedPending(node=node, needs=needs, draft=spec),)
    return () if there.spec == spec else (_decided(around, there, proposal),)


def _decided(around: Surroundings, there: NodeState, proposal: Proposal) -> Event:
    """The event of a node that lacks nothing."""
    node, spec = proposal.node, proposal.spec
    by = there.configured_by or there.restores_to
    was_accepted = there.accepted_at is not None
    if by is not None and was_accepted and there.state is Lifecycle.PENDING:
        return ConfigurationRestored(node=node, spec=spec)
    evidence = evidence_of(around, proposal)
    if by == "person":
        return ScriptConfigured(node=node, spec=spec, evidence=evidence)
    return ScriptAutoConfigured(node=node, spec=spec, evidence=evidence)


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
