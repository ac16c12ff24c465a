"""Another pipeline under a living session, and the session written as a pipeline file."""

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.screen import writing_to
from runthrough.entrypoints.cli.telling import draw_needs
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted, one_line

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.application.shown import Recorded
    from runthrough.core.pipeline import PipelineDefinition


@visiting()
def update(
    visit: Visit,
    pipeline: Annotated[
        str | None,
        typer.Argument(
            metavar="PIPELINE",
            help="The pipeline file, or a SageMaker definition; default: the session's own.",
        ),
    ] = None,
    *,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="A node that is called otherwise now and keeps what it has; may be repeated.",
        ),
    ] = None,
) -> None:
    """Take the pipeline as its file has it now; what people answered stays."""
    renamed = _renamed(rename or ())
    with visit.opened() as (_, session):
        definition = _definition(session, pipeline)
        _tell(visit, session, session.update(definition, renamed=renamed))


def _renamed(given: Sequence[str]) -> dict[str, str]:
    """Old names → new names.

    Raises:
        typer.BadParameter: One is not written OLD=NEW, or a node is renamed twice.
    """
    found: dict[str, str] = {}
    for text in given:
        old, sign, new = text.partition("=")
        if not (old and sign and new):
            raise typer.BadParameter(f"write {text!r} as OLD=NEW", param_hint="'--rename'")
        if old in found:
            raise typer.BadParameter(f"{old} is renamed twice", param_hint="'--rename'")
        found[old] = new
    return found


def _definition(session: "Session", pipeline: str | None) -> "PipelineDefinition":
    from runthrough.bootstrap import load_either  # noqa: PLC0415 - heavy, so inside

    file = session.pipeline_file() if pipeline is None else pipeline
    return load_either(file, scripts=session.workspaces())


def _tell(visit: Visit, session: "Session", recorded: "Recorded") -> None:
    """What was recorded, what of people's answers the file says otherwise, and what is open."""
    rows = session.recorded(recorded)
    known = session.state_at(recorded.version).nodes
    nodes = [node for node in dict.fromkeys(row.node for row in rows) if node in known]
    view = session.updated(recorded)
    visit.screen.result(view)
    for row in rows:
        visit.screen.line(row.sentence, lead=(f"{row.version}  ", "dim"))
    for line in recorded.told:
        visit.screen.raw(f"  ! {one_line(line)}")  # it may hold a command, which is never wrapped
    draw_needs(visit, nodes, known)
    visit.next(str(view["next_command"]))


@visiting()
def export(
    visit: Visit,
    *,
    pipeline: Annotated[
        str | None,
        typer.Option(
            "--pipeline",
            metavar="FILE",
            help="The pipeline file that is written, YAML or, by its suffix, JSON.",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            metavar="FILE",
            help="Instead of a session, write the JSON Schema of pipeline files, for editors.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Overwrite the file if it is there; its comments are lost."),
    ] = False,
) -> None:
    """Write the session as a pipeline file, with all that was answered."""
    if (pipeline is None) == (schema is None):
        raise typer.BadParameter(
            "name the file to write: --pipeline FILE, or --schema FILE for what editors need"
        )
    if pipeline is None:
        _export_schema(visit, str(schema), force=force)
    else:
        _export_pipeline(visit, pipeline, force=force)


def _export_schema(visit: Visit, file: str, *, force: bool) -> None:
    from runthrough.bootstrap import write_schema  # noqa: PLC0415 - heavy, so inside

    line = write_schema(file, force=force)
    visit.screen.result({"schema": file, "line": line})
    visit.screen.line(f"{file}: the JSON Schema of pipeline files")
    if line is None:
        visit.screen.line(("! ", "yellow"), "no line of a YAML file can name a path with spaces")
        visit.next("runthrough export --schema runthrough.schema.json")
        return
    visit.screen.typed("first line of a pipeline file here:  ", line)


def _export_pipeline(visit: Visit, pipeline: str, *, force: bool) -> None:
    from runthrough.bootstrap import write_pipeline  # noqa: PLC0415 - heavy, so inside

    with visit.opened() as (_, session):
        declared = session.as_pipeline()
        written = write_pipeline(pipeline, declared, locate=session.locate, force=force)
        left_out = [*session.unsaid(), *written.left_out]
        visit.screen.result(
            {
                "file": written.file,
                "schema": written.schema,
                "nodes": list(declared.nodes),
                "left_out": left_out,
            }
        )
        visit.screen.line(f"{written.file}: {counted(len(declared.nodes), 'node')}")
        if written.schema is not None:
            visit.screen.line(("for editors: ", "dim"), (written.schema, "dim"))
        with writing_to(sys.stderr):  # whoever keeps what was told still sees it
            sys.stderr.writelines(f"left out: {one_line(line)}\n" for line in left_out)
        visit.next(f"runthrough new {shlex.quote(written.file)}")


COMMANDS = (update, export)
