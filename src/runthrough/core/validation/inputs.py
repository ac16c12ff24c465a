"""Rules about inputs: paths that must be there, connections that must make sense."""

from collections.abc import Iterator, Mapping
from typing import Literal

from runthrough.core.names import nearest
from runthrough.core.validation.proposal import Proposal
from runthrough.core.values.connections import Connection
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import below, shown
from runthrough.core.values.problems import Problem, ProblemCode
from runthrough.core.values.secrets import holds_mask

_UNKNOWN: Mapping[str, tuple[ProblemCode, str, str]] = {
    "input": ("INPUT_UNKNOWN", "input", "input"),
    "output": ("OUTPUT_UNKNOWN", "output", "output"),
    "job_arg": ("ARG_UNKNOWN", "argument", "arg"),
}
"""Code, word for people and flag of the command line, by the kind of the name."""


def input_problems(proposal: Proposal) -> Iterator[Problem]:
    """Missing, unknown, absent, empty and unreadable inputs."""
    given = {*proposal.spec.input_paths, *proposal.connections}
    for need in proposal.facts.requirements.of("input"):
        if need.required and not given & {need.name, *need.aliases}:
            yield proposal.problem(
                "INPUT_MISSING",
                "input",
                need.name,
                f"Missing required input: {need.name}",
                proposal.configure("input", need.name, "PATH"),
            )
    yield from unknown_names(proposal, "input", sorted(given))
    for name, path in proposal.spec.input_paths.items():
        yield from _path_problems(proposal, name, path)
    for name, connection in proposal.connections.items():
        yield from _connection_problems(proposal, name, connection)


def unknown_names(
    proposal: Proposal, kind: Literal["input", "output", "job_arg"], names: list[str]
) -> Iterator[Problem]:
    """Names that the script does not read: an error where a near one exists, else a warning.

    A reader of source cannot see everything, so an unknown name alone forbids nothing; a near
    miss of a known name that has no value is a slip of the pen.
    """
    requirements = proposal.facts.requirements
    known = {n for need in requirements.of(kind) for n in (need.name, *need.aliases)}
    if proposal.facts.script is None or requirements.open_ended(kind):
        return
    code, word, flag = _UNKNOWN[kind]
    for name in names:
        if name in known:
            continue
        near = nearest(name, sorted(known))
        slip = bool(near) and near[0] not in names
        hint = f". Did you mean {' or '.join(near)}?" if near else ""
        yield proposal.problem(
            code,
            kind,
            name,
            f"The script does not name the {word} {name}{hint}",
            proposal.configure(flag, near[0], "VALUE")
            if near
            else "give it only if the script reads it",
            severity="error" if slip else "warning",
            candidates=near,
        )


def _path_problems(proposal: Proposal, name: str, path: RecordedPath) -> Iterator[Problem]:
    if holds_mask(path):
        yield proposal.secret_in_plain("input", name, "a path without a password")
        return
    seen = proposal.facts.paths.get(path)
    if seen is None:
        return
    fix = proposal.configure("input", name, "PATH")
    if seen.kind is None:
        yield proposal.problem(
            "INPUT_NOT_FOUND",
            "input",
            name,
            f"Input file does not exist: {shown(path)}",
            f"put it there, or {fix}",
        )
    elif not seen.readable:
        yield proposal.problem(
            "INPUT_UNREADABLE",
            "input",
            name,
            f"Input file cannot be read: {shown(path)}",
            f"chmod u+r it, or {fix}",
        )
    elif seen.empty:
        what = "folder holds no non-empty file" if seen.kind == "folder" else "file is empty"
        yield proposal.problem(
            "INPUT_EMPTY", "input", name, f"Input {what}: {shown(path)}", f"fill it, or {fix}"
        )


def _connection_problems(
    proposal: Proposal, name: str, connection: Connection
) -> Iterator[Problem]:
    source = connection.source
    neighbour = proposal.sources.get(NodeName(source.node))
    if neighbour is None:
        near = nearest(source.node, sorted(proposal.sources))
        yield proposal.problem(
            "CONNECTION_UNKNOWN",
            "connection",
            name,
            f"No node is called {source.node}, so {source} cannot feed {name}",
            proposal.configure("input", name, f"@{near[0] if near else 'NODE'}.{source.output}"),
            candidates=near,
        )
    elif NodeName(source.node) in proposal.below:
        yield proposal.problem(
            "CONNECTION_CYCLE",
            "connection",
            name,
            f"{source} runs after {proposal.node}, so feeding {name} from it would be a cycle",
            proposal.configure("input", name, "PATH"),
        )
    elif source.output not in neighbour.outputs and not neighbour.open_ended:
        near = nearest(source.output, sorted(neighbour.outputs)) or tuple(
            sorted(neighbour.outputs)
        )
        yield proposal.problem(
            "CONNECTION_UNKNOWN",
            "connection",
            name,
            f"{source.node} has no output {source.output}; it has "
            f"{', '.join(sorted(neighbour.outputs)) or 'none'}",
            proposal.configure("input", name, f"@{source.node}.{near[0] if near else 'OUTPUT'}"),
            candidates=near,
        )
    elif neighbour.external_outputs is not None:
        yield from _external_problems(proposal, name, connection, neighbour.external_outputs)


def _external_problems(
    proposal: Proposal,
    name: str,
    connection: Connection,
    outputs: Mapping[str, RecordedPath],
) -> Iterator[Problem]:
    source = connection.source
    path = below(outputs[source.output], source.subpath)
    seen = proposal.facts.paths.get(path)
    if seen is None or (seen.kind is not None and not seen.empty):
        return
    state = "does not exist" if seen.kind is None else "is empty"
    yield proposal.problem(
        "EXTERNAL_NOT_FOUND",
        "input",
        name,
        f"Input file {state}: {shown(path)} (output {source.output} of the external node "
        f"{source.node})",
        f"put it there, or {proposal.configure('input', name, 'PATH')}",
    )
