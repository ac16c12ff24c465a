"""A node's questions as fields of a form, and what somebody typed into them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runthrough.core.values.answer_texts import SECRET
from runthrough.core.views.candidates import DEFAULT, Candidate
from runthrough.core.views.nodes import View
from runthrough.core.views.questions import Question
from runthrough.entrypoints.http.pages.mending import at_the_field

Widget = Literal["text", "radio", "select", "secret"]
PATHS_TOLD = "paths-told"
"""The id of what tells where relative paths start."""
RADIOS_AT_MOST = 5
"""More choices are a list to be opened."""
PREFIXES: Mapping[str, str] = {
    "input": "input",
    "connection": "input",
    "output": "output",
    "environ_var": "env",
    "job_arg": "arg",
}
"""How values of a kind are named beside those of others: `input.x`, `env.X`."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong, and what mends it."""

    message: str
    fix: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that may be taken as it is."""

    value: str
    shown: str
    reason: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question as a field."""

    question: Question
    key: str
    """Its name in the form: kind and name of the need."""
    anchor: str
    """Its id in the page."""
    value: str
    """What stands in it: what was typed, else what is there now."""
    was: str
    """What is there now."""
    wrong: tuple[Wrong, ...]
    offers: tuple[Offer, ...]
    widget: Widget

    @property
    def needed(self) -> bool:
        """Whether a person is waited for."""
        return self.question.code is not None or self.question.kind == "connection"

    @property
    def name(self) -> str:
        """Of the need."""
        return self.question.name

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return {
            "connection": "input",
            "environ_var": "variable",
            "job_arg": "argument",
        }.get(self.question.kind, self.question.kind)

    @property
    def takes_path(self) -> bool:
        """Whether a path may be typed into it."""
        return self.question.kind in {"input", "connection", "output"}

    @property
    def default(self) -> str:
        """What the script takes where nothing is said, as far as its code tells."""
        told = (c for c in self.question.candidates if DEFAULT in c.reason)
        return "" if self.widget == "secret" else next((c.shown for c in told), "")

    @property
    def proposed(self) -> Offer | None:
        """What is proposed, to be confirmed or rejected as it is."""
        asked = self.question.kind == "connection" and not self.question.chosen
        return self.offers[0] if asked and self.offers else None

    @property
    def described_by(self) -> str:
        """Ids of what tells more of it."""
        parts = (
            ("about", bool(self.question.description)),
            ("wrong", bool(self.wrong)),
        )
        told = [f"{self.anchor}-{part}" for part, there in parts if there]
        return " ".join([*told, *([PATHS_TOLD] if self.takes_path else ())])


def anchor(*parts: str) -> str:
    """An id in the page for what has a name of any signs."""
    told = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{parts[0]}-{told[:10]}"


def fields_of(
    questions: Iterable[Question],
    *,
    typed: Mapping[str, str],
    problems: Sequence[View],
) -> list[Field]:
    """The fields of a form; problems of what was handed in stand where they belong."""
    return [_field(q, typed, problems) for q in questions if q.kind != "script"]


def key_of(question: Question) -> str:
    """The name of a question's field."""
    return f"{question.kind}:{question.name}"


def _field(question: Question, typed: Mapping[str, str], problems: Sequence[View]) -> Field:
    key = key_of(question)
    was = _shown(question, question.current)
    handed_in = tuple(_wrong(problem) for problem in problems if _about(problem, question))
    standing = (Wrong(question.problem, at_the_field(question.fix)),) if question.problem else ()
    return Field(
        question=question,
        key=key,
        anchor=anchor("field", question.node, key),
        value=typed.get(key, was),
        was=was,
        wrong=handed_in or standing,
        offers=tuple(
            Offer(c.value, c.shown, c.reason)
            for c in question.candidates
            if question.current is None or c.value != question.current.value
        ),
        widget=_widget(question),
    )


def _widget(question: Question) -> Widget:
    if question.secret:
        return "secret"
    if question.closed:
        return "radio" if len(question.candidates) <= RADIOS_AT_MOST else "select"
    return "text"


def _shown(question: Question, current: Candidate | None) -> str:
    if current is None:
        return ""
    return current.value.removeprefix(SECRET) if question.secret else current.value


def _about(problem: View, question: Question) -> bool:
    where = problem["where"]
    if not isinstance(where, dict) or where.get("name") != question.name:
        return False
    kind = str(where.get("kind"))
    return PREFIXES.get(kind, kind) == PREFIXES[question.kind]


def _wrong(problem: View) -> Wrong:
    listed = problem.get("candidates")
    candidates = tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()
    return Wrong(str(problem["message"]), at_the_field(str(problem["fix"])), candidates)


def placed(problems: Iterable[View], fields: Iterable[Field]) -> list[Wrong]:
    """The problems that no field shows."""
    shown = {wrong.message for field in fields for wrong in field.wrong}
    return [_wrong(p) for p in problems if str(p["message"]) not in shown]
