"""What part of one table names speak of: the part that is trained on, or one that is held back."""

from functools import lru_cache

from runthrough.core.wiring import weights
from runthrough.core.wiring.words import CACHED, said, words


def splits(said_words: tuple[str, ...]) -> set[int]:
    """The parts of a table that words speak of, by their places in `weights.SPLITS`."""
    return {
        number for number, split in enumerate(weights.SPLITS) if not split.isdisjoint(said_words)
    }


@lru_cache(maxsize=CACHED)
def opposed(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether one side speaks of training alone, and the other of what is held back alone."""
    return _role(mine) * _role(theirs) < 0


def _role(said_words: tuple[str, ...]) -> int:
    """1 for training, -1 for what is held back, 0 where neither or both is said."""
    trains = not weights.TRAIN_WORDS.isdisjoint(said_words)
    return trains - (not weights.HELD_BACK_WORDS.isdisjoint(said_words))


def opposed_folder(mine: tuple[str, ...], offered: tuple[str, ...], folder: str | None) -> bool:
    """The same of an output, or of a folder in it: the folder's own word counts before it."""
    named = words(folder or "")
    return opposed(mine, named if _role(named) else offered)


def fitting_folders(
    mine: tuple[str, ...], folders: tuple[str, ...]
) -> tuple[tuple[str, ...], str | None]:
    """Folders by what the words of one side say of them, and the one that they alone mean.

    Those come first that are said in full, then those of the same part, those that are held back
    alike, and last those that the words speak against: `holdout/` before `train/` for `test_data`.
    """
    ranks = {folder: _rank(mine, words(folder.rsplit("/", 1)[-1])) for folder in folders}
    ordered = tuple(sorted(folders, key=ranks.__getitem__))
    best = [folder for folder in ordered if ranks[folder] == ranks[ordered[0]]]
    clear = len(best) == 1 and ranks[best[0]] <= _SAME_PART
    return ordered, best[0] if clear else None


_SAID, _SAME_PART, _SAME_SIDE, _UNSAID, _AGAINST = range(5)


def _rank(mine: tuple[str, ...], named: tuple[str, ...]) -> int:
    if opposed(mine, named):
        return _AGAINST
    if all(said(word, mine) for word in named):
        return _SAID
    if splits(mine) & splits(named):
        return _SAME_PART
    return _SAME_SIDE if _role(mine) and _role(mine) == _role(named) else _UNSAID
