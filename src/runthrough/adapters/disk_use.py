"""How much of a disk folders take."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from runthrough.core.values.health import DiskUse

BLOCK_BYTES = 512
"""What `st_blocks` counts in, on every system."""


def disk_use(folders: Iterable[str]) -> DiskUse | None:
    """The room that folders take, links not followed; `None` where none of them is there."""
    sizes = {folder: _size_bytes(folder) for folder in folders if Path(folder).is_dir()}
    if not sizes:
        return None
    largest = max(sizes, key=lambda folder: sizes[folder])
    return DiskUse(
        folders=len(sizes),
        size_bytes=sum(sizes.values()),
        largest=largest,
        largest_bytes=sizes[largest],
        free_bytes=shutil.disk_usage(largest).free,
    )


def _size_bytes(folder: str) -> int:
    """What a folder takes, as far as it may be read; runs may come and go meanwhile."""
    total, waiting = 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as inside:
                for one in inside:
                    total += _own_bytes(one)
                    if one.is_dir(follow_symlinks=False):
                        waiting.append(one.path)
        except OSError:  # it went, or is not ours to read: the rest still counts
            continue
    return total


def _own_bytes(one: os.DirEntry[str]) -> int:
    try:
        return one.stat(follow_symlinks=False).st_blocks * BLOCK_BYTES
    except OSError:  # it went meanwhile; those beside it are there
        return 0
