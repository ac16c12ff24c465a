"""What was made of files and folders, remembered until their stamps move."""

import os
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")
Holds = Callable[[str], bool]
"""Whether an absolute path may be touched."""

FRESH_NS = 20_000_000
"""A file system stamps with the kernel's clock, which ticks each 1 to 10 ms: within two ticks a
second write may leave the same stamp."""
FRESH_COARSE_NS = 2_000_000_000
"""The same where stamps are whole seconds (FAT: two)."""

_Stamp = tuple[int, int, int, int, int]


class Remembered(Generic[Made]):
    """Answers for paths, made again only when size, times or inode of what is there moved.

    The time of the last change (ctime) is among them: a write that puts the modification time
    back moves it. What was changed so lately that a further change could leave the same stamp is
    never remembered.
    """

    def __init__(
        self,
        make: Callable[[str], Made],
        *,
        limit: int,
        now_ns: Callable[[], int] = time.time_ns,
        holds: Holds | None = None,
    ) -> None:
        """Remember at most `limit` of what `make` gives; beyond it the oldest go.

        Where something `holds` only some paths, nothing lies at the others.
        """
        self._holds = holds
        self._make = make
        self._limit = limit
        self._now_ns = now_ns
        self._kept: dict[str, tuple[_Stamp, Made]] = {}

    def of(self, path: str) -> Made | None:
        """What is made of an absolute path; `None` where nothing is there."""
        if self._holds is not None and not self._holds(path):
            return None
        try:
            status = os.stat(path)  # noqa: PTH116 - a Path for each would double the cost
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return self._make(path)  # it says why it cannot be looked at
        stamp = (
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_ino,
            status.st_dev,
        )
        kept = self._kept.get(path)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        begun_ns = self._now_ns()
        made = self._make(path)
        if begun_ns - max(status.st_mtime_ns, status.st_ctime_ns) > _fresh_ns(status.st_mtime_ns):
            self._keep(path, stamp, made)
        return made

    def _keep(self, path: str, stamp: _Stamp, made: Made) -> None:
        self._kept.pop(path, None)
        while len(self._kept) >= self._limit:
            self._kept.pop(next(iter(self._kept)))
        self._kept[path] = (stamp, made)


def _fresh_ns(mtime_ns: int) -> int:
    return FRESH_COARSE_NS if mtime_ns % 1_000_000_000 == 0 else FRESH_NS
