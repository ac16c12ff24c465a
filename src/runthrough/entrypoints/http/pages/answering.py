"""A node's form as it was handed in, and how it is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from runthrough.application.answers import Answers
from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.core.values.answer_texts import SECRET, argument_of, variable_of
from runthrough.core.values.secrets import (
    holds_mask,
    masked_value,
    named_like_a_secret,
    names_a_variable,
)
from runthrough.entrypoints.http.pages.fields import PREFIXES
from runthrough.errors import CommandInvalidError

_WAS, _CHOICE, _CLASH = "was:", "choice:", "clash:"
_PLAIN_FIELDS = ("timeout_s", "user_notes")
"""Fields that are no needs of the script, named as `show` names them."""


@dataclass(slots=True)
class Handed:
    """What of a form is said anew."""

    given: dict[str, str] = field(default_factory=dict)
    """Field → text, of the fields that hold something else than they were shown with."""
    cleared: list[str] = field(default_factory=list)
    """Fields that were emptied."""
    rejected: str | None = None
    """An input that nothing of what is proposed feeds."""

    def __bool__(self) -> bool:
        return bool(self.given or self.cleared or self.rejected)


def dotted(key: str) -> str:
    """A field by the name that `show` gives its value: `env.X` for `environ_var:X`."""
    kind, colon, name = key.partition(":")
    return f"{PREFIXES.get(kind, kind)}.{name}" if colon else key


def handed_in(form: Mapping[str, str]) -> Handed:
    """What a form says anew, once the choices are taken that were made after a conflict.

    Raises:
        CommandInvalidError: A choice is missing.
    """
    handed = Handed(rejected=form.get("reject"))
    theirs = _given_up(form)
    for told, was in form.items():
        key = told.removeprefix(_WAS)
        text = form.get(key)
        if key == told or text is None or dotted(key) in theirs:
            continue
        _take(handed, key, text.strip(), was)
    key, _, value = form.get("use", "").partition("=")
    if key:
        _take(handed, key, value, "")
    return handed


def _take(handed: Handed, key: str, text: str, was: str) -> None:
    if text and text != was:
        handed.given[key] = text
    elif was and not text:
        handed.cleared.append(key)


def _given_up(form: Mapping[str, str]) -> set[str]:
    """The values of which theirs is taken."""
    clashing = [name.removeprefix(_CLASH) for name in form if name.startswith(_CLASH)]
    match form.get("all"):
        case "theirs":
            return set(clashing)
        case "chosen":
            open_yet = [name for name in clashing if not form.get(f"{_CHOICE}{name}")]
            if open_yet:
                raise CommandInvalidError(
                    "configure",
                    f"of {', '.join(open_yet)} neither theirs nor yours is chosen",
                    fix="choose one of the two for each value",
                )
            return {name for name in clashing if form.get(f"{_CHOICE}{name}") == "theirs"}
        case _:
            return set()


def record(session: Session, node: str, handed: Handed, *, based_on: int) -> Recorded | None:
    """Record what a form says anew; `None` where that is nothing.

    What is proposed is confirmed, and what feeds an emptied input is cut; the rest is one
    configuration, of which is kept what holds.

    Raises:
        RunthroughError: As for `Session.configure`, `confirm` and `reject`.
    """
    steps: list[Recorded] = []
    base = based_on
    if handed.rejected is not None:
        steps.append(session.reject([f"{node}.{handed.rejected}"], based_on=base))
        base = steps[-1].version
    confirmed = _confirmed(session, node, handed)
    if confirmed:
        targets = [f"{node}.{name}" for name in confirmed.values()]
        steps.append(session.confirm(targets, based_on=base))
        base = steps[-1].version
    wires = session.state.connections.get(session.node_named(node), {})
    cut = [key for key in handed.cleared if _input(key) in wires]
    if cut:
        targets = [f"{node}.{_input(key)}" for key in cut]
        steps.append(session.disconnect(targets, based_on=base))
        base = steps[-1].version
    answers = _answers(handed, leaving={*confirmed, *cut}, based_on=base)
    if answers is not None:
        steps.append(session.configure(node, answers))
    if not steps:
        return None
    return Recorded(steps[0].after, steps[-1].version, steps[-1].warnings)


def _confirmed(session: Session, node: str, handed: Handed) -> dict[str, str]:
    """Fields in which what is proposed was taken, and their inputs."""
    proposals = session.state.proposals.get(session.node_named(node), {})
    found: dict[str, str] = {}
    for key, text in handed.given.items():
        name = _input(key)
        proposal = proposals.get(name)
        if proposal is not None and proposal.taken_by(text):
            found[key] = name
    return found


def _input(key: str) -> str:
    """The input that a field is about; empty where it is about something else."""
    kind, _, name = key.partition(":")
    return name if PREFIXES.get(kind) == "input" else ""


def _answers(handed: Handed, *, leaving: set[str], based_on: int) -> Answers | None:
    """The rest as `configure` takes it; `None` where there is none.

    Raises:
        CommandInvalidError: A text is none of its kind.
    """
    texts: dict[str, dict[str, str]] = {"input": {}, "output": {}, "env": {}, "arg": {}}
    for key, text in handed.given.items():
        prefix, dot, name = dotted(key).partition(".")
        if dot and prefix in texts and key not in leaving:
            texts[prefix][name] = text
    timeout, notes = (handed.given.get(name) for name in _PLAIN_FIELDS)
    unset = [dotted(key) for key in handed.cleared if key not in leaving]
    if not (any(texts.values()) or timeout or notes or unset):
        return None
    return Answers(
        input_paths=texts["input"] or None,
        output_paths=texts["output"] or None,
        environ_vars=_values(texts["env"], environ=True) or None,
        job_args=_values(texts["arg"], environ=False) or None,
        timeout_s=None if timeout is None else _seconds(timeout),
        user_notes=notes,
        unset=unset,
        partial=True,
        based_on=based_on,
    )


def _values(texts: Mapping[str, str], *, environ: bool) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name, text in texts.items():
        try:
            found[name] = _value(name, text, environ=environ)
        except ValueError as wrong:
            raise CommandInvalidError("configure", f"{name}: {wrong}") from wrong
    return found


def _value(name: str, text: str, *, environ: bool) -> JsonValue:
    """What a field holds: of a secret its name is asked for, and what cannot be one is text.

    Such a text is masked before anything is recorded, as it is where it comes from elsewhere.
    The wizard asks once more whether a bare word is a name; here it is one in capitals only, and
    others are written behind `@secret:`.

    Raises:
        ValueError: It refers to a secret without a name.
    """
    read = variable_of if environ else argument_of
    if text.startswith("@") or not named_like_a_secret(name):
        return read(text)
    return read(f"{SECRET}{text}") if text.isupper() and names_a_variable(text) else text


def without_secrets(form: Mapping[str, str]) -> dict[str, str]:
    """A form without the fields into which a secret was typed, so that none is sent back."""
    return {key: text for key, text in form.items() if not _typed_secret(key, text.strip())}


def _typed_secret(key: str, text: str) -> bool:
    kind, _, name = key.partition(":")
    if kind not in {"environ_var", "job_arg"}:
        return False
    try:
        value = _value(name, text, environ=kind == "environ_var")
    except ValueError:
        return False
    return holds_mask(masked_value(name, value))


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CommandInvalidError(
            "configure", f"{text!r} is no time limit", fix="give seconds above 0"
        ) from None
