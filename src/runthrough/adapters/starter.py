"""A project folder to begin with: the files that ship in `runthrough/starter`, laid out."""

import os
from dataclasses import dataclass
from pathlib import Path

from runthrough.adapters.pipeline_files.editing import (
    SCHEMA_FILE,
    schema_line,
    schema_may_lie_in,
    write_schema,
)
from runthrough.errors import PipelineFileError, ProjectFolderError

PIPELINE = "pipeline.yaml"
SHIPPED = {
    PIPELINE: PIPELINE,
    "scripts/clean_orders.py": "scripts/clean_orders.py",
    "scripts/summarize_orders.py": "scripts/summarize_orders.py",
    "data/orders.csv": "data/orders.csv",
    "runthrough.toml": "runthrough.toml",
    "gitignore": ".gitignore",
}
"""File in the package → file in the project; under its own name git would obey the one we ship."""
_STARTER = Path(__file__).parents[1] / "starter"


@dataclass(frozen=True, slots=True)
class Project:
    """What was laid out."""

    folder: str
    """Absolute."""
    files: tuple[str, ...]
    """Relative to the folder, in the order in which a reader begins."""
    pipeline: str
    """The pipeline file among them."""


def lay_out_project(folder: str) -> Project:
    """Write a small project into a folder, which is made where it is not; nothing is overwritten.

    Raises:
        ProjectFolderError: Files of these names are there, of which all are named and nothing
            is written; or the folder cannot be written.
    """
    place = Path(folder).absolute()
    names = [*SHIPPED.values(), SCHEMA_FILE]
    _refuse_what_is_there(place, folder, names)
    texts = {
        name: (_STARTER / shipped).read_text(encoding="utf-8") for shipped, name in SHIPPED.items()
    }
    texts[PIPELINE] = f"{schema_line()}\n{texts[PIPELINE]}"
    written: list[Path] = []
    try:
        for name, text in texts.items():
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as target:  # somebody may be quicker
                written.append(file)
                target.write(text)
        write_schema(place / SCHEMA_FILE)
    except (OSError, PipelineFileError) as error:
        for file in written:
            file.unlink(missing_ok=True)
        raise ProjectFolderError(folder, _why_not(error, written)) from error
    return Project(os.fspath(place), tuple(names), PIPELINE)


def _why_not(error: OSError | PipelineFileError, written: list[Path]) -> str:
    if isinstance(error, PipelineFileError):
        return f"{SCHEMA_FILE}: {error.reason}"
    place = error.filename or written[-1]  # a disk that is full names no file
    return f"{place} cannot be written: {error.strerror}"


def _refuse_what_is_there(place: Path, given: str, names: list[str]) -> None:
    """Refuse before anything is written.

    Raises:
        ProjectFolderError: The folder is a file, or holds files of these names.
    """
    for above in (place, *place.parents):
        if above.exists():
            if not above.is_dir():
                raise ProjectFolderError(given, f"{above} is no folder")
            break
    there = [name for name in names if name != SCHEMA_FILE and os.path.lexists(place / name)]
    if place.is_dir() and not schema_may_lie_in(place):
        there.append(SCHEMA_FILE)
    if there:
        raise ProjectFolderError(given, f"these files are there already: {', '.join(there)}")
