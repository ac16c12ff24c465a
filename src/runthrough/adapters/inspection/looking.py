"""What the file system says of one path."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from runthrough.adapters.inspection.digests import DigestCache
from runthrough.adapters.inspection.formats import Stamp, glimpsed
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import RecordedPath

Holds = Callable[[str], bool]
"""Whether an absolute path may be touched."""
EFFECTIVE = os.access in os.supports_effective_ids
"""Whether this system can say what the process may do, beside what its user may."""


def look_at(
    path: RecordedPath,
    absolute: str,
    *,
    digests: DigestCache,
    digest_up_to: int | None,
    parents: dict[str, bool] | None = None,
    holds: Holds | None = None,
) -> PathFacts:
    """Facts about what lies at an absolute path; see `PathFacts`.

    `parents` keeps, from path to path of one look, in which folders something can be made. What a
    link in a folder leads to, and nothing `holds`, is no content of the folder.
    """
    try:
        seen = os.stat(absolute)  # noqa: PTH116 - the path is a text all along
    except PermissionError:
        return PathFacts(path=path, kind="other", readable=False, writable=False)
    except (OSError, ValueError):  # nothing there, a link to itself, or no path at all
        return PathFacts(
            path=path, writable=_can_be_made(absolute, {} if parents is None else parents)
        )
    if stat.S_ISDIR(seen.st_mode):
        return _folder_facts(path, absolute, seen, digests, digest_up_to, holds=holds)
    if stat.S_ISREG(seen.st_mode):
        return _file_facts(path, absolute, seen, digests, digest_up_to)
    return PathFacts(
        path=path,
        kind="other",
        readable=_allowed(absolute, os.R_OK),
        writable=_allowed(absolute, os.W_OK),
        mtime_ns=seen.st_mtime_ns,
        inode=seen.st_ino,
        changed_ns=seen.st_ctime_ns,
    )


def _file_facts(
    path: RecordedPath,
    absolute: str,
    seen: os.stat_result,
    digests: DigestCache,
    digest_up_to: int | None,
) -> PathFacts:
    readable = _allowed(absolute, os.R_OK)
    digest = None
    if readable and _wanted(seen.st_size, digest_up_to):
        try:
            digest = (digests.known(absolute, seen) or digests.digest(absolute)).hex()
        except OSError:
            readable = False
    return PathFacts(
        path=path,
        kind="file",
        empty=seen.st_size == 0,
        readable=readable,
        writable=_allowed(absolute, os.W_OK),
        size_bytes=seen.st_size,
        mtime_ns=seen.st_mtime_ns,
        inode=seen.st_ino,
        changed_ns=seen.st_ctime_ns,
        digest=digest,
        format=_format(absolute, seen, digest_up_to) if readable else None,
    )


def _folder_facts(
    path: RecordedPath,
    absolute: str,
    seen: os.stat_result,
    digests: DigestCache,
    digest_up_to: int | None,
    *,
    holds: Holds | None,
) -> PathFacts:
    below = _walked(absolute, seen, holds)
    readable, digest = below.readable, None
    if readable and _wanted(below.size_bytes, digest_up_to):
        try:
            digest = _folder_digest(absolute, below.files, digests)
        except OSError:
            readable = False
    return PathFacts(
        path=path,
        kind="folder",
        empty=below.changed_ns is None,
        readable=readable,
        writable=_allowed(absolute, os.W_OK | os.X_OK),
        size_bytes=below.size_bytes,
        mtime_ns=below.mtime_ns,
        inode=seen.st_ino,
        changed_ns=below.changed_ns,
        digest=digest,
    )


@dataclass(slots=True)
class _Below:
    """What a folder holds at any depth."""

    mtime_ns: int
    size_bytes: int = 0
    changed_ns: int | None = None
    readable: bool = True
    files: list[str] = field(default_factory=list)
    """Relative names of its files."""


def _walked(folder: str, seen: os.stat_result, holds: Holds | None) -> _Below:
    """Visit a folder, through links too; each real folder once, so that loops end."""
    below = _Below(mtime_ns=seen.st_mtime_ns)
    visited = {(seen.st_dev, seen.st_ino)}
    waiting = [""]
    while waiting:
        relative = waiting.pop()
        for child, found in _children(folder + relative, below, holds):
            name = f"{relative}/{child.name}"
            if stat.S_ISREG(found.st_mode):
                below.files.append(name[1:])
                below.size_bytes += found.st_size
                below.mtime_ns = max(below.mtime_ns, found.st_mtime_ns)
                if found.st_size:
                    below.changed_ns = max(below.changed_ns or 0, found.st_ctime_ns)
            elif stat.S_ISDIR(found.st_mode) and (found.st_dev, found.st_ino) not in visited:
                visited.add((found.st_dev, found.st_ino))
                below.mtime_ns = max(below.mtime_ns, found.st_mtime_ns)
                waiting.append(name)
    return below


def _children(
    folder: str, below: _Below, holds: Holds | None
) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """What lies in a folder, in the order of the names, links followed as far as they may be."""
    try:
        children = sorted(os.scandir(folder), key=lambda child: child.name)
    except OSError:
        below.readable = False
        return
    for child in children:
        if holds is not None and child.is_symlink() and not holds(child.path):
            continue
        try:
            yield child, child.stat()
        except PermissionError:
            below.readable = False
        except OSError:  # a link that leads nowhere is no content
            continue


def _folder_digest(folder: str, files: list[str], digests: DigestCache) -> str:
    """SHA-256 over each file's name, a zero byte and its digest, in the order of the names."""
    total = hashlib.sha256()
    for name in sorted(files, key=os.fsencode):
        total.update(os.fsencode(name) + b"\0" + digests.digest(f"{folder}/{name}"))
    return total.hexdigest()


def _wanted(size_bytes: int, digest_up_to: int | None) -> bool:
    return digest_up_to is None or size_bytes <= digest_up_to


def _format(absolute: str, seen: os.stat_result, digest_up_to: int | None) -> str | None:
    """What a file holds; whoever wants no digest is after less than its content."""
    if not seen.st_size or (digest_up_to is not None and digest_up_to < 0):
        return None
    return glimpsed(absolute, Stamp(seen.st_size, seen.st_mtime_ns, seen.st_ino))


def _allowed(path: str, mode: int) -> bool:
    try:
        return os.access(path, mode, effective_ids=EFFECTIVE)
    except (OSError, ValueError):
        return False


def _can_be_made(path: str, parents: dict[str, bool]) -> bool:
    """Whether the nearest folder above that exists can be written; asked once a folder."""
    if "\0" in path:
        return False
    parent = os.path.dirname(path)  # noqa: PTH120 - the path is a text all along
    if parent not in parents:
        there = parent
        while not os.path.lexists(there) and there != os.path.dirname(there):  # noqa: PTH120
            there = os.path.dirname(there)  # noqa: PTH120
        parents[parent] = os.path.isdir(there) and _allowed(there, os.W_OK | os.X_OK)  # noqa: PTH112
    return parents[parent]
