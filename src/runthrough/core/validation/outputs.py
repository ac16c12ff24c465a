"""Rules about outputs: names, places, and nobody's toes."""

from collections.abc import Iterator

from runthrough.core.validation.places import above, folded, one_thing, outside_problems, unchecked
from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.unknown import unknown_names
from runthrough.core.validation.words import told
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import is_own_folder, split
from runthrough.core.values.problems import Problem, ProblemCode, Severity
from runthrough.core.values.requirements import Requirement
from runthrough.core.values.secrets import holds_mask

OWN_FOLDER = ".runthrough"
"""In each workspace: attempts, logs and outputs of sessions."""


def output_problems(proposal: Proposal) -> Iterator[Problem]:
    """Unknown, clashing and unwritable outputs; one that is not named is always fine."""
    given = proposal.spec.output_paths
    yield from unknown_names(proposal, "output", sorted(given))
    needs = proposal.needs("output")
    earlier: dict[str, RecordedPath] = {}
    for name, path in given.items():
        if not split(path)[1]:
            yield _without_path(proposal, name)
        elif holds_mask(path):
            yield proposal.secret_in_plain("output", name, "a path without a password")
        else:
            yield from _own_clashes(proposal, name, path, earlier)
            yield from _others_clashes(proposal, name, path)
            yield from _overwritten(proposal, name, path)
            yield from _kept(proposal, name, path)
            yield from outside_problems(proposal, "output", name, path)
            yield from _unwritable(proposal, name, path, needs.get(name))
            earlier[name] = path


def _without_path(proposal: Proposal, name: str) -> Problem:
    """An output that is named and goes nowhere; left out, it goes to the attempt's own folder."""
    return proposal.problem(
        "OUTPUT_MISSING",
        "output",
        name,
        f"Missing required output: {name} is named without a path",
        f"leave it out, or {proposal.configure('output', name, 'PATH')}",
    )


def _own_clashes(
    proposal: Proposal, name: str, path: RecordedPath, earlier: dict[str, RecordedPath]
) -> Iterator[Problem]:
    """Two outputs of the node at one place; one below the other is how many scripts write."""
    seen = proposal.facts.paths
    for other, there in earlier.items():
        if path == there or one_thing(seen.get(path), seen.get(there)):
            text = f"has the same path as the output {other} of the same node"
            yield _moved(proposal, "OUTPUT_CLASH", name, path, text)
        elif folded(path) == folded(there):
            text = f"differs from the output {other} only in case or accents"
            yield _moved(proposal, "OUTPUT_CLASH", name, path, text, severity="warning")


def _others_clashes(proposal: Proposal, name: str, path: RecordedPath) -> Iterator[Problem]:
    """Another node at the same place, or in whose folder this one would write."""
    for folder in above(path):
        for other in proposal.claimed.get(folder, ()):
            if other.node == proposal.node:
                continue
            whose = f"output {other.output} of node {other.node}"
            if folder == path:
                text = f"has the same path as {whose}"
                yield _moved(proposal, "OUTPUT_CLASH", name, path, text)
            else:
                text = f"lies inside {whose}, which would never be up to date"
                yield _moved(proposal, "OUTPUT_CLASH", name, path, text, severity="warning")


def _overwritten(proposal: Proposal, name: str, path: RecordedPath) -> Iterator[Problem]:
    """What the node would write over: its inputs, and what others read before."""
    code: ProblemCode = "OUTPUT_IS_INPUT"
    seen, over, spelled = proposal.facts.paths, above(path), folded(path)
    there = seen.get(path)
    for input_name, read in proposal.spec.input_paths.items():
        if read == path or one_thing(there, seen.get(read)):
            text = f"would overwrite the input {input_name}"
            yield _moved(proposal, code, name, path, text)
        elif folded(read) == spelled:
            text = f"differs from the input {input_name} only in case or accents"
            yield _moved(proposal, code, name, path, text, severity="warning")
        elif read in over:
            text = f"lies inside the input {input_name}, which would never be up to date"
            yield _moved(proposal, code, name, path, text, severity="warning")
        elif path in above(read):
            text = f"holds the input {input_name}, which may be written over"
            yield _moved(proposal, code, name, path, text, severity="warning")
    for node, input_name in proposal.readers.get(path, ()):
        text = f"would overwrite the input {input_name} of {node}, which does not run afterwards"
        yield _moved(proposal, code, name, path, text)


def _kept(proposal: Proposal, name: str, path: RecordedPath) -> Iterator[Problem]:
    """What no script may write over: scripts, the pipeline file, what runthrough keeps."""
    code: ProblemCode = "OUTPUT_IS_INPUT"
    for kept, what in proposal.kept.items():
        if kept == path:
            yield _moved(proposal, code, name, path, f"would overwrite {what}")
        elif path in above(kept):
            yield _moved(proposal, code, name, path, f"holds {what}, which it may write over")
    seen = proposal.facts.paths.get(path)
    if seen is not None and seen.is_log:
        yield _moved(proposal, code, name, path, "would overwrite the log of all sessions")
    if is_own_folder(split(path)[0]) or OWN_FOLDER in split(path)[1].split("/"):
        text = "lies in the folder that runthrough keeps for itself"
        yield _moved(proposal, code, name, path, text)


def _unwritable(
    proposal: Proposal, name: str, path: RecordedPath, need: Requirement | None
) -> Iterator[Problem]:
    if not proposal.facts.checked_here:
        yield from unchecked(proposal, "output", name, path)
        return
    seen = proposal.facts.paths.get(path)
    if seen is None:
        return
    if not seen.writable:
        yield proposal.problem(
            "OUTPUT_NOT_WRITABLE",
            "output",
            name,
            f"Output cannot be written: {told(path)}",
            proposal.configure("output", name, "ANOTHER_PATH"),
        )
    elif seen.kind == "file" and need is not None and need.files:
        text = f"is a file by now, and the script writes {', '.join(need.files)} in a folder there"
        yield _moved(proposal, "OUTPUT_NOT_WRITABLE", name, path, text, severity="warning")


def _moved(
    proposal: Proposal,
    code: ProblemCode,
    name: str,
    path: RecordedPath,
    text: str,
    *,
    severity: Severity = "error",
) -> Problem:
    """A problem that another path mends."""
    return proposal.problem(
        code,
        "output",
        name,
        f"Output {name} {text}: {told(path)}",
        proposal.configure("output", name, "ANOTHER_PATH"),
        severity=severity,
    )
