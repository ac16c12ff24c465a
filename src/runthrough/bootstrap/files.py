"""Pipelines, notes and exports as files that doors read and write."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from runthrough import __version__
from runthrough.application.auditing import Auditing
from runthrough.bootstrap import clock
from runthrough.bootstrap.wiring import Application
from runthrough.core.names import nearest
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.ids import RecordedPath, SessionId
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.store import Checkpoint, EventFilter, StoredEvent
from runthrough.errors import AuditFileError, UnknownNodeError

if TYPE_CHECKING:
    from runthrough.adapters.drafting import Draft
    from runthrough.adapters.exports.files import ExportFile
    from runthrough.adapters.pipeline_files.writing import WrittenPipeline
    from runthrough.adapters.starter import Project


def load_pipeline(path: str | os.PathLike[str]) -> PipelineDefinition:
    """Read a pipeline file, YAML or JSON; its folder becomes the root `pipeline:`.

    Raises:
        PipelineFileError: The file cannot be read, or is not a pipeline; all mistakes of its
            shape are told at once.
        PipelineCycleError: Its edges and connections form a cycle.
    """
    from runthrough.adapters import pipeline_files  # noqa: PLC0415 - only `new` reads YAML

    return pipeline_files.load_pipeline(path)


def load_either(path: str | os.PathLike[str], *, scripts: Sequence[str]) -> PipelineDefinition:
    """Read a pipeline file or a SageMaker definition, whichever it is.

    Raises:
        PipelineFileError, PipelineCycleError: As for `load_pipeline`.
    """
    from runthrough.adapters import pipeline_files  # noqa: PLC0415 - only `new` reads YAML

    return pipeline_files.load_either(path, scripts=scripts)


def declared_pipeline(said: Mapping[str, JsonValue], folder: str) -> PipelineDefinition:
    """The pipeline that a mapping declares as a pipeline file does; paths start at `folder`.

    Raises:
        PipelineFileError: It is no pipeline; all mistakes of its shape are told at once.
        PipelineCycleError: Its edges and connections form a cycle.
    """
    from runthrough.adapters import pipeline_files  # noqa: PLC0415 - only doors that take one

    return pipeline_files.declared_pipeline(said, folder)


def draft_pipeline(folder: str, file: str) -> "Draft":
    """Write a new pipeline file for a folder of scripts.

    Raises:
        PipelineError: The folder is none, or no script in it has a `main`.
        PipelineFileError: The file is there already, or cannot be written.
    """
    from runthrough.adapters import drafting  # noqa: PLC0415 - only `new --from-folder`

    return drafting.draft_pipeline(folder, file)


def lay_out_project(folder: str) -> "Project":
    """Write a small project into a folder; nothing is overwritten.

    Raises:
        ProjectFolderError: Files of these names are there already, or cannot be written.
    """
    from runthrough.adapters import starter  # noqa: PLC0415 - only `init`

    return starter.lay_out_project(folder)


def lay_schema(folder: str | os.PathLike[str]) -> bool:
    """Write the schema of pipeline files into a folder, for editors; whether it is there.

    It is not where another file has its name, `runthrough.schema.json`.

    Raises:
        PipelineFileError: It cannot be written.
    """
    from runthrough.adapters.pipeline_files import editing  # noqa: PLC0415 - few commands

    return editing.lay_schema(folder)


def write_schema(file: str | os.PathLike[str], *, force: bool = False) -> str | None:
    """Write the schema of pipeline files into a file; the line by which editors find it there.

    There is none for a path with spaces: editors take such a line up to the first one.

    Raises:
        PipelineFileError: There is another file and no `force`, or it cannot be written.
    """
    from runthrough.adapters.pipeline_files import editing  # noqa: PLC0415 - few commands

    editing.write_schema(file, force=force)
    place = os.fspath(file)
    return editing.schema_line(place) if place.split() == [place] else None


def write_pipeline(
    file: str | os.PathLike[str],
    declared: PipelineDeclaration,
    *,
    locate: Callable[[RecordedPath], str],
    force: bool = False,
) -> "WrittenPipeline":
    """Write a session as a pipeline file; `locate` says where its recorded paths lie.

    Raises:
        PipelineFileError: The file is there already, or cannot be written.
        SessionError: Where a path lies is not known on this host.
    """
    from runthrough.adapters.pipeline_files import writing  # noqa: PLC0415 - only `export`

    return writing.write_pipeline(file, declared, locate=locate, force=force)


def read_note(path: str | os.PathLike[str]) -> Checkpoint:
    """The checkpoint that a note tells of.

    Raises:
        AuditFileError: The file cannot be read, or is no note.
    """
    from runthrough.adapters.exports import notes  # noqa: PLC0415 - only `audit` reads notes

    return notes.read_note(Path(path))


def write_note(path: str | os.PathLike[str] | None, checkpoint: Checkpoint) -> str:
    """Write the note of a checkpoint to a new file, or nowhere; its text.

    Raises:
        AuditFileError: The file is there already, or cannot be written.
    """
    from runthrough.adapters.exports import notes  # noqa: PLC0415 - only `audit` writes notes

    if path is not None:
        notes.write_note(Path(path), checkpoint)
    return notes.note_text(checkpoint)


def withdraw(path: str | os.PathLike[str]) -> None:
    """Take back a file that was written for what was refused then.

    Raises:
        AuditFileError: It cannot be deleted.
    """
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as exc:
        raise AuditFileError(
            f"{path} was written for what was refused then, and cannot be deleted: "
            f"{exc.strerror}.",
            fix="delete it by hand",
        ) from exc


def signed(checkpoint: Checkpoint, key: str | os.PathLike[str]) -> Checkpoint:
    """A checkpoint signed with the private key in a PEM file.

    Raises:
        AuditFileError: The key cannot be used, or the extra `signing` is not installed.
    """
    from runthrough.adapters.exports import signing  # noqa: PLC0415 - an extra

    return signing.signed(checkpoint, Path(key))


def is_signed_by(checkpoint: Checkpoint, key: str | os.PathLike[str]) -> bool:
    """Whether the public key in a PEM file vouches for a checkpoint.

    Raises:
        AuditFileError: The key cannot be used, or the extra `signing` is not installed.
    """
    from runthrough.adapters.exports import signing  # noqa: PLC0415 - an extra

    return signing.is_signed_by(checkpoint, Path(key))


def export_lines(
    rows: Iterable[StoredEvent],
    *,
    session_id: str | None,
    wanted: EventFilter,
    naming: Iterable[StoredEvent] = (),
) -> Iterator[str]:
    """The lines of an export of the whole log, of a session or of what passes a filter.

    See docs/reference/export.md.
    """
    from runthrough.adapters.exports import jsonl  # noqa: PLC0415 - only `audit export`

    return jsonl.export_lines(
        rows,
        session_id=session_id,
        at=clock.now(),
        app_version=__version__,
        wanted=wanted,
        naming=naming,
    )


def table_lines(
    rows: Iterable[StoredEvent],
    *,
    session_id: str | None,
    wanted: EventFilter,
    naming: Iterable[StoredEvent] = (),
) -> Iterator[str]:
    """The same as comma-separated values, with the names of the columns in the first line."""
    from runthrough.adapters.exports import tables  # noqa: PLC0415 - only `audit export`

    return tables.table_lines(rows, session_id=session_id, wanted=wanted, naming=naming)


def write_export(path: str | os.PathLike[str], lines: Iterable[str]) -> int:
    """Write an export to a new file, whole or not at all; the lines written.

    Raises:
        AuditFileError: The file is there already, or cannot be written.
    """
    from runthrough.adapters.exports import files  # noqa: PLC0415 - only `audit export`

    return files.write_export(Path(path), lines)


def write_session(
    application: Application, session_id: SessionId, path: str | os.PathLike[str]
) -> int:
    """Export one session whole to a new file, as `audit export` does; the events written.

    Raises:
        AuditFileError: The file is there already, or cannot be written.
    """
    count = 0

    def counted() -> Iterator[StoredEvent]:
        nonlocal count
        for row in application.auditing.stored(session_id):
            count += 1
            yield row

    write_export(path, export_lines(counted(), session_id=session_id, wanted=EventFilter()))
    return count


def node_names(naming: Iterable[StoredEvent]) -> set[str]:
    """All names that nodes ever had, from the events that name them."""
    from runthrough.adapters.exports.naming import Naming  # noqa: PLC0415 - only `audit export`

    return Naming(naming).known


def naming_for(
    auditing: Auditing, session_id: SessionId | None, wanted: EventFilter
) -> tuple[list[StoredEvent], int | None]:
    """The events that name nodes, where nodes are asked for, and up to where they were read.

    Raises:
        UnknownNodeError: No node has, or had, a name that is asked for.
    """
    if not wanted.nodes:
        return [], None
    naming, upto = auditing.naming(session_id)
    known = node_names(naming)
    for node in wanted.nodes:
        if node not in known:
            raise UnknownNodeError(node, nearest(node, known), ever=True)
    return naming, upto


def open_export(path: str | os.PathLike[str]) -> "ExportFile":
    """An export, to be verified with nothing but the file, or imported.

    Raises:
        AuditFileError: The file cannot be read, or is no export that could be verified.
    """
    from runthrough.adapters.exports import files  # noqa: PLC0415 - only `audit` reads exports

    return files.ExportFile(Path(path))
