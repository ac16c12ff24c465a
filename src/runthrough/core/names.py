"""Names compared and derived: nearest names, canonical names, stems of scripts."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

COMPOUNDS = ("XGBoost", "LightGBM", "PyTorch", "TensorFlow", "MLFlow", "SageMaker", "AutoML")
"""Words that stay whole although they have capitals inside."""

CUTOFF = 0.6
"""Below it a name is another name: at 0.6 six letters in ten are shared, in order; lower values
propose `scores` for `stores` and for `shares` alike."""

KEPT = 32_768
"""Names remembered, some 10 MB: whole and canonical ones of a pipeline of 10,000 nodes. With
fewer each look at it would work all of them out again."""

REORDERED = 0.95
"""Same words in another order are near, but never equal."""


def nearest(name: str, choices: Iterable[str], *, limit: int = 2) -> tuple[str, ...]:
    """The choices that `name` was most likely meant to be, best first; empty when none is near."""
    return tuple(choice for choice, _ in ranked(name, choices, limit=limit))


def ranked(
    name: str, choices: Iterable[str], *, limit: int = 2, cutoff: float = CUTOFF
) -> tuple[tuple[str, float], ...]:
    """The nearest choices with their similarity, best first; ties in the order of the alphabet."""
    # Loaded on the first near miss: most commands never compare names.
    from rapidfuzz.fuzz import ratio  # noqa: PLC0415 - keeps the import of this module cheap

    folded, reordered = _forms(name)
    near = []
    for choice in dict.fromkeys(choices):
        other_folded, other_reordered = _forms(choice)
        percent = max(ratio(folded, other_folded), ratio(reordered, other_reordered) * REORDERED)
        if percent >= cutoff * 100:
            near.append((choice, percent / 100))
    near.sort(key=lambda pair: (-pair[1], pair[0]))
    return tuple(near[:limit])


def similarity(a: str, b: str) -> float:
    """How alike two names are, 0 to 1, whatever their case; 1 only where they differ in case."""
    ((_, score),) = ranked(a, [b], cutoff=0.0)
    return score


@lru_cache(maxsize=KEPT)  # each name of a large pipeline is compared with every script
def _forms(name: str) -> tuple[str, str]:
    return name.casefold(), " ".join(sorted(snake(name).split("_")))


def canonical(node: str, suffixes: Sequence[str]) -> str:
    """The node's name without its job type: at most one suffix, the longest that fits."""
    return _canonical(node, tuple(suffixes))


@lru_cache(maxsize=KEPT)  # asked for at each look at a large pipeline
def _canonical(node: str, suffixes: tuple[str, ...]) -> str:
    lowered = node.lower()
    for suffix in sorted(suffixes, key=len, reverse=True):
        if suffix and len(node) > len(suffix) and lowered.endswith(suffix.lower()):
            return node[: -len(suffix)]
    return node


@lru_cache(maxsize=KEPT)  # as many as `_forms` keeps
def snake(name: str, compounds: tuple[str, ...] = COMPOUNDS) -> str:
    """`name` in snake case: capitals begin words, runs of capitals and compounds are one word.

    Digits belong to the word before them. Whatever cannot stand in a module's name becomes `_`.
    A name in snake case stays as it is.
    """
    pieces = _compound_pattern(compounds).split(name)
    words = [piece if index % 2 else _split_capitals(piece) for index, piece in enumerate(pieces)]
    joined = words[0]
    for word in words[1:]:
        glue = "_" if _is_wordlike(joined[-1:]) and _is_wordlike(word[:1]) else ""
        joined += glue + word
    return re.sub(r"\W", "_", joined.lower())


@lru_cache(maxsize=16)  # a handful of settings in one process
def _compound_pattern(compounds: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted((word for word in compounds if word), key=len, reverse=True)
    words = "|".join(re.escape(word) for word in longest_first) or r"(?!)"
    return re.compile(rf"({words})(?![a-z])")


def _is_wordlike(letter: str) -> bool:
    return letter.isalnum()


_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def _split_capitals(text: str) -> str:
    if text.isascii():
        return _WORD_BEGINS.sub("_", text)  # the same as below, in a tenth of the time
    split = []
    for index, letter in enumerate(text):
        before, after = text[index - 1 : index], text[index + 1 : index + 2]
        begins = _is_capital(letter) and (
            (_is_wordlike(before) and not _is_capital(before))
            or (_is_capital(before) and _is_small(after))
        )
        split.append("_" + letter if begins else letter)
    return "".join(split)


def _is_capital(letter: str) -> bool:
    return letter != letter.lower()


def _is_small(letter: str) -> bool:
    return letter.isalpha() and not _is_capital(letter)


_ADJECTIVE_TEXT = """
    amber ample azure bold brave breezy bright brisk calm careful cheerful clear clever cosy
    crimson curious dapper deft eager early fabled fair faithful fleet fond frosty gentle glad
    golden graceful hardy hazel honest humble ivory jolly keen kind lively lucid lunar mellow
    merry mild misty modest nimble noble olive patient placid plucky proud quiet rapid rustic
    sandy serene silver steady sunny swift tidy zesty
"""
_NOUN_TEXT = """
    acorn aspen badger beacon birch bison bramble brook canyon cedar clover comet condor coral
    crane creek cypress dahlia delta dolphin falcon fern finch fjord forest fox garnet glacier
    harbor hare hazelnut heron hill ibis island juniper kestrel lagoon lark lichen lynx maple
    marten meadow mesa moss otter owl pebble pine plover prairie quail raven reef ridge robin
    sparrow summit swallow thistle valley willow wren
"""
_ADJECTIVES = tuple(_ADJECTIVE_TEXT.split())
_NOUNS = tuple(_NOUN_TEXT.split())
_STRIDE = 2531
"""Odd, so that it visits every pair once before one comes again; large, so that neighbouring
numbers get names that are told apart at a glance."""


def friendly_session_name(number: int) -> str:
    """A name such as `quiet-heron`, always the same for a number; 4,096 of them."""
    place = number * _STRIDE % (len(_ADJECTIVES) * len(_NOUNS))
    noun, adjective = divmod(place, len(_ADJECTIVES))
    return f"{_ADJECTIVES[adjective]}-{_NOUNS[noun]}"
