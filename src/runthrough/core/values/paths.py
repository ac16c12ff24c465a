"""Paths as history keeps them: a named root and what lies below it.

A recorded path is `ROOT:relative/path`, where ROOT is `pipeline` (folder of the pipeline file),
`workspace`, a further workspace (`workspace2` …), `session` (attempts, outputs, logs), such a
folder of an ancestor (`session@ID`, see `inherited`), or `abs` with an absolute path. Where a
root lies on a host is not history (table `roots`).
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from runthrough.core.values.ids import RecordedPath, SessionId

PIPELINE = "pipeline"
WORKSPACE = "workspace"
SESSION = "session"
ABSOLUTE = "abs"


def record(root: str, relative: str) -> RecordedPath:
    """The recorded form of `relative` below `root`; `.` for the root itself."""
    if root == ABSOLUTE:
        return RecordedPath(f"{ABSOLUTE}:{posixpath.normpath(relative)}")
    return RecordedPath(f"{root}:{posixpath.normpath(relative or '.')}")


def inherited(path: RecordedPath, ancestor: SessionId) -> RecordedPath:
    """A path as a fork has it: what its ancestor wrote lies in the ancestor's own folder."""
    root, relative = split(path)
    return record(ancestor_root(ancestor), relative) if root == SESSION else path


def ancestor_root(ancestor: SessionId) -> str:
    """The name of the root that is an ancestor's own folder."""
    return f"{SESSION}@{ancestor}"


def is_own_folder(root: str) -> bool:
    """Whether a root is a session's own folder, or an ancestor's."""
    return root == SESSION or root.startswith(f"{SESSION}@")


def split(path: RecordedPath) -> tuple[str, str]:
    """`(root, relative)` of a recorded path."""
    root, _, relative = path.partition(":")
    return root, relative


def below(path: RecordedPath, subpath: str | None) -> RecordedPath:
    """The recorded path of `subpath` inside `path`."""
    if not subpath:
        return path
    root, relative = split(path)
    return record(root, posixpath.join(relative, subpath))


def child(folder: RecordedPath, name: str) -> RecordedPath:
    """The recorded path of what is called `name` in a folder; no name leads out of it.

    A name with a slash is one name, so that a script's own key cannot climb.
    """
    safe = name.replace("/", "_")
    return below(folder, f"_{safe}" if safe in {"", ".", ".."} else safe)


def folders(path: RecordedPath) -> tuple[RecordedPath, ...]:
    """The path itself and every folder above it inside its root, innermost first."""
    root, relative = split(path)
    found = [path]
    while posixpath.basename(relative) not in {"", ".", ".."}:
        # What is recorded has no `..` within, so neither has what is above it.
        relative = posixpath.dirname(relative) or "."
        found.append(RecordedPath(f"{root}:{relative}"))
    return tuple(found)


def inside(path: RecordedPath, folder: RecordedPath) -> str | None:
    """What leads from `folder` to `path`: `""` when equal, `None` when it is not inside."""
    root, relative = split(path)
    folder_root, folder_relative = split(folder)
    if root != folder_root:
        return None
    if relative == folder_relative:
        return ""
    prefix = "" if folder_relative == "." else folder_relative.rstrip("/") + "/"
    rest = relative.removeprefix(prefix)
    climbs = rest == ".." or rest.startswith("../")
    return None if climbs or not relative.startswith(prefix) else rest


def shown(path: RecordedPath) -> str:
    """The path for people: the root is named only where it is not the workspace."""
    root, relative = split(path)
    return relative if root in {ABSOLUTE, WORKSPACE, PIPELINE} else path


@dataclass(frozen=True, slots=True)
class Roots:
    """Where each root lies on this host; absolute POSIX paths."""

    places: Mapping[str, str]

    def locate(self, path: RecordedPath) -> str:
        """The absolute path of a recorded one.

        Raises:
            KeyError: This host does not know the root.
        """
        root, relative = split(path)
        if root == ABSOLUTE:
            return relative
        return posixpath.normpath(posixpath.join(self.places[root], relative))

    def record(self, absolute: str) -> RecordedPath:
        """The recorded form of an absolute path, below the deepest root that holds it.

        Of equal roots the first named wins; the session's own folder is taken only for what
        lies in it.
        """
        absolute = posixpath.normpath(absolute)
        best: tuple[int, str, str] | None = None
        for root, place in self.places.items():
            folder = posixpath.normpath(place)
            prefix = folder.rstrip("/") + "/"
            if absolute != folder and not absolute.startswith(prefix):
                continue
            if best is None or len(folder) > best[0]:
                best = (len(folder), root, absolute[len(prefix) :] or ".")
        return record(best[1], best[2]) if best else record(ABSOLUTE, absolute)
