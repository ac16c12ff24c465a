"""What editors need beside a pipeline file: its schema, and the line that points there.

The schema lies beside the file under one name, so that the line holds on every machine that has
the folder, without a network and whichever runthrough is installed there (ADR 0037).
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from runthrough.adapters.pipeline_files.shape import SCHEMA_KEY, TITLE, pipeline_schema
from runthrough.errors import PipelineFileError

SCHEMA_FILE = "runthrough.schema.json"
"""The name of the schema beside a pipeline file."""
JSON_REFERENCE = f"./{SCHEMA_FILE}"
"""How a pipeline file in JSON names it: editors take only what begins so for a path."""


def schema_line(reference: str = SCHEMA_FILE) -> str:
    """The comment by which editors find the schema of a YAML pipeline file, without line end."""
    return f"# yaml-language-server: {SCHEMA_KEY}={reference}"


def schema_text() -> str:
    """The JSON Schema of pipeline files, as the text of a file."""
    return json.dumps(pipeline_schema(), indent=2) + "\n"


def schema_may_lie_in(folder: str | os.PathLike[str]) -> bool:
    """Whether the schema's name is free in a folder, or holds a schema of ours.

    Where it is somebody else's file, that one stays, and no line is to point at it.
    """
    return _is_free_or_ours(Path(folder) / SCHEMA_FILE)


def _is_free_or_ours(place: Path) -> bool:
    if not os.path.lexists(place):
        return True
    with suppress(OSError, ValueError, RecursionError):  # what cannot be read is not ours
        there = json.loads(place.read_text(encoding="utf-8"))
        return isinstance(there, dict) and there.get("title") == TITLE
    return False


def lay_schema(folder: str | os.PathLike[str]) -> bool:
    """Write the schema into a folder, or bring an older one up to date; whether it is there.

    Raises:
        PipelineFileError: It cannot be written.
    """
    if not schema_may_lie_in(folder):
        return False
    write_schema(Path(folder) / SCHEMA_FILE)
    return True


def write_schema(file: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write the schema into a file, whole or not at all; the same text is not written again.

    An earlier schema of ours is replaced, and another file only with `force`.

    Raises:
        PipelineFileError: There is another file, or it cannot be written.
    """
    target, text = Path(file), schema_text()
    if not force and not _is_free_or_ours(target):
        raise PipelineFileError(
            os.fspath(file),
            "another file is there already",
            fix="name another one, or overwrite it: --force",
        )
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.is_file() and target.read_text(encoding="utf-8", errors="replace") == text:
            return
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise PipelineFileError(
            os.fspath(file),
            f"the schema cannot be written: {error.strerror}",
            fix="name a file in a folder that can be written",
        ) from error
