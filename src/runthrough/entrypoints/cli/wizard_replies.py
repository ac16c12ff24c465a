"""One question of the wizard in lists, lines and paths, up to what the person wants."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from runthrough.core.values.answer_texts import PLAIN, SECRET
from runthrough.core.values.secrets import looks_secret, names_a_secret, names_a_variable
from runthrough.core.views.questions import Question, QuestionKind
from runthrough.entrypoints.cli.asker import Asker, Move, Option, Prompt, Typed
from runthrough.entrypoints.cli.wizard_words import WizardWords
from runthrough.entrypoints.cli.words import near, one_line


class Deed(Enum):
    """What a person may say of a question besides a value."""

    KEEP = "what is there stays"
    OPEN = "nothing of what is proposed feeds it"
    OUTSIDE = "the node stands for something outside"
    LOOK_AGAIN = "what was wrong is mended elsewhere"


KEEP: Final = Deed.KEEP
OPEN: Final = Deed.OPEN
OUTSIDE: Final = Deed.OUTSIDE
LOOK_AGAIN: Final = Deed.LOOK_AGAIN


@dataclass(frozen=True, slots=True)
class Outside:
    """That a node stands for something outside, with what that provides by name."""

    outputs: Mapping[str, str]


Reply = str | Move | Deed | Outside

_CANDIDATE = "candidate:"
"""In front of a value in a list, so that no value is taken for one of the other lines."""
_TYPE = "type"
_KINDS: dict[QuestionKind, str] = {
    "script": "",
    "connection": "input",
    "input": "input",
    "environ_var": "environment variable",
    "job_arg": "argument",
    "output": "output",
}
_PLACES = frozenset({"script", "connection", "input", "output"})
"""Kinds that a path answers: what is wrong with one may be mended where it lies."""
_TYPED: dict[QuestionKind, str] = {
    "script": "type the path of another script",
    "connection": "type a path, or @NODE.OUTPUT",
    "input": "type a path, or @NODE.OUTPUT",
    "environ_var": "type another value",
    "job_arg": "type another value",
    "output": "type a path",
}

_PROVIDED = "NAME=PATH of an output; Enter alone when that is all"
_NOT_SET_HERE = (
    "None of that name is set on this machine, neither in the environment nor in the keyring. "
    "A name is recorded for everyone to read; a secret never is."
)


class Replies:
    """Asks one question as often as it takes until the person has said something."""

    def __init__(
        self, asker: Asker, words: WizardWords, knows_secret: Callable[[str], bool]
    ) -> None:
        self._asker = asker
        self._words = words
        self._knows_secret = knows_secret
        self._written = ""
        """What was typed last, and not chosen."""

    def to(self, question: Question, typed: str) -> Reply:
        """What a person says to a question; `typed` was said before, and is to be edited."""
        options = tuple(_options(question))
        self._written = ""
        if not options:
            return self._line(question, typed)
        at = _line_of(question, typed)
        if typed and not question.closed and at not in {option.value for option in options}:
            line = self._line(question, typed)
            if line is not Move.BACK:
                return line
        while True:
            reply = self._chosen(question, options, at=at)
            if reply is not None:
                return reply

    def _chosen(
        self, question: Question, options: Sequence[Option], *, at: str | None
    ) -> Reply | None:
        """What comes of a list; `None` to show it again."""
        choice = self._asker.choose(_prompt(question), options, at=at, free=not question.closed)
        if isinstance(choice, Move):
            return choice
        if isinstance(choice, Typed):
            line = self._line(question, choice.text)
            return None if line is Move.BACK else line
        if choice.startswith(_CANDIDATE):
            return choice.removeprefix(_CANDIDATE)
        if choice == _TYPE:
            line = self._line(question, _edited(question))
            return None if line is Move.BACK else line
        if choice == OUTSIDE.value:
            outside = self._provided(question)
            return outside if isinstance(outside, Outside) or outside is Move.QUIT else None
        return Deed(choice)

    @property
    def written(self) -> str:
        """What was typed last, to be edited where it does not hold; no secret is shown again."""
        return "" if looks_secret(self._written) else self._written

    def forget(self) -> None:
        """Show nothing of what was typed last again: it was refused as a secret."""
        self._written = ""

    def _provided(self, question: Question) -> Outside | Move:
        """What a node that stands for something outside provides."""
        paths: dict[str, str] = {}
        while True:
            given = self._asker.text(Prompt(f"What does {question.node} provide?", (_PROVIDED,)))
            if isinstance(given, Move):
                return given
            if not given:
                return Outside(paths)
            name, equals, path = map(str.strip, given.partition("="))
            if equals and name and path:
                paths[name] = path
            else:
                self._words.wrong([(f"{given} is no output with its path", "write NAME=PATH")])

    def _line(self, question: Question, typed: str) -> Reply:
        """A value that is typed."""
        while True:
            given = self._typed(question, typed)
            if isinstance(given, Move):
                return given
            if not given:
                self._words.wrong([("Nothing was typed.", "type it, or > to leave it for later")])
                continue
            if not question.secret:
                self._written = given
                return given
            named = self._secret(given)
            if isinstance(named, Move):
                return named
            if named is not None:
                self._written = given
                return named
            typed = ""

    def _typed(self, question: Question, typed: str) -> str | Move:
        prompt = _prompt(question)
        if question.reads_a_place:
            outputs = [c.value for c in question.candidates if c.value.startswith("@")]
            return self._asker.place(prompt, typed=typed, outputs=outputs)
        if question.kind in {"script", "output"}:
            return self._asker.place(prompt, typed=typed)
        return self._asker.text(prompt, typed=typed)

    def _secret(self, given: str) -> str | Move | None:
        """A reference to the secret that was named; `None` where it may be the secret itself."""
        if given.startswith(PLAIN):
            return given
        name = given.removeprefix(SECRET)
        told = given != name and names_a_secret(name)
        if not (told or names_a_variable(name)):
            self._words.wrong(
                [("That looks like a secret itself.", "give the name under which it is kept")]
            )
            return None
        if self._knows_secret(name):
            return f"{SECRET}{name}"
        anyway = self._asker.choose(
            Prompt(f"Is {name} the name of a secret?", (_NOT_SET_HERE,), sure=True),
            (
                Option("no", "no, let me type the name"),
                Option("yes", "yes, it will be set before the script runs"),
            ),
        )
        if isinstance(anyway, Move):
            return anyway
        return f"{SECRET}{name}" if anyway == "yes" else None


def _line_of(question: Question, typed: str) -> str | None:
    """The line of a question's list at which a value stands that was given before."""
    if question.current is not None and typed == question.current.value and not question.problem:
        return KEEP.value
    return f"{_CANDIDATE}{typed}" if typed else None


def _edited(question: Question) -> str:
    """What is there and does not hold, to be edited; a path from the current folder on."""
    if question.current is None or not question.problem or question.secret:
        return ""
    value = question.current.value
    if value.startswith("@"):
        return ""  # an output is right or another one; there is nothing to mend in its name
    if question.kind not in _PLACES:
        return value
    return near(value) if value.startswith("/") else question.current.shown


def _prompt(question: Question) -> Prompt:
    kind = _KINDS[question.kind]
    need = f"{kind}{'' if question.required else ', optional'}" if kind else ""
    lines = [need] if need else []
    if question.description:
        lines[-1:] = [f"{need}: {question.description}" if need else question.description]
    if question.problem:
        lines.append(question.problem)
    if question.secret:
        lines.append(
            "It is named like a secret, so its value is not asked for: give the name under which "
            f"the secret is kept, or {PLAIN}VALUE if it is none."
        )
    return Prompt(one_line(question.text), tuple(_in_a_line(line) for line in lines))


def _in_a_line(prose: str) -> str:
    """Prose of a contract or a script, which is broken anew where it is shown."""
    return one_line(" ".join(prose.split()))


def _options(question: Question) -> Iterator[Option]:
    """The lines of the question's list; none where there is nothing but to type."""
    current, wrong = question.current, bool(question.problem)
    told = current.value if current is not None else None
    if current is not None and not wrong:
        yield Option(KEEP.value, f"keep {one_line(current.shown)}", "as it is now")
    found = [candidate for candidate in question.candidates if candidate.value != told]
    for candidate in found:
        shown, why = one_line(candidate.shown), _in_a_line(candidate.reason)
        yield Option(f"{_CANDIDATE}{candidate.value}", shown, why)
    if question.closed:
        return
    mendable = wrong and question.kind in _PLACES
    if found or current is not None or mendable or question.kind == "connection":
        yield Option(_TYPE, f"{_TYPED[question.kind]} …")
    if mendable:
        yield Option(LOOK_AGAIN.value, "look again, once it is mended")
    if question.kind == "connection":
        yield Option(OPEN.value, "none of these: leave it open")
    if question.kind == "script":
        yield Option(OUTSIDE.value, "it stands for something outside", "external")
