"""What a folder of scripts looks like as a pipeline: names, connections, and what stays open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runthrough.core.pipeline import PipelineDAG
from runthrough.core.values.connections import Connection, Output, ProposedConnection
from runthrough.core.values.ids import NodeName
from runthrough.core.values.requirements import Requirement, RequirementKind, ScriptRequirements
from runthrough.core.wiring import Producer, wire
from runthrough.errors import PipelineCycleError

STRONG = 1.5
"""Own evidence from which a connection is written down (DESIGN § 6). Where there are no edges,
being the only one left says nothing."""


@dataclass(frozen=True, slots=True)
class ScriptNeeds:
    """A script of the folder with what it reads and writes."""

    stem: str
    path: str
    """As the pipeline file writes it."""
    description: str
    requirements: ScriptRequirements


@dataclass(frozen=True, slots=True)
class Guess:
    """A connection that a person may want: too weak, or one that would close a cycle."""

    node: str
    input: str
    source: Output
    why: str


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """What a node needs and nothing in the folder gives."""

    node: str
    kind: RequirementKind
    need: Requirement


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drafted pipeline; the nodes are in the order in which they would run."""

    nodes: Mapping[str, ScriptNeeds]
    connections: tuple[Connection, ...]
    guesses: tuple[Guess, ...]
    open: tuple[OpenNeed, ...]

    def connected(self, node: str) -> tuple[Connection, ...]:
        """The connections into a node."""
        return tuple(one for one in self.connections if one.node == node)


def sketch(scripts: Sequence[ScriptNeeds]) -> Sketch:
    """Draft a pipeline: one node a script, connected where the evidence is strong.

    Each script is compared with all others, since no edges are given. Of connections that close
    a cycle the weakest is left out.
    """
    named = dict(zip(_node_names(script.stem for script in scripts), scripts, strict=True))
    producers = [
        Producer(NodeName(name), script.requirements.of("output"), script.stem)
        for name, script in named.items()
    ]
    strong: list[Connection] = []
    weak: list[Connection | ProposedConnection] = []
    for name, script in named.items():
        wired = wire(
            NodeName(name),
            inputs=script.requirements.of("input"),
            producers=[producer for producer in producers if producer.node != name],
            script=script.stem,
        )
        strong += [one for one in wired.connections if (one.score or 0.0) >= STRONG]
        weak += [one for one in wired.connections if (one.score or 0.0) < STRONG]
        weak += [one for one in wired.proposals if not one.outside]
    dag, kept, closing = _without_cycles(list(named), strong)
    guesses = [
        _guess(one, _evidence(one))
        for one in weak
        if one.source.node not in dag.downstream(one.node)  # nobody could take it as it stands
    ]
    guesses += [_guess(one, f"it would close the cycle {cycle}") for one, cycle in closing]
    order = dag.topological_sort()
    place = {name: number for number, name in enumerate(order)}
    return Sketch(
        nodes={name: named[name] for name in order},
        connections=tuple(sorted(kept, key=lambda one: place[one.node])),
        guesses=tuple(sorted(guesses, key=lambda one: place[one.node])),
        open=tuple(_open(order, named, kept)),
    )


def _node_names(stems: Iterable[str]) -> list[str]:
    """Pascal case of each stem; a number after those that are taken."""
    names: dict[str, None] = {}
    for stem in stems:
        words = [word for word in stem.split("_") if word]
        name = first = "".join(word[0].upper() + word[1:] for word in words) or stem
        number = 2
        while name in names:
            name, number = f"{first}{number}", number + 1
        names[name] = None
    return list(names)


def _without_cycles(
    nodes: Sequence[str], connections: Sequence[Connection]
) -> tuple[PipelineDAG, list[Connection], list[tuple[Connection, str]]]:
    """The DAG of the connections, strongest first, and those left out with their cycles."""
    dag = PipelineDAG(nodes)
    kept: list[Connection] = []
    closing: list[tuple[Connection, str]] = []
    for one in sorted(connections, key=lambda one: -(one.score or 0.0)):
        try:
            dag.add_edge(one.source.node, one.node)
        except PipelineCycleError as error:
            closing.append((one, " → ".join(error.cycle)))
        else:
            kept.append(one)
    return dag, kept, closing


def _evidence(one: Connection | ProposedConnection) -> str:
    told = f"score {one.score or 0.0:.1f}: {one.reason}"
    runner_up = one.runner_up if isinstance(one, ProposedConnection) else None
    return f"{told}; or {runner_up}" if runner_up else told


def _guess(one: Connection | ProposedConnection, why: str) -> Guess:
    return Guess(one.node, one.input, one.source, why)


def _open(
    order: Iterable[str], named: Mapping[str, ScriptNeeds], kept: Iterable[Connection]
) -> Iterable[OpenNeed]:
    connected = {(one.node, one.input) for one in kept}
    for name in order:
        for need in named[name].requirements.needs:
            if need.required and need.kind != "output" and (name, need.name) not in connected:
                yield OpenNeed(name, need.kind, need)
