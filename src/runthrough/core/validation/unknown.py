"""Rules about names that the script does not read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from runthrough.core.names import nearest
from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.words import command, to_give, word
from runthrough.core.values.problems import Problem, ProblemCode

_Kind = Literal["input", "output", "environ_var", "job_arg"]
_UNKNOWN: Mapping[_Kind, tuple[ProblemCode, str, str, str]] = {
    "input": ("INPUT_UNKNOWN", "input", "input", "PATH"),
    "output": ("OUTPUT_UNKNOWN", "output", "output", "PATH"),
    "environ_var": ("ENV_UNKNOWN", "variable", "env", "VALUE"),
    "job_arg": ("ARG_UNKNOWN", "argument", "arg", "VALUE"),
}
"""Code, word for people, flag of the command line and what it takes, by the kind of the name."""


def unknown_names(proposal: Proposal, kind: _Kind, names: Sequence[str]) -> Iterator[Problem]:
    """Names that the script does not read: an error where a near one exists, else a warning.

    A reader of source cannot see everything, so an unknown name alone forbids nothing; a near
    miss of a known name that has no value is a slip of the pen. Libraries read variables that no
    script names, so of those only near misses are told, and forbid nothing.
    """
    requirements = proposal.facts.requirements
    known = {n for need in requirements.of(kind) for n in (need.name, *need.aliases)}
    if proposal.facts.script is None or requirements.open_ended(kind):
        return
    code, thing, flag, placeholder = _UNKNOWN[kind]
    for name in names:
        if name in known:
            continue
        near = nearest(name, sorted(known))
        if not near and kind == "environ_var":
            continue
        slip = bool(near) and near[0] not in names
        hint = f". Did you mean {' or '.join(map(repr, near))}?" if near else ""
        yield proposal.problem(
            code,
            kind,
            name,
            f"The script does not name the {thing} {name}{hint}",
            proposal.configure(
                flag, near[0], placeholder if placeholder == "PATH" else to_give(near[0])
            )
            if slip
            else _left_out(proposal, kind, flag, name),
            severity="error" if slip and kind != "environ_var" else "warning",
            candidates=near,
        )


def _left_out(proposal: Proposal, kind: str, flag: str, name: str) -> str:
    """How to be rid of a name that was kept, and where those are that the script knows."""
    does = "writes" if kind == "output" else "reads"
    gone = command("configure", proposal.node, options=f"--unset {word(f'{flag}.{name}')}")
    return f"{gone}; {command('requirements', proposal.node)} lists what it {does}"
