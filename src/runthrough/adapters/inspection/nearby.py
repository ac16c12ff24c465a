"""Which files lie below folders, within a budget: what a person may be offered."""

import os
from collections.abc import Iterable, Iterator

_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})
"""Folders of code that others wrote, with thousands of files."""
_ENVIRONMENT = "pyvenv.cfg"
"""Stands in the folder of a virtual environment."""


def files_below(folders: Iterable[str], *, at_most: int) -> tuple[str, ...]:
    """Absolute paths of files, those of upper folders first, in the order of the alphabet.

    Hidden files and folders, virtual environments and links to folders are left out. No more than
    `at_most` names are looked at, so that a folder of a million files costs no more.
    """
    names = _Budget(at_most)
    found: dict[str, None] = {}
    level = list(dict.fromkeys(map(os.path.abspath, folders)))
    seen: set[str] = set()
    while level and names.left:
        below: list[str] = []
        for folder in level:
            if folder in seen:
                continue
            seen.add(folder)
            files, inside = _listing(folder, names)
            found.update(dict.fromkeys(files))
            below += inside
        level = below
    return tuple(found)


class _Budget:
    """How many names may still be looked at."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, names: Iterable["os.DirEntry[str]"]) -> Iterator["os.DirEntry[str]"]:
        """The names that there is a budget for."""
        for name in names:
            if self.left <= 0:
                return
            self.left -= 1
            yield name


def _listing(folder: str, names: _Budget) -> tuple[list[str], list[str]]:
    """The files and the folders in a folder; none where it may not be read."""
    files: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(folder) as listed:
            for one in names.spend(listed):
                if one.name == _ENVIRONMENT:
                    return [], []
                if one.name.startswith(".") or one.name in _SKIPPED or not one.name.isprintable():
                    continue
                if one.is_dir(follow_symlinks=False):
                    folders.append(one.path)
                elif _is_file(one):
                    files.append(one.path)
    except OSError:  # gone, forbidden, or no folder: nothing is offered from there
        return [], []
    return sorted(files), sorted(folders)


def _is_file(one: "os.DirEntry[str]") -> bool:
    """Whether it is a file, or a link to one that can be followed."""
    try:
        return one.is_file()
    except OSError:  # a link in a circle, or into what may not be entered
        return False
