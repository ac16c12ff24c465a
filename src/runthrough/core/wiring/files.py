"""File names read below an input against those written below an output.

Names are patterns in which `*` stands for an unknown part of one folder or file name, and `**`
for any folders. Two patterns meet when some name fits both.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runthrough.core.wiring import weights
from runthrough.core.wiring.roles import fitting_folders
from runthrough.core.wiring.words import CACHED, PAIRS, Side, words

_OTHER_WILDCARDS = re.compile(r"\[[^]/]{0,255}\]|\?")
LONGEST = 512
"""Letters of a pattern; a longer one is no file's name, and comparing it would be slow."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How well what is read fits what is written, and below which folder."""

    shared: tuple[str, ...] = ()
    """Specific names that are read and written."""
    share: int = 0
    """How many of the specific names read they are, in thousandths."""
    patterns: bool = False
    """Only patterns such as `*.csv` meet, and in the same folder."""
    contradicts: bool = False
    """Both sides know their files, and none that is read is written."""
    subpath: str | None = None
    """The one sub-folder of the output below which the files lie."""
    choices: tuple[str, ...] = ()
    """Sub-folders that fit equally, the likeliest first."""
    instead_of: tuple[str, ...] = ()
    """Sub-folders that fit as well as `subpath`, which only the names tell from them."""
    open: bool = False
    """The files lie below a sub-folder, and which one is not settled."""


NOTHING_KNOWN = Overlap()
CONTRADICTION = Overlap(contradicts=True)


@dataclass(frozen=True, slots=True)
class _Written:
    """The files of an output, indexed by every path that leads to them from some folder."""

    below: Mapping[str, tuple[tuple[str, bool], ...]]
    """Path below a folder → the folder, and whether the file's name is specific; no patterns."""
    patterns: tuple[tuple[str, bool], ...]
    folders: tuple[str, ...]
    """The root, then every folder that some file lies in, in the order of the files."""


@lru_cache(maxsize=CACHED)
def _written(files: tuple[str, ...]) -> _Written:
    below: dict[str, list[tuple[str, bool]]] = {}
    folders: dict[str, None] = {"": None}
    for file in files:
        parts = file.split("/")
        for depth in range(len(parts)):
            folder = "/".join(parts[:depth])
            folders.setdefault(folder)
            if not _is_pattern(file):
                below.setdefault("/".join(parts[depth:]), []).append((folder, specific(file)))
    return _Written(
        {tail: tuple(places) for tail, places in below.items()},
        tuple((file, specific(file)) for file in files if _is_pattern(file)),
        tuple(folders),
    )


def overlap(need: Side, offer: Side) -> Overlap:
    """What the files say of an input and an output."""
    if not (need.files and offer.files):
        return NOTHING_KNOWN
    written = _written(offer.files)
    found: dict[str, dict[str, bool]] = {}
    for name in need.files:
        for folder, telling_both in _places(name, written):
            there = found.setdefault(folder, {})
            there[name] = telling_both or there.get(name, False)
    if not found:
        return CONTRADICTION
    fits = {folder: (sum(names.values()), len(names)) for folder, names in found.items()}
    best = max(fits.values())
    fitting = tuple(
        folder for folder in written.folders if folder in fits and fits[folder] == best
    )
    shared = tuple(name for name, telling_both in found[fitting[0]].items() if telling_both)
    reads = sum(map(specific, need.files))
    share = len(shared) * weights.UNIT // reads if shared else 0
    if fitting[0] == "":
        return Overlap(shared, share, patterns=not shared)
    named = fitting if len(fitting) == 1 else _named_by(need, fitting)
    if "" not in fits and len(named) == 1 and _is_known(named[0]):
        return Overlap(shared, share, subpath=named[0])
    said_of_it = (*need.strong, *need.place)
    known, meant = fitting_folders(said_of_it, tuple(filter(_is_known, fitting)))
    if meant is not None and "" not in fits and len(known) == len(fitting):
        others = tuple(folder for folder in known if folder != meant)
        return Overlap(shared, share, subpath=meant, instead_of=others)
    return Overlap(shared, share, choices=known, open=True)


def _places(name: str, written: _Written) -> Iterator[tuple[str, bool]]:
    """Every folder below which a name that is read is written, and whether both are specific."""
    telling_name = specific(name)
    if not _is_pattern(name):
        for folder, telling_file in written.below.get(name, ()):
            yield folder, telling_name and telling_file
    else:
        for tail, places in written.below.items():
            if meets(name, tail):
                for folder, telling_file in places:
                    yield folder, telling_name and telling_file
    for file, telling_file in written.patterns:
        for folder in _folders_above(name, file, written.folders):
            yield folder, telling_name and telling_file


def _folders_above(name: str, file: str, folders: Sequence[str]) -> Iterator[str]:
    """The folders below which a name fits a pattern that is written."""
    if "**" in name or "**" in file:
        yield from (folder for folder in folders if meets(_below(folder, name), file))
        return
    parts = file.split("/")
    depth = len(parts) - name.count("/") - 1
    # Few names fit at all, and then few folders.
    if depth < 0 or not meets(name, "/".join(parts[depth:])):
        return
    above = "/".join(parts[:depth])
    yield from (
        folder for folder in folders if bool(folder) is bool(above) and meets(folder, above)
    )


def _is_known(folder: str) -> bool:
    """Whether a folder can be a subpath: its name is no pattern, and leads nowhere else."""
    return not _is_pattern(folder) and not {"", ".", ".."} & set(folder.split("/"))


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _named_by(need: Side, folders: tuple[str, ...]) -> tuple[str, ...]:
    """The folders whose own name is said by the input's name: `train/` by `train_data`."""
    return tuple(
        folder
        for folder in folders
        if need.strong and set(words(folder.rsplit("/", 1)[-1])) == set(need.strong)
    )


def layout_share(need: Side, offer: Side) -> tuple[tuple[str, ...], int]:
    """The sub-folders of both sides, and their share of the input's; at least two of each."""
    mine, theirs = _top_folders(need.files), _top_folders(offer.files)
    if len(mine) < weights.LAYOUT_FROM:
        return (), 0
    both = tuple(folder for folder in mine if folder in theirs)
    if len(both) < weights.LAYOUT_FROM:
        return (), 0
    return both, len(both) * weights.UNIT // len(mine)


@lru_cache(maxsize=CACHED)
def _top_folders(files: tuple[str, ...]) -> tuple[str, ...]:
    tops = (file.partition("/")[0] for file in files if "/" in file)
    return tuple(dict.fromkeys(top for top in tops if not _is_pattern(top)))


@lru_cache(maxsize=CACHED)
def specific(file: str) -> bool:
    """Whether a file name says something: letters enough, and not only `part-*`."""
    stem = file.rsplit("/", 1)[-1].partition(".")[0]
    if "*" in stem:
        known = [word for word in words(stem.replace("*", " ")) if word.isalpha()]
        stem = "".join(word for word in known if word not in weights.PLACELESS_WORDS)
    return sum(letter.isalpha() for letter in stem) >= weights.SPECIFIC_LETTERS


@lru_cache(maxsize=CACHED)
def telling(file: str) -> bool:
    """Whether few scripts use a file name: `risk_tables.pkl`, and not `config.json`."""
    stem = file.rsplit("/", 1)[-1].partition(".")[0]
    return any(word not in weights.COMMON_FILE_WORDS for word in words(stem.replace("*", " ")))


@lru_cache(maxsize=PAIRS)  # pairs, of which there are more than names
def meets(a: str, b: str) -> bool:
    """Whether some file name fits both patterns."""
    if not _is_pattern(a) and not _is_pattern(b):
        return a == b
    if max(len(a), len(b)) > LONGEST:
        return False
    parts_a, parts_b = _pattern(a), _pattern(b)
    if "**" not in parts_a and "**" not in parts_b:
        return len(parts_a) == len(parts_b) and all(map(_parts_meet, parts_a, parts_b))
    return _meet(parts_a, parts_b, star="**", same=_parts_meet)


def _is_pattern(file: str) -> bool:
    return "*" in file or "?" in file or "[" in file


def _pattern(file: str) -> list[str]:
    return _OTHER_WILDCARDS.sub("*", file).split("/")


def _parts_meet(a: str, b: str) -> bool:
    if "*" not in a and "*" not in b:
        return a == b
    head_a, head_b = a.partition("*")[0], b.partition("*")[0]
    tail_a, tail_b = a.rpartition("*")[2], b.rpartition("*")[2]
    return (
        (head_a.startswith(head_b) or head_b.startswith(head_a))
        and (tail_a.endswith(tail_b) or tail_b.endswith(tail_a))
        and _meet(a, b, star="*", same=str.__eq__)
    )


def _meet(
    a: Sequence[str], b: Sequence[str], *, star: str, same: Callable[[str, str], bool]
) -> bool:
    """Whether two sequences with stars for any number of their elements can be the same.

    `row[j]` is whether what was read of `a` can be the first `j` of `b`.
    """
    row = [True]
    for other in b:
        row.append(row[-1] and other == star)
    for part in a:
        last, row = row, [row[0] and part == star]
        for j, other in enumerate(b, start=1):
            if star in (part, other):
                row.append(row[j - 1] or last[j])
            else:
                row.append(last[j - 1] and same(part, other))
    return row[-1]
