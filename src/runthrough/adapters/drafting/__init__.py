"""Drafts a pipeline file from a folder of scripts, which are read and never run."""

import os
from dataclasses import dataclass
from pathlib import Path

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.discovery.search import SCRIPTS_FOLDER, ScriptSearch
from runthrough.adapters.drafting.page import page
from runthrough.adapters.drafting.sketch import ScriptNeeds, Sketch, sketch
from runthrough.adapters.pipeline_files.editing import (
    SCHEMA_FILE,
    lay_schema,
    schema_line,
    schema_may_lie_in,
)
from runthrough.core.requirements import merge
from runthrough.core.values.paths import record
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import PipelineError, PipelineFileError

__all__ = ["Draft", "draft_pipeline"]


MAX_TOLD = 5
"""Scripts of which an error tells what is wrong with them: the first ones show the pattern."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A pipeline file that was written, and what is in it."""

    file: str
    """As it was asked for."""
    drafted: Sketch
    left_out: tuple[str, ...]
    """Why each of the other scripts became no node."""
    schema: str | None
    """The schema that was laid beside it, for editors; `None` where that name was taken."""


def draft_pipeline(folder: str | os.PathLike[str], file: str | os.PathLike[str]) -> Draft:
    """Write a pipeline file for the scripts in `folder`, its `scripts` and the folders in them.

    Each script with a `main` becomes a node. The file is new: one that is there stays as it is.
    Its schema is laid beside it, and the first line points there.

    Raises:
        PipelineError: The folder is none, or no script in it has a `main`.
        PipelineFileError: The file is there already, or cannot be written.
    """
    shown, target = os.fspath(folder), Path(file)
    place = os.path.normpath(Path(folder).absolute())
    if not os.path.isdir(place):  # noqa: PTH112 - pathlib's raises where a name is too long
        raise PipelineError(f"There is no folder {shown!r}.", fix="name a folder of scripts")
    if target.suffix.lower() == ".json":
        raise PipelineFileError(
            os.fspath(file),
            "a draft has comments, which JSON has not",
            fix=f"name a YAML file, such as {target.with_suffix('.yaml')}",
        )
    beside = os.path.normpath(target.absolute().parent)
    scripts, left_out = _scripts(place, beside)
    if not scripts:
        raise PipelineError(
            "\n  ".join((f"No script in {shown!r} can become a node.", *left_out[:MAX_TOLD])),
            fix="a node's script has: def main(input_paths, output_paths, environ_vars, job_args)",
        )
    drafted = sketch(scripts)
    text = page(
        drafted,
        name=_name(Path(place)) or target.stem,
        folder=shown,
        file=os.fspath(file),
        left_out=left_out,
    )
    described = schema_may_lie_in(beside)
    _write_new(target, f"{schema_line()}\n{text}" if described else text)
    schema = str(target.with_name(SCHEMA_FILE)) if described and lay_schema(beside) else None
    return Draft(os.fspath(file), drafted, tuple(left_out), schema)


def _name(folder: Path) -> str:
    """What the pipeline is called: as its folder, or the one around a folder `scripts`."""
    return folder.parent.name if folder.name == SCRIPTS_FOLDER else folder.name


def _scripts(place: str, beside: str) -> tuple[list[ScriptNeeds], list[str]]:
    """The scripts of a folder that can be nodes, and why the others cannot."""
    catalog = StepCatalog([place])
    roots = catalog.roots
    workspace = record(next(iter(roots.places)), ".")
    search = ScriptSearch((workspace,), (workspace,), roots)
    found = [one for stem in search.stems for one in search.named((stem,))]
    scripts: list[ScriptNeeds] = []
    left_out: list[str] = []
    for one in found:
        script = catalog.inspect(roots.record(one.path), roots=roots)
        if script is None:
            continue  # it vanished since the folder was listed
        if script.problems:
            left_out.append(script.problems[0].message)
            continue
        code = catalog.requirements(script, roots=roots, job_args={}, environ_vars={})
        contract = catalog.contract(script, roots=roots)
        told = merge(NodeDeclaration(), code, contract.requirements if contract else None)
        path = os.path.relpath(one.path, beside)
        scripts.append(ScriptNeeds(one.stem, path, script.description, told.requirements))
    return scripts, left_out


def _write_new(target: Path, text: str) -> None:
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise PipelineFileError(
            str(target), "the file is there already", fix="name another one with --output FILE"
        ) from error
    except OSError as error:
        raise PipelineFileError(
            str(target),
            f"the file cannot be written: {error.strerror}",
            fix="name another one with --output FILE",
        ) from error
