"""Which scripts lie in the search roots; each folder is listed once and none is imported."""

import os
import posixpath
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from runthrough.adapters.discovery.stamps import Holds, Remembered
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import Roots, below
from runthrough.core.values.scripts import SearchedFolder

KEPT_FOLDERS = 1024
"""More than the search roots of a session hold."""
SCRIPTS_FOLDER = "scripts"
"""Folder of a workspace that is searched before the workspace itself."""


@dataclass(frozen=True, slots=True)
class FoundScript:
    """A script file in a search root."""

    stem: str
    path: str
    """Absolute."""
    place: RecordedPath
    """The search root that it was found in."""


class ScriptSearch:
    """All script files of some search roots, in their order of precedence.

    A root is searched for its own files; a folder of scripts (one that the pipeline names, or
    `scripts/` in a workspace) also one level deeper, so that `scripts/package/name.py` is found,
    its own files first. Earlier roots win, and inside a root the order of the alphabet. Folders
    of packages come last.
    """

    def __init__(
        self,
        scripts: Sequence[RecordedPath],
        workspaces: Sequence[RecordedPath],
        roots: Roots,
        *,
        packages: Iterable[str] = (),
        folders: "ScriptFolders | None" = None,
    ) -> None:
        """Look into all roots.

        Args:
            scripts: Folders of scripts.
            workspaces: Workspaces, each with its own `scripts/` first.
            roots: Where these lie.
            packages: Absolute folders of packages.
            folders: Remembers what lies in folders for the next search.
        """
        self._folders = folders or ScriptFolders()
        self._by_stem: dict[str, list[tuple[int, FoundScript]]] = {}
        self._seen: set[str] = set()
        self._asked = (
            *(SearchedFolder(place=place) for place in scripts),
            *(SearchedFolder(place=place, has_scripts_folder=True) for place in workspaces),
        )
        self._roots = roots
        rank = 0
        for place, nested in _places(scripts, workspaces):
            folder = _located(place, roots)
            if folder is not None:
                self._take(rank, folder, place, nested=nested)
                rank += 1
        for rank_of_package, folder in enumerate(packages, start=rank):
            self._take(rank_of_package, folder, roots.record(folder), nested=True)

    @cached_property
    def searched(self) -> tuple[SearchedFolder, ...]:
        """The folders that were asked for, and whether each is there."""
        located = [(folder, _located(folder.place, self._roots)) for folder in self._asked]
        return tuple(
            folder.model_copy(update={"there": place is not None and _is_there(place)})
            for folder, place in located
        )

    @property
    def stems(self) -> tuple[str, ...]:
        """The stem of every script seen, in order of precedence."""
        return tuple(self._by_stem)

    def scripts(self) -> tuple[FoundScript, ...]:
        """The script that wins for each stem, in order of precedence."""
        return tuple(several[0][1] for several in self._by_stem.values())

    def named(self, stems: Sequence[str]) -> tuple[FoundScript, ...]:
        """The scripts of exactly these stems; an earlier root wins over an earlier stem."""
        ranked = [
            (rank, place_of_stem, found)
            for place_of_stem, stem in enumerate(dict.fromkeys(stems))
            for rank, found in self._by_stem.get(stem, ())
        ]
        ranked.sort(key=lambda triple: triple[:2])
        return tuple(found for _, _, found in ranked)

    def _take(self, rank: int, folder: str, place: RecordedPath, *, nested: bool) -> None:
        for found in self._scripts_in(folder, place, nested=nested):
            self._by_stem.setdefault(found.stem, []).append((rank, found))

    def _scripts_in(
        self, folder: str, place: RecordedPath, *, nested: bool
    ) -> Iterator[FoundScript]:
        true_folder = os.path.realpath(folder)
        files, folders = self._folders.of(true_folder)
        if true_folder not in self._seen:
            self._seen.add(true_folder)
            for name in files:
                yield FoundScript(name.removesuffix(".py"), posixpath.join(folder, name), place)
        if nested:
            for name in folders:
                yield from self._scripts_in(posixpath.join(folder, name), place, nested=False)


def _places(
    scripts: Iterable[RecordedPath], workspaces: Iterable[RecordedPath]
) -> Iterator[tuple[RecordedPath, bool]]:
    for place in scripts:
        yield place, True
    for workspace in workspaces:
        yield below(workspace, SCRIPTS_FOLDER), True
        yield workspace, False


def _located(place: RecordedPath, roots: Roots) -> str | None:
    try:
        return roots.locate(place)
    except KeyError:
        return None  # this host does not know the root, so nothing is found there


@dataclass(frozen=True, slots=True)
class _Scripts:
    """What a folder holds that counts here."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    lasting: bool = True
    """Holds no links: where these lead may change without the folder."""


class ScriptFolders:
    """Python files and folders in folders, listed again only when a folder changed."""

    def __init__(
        self, *, now_ns: Callable[[], int] = time.time_ns, holds: Holds | None = None
    ) -> None:
        """Nothing is listed yet, and nothing ever is at paths that are not held."""
        self._holds = holds
        self._known = Remembered(_listing, limit=KEPT_FOLDERS, now_ns=now_ns, holds=holds)

    def of(self, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the Python files and of the folders in a folder, sorted."""
        known = self._known.of(folder) or _Scripts()
        if not known.lasting:
            known = self._held(folder, _listing(folder))
        return known.files, known.folders

    def _held(self, folder: str, listed: _Scripts) -> _Scripts:
        """What of a folder does not lead out by a link."""
        if self._holds is None:
            return listed
        files, folders = (
            tuple(name for name in names if self._holds(posixpath.join(folder, name)))
            for names in (listed.files, listed.folders)
        )
        return _Scripts(files, folders, lasting=False)


def _listing(folder: str) -> _Scripts:
    """What lies in a folder; nothing if it is unreadable."""
    files: list[str] = []
    folders: list[str] = []
    lasting = True
    # Absent, no folder, forbidden or gone while it was listed: what was seen so far counts.
    with suppress(OSError), os.scandir(folder) as listed:
        for found in listed:
            if found.name.startswith((".", "__")) or not found.name.isprintable():
                continue
            lasting = lasting and not found.is_symlink()
            if found.name.endswith(".py") and _is_file(found):
                files.append(found.name)
            elif _is_folder(found):
                folders.append(found.name)
    return _Scripts(tuple(sorted(files)), tuple(sorted(folders)), lasting)


def _is_there(folder: str) -> bool:
    """Whether it is a folder; no name of one is too long, and none too well kept, to be asked."""
    return os.path.isdir(folder)  # noqa: PTH112 - pathlib's raises for such names


def _is_file(found: "os.DirEntry[str]") -> bool:
    try:
        return found.is_file()
    except OSError:
        return False  # a link that leads to itself


def _is_folder(found: "os.DirEntry[str]") -> bool:
    try:
        return found.is_dir()
    except OSError:
        return False  # a link that leads to itself
