"""What a value in a script may stand for, as far as it can be told without running it."""

import ast
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runthrough.core.values.requirements import RequirementKind

if TYPE_CHECKING:
    from runthrough.adapters.discovery.reader import Frame

Key = tuple[RequirementKind, str]
"""A need by its kind and name."""

CHOICE_LIMIT = 6
"""More possible values than this say no more than that the value is unknown."""


class Meaning:
    """Root of what a value may stand for."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unknown(Meaning):
    """Anything."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Known(Meaning):
    """A constant."""

    value: object


@dataclass(frozen=True, slots=True)
class Pattern(Meaning):
    """A text with `*` where a part of it is unknown."""

    text: str


@dataclass(frozen=True, slots=True)
class Needs(Meaning):
    """One of the dictionaries of needs that `main` is given, or the process's environment."""

    kind: RequirementKind
    process: bool = False
    """`os.environ`, which also holds what every process has."""


@dataclass(frozen=True, slots=True)
class Origin(Meaning):
    """The value of a need, or a path below it."""

    kind: RequirementKind
    name: str
    below: str = ""
    """POSIX path with `*` for unknown parts."""
    value: Meaning | None = None
    """The value itself, where the node gives one."""

    @property
    def key(self) -> Key:
        """The need by kind and name."""
        return (self.kind, self.name)


@dataclass(frozen=True, slots=True)
class AnyName(Meaning):
    """A key of a dictionary of needs that is told at run time only."""

    kind: RequirementKind
    loop: int
    """Which loop it comes from."""


@dataclass(frozen=True, slots=True)
class Pairs(Meaning):
    """The `items()` of a dictionary of needs."""

    needs: Needs


@dataclass(frozen=True, slots=True)
class Lacking(Meaning):
    """A list of what is missing among some needs: true unless all of them are there."""

    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Row(Meaning):
    """A list, tuple or set whose parts are known one by one."""

    parts: tuple[Meaning, ...] = ()


@dataclass(frozen=True, slots=True)
class Many(Meaning):
    """A list of unknown length, each part of it of this kind."""

    part: Meaning


@dataclass(frozen=True, slots=True)
class Table(Meaning):
    """A dictionary whose keys are known."""

    rows: tuple[tuple[object, Meaning], ...] = ()

    def find(self, key: object) -> Meaning | None:
        """The value under a key; the last one wins, as in Python."""
        return next((value for name, value in reversed(self.rows) if name == key), None)


@dataclass(frozen=True, slots=True)
class Imported(Meaning):
    """Something from outside the script, or a builtin, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class LocalModule(Meaning):
    """A module beside the script, with what an import of it leaves behind."""

    name: str
    """As the script imports it."""
    frame: "Frame" = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Own(Meaning):
    """A function or class of the script, with the frame that it was defined in."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
    frame: "Frame" = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Bound(Meaning):
    """A method of an object, or of a class."""

    function: Own
    thing: "Thing | Own"


@dataclass(eq=False, slots=True)
class Thing(Meaning):
    """An object of one of the script's classes; its fields change as the script is read."""

    kind: Own
    fields: dict[str, Meaning]


@dataclass(frozen=True, slots=True)
class Choice(Meaning):
    """One of several values."""

    options: tuple[Meaning, ...]


def meaning_of(value: object) -> Meaning:
    """What a JSON value stands for."""
    if isinstance(value, Mapping):
        return Table(tuple((key, meaning_of(part)) for key, part in value.items()))
    if isinstance(value, list | tuple):
        return Row(tuple(meaning_of(part) for part in value))
    return Known(value)


def options_of(meaning: Meaning) -> tuple[Meaning, ...]:
    """The values that it may be, one where there is no choice."""
    return meaning.options if isinstance(meaning, Choice) else (meaning,)


def either(a: Meaning, b: Meaning) -> Meaning:
    """What a value is that is one or the other.

    A dictionary of needs stays one beside a substitute for it, and a list that may name what
    is missing stays one beside an empty list. The empty need of a path is worth keeping beside
    anything; a constant is not, because it would decide tests.
    """
    if a == b:
        return a
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Needs) and isinstance(other, Table | Known | Unknown):
            return one
        if isinstance(one, Lacking) and isinstance(other, Row | Lacking):
            return Lacking(one.keys | other.keys) if isinstance(other, Lacking) else one
    options = tuple(dict.fromkeys((*options_of(a), *options_of(b))))
    if UNKNOWN in options:
        options = tuple(option for option in options if isinstance(option, Origin | Needs))
        options += (UNKNOWN,)
    if len(options) > CHOICE_LIMIT:
        return UNKNOWN
    return Choice(options) if len(options) > 1 else options[0]


def is_absolute(meaning: Meaning) -> bool:
    """Whether a value is an absolute path."""
    return (
        isinstance(meaning, Known)
        and isinstance(meaning.value, str)
        and meaning.value.startswith("/")
    )


def text_of(meaning: Meaning) -> str:
    """The text that a value makes as part of another, `*` where it is unknown."""
    if isinstance(meaning, Known):
        return str(meaning.value)
    if isinstance(meaning, Pattern):
        return meaning.text
    if isinstance(meaning, Origin) and isinstance(meaning.value, Known) and not meaning.below:
        return str(meaning.value.value)
    return "*"


def text_meaning(text: str) -> Meaning:
    """A text as a constant, or as a pattern where it has unknown parts."""
    return Pattern(text) if "*" in text else Known(text)


def settled(meaning: Meaning) -> Meaning:
    """The value that the node gives a need, else the meaning itself."""
    if isinstance(meaning, Origin) and meaning.value is not None and not meaning.below:
        return meaning.value
    return meaning


def joined(base: Meaning, tail: Meaning) -> Meaning:
    """The path `base/tail`."""
    if isinstance(base, Choice):
        return _chosen(base, tail)
    if isinstance(tail, Origin) and tail.kind in {"input", "output"}:
        return tail  # joining an absolute path yields that path
    text = text_of(tail)
    if isinstance(base, Origin):
        if text.startswith("/"):
            return text_meaning(text)
        return Origin(base.kind, base.name, _below(base.below, text))
    if isinstance(base, Known | Pattern):
        return text_meaning(posixpath.join(text_of(base), text))
    return UNKNOWN


def _chosen(base: Choice, tail: Meaning) -> Meaning:
    first, *others = (joined(option, tail) for option in base.options)
    for other in others:
        first = either(first, other)
    return first


def _below(base: str, tail: str) -> str:
    joined_path = posixpath.normpath(posixpath.join(base, tail))
    return "" if joined_path == "." else joined_path
