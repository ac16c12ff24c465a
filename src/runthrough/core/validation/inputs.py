"""Rules about inputs: what must be given, and what must be there."""

from collections.abc import Iterator

from runthrough.core.validation.connections import ambiguous_problem, connection_problems
from runthrough.core.validation.formats import format_problems
from runthrough.core.validation.places import above, outside_problems, unchecked
from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.unknown import unknown_names
from runthrough.core.validation.words import command, told, word
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import shown
from runthrough.core.values.problems import Problem, ProblemCode
from runthrough.core.values.requirements import Requirement
from runthrough.core.values.secrets import holds_mask


def input_problems(proposal: Proposal) -> Iterator[Problem]:
    """Inputs that are missing, unknown, absent or unreadable, and connections without sense."""
    given = {*proposal.spec.input_paths, *proposal.connections}
    for need in proposal.facts.requirements.of("input"):
        if not given & {need.name, *need.aliases}:
            yield from _missing(proposal, need)
    yield from unknown_names(proposal, "input", sorted(given))
    needs = proposal.needs("input")
    for name, path in proposal.spec.input_paths.items():
        yield from _path_problems(proposal, name, path, needs.get(name))
    for name, connection in proposal.connections.items():
        yield from connection_problems(proposal, name, connection)


def _missing(proposal: Proposal, need: Requirement) -> Iterator[Problem]:
    """An input that nothing feeds, and that must be fed: asked for, or a proposal to confirm."""
    names = (need.name, *need.aliases)
    asked = next((proposal.proposals[n] for n in names if n in proposal.proposals), None)
    if asked is not None and (need.required or asked.expected):
        yield ambiguous_problem(proposal, need.name, asked)
    elif need.required:
        yield proposal.problem(
            "INPUT_MISSING",
            "input",
            need.name,
            f"Missing required input: {need.name}",
            proposal.configure("input", need.name, "PATH"),
        )


def _path_problems(
    proposal: Proposal, name: str, path: RecordedPath, need: Requirement | None
) -> Iterator[Problem]:
    if holds_mask(path):
        yield proposal.secret_in_plain("input", name, "a path without a password")
        return
    yield from outside_problems(proposal, "input", name, path)
    yield from _unconnected(proposal, name, path)
    if not proposal.facts.checked_here:
        yield from unchecked(proposal, "input", name, path)
        return
    seen = proposal.facts.paths.get(path)
    if seen is None:
        return
    wrong = _unusable(seen)
    if wrong is None:
        yield from format_problems(proposal, name, need, seen)
        return
    code, message, remedy = wrong
    fix = f"{remedy}{proposal.configure('input', name, 'PATH')}"
    yield proposal.problem(code, "input", name, message, fix)


def _unusable(seen: PathFacts) -> tuple[ProblemCode, str, str] | None:
    """Why nothing can be read there: code, message and what to do besides naming another path."""
    if seen.kind in {"file", "folder"} and seen.readable and not seen.empty:
        return None
    path = told(seen.path)
    if seen.kind is None:
        return "INPUT_NOT_FOUND", f"Input file does not exist: {path}", "put it there, or "
    if not seen.readable:
        rights = "u+rX" if seen.kind == "folder" else "u+r"
        chmod = f"chmod {'-R ' if seen.kind == 'folder' else ''}{rights} {word(shown(seen.path))}"
        return "INPUT_UNREADABLE", f"Input file cannot be read: {path}", f"{chmod}, or "
    if seen.kind == "other":
        return "INPUT_UNREADABLE", f"Input is neither a file nor a folder: {path}", ""
    what = "folder holds no non-empty file" if seen.kind == "folder" else "file is empty"
    return "INPUT_EMPTY", f"Input {what}: {path}", "fill it, or "


def _unconnected(proposal: Proposal, name: str, path: RecordedPath) -> Iterator[Problem]:
    """A path where another node writes: without a connection nobody knows who comes first.

    A path that an upstream node writes has become a connection before it is validated.
    """
    for folder in above(path):
        for other in proposal.claimed.get(folder, ()):
            writer = proposal.sources.get(NodeName(other.node))
            if other.node == proposal.node or (writer and writer.external_outputs is not None):
                continue
            yield proposal.problem(
                "OUTPUT_IS_INPUT",
                "input",
                name,
                f"Input {name} is where {other} is written, and no connection says so: "
                f"{told(path)}",
                f"{command('connect', str(other), f'{proposal.node}.{name}')}, or "
                f"{proposal.configure('input', name, 'ANOTHER_PATH')}",
                severity="warning",
                candidates=(str(other),),
            )
            return
