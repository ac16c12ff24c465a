"""Rules about environment variables, arguments and notes."""

from collections.abc import Iterator
from math import isfinite

from pydantic import JsonValue

from runthrough.core.validation.inputs import unknown_names
from runthrough.core.validation.proposal import Proposal
from runthrough.core.values.problems import Problem
from runthrough.core.values.secrets import MASK, holds_mask, secret_name


def variable_problems(proposal: Proposal) -> Iterator[Problem]:
    """Missing variables, values that are no text, and secrets in plain."""
    given = proposal.spec.environ_vars
    for need in proposal.facts.requirements.of("environ_var"):
        provided = given.keys() | proposal.inherited
        if need.required and not {need.name, *need.aliases} & provided:
            yield proposal.problem(
                "ENV_MISSING",
                "environ_var",
                need.name,
                f"Missing required environment variable: {need.name}",
                proposal.configure("env", need.name, "VALUE"),
            )
    for name, value in given.items():
        if holds_mask(value):
            yield proposal.secret_in_plain(
                "environ_var",
                name,
                f"{proposal.configure('env', name, '@secret:NAME')} (resolved when the script "
                f"starts), or @plain:VALUE when it is no secret",
            )
        elif not isinstance(value, str) and secret_name(value) is None:
            yield proposal.problem(
                "ENV_NOT_TEXT",
                "environ_var",
                name,
                f"Environment variable {name} is not text: {value!r}",
                f'give it as text: "{value}"',
            )


def argument_problems(proposal: Proposal) -> Iterator[Problem]:
    """Missing and unknown arguments, values outside their choices, and secrets in plain."""
    given = proposal.spec.job_args
    for need in proposal.facts.requirements.of("job_arg"):
        names = [name for name in (need.name, *need.aliases) if name in given]
        if need.required and not names:
            yield proposal.problem(
                "ARG_MISSING",
                "job_arg",
                need.name,
                f"Missing required argument: {need.name}",
                proposal.configure("arg", need.name, "VALUE"),
                candidates=tuple(str(choice) for choice in need.choices),
            )
        for name in names:
            if need.choices and given[name] not in need.choices:
                choices = tuple(str(choice) for choice in need.choices)
                yield proposal.problem(
                    "ARG_CHOICE",
                    "job_arg",
                    name,
                    f"Argument {name} is {given[name]!r}, which is none of {', '.join(choices)}",
                    proposal.configure("arg", name, choices[0]),
                    candidates=choices,
                )
    yield from unknown_names(proposal, "job_arg", sorted(given))
    for name, value in given.items():
        if not _is_json(value):
            yield proposal.problem(
                "ARG_NOT_JSON",
                "job_arg",
                name,
                f"Argument {name} holds a number that JSON cannot keep (NaN or infinity)",
                f'give it as text, such as "{value}", and let the script read it',
            )
        if holds_mask(value):
            yield proposal.secret_in_plain(
                "job_arg",
                name,
                f"{proposal.configure('arg', name, '@secret:NAME')} (resolved when the script "
                f"starts), or @plain:VALUE when it is no secret",
            )


def _is_json(value: JsonValue) -> bool:
    """Whether history can keep the value: the log is JSON, which has no NaN and no infinity."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(_is_json(inner) for inner in value.values())
    return not isinstance(value, list) or all(_is_json(inner) for inner in value)


def note_problems(proposal: Proposal) -> Iterator[Problem]:
    """A note is kept with its secrets masked; the person is told."""
    if proposal.spec.user_notes and MASK in proposal.spec.user_notes:
        problem = proposal.secret_in_plain("note", None, "repeat the note without the secret")
        yield problem.model_copy(
            update={
                "severity": "warning",
                "message": "The note held what looks like a secret; it is kept masked",
            }
        )
