"""Names taken apart into words, and how alike two sets of words are."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from runthrough.core.names import snake
from runthrough.core.values.requirements import Requirement
from runthrough.core.wiring import weights

MOST_WORDS = 16
"""Words of one name that are compared; a longer one is no name, and comparing it would be slow."""
MOST_FILES = 64
"""Files of one need that are compared; what lies beyond may be anything."""
CACHED = 65_536
"""Enough for the names of a pipeline of 10,000 nodes, a few hundred bytes each. With fewer each
look at it would work all of them out again."""
PAIRS = 2 * CACHED
"""As much for pairs of them; a pipeline of 10,000 nodes with two inputs each has 60,000."""

_BETWEEN = re.compile(r"[\W_]+")
_VOWELS = re.compile(r"(?<!^)[aeiou]")
_ONE_FOR_MANY = re.compile(r"(?:ss|us|is|os|as)$")
_HISSING = re.compile(r"(?:ss|x|z|ch|sh)es$")


@lru_cache(maxsize=CACHED)
def words(name: str) -> tuple[str, ...]:
    """The words of a name, lower case and without plural, each once, in their order."""
    return tuple(dict.fromkeys(_singular(part) for part in _BETWEEN.split(_plain(name)) if part))


def _plain(name: str) -> str:
    """The name in snake case; most are, and need not be looked at letter by letter."""
    return name if name.islower() and name.isidentifier() else snake(name)


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or _ONE_FOR_MANY.search(word):  # noqa: PLR2004 - `gas`, `s3`
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if _HISSING.search(word) else word[:-1]


def strong_words(name: str) -> tuple[str, ...]:
    """The words of a name that tell it from others."""
    strong = (
        word
        for word in words(name)
        if word not in weights.ROLE_WORDS and word not in weights.WEAK_WORDS
    )
    return tuple(islice(strong, MOST_WORDS))


@lru_cache(maxsize=CACHED)
def likeness(a: str, b: str) -> int:
    """How alike two words are, in thousandths: equal, begun alike, or without their vowels."""
    if a == b:
        return weights.UNIT
    short, long = sorted((a, b), key=len)
    if len(short) < weights.PREFIX_LETTERS:
        return 0
    if long.startswith(short):
        return weights.PREFIX_LIKENESS
    if short == _VOWELS.sub("", long):
        return weights.SKELETON_LIKENESS
    stem = long[: weights.STEM_LETTERS]
    if len(short) >= weights.STEM_LETTERS and short.startswith(stem):
        return weights.STEM_LIKENESS
    return 0


@lru_cache(maxsize=CACHED)
def said(word: str, others: tuple[str, ...]) -> bool:
    """Whether any of the others says the same as this word."""
    # Words that are alike begin alike, and most pairs of words are not.
    return any(other[0] == word[0] and likeness(word, other) >= weights.SAID for other in others)


@lru_cache(maxsize=CACHED)
def similarity(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """The share of the words of both sides that find their like on the other, in thousandths.

    Each word is used once, the most alike first (Dice's coefficient over soft matches).
    """
    if not a or not b:
        return 0
    # Words that are alike begin alike, and most pairs of words are not.
    pairs = sorted(
        (-likeness(x, y), i, j)
        for i, x in enumerate(a)
        for j, y in enumerate(b)
        if x[0] == y[0] and likeness(x, y)
    )
    left, right, total = set[int](), set[int](), 0
    for loss, i, j in pairs:
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            total -= loss
    return 2 * total // (len(a) + len(b))


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One end of a possible connection: an input or an output, its names in words.

    Sides are made once for equal needs and compared by identity, which keeps the lookup of what
    was compared before cheap.
    """

    name: str
    plain: str
    aliases: tuple[str, ...]
    """In snake case, like `plain`."""
    strong: tuple[str, ...]
    initials: frozenset[str]
    """Of the strong words; words that are alike begin alike."""
    weak: tuple[str, ...]
    files: tuple[str, ...]
    place: tuple[str, ...]
    """The strong words at the end of its container path."""
    description: tuple[str, ...]


def side(need: Requirement) -> Side:
    """The end that a need is."""
    return _side(need.name, need.aliases, need.files, need.container_path, need.description)


@lru_cache(maxsize=CACHED)
def _side(
    name: str,
    aliases: tuple[str, ...],
    files: tuple[str, ...],
    container_path: str | None,
    description: str,
) -> Side:
    strong = strong_words(name)
    return Side(
        name=name,
        plain=_plain(name),
        aliases=tuple(_plain(alias) for alias in aliases),
        strong=strong,
        initials=frozenset(word[0] for word in strong),
        weak=tuple(word for word in words(name) if word in weights.WEAK_WORDS),
        files=_compared(files),
        place=_place(container_path or ""),
        description=words(description),
    )


def _compared(files: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(file.removeprefix("./").strip("/") for file in files if file))
    return found if len(found) <= MOST_FILES else (*found[:MOST_FILES], "**")


def _place(container_path: str) -> tuple[str, ...]:
    tail = container_path.rstrip("/").rsplit("/", 1)[-1]
    return tuple(word for word in words(tail) if word not in weights.CONTAINER_WORDS)
