"""What speaks for one input being fed by one output, and what against it."""

from dataclasses import dataclass, replace
from functools import lru_cache

from runthrough.core.wiring import files, weights
from runthrough.core.wiring.roles import opposed, splits
from runthrough.core.wiring.words import CACHED, PAIRS, Side, said, similarity, words

TOLD = 3
"""Names told in a reason; more of them convince no better."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Everything that is known of one pair."""

    own: int = 0
    """Its weight, in thousandths."""
    reasons: tuple[str, ...] = ()
    """What speaks for it, in people's words."""
    doubts: tuple[str, ...] = ()
    """What forbids to take it without asking."""
    contradicted: bool = False
    """Both sides know their files, and none that is read is written."""
    vouched: bool = False
    """Alias, equal name, files, layout or description speak for it, so that names need not."""
    subpath: str | None = None
    choices: tuple[str, ...] = ()
    """Sub-folders of which one is meant, where `subpath` is open."""
    instead_of: tuple[str, ...] = ()
    """Other sub-folders that the files fit as well as `subpath`."""


NOT_WRITTEN = "no file that is read is written there"
NOTHING = Evidence()
CONTRADICTED = Evidence(weights.FILES_CONTRADICT, doubts=(NOT_WRITTEN,), contradicted=True)


@lru_cache(maxsize=PAIRS)  # pairs, of which there are more than names
def compare(need: Side, offer: Side) -> Evidence:
    """The evidence that needs no look at the other edges."""
    weight, reason = _names(need, offer)
    if not weight and not (need.files and offer.files) and not (need.place and offer.place):
        return NOTHING
    found = [(weight, reason)] if weight else []
    vouched = weight >= weights.ALIAS
    overlap = files.NOTHING_KNOWN
    if need.files and offer.files:
        overlap = files.overlap(need, offer)
        found += _files(overlap)
        folders, share = files.layout_share(need, offer)
        if share:
            found.append((weights.LAYOUT * share // weights.UNIT, f"folders {_list(folders)}"))
        vouched = vouched or bool(share) or any(map(files.telling, overlap.shared))
    alike = similarity(need.place, offer.place) if need.place and offer.place else 0
    if alike > weights.LIKENESS_FROM:
        ends = f"container paths end alike: {_list(need.place)}"
        found.append((weights.CONTAINER_PATH * alike // weights.UNIT, ends))
    if len(found) == 1 and overlap.contradicts:
        return CONTRADICTED  # as most pairs are
    return Evidence(
        own=sum([weight for weight, _ in found]),
        reasons=tuple([reason for weight, reason in found if weight > 0]),
        doubts=tuple(_doubts(overlap)),
        contradicted=overlap.contradicts,
        vouched=vouched,
        subpath=overlap.subpath,
        choices=overlap.choices,
        instead_of=overlap.instead_of,
    )


def _names(need: Side, offer: Side) -> tuple[int, str]:
    """The strongest thing that the names say."""
    if need.plain == offer.plain:
        return weights.EQUAL_NAMES, f"equal names: {need.name}"
    if need.aliases or offer.aliases:
        shared = {need.plain, *need.aliases} & {offer.plain, *offer.aliases}
        if shared:
            return weights.ALIAS, f"also named {min(shared)}"
    if not need.initials.isdisjoint(offer.initials):
        if need.strong == offer.strong or set(need.strong) == set(offer.strong):
            return weights.SAME_WORDS, f"same words: {_list(need.strong)}"
        alike = similarity(need.strong, offer.strong)
        if alike > weights.LIKENESS_FROM:
            both = f"{' '.join(need.strong)} ~ {' '.join(offer.strong)}"
            return weights.LIKE_WORDS * alike // weights.UNIT, f"similar words: {both}"
    weak = [word for word in need.weak if word in offer.weak]
    if weak and not need.strong and not offer.strong:
        return weights.COMMON_WORDS_ONLY, f"only common words: {_list(weak)}"
    return 0, ""


def _files(overlap: files.Overlap) -> list[tuple[int, str]]:
    if overlap.shared:
        weight = weights.FILES_MATCH + weights.FILES_MATCH * overlap.share // weights.UNIT
        return [(weight, f"file names {_list(overlap.shared)}")]
    if overlap.patterns:
        return [(weights.PATTERNS_MATCH, "patterns of file names match")]
    if overlap.contradicts:
        return [(weights.FILES_CONTRADICT, "")]
    return []


def _doubts(overlap: files.Overlap) -> list[str]:
    doubts = []
    if overlap.contradicts:
        doubts.append(NOT_WRITTEN)
    if overlap.open:
        doubts.append("which sub-folder is open")
    if overlap.instead_of:
        doubts.append(f"only names tell {overlap.subpath} from {_list(overlap.instead_of)}")
    return doubts


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an output comes from, or an input is: a node's own words."""

    node: str
    words: tuple[str, ...]
    """Of the node's name and its script's."""
    names: tuple[tuple[str, ...], ...]
    """The words of each of these names by itself."""
    initials: frozenset[str]
    """Of its words; words that are alike begin alike."""


@lru_cache(maxsize=CACHED)
def place(node: str, script: str | None) -> Place:
    """The words of a node."""
    names = tuple(words(name) for name in (node, script) if name)
    said_words = tuple(dict.fromkeys(word for name in names for word in name))
    return Place(node, said_words, names, frozenset(word[0] for word in said_words))


def told_apart(need: Side, producer: Place, others: tuple[Place, ...]) -> Evidence:
    """What the producer's name says beside the other edges, and the description of the input."""
    if need.description or (others and not need.initials.isdisjoint(producer.initials)):
        return _told_apart(need, producer, others)
    return NOTHING


@lru_cache(maxsize=PAIRS)
def _told_apart(need: Side, producer: Place, others: tuple[Place, ...]) -> Evidence:
    own, reasons, vouched = 0, list[str](), False
    mine = [
        word
        for word in need.strong
        if others
        and said(word, producer.words)
        and not all(said(word, other.words) for other in others)
    ]
    if mine:
        weight = weights.PRODUCER_SAID * len(mine) // len(need.strong)
        own += weight // weights.SINGLE_WORD if len(need.strong) == 1 else weight
        reasons.append(f"{producer.node} is named: {_list(mine)}")
    if need.description and any(_phrase(name, need.description) for name in producer.names):
        own += weights.DESCRIPTION
        reasons.append(f"the description names {producer.node}")
        vouched = True
    return Evidence(own, tuple(reasons), vouched=vouched)


@lru_cache(maxsize=PAIRS)
def together(pair: Evidence, between: Evidence) -> Evidence:
    """The evidence of a pair with what tells its edge from the others."""
    return replace(
        pair,
        own=pair.own + between.own,
        reasons=pair.reasons + between.reasons,
        vouched=pair.vouched or between.vouched,
    )


def _phrase(name: tuple[str, ...], text: tuple[str, ...]) -> bool:
    """Whether all words of a name stand in a text, and say something."""
    strong = [word for word in name if word not in weights.PLACELESS_WORDS]
    return bool(strong) and len(name) > 1 and all(word in text for word in name)


def agree(need: Side, consumer: Place, offer: Side, producer: Place) -> bool:
    """Whether neither name says what the other side, with its node, does not say.

    Where the producer says all of the input's words, its output may also be called as itself:
    `HolidayCalendar.calendar` agrees with `holidays`, and `Report.report` not with `data`.
    """
    return need.strong == offer.strong or _agree(need, consumer, offer, producer)


@lru_cache(maxsize=PAIRS)
def _agree(need: Side, consumer: Place, offer: Side, producer: Place) -> bool:
    wanted = tuple(word for word in need.strong if word not in weights.FORM_WORDS)
    if not all(said(word, (*offer.strong, *producer.words)) for word in wanted):
        return False
    known = (*need.strong, *consumer.words, *(producer.words if wanted else ()))
    return all(said(word, known) for word in offer.strong if word not in weights.FORM_WORDS)


def contrast(
    need: Side, consumer: Place, offer: Side, producer: Place, subpath: str | None
) -> str | None:
    """What the two ends say that makes them two things which look alike; `None` for nothing.

    `test` data is not `train` data, and a `baseline` that only one side speaks of is another one.
    """
    if need.strong == offer.strong:
        return None  # whatever one side says, the other does too
    return _contrast(need, consumer, offer, producer, subpath)


@lru_cache(maxsize=PAIRS)
def _contrast(
    need: Side, consumer: Place, offer: Side, producer: Place, subpath: str | None
) -> str | None:
    offered = (*offer.strong, *words(subpath or ""))
    wanted, there = splits(need.strong), splits(offered)
    other = bool(wanted and there) and wanted.isdisjoint(there)
    if other or opposed(need.strong, offered):
        return f"{_list(need.strong)} is not {_list(offered)}"
    for mine, theirs in (
        (need.strong, (*offered, *producer.words)),
        (offer.strong, (*need.strong, *consumer.words)),
    ):
        for word in mine:
            if word in weights.VERSION_WORDS and not said(word, theirs):
                return f"only one side speaks of {word}"
    return None


def _list(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return ", ".join(names[:TOLD]) + more
