"""Databases whose tables are there already: making them anew takes longer than most tests."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from runthrough.adapters.store.opening import open_database

_KEPT = TemporaryDirectory(prefix="runthrough-tables-")


@cache
def _template() -> Path:
    path = Path(_KEPT.name) / "log.db"
    with open_database(f"sqlite:///{path}"):
        return path


def lay(path: Path) -> Path:
    """Put an SQLite file with today's tables and no event at a path, unless something is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_template(), path)
    return path
