"""Rules about names that the script does not read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from runthrough.core.names import nearest
from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.words import command
from runthrough.core.values.problems import Problem, ProblemCode

_UNKNOWN: Mapping[str, tuple[ProblemCode, str, str, str]] = {
    "input": ("INPUT_UNKNOWN", "input", "input", "PATH"),
    "output": ("OUTPUT_UNKNOWN", "output", "output", "PATH"),
    "job_arg": ("ARG_UNKNOWN", "argument", "arg", "VALUE"),
}
"""Code, word for people, flag of the command line and what it takes, by the kind of the name."""


def unknown_names(
    proposal: Proposal, kind: Literal["input", "output", "job_arg"], names: Sequence[str]
) -> Iterator[Problem]:
    """Names that the script does not read: an error where a near one exists, else a warning.

    A reader of source cannot see everything, so an unknown name alone forbids nothing; a near
    miss of a known name that has no value is a slip of the pen.
    """
    requirements = proposal.facts.requirements
    known = {n for need in requirements.of(kind) for n in (need.name, *need.aliases)}
    if proposal.facts.script is None or requirements.open_ended(kind):
        return
    code, word, flag, placeholder = _UNKNOWN[kind]
    for name in names:
        if name in known:
            continue
        near = nearest(name, sorted(known))
        slip = bool(near) and near[0] not in names
        hint = f". Did you mean {' or '.join(near)}?" if near else ""
        listing = f"{command('requirements', proposal.node)} lists what it reads"
        yield proposal.problem(
            code,
            kind,
            name,
            f"The script does not name the {word} {name}{hint}",
            proposal.configure(flag, near[0], placeholder) if near else listing,
            severity="error" if slip else "warning",
            candidates=near,
        )
