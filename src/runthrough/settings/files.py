"""The file that settings are written in."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from runthrough.errors import SettingError

FILE = "runthrough.toml"


def nearest_file(cwd: Path) -> tuple[Path | None, Mapping[str, object]]:
    """The file that holds in a folder, and what it says."""
    for folder in (cwd, *cwd.parents):
        if not os.access(folder, os.X_OK):
            continue  # nobody's settings can be seen there, and `is_file` would raise
        if (folder / FILE).is_file():
            return folder / FILE, _table(folder / FILE, ())
        project = folder / "pyproject.toml"
        # Others' project files are neither parsed nor judged.
        if project.is_file() and b"runthrough" in _content(project):
            table = _table(project, ("tool", "runthrough"))
            if table:
                return project, table
    return None, {}


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingError(
            f"{file} cannot be read: {error.strerror}.",
            fix="let this user read it, or move it away",
        ) from error


def _table(file: Path, header: tuple[str, ...]) -> Mapping[str, object]:
    try:
        table: object = tomllib.loads(_content(file).decode())
    except ValueError as error:
        raise SettingError(
            f"{file} is not TOML: {error}.",
            fix="mend that place; a text stands in quotes, as in actor = 'ann'",
        ) from None
    for name in header:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}
