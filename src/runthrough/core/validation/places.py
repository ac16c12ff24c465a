"""When two paths are one place, and when a path leads out of what the session knows."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.words import told
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import ABSOLUTE, folders, split
from runthrough.core.values.problems import PlaceKind, Problem

PATHS_KEPT = 8_192
"""Paths of some thousand nodes, each compared with many others; about 4 MB."""


def outside(path: RecordedPath) -> bool:
    """Whether a path lies below none of the roots, so that it cannot move along with them."""
    root, relative = split(path)
    return root == ABSOLUTE or relative == ".." or relative.startswith("../")


@lru_cache(PATHS_KEPT)
def above(path: RecordedPath) -> tuple[RecordedPath, ...]:
    """The path itself and every folder above it inside its root, innermost first."""
    return folders(path)


@lru_cache(PATHS_KEPT)
def folded(path: RecordedPath) -> str:
    """What a file system that ignores case and the form of accents takes a path for."""
    return unicodedata.normalize("NFC", path).casefold()


def one_thing(one: PathFacts | None, other: PathFacts | None) -> bool:
    """Whether two looks saw the same file or folder, by a link or by another spelling.

    An inode alone may come twice, on two devices; not so with size and times to the nanosecond.
    """
    if one is None or other is None or one.kind is None or one.inode != other.inode:
        return False
    return one.inode is not None and _stat(one) == _stat(other)


def _stat(seen: PathFacts) -> tuple[object, ...]:
    return seen.kind, seen.size_bytes, seen.mtime_ns, seen.changed_ns


def outside_problems(
    proposal: Proposal, kind: PlaceKind, name: str, path: RecordedPath
) -> Iterator[Problem]:
    """A path outside all roots: it works here, and is missing wherever the session moves."""
    if not outside(path):
        return
    absolute = split(path)[0] == ABSOLUTE
    told_where = "outside the workspace" if absolute else f"outside its root {split(path)[0]}:"
    yield proposal.problem(
        "PATH_OUTSIDE",
        kind,
        name,
        f"{kind.capitalize()} {name} lies {told_where}, so it does not move with it: {told(path)}",
        proposal.configure(kind, name, "PATH_IN_THE_WORKSPACE"),
        severity="warning",
    )


def unchecked(
    proposal: Proposal, kind: PlaceKind, name: str, path: RecordedPath
) -> Iterator[Problem]:
    """That a path cannot be looked at: the session lives on another host, or it is forbidden."""
    outside_of_service = bool(proposal.facts.outside)
    why = (
        "for paths of its node lie outside of what this service may touch"
        if outside_of_service
        else "for the session lives on another machine"
    )
    yield proposal.problem(
        "NOT_CHECKED_HERE",
        kind,
        name,
        f"{kind.capitalize()} {name} was not looked at, {why}: {told(path)}",
        "runthrough serve --root DIR" if outside_of_service else "runthrough resume --here",
        severity="warning",
    )
