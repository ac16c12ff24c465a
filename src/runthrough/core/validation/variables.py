"""Rules about environment variables, arguments and notes."""

from collections.abc import Iterator
from math import isfinite

from pydantic import JsonValue

from runthrough.core.names import nearest
from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.unknown import unknown_names
from runthrough.core.validation.words import to_give, told_value, typed
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import NUMBERS, Requirement, ValueType
from runthrough.core.values.secrets import (
    MASK,
    holds_mask,
    masked_value,
    secret_name,
)


def variable_problems(proposal: Proposal) -> Iterator[Problem]:
    """Missing variables, values that are no text, and secrets in plain."""
    given = proposal.spec.environ_vars
    yield from unknown_names(proposal, "environ_var", list(given))
    provided = given.keys() | proposal.inherited
    for need in proposal.facts.requirements.of("environ_var"):
        if not {need.name, *need.aliases} & provided:
            yield from _missing_variable(proposal, need)
    for name, value in given.items():
        if holds_mask(value):
            yield proposal.secret_in_plain("environ_var", name, _as_secret(proposal, "env", name))
        elif not isinstance(value, str) and secret_name(value) is None:
            text = "VALUE" if value is None else typed(value)
            yield proposal.problem(
                "ENV_NOT_TEXT",
                "environ_var",
                name,
                f"Environment variable {name} is not text: {told_value(value)}",
                proposal.configure("env", name, text),
            )


def _missing_variable(proposal: Proposal, need: Requirement) -> Iterator[Problem]:
    """One that must be given, or one that the contract asks for and the code can do without."""
    if need.required:
        yield proposal.problem(
            "ENV_MISSING",
            "environ_var",
            need.name,
            f"Missing required environment variable: {need.name}",
            proposal.configure("env", need.name, to_give(need.name)),
        )
    elif need.recommended:
        default = masked_value(need.name, need.default)
        yield proposal.problem(
            "ENV_MISSING",
            "environ_var",
            need.name,
            f"Missing recommended environment variable: {need.name} (the contract requires it; "
            f"the code has the default {told_value(default)})",
            proposal.configure(
                "env", need.name, to_give(need.name) if holds_mask(default) else _text(default)
            ),
            severity="warning",
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
                proposal.configure("arg", need.name, to_give(need.name)),
                candidates=tuple(map(typed, need.choices)),
            )
        for name in names:
            yield from _choice_problems(proposal, name, given[name], need.choices)
            yield from _type_problems(proposal, name, given[name], need.value_type)
    yield from unknown_names(proposal, "job_arg", sorted(given))
    for name, value in given.items():
        if not _is_json(value):
            yield proposal.problem(
                "ARG_NOT_JSON",
                "job_arg",
                name,
                f"Argument {name} holds a number that JSON cannot keep (NaN or infinity)",
                _as_text(proposal, name, value),
            )
        if holds_mask(value):
            yield proposal.secret_in_plain("job_arg", name, _as_secret(proposal, "arg", name))


def _choice_problems(
    proposal: Proposal, name: str, value: JsonValue, choices: tuple[JsonValue, ...]
) -> Iterator[Problem]:
    """A value outside its choices; a secret is not known here, so it is not judged."""
    if not choices or value in choices or holds_mask(value) or secret_name(value) is not None:
        return
    words, texts = tuple(map(typed, choices)), tuple(map(_text, choices))
    near = nearest(_text(value), texts) or texts
    yield proposal.problem(
        "ARG_CHOICE",
        "job_arg",
        name,
        f"Argument {name} is {told_value(value)}, which is none of {', '.join(words)}",
        proposal.configure("arg", name, words[texts.index(near[0])]),
        candidates=words,
    )


def _type_problems(
    proposal: Proposal, name: str, value: JsonValue, wanted: ValueType | None
) -> Iterator[Problem]:
    """A value that the script's own parser would not take for a number.

    A text of a number is only warned of: the script may read it by itself.
    """
    given = value is not None and not holds_mask(value) and secret_name(value) is None
    if wanted is None or not given or _is_of(wanted, value):
        return
    meant = _number_in(wanted, value) if isinstance(value, str) else None
    yield proposal.problem(
        "ARG_TYPE",
        "job_arg",
        name,
        f"Argument {name} is {told_value(value)}, which is not {NUMBERS[wanted]}; "
        f"the script's parser says type={wanted}",
        proposal.configure("arg", name, "NUMBER" if meant is None else typed(meant)),
        severity="error" if meant is None or "," in str(value) else "warning",
        candidates=() if meant is None else (typed(meant),),
    )


def _is_of(wanted: ValueType, value: JsonValue) -> bool:
    if isinstance(value, float):  # what is not finite is told as such
        return wanted == "float" or not isfinite(value) or value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _number_in(wanted: ValueType, text: str) -> int | float | None:
    """The number that a text says, also one with a decimal comma."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    if not isfinite(number) or (wanted == "int" and number != int(number)):
        return None
    return int(number) if wanted == "int" else number


def _text(value: JsonValue) -> str:
    """A value without the quotes that tell a text from a number."""
    return value if isinstance(value, str) else typed(value)


def _as_secret(proposal: Proposal, flag: str, name: str) -> str:
    return (
        f"{proposal.configure(flag, name, '@secret:NAME')} (resolved when the script starts), "
        "or @plain:VALUE when it is no secret"
    )


def _as_text(proposal: Proposal, name: str, value: JsonValue) -> str:
    """The command line has no way to write NaN as a number, so what it takes is text."""
    text = str(value) if isinstance(value, float) else "VALUE"
    return f"give it as text, and let the script read it: {proposal.configure('arg', name, text)}"


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
