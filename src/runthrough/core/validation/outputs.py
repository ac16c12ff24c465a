"""Rules about outputs: names, places, and nobody's toes."""

from collections.abc import Iterator

from runthrough.core.validation.inputs import unknown_names
from runthrough.core.validation.proposal import Proposal
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import shown
from runthrough.core.values.problems import Problem
from runthrough.core.values.secrets import holds_mask


def output_problems(proposal: Proposal) -> Iterator[Problem]:
    """Unknown, clashing and unwritable outputs; an output without a path is always fine."""
    yield from unknown_names(proposal, "output", sorted(proposal.spec.output_paths))
    seen: dict[RecordedPath, str] = {}
    for name, path in proposal.spec.output_paths.items():
        if path in seen:
            yield _clash(proposal, name, path, f"the output {seen[path]} of the same node")
        seen[path] = name
        yield from _path_problems(proposal, name, path)


def _path_problems(proposal: Proposal, name: str, path: RecordedPath) -> Iterator[Problem]:
    if holds_mask(path):
        yield proposal.secret_in_plain("output", name, "a path without a password")
        return
    for other in proposal.claimed.get(path, ()):
        if other.node != proposal.node:
            yield _clash(proposal, name, path, f"output {other.output} of node {other.node}")
    for input_name, input_path in proposal.spec.input_paths.items():
        if input_path == path:
            yield proposal.problem(
                "OUTPUT_IS_INPUT",
                "output",
                name,
                f"Output {name} would overwrite the input {input_name}: {shown(path)}",
                proposal.configure("output", name, "ANOTHER_PATH"),
            )
    facts = proposal.facts.paths.get(path)
    if facts is not None and not facts.writable:
        yield proposal.problem(
            "OUTPUT_NOT_WRITABLE",
            "output",
            name,
            f"Output cannot be written: {shown(path)}",
            proposal.configure("output", name, "ANOTHER_PATH"),
        )


def _clash(proposal: Proposal, name: str, path: RecordedPath, other: str) -> Problem:
    return proposal.problem(
        "OUTPUT_CLASH",
        "output",
        name,
        f"Output {name} has the same path as {other}: {shown(path)}",
        proposal.configure("output", name, "ANOTHER_PATH"),
    )
