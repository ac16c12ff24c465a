"""Which paths a service may touch: what really lies inside some folders."""

import os
from collections.abc import Sequence

from runthrough.errors import SettingError

PATH_BYTES = 4096
"""Longer paths no system call takes, so nothing can lie there."""


class FolderConfinement:
    """Only what really lies inside some folders may be touched, links followed."""

    def __init__(self, roots: Sequence[str], *, cwd: str) -> None:
        """Confine to folders; where they lead is settled now, whatever becomes of a link.

        Args:
            roots: The folders; at least one.
            cwd: Absolute path at which relative ones start.

        Raises:
            SettingError: One is no folder, or there is none.
        """
        if not roots:
            raise SettingError(
                "No folder is named that may be touched.",
                fix="name one: runthrough serve --root DIR",
            )
        self._places = tuple(dict.fromkeys(_folder(root, cwd) for root in roots))
        self._real = tuple(dict.fromkeys(os.path.realpath(place) for place in self._places))

    @property
    def places(self) -> tuple[str, ...]:
        """The absolute paths of the folders, as they were named."""
        return self._places

    def holds(self, path: str) -> bool:
        """Whether an absolute path really leads into one of the folders, or is one.

        Of a path that is not there the nearest folder that is decides, and a link that leads to
        itself lies where it stands: nothing can be opened by it. What no system call would take
        lies nowhere.
        """
        if not path.startswith("/") or "\0" in path:
            return False
        try:
            if len(os.fsencode(path)) > PATH_BYTES:
                return False
            real = os.path.realpath(_with_one_slash(path))
        except (UnicodeEncodeError, RecursionError):
            # Half of a surrogate pair, which no file system keeps; or a thousand links, each to
            # the next one, which no system call follows.
            return False
        return any(real == place or real.startswith(_below(place)) for place in self._real)


def _folder(root: str, cwd: str) -> str:
    place = _with_one_slash(os.path.normpath(os.path.join(cwd, root)))  # noqa: PTH118 - a text
    try:
        there = os.path.isdir(place)  # noqa: PTH112 - as above
    except ValueError:  # no path at all
        there = False
    if not there:
        raise SettingError(
            f"{root!r} is no folder, so nothing can be confined to it.",
            fix="name one that is there: runthrough serve --root DIR",
        )
    return place


def _with_one_slash(path: str) -> str:
    """An absolute path that begins with one slash; Python tells two apart, and Linux does not."""
    return "/" + path.lstrip("/")


def _below(place: str) -> str:
    return place.rstrip("/") + "/"
