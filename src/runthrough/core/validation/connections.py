"""Rules about connections: those that are there, and those that a person is asked about."""

import posixpath
from collections.abc import Iterator, Mapping

from runthrough.core.names import nearest
from runthrough.core.validation.places import unchecked
from runthrough.core.validation.proposal import Neighbour, Proposal
from runthrough.core.validation.words import command, told
from runthrough.core.values.connections import Connection, Output, ProposedConnection
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import below
from runthrough.core.values.problems import Problem


def ambiguous_problem(proposal: Proposal, name: str, asked: ProposedConnection) -> Problem:
    """A required input for which a source was found, and not surely enough to be taken.

    The first candidate is the one that the fix takes. Where a person is to choose, each choice is
    to be connected, and none to be confirmed.
    """
    choices = asked.choices
    second = [asked.runner_up] if asked.runner_up is not None else []
    candidates = tuple(map(str, dict.fromkeys((*(choices or (asked.source,)), *second))))
    target = f"{proposal.node}.{name}"
    most = len(choices) or 2  # every sub-folder that fits, else the next best
    others = [command("connect", other, target) for other in candidates[:most]]
    if not asked.is_choice(proposal.rejections):
        others[0] = command("confirm", target)
    if asked.outside:
        others.append(proposal.configure("input", name, "PATH"))
    next_best = f"; next best {asked.runner_up}" if asked.runner_up is not None else ""
    open_folder = f"; in one of {', '.join(asked.subpath_choices)}" if choices else ""
    return proposal.problem(
        "CONNECTION_AMBIGUOUS",
        "connection",
        name,
        f"Missing required input: {name} (proposed: {asked.asked_about}, score {asked.score:.1f}, "
        f"{asked.reason}{open_folder}{next_best}{'; or from outside' if asked.outside else ''})",
        ", or ".join(others),
        candidates=candidates,
    )


def connection_problems(
    proposal: Proposal, name: str, connection: Connection
) -> Iterator[Problem]:
    """A source that does not exist, that would make a cycle, or that is outside and not there."""
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
        yield _unknown_output(proposal, name, source, neighbour)
    elif _climbs(source.subpath):
        yield proposal.problem(
            "CONNECTION_UNKNOWN",
            "connection",
            name,
            f"{source} leads out of the output {source.output} of {source.node}",
            proposal.configure("input", name, f"@{source.node}.{source.output}"),
            candidates=(f"{source.node}.{source.output}",),
        )
    elif _misses(source, neighbour):
        yield _unwritten_folder(proposal, name, source, neighbour)
    elif neighbour.external_outputs is not None:
        yield from _external_problems(proposal, name, connection, neighbour.external_outputs)


def _unknown_output(
    proposal: Proposal, name: str, source: Output, neighbour: Neighbour
) -> Problem:
    there = sorted(neighbour.outputs)
    near = nearest(source.output, there) or tuple(there)
    return proposal.problem(
        "CONNECTION_UNKNOWN",
        "connection",
        name,
        f"{source.node} has no output {source.output}; it has {', '.join(there) or 'none'}",
        proposal.configure("input", name, f"@{source.node}.{near[0] if near else 'OUTPUT'}"),
        candidates=near,
    )


def _misses(source: Output, neighbour: Neighbour) -> bool:
    """Whether all that the producer writes is known, and nothing of it lies at the subpath."""
    written = neighbour.files.get(source.output, ())
    if not source.subpath or not written:
        return False
    wanted = posixpath.normpath(source.subpath)
    return not any(
        "*" in name.partition("/")[0] or name == wanted or name.startswith(f"{wanted}/")
        for name in written
    )


def _unwritten_folder(
    proposal: Proposal, name: str, source: Output, neighbour: Neighbour
) -> Problem:
    """A slip in a sub-folder; a warning, because a reader of source cannot see everything."""
    folders = sorted({file.partition("/")[0] for file in neighbour.files[source.output]})
    near = nearest(str(source.subpath), folders) or tuple(folders)
    target = f"{proposal.node}.{name}"
    return proposal.problem(
        "CONNECTION_UNKNOWN",
        "connection",
        name,
        f"{source.node} writes {', '.join(folders)} in its output {source.output}, and nothing "
        f"at {source.subpath}",
        command("connect", f"{source.node}.{source.output}/{near[0]}", target),
        severity="warning",
        candidates=near,
    )


def _climbs(subpath: str | None) -> bool:
    """Whether a subpath leads out of its output."""
    if not subpath:
        return False
    normal = posixpath.normpath(subpath)
    return normal == ".." or normal.startswith(("/", "../"))


def _external_problems(
    proposal: Proposal,
    name: str,
    connection: Connection,
    outputs: Mapping[str, RecordedPath],
) -> Iterator[Problem]:
    source = connection.source
    path = below(outputs[source.output], source.subpath)
    if not proposal.facts.checked_here:
        yield from unchecked(proposal, "input", name, path)
        return
    seen = proposal.facts.paths.get(path)
    if seen is None or (seen.kind is not None and not seen.empty):
        return
    state = "does not exist" if seen.kind is None else "is empty"
    yield proposal.problem(
        "EXTERNAL_NOT_FOUND",
        "input",
        name,
        f"Input file {state}: {told(path)} (output {source.output} of the external node "
        f"{source.node})",
        f"put it there, or {proposal.configure('input', name, 'PATH')}",
    )
