"""Finds pipeline files below folders, so that somebody can choose one."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from runthrough.adapters.inspection.nearby import files_below

LOOKED_AT = 8_000
"""Names that are looked at: some 20 ms on a warm disk."""
READ = 400
"""Files of a fitting kind that are opened."""
FOUND = 60
"""More are not chosen from; their path is typed."""
_BEGINNING = 64 * 1024
"""Bytes that tell what a file is: a pipeline says so early."""
_KINDS = frozenset({".yaml", ".yml", ".json"})
_YAML = re.compile(r"^(nodes|edges)[ \t]*:", re.MULTILINE)
_JSON = re.compile(r'"(nodes|edges|Steps)"\s*:')
_SCHEMA = re.compile(r'\A\s*\{\s*"\$schema"\s*:\s*"https?://json-schema\.org/')
"""A JSON Schema, such as the one that `init` writes: it speaks of nodes and has none."""


def pipelines_below(folders: Iterable[str], allowed: Callable[[str], bool]) -> tuple[str, ...]:
    """Absolute paths of files that look like pipelines, the nearest first; none is read whole.

    What is not `allowed`, as where a link leads out of the folders, is not opened.
    """
    fitting = (
        path
        for path in files_below(folders, at_most=LOOKED_AT)
        if Path(path).suffix in _KINDS and allowed(path)
    )
    found: list[str] = []
    for path, _ in zip(fitting, range(READ), strict=False):
        if _looks_right(path):
            found.append(path)
        if len(found) == FOUND:
            break
    return tuple(found)


def _looks_right(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            text = file.read(_BEGINNING).decode("utf-8", "replace")
    except OSError:
        return False
    if path.endswith(".json"):
        return bool(_JSON.search(text)) and not _SCHEMA.match(text)
    return bool(_YAML.search(text))
