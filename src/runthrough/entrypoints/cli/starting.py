"""Beginning a session, and listing them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.drafting import DRAFTED, draft
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted, short_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runthrough.application.likeness import Likeness
    from runthrough.application.session import Session


@visiting(session=False)
def new(
    visit: Visit,
    pipeline: Annotated[
        str | None,
        typer.Argument(
            metavar="PIPELINE",
            help="The pipeline file, YAML or JSON, or a SageMaker pipeline definition.",
        ),
    ] = None,
    *,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The session's name; default: made up."),
    ] = None,
    workspace: Annotated[
        list[str] | None,
        typer.Option(
            "--workspace",
            metavar="DIR",
            help="A folder with scripts; may be repeated, the first also holds what runs write. "
            "Default: the pipeline file's folder.",
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="SESSION",
            help="Take what people answered in another session, for nodes of one name.",
            autocompletion=completing.sessions,
        ),
    ] = None,
    from_folder: Annotated[
        str | None,
        typer.Option(
            "--from-folder",
            metavar="DIR",
            help="Instead of beginning a session, draft a pipeline file from a folder of scripts.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=f"The file that is drafted; it must be new. Default: {DRAFTED}.",
        ),
    ] = None,
) -> None:
    """Begin a session on a pipeline file, or draft one from a folder of scripts."""
    if from_folder is not None:
        others = {
            "PIPELINE": pipeline,
            "--name": name,
            "--workspace": workspace,
            "--like": like,
        }
        _refuse_beside("--from-folder", others)
        draft(visit, from_folder, output or DRAFTED)
    elif pipeline is None:
        raise typer.BadParameter(
            "name a pipeline file, or a folder of scripts with --from-folder DIR",
            param_hint="'PIPELINE'",
        )
    elif output is not None:
        raise typer.BadParameter("it goes with --from-folder DIR", param_hint="'--output'")
    else:
        _begin(visit, pipeline, name, workspace, like)


def _refuse_beside(option: str, others: "Mapping[str, object]") -> None:
    for other, given in others.items():
        if given:
            raise typer.BadParameter(f"it does not go with {option}", param_hint=f"'{other}'")


def _begin(
    visit: Visit, pipeline: str, name: str | None, workspace: list[str] | None, like: str | None
) -> None:
    from runthrough.bootstrap import load_either  # noqa: PLC0415 - heavy, so inside
    from runthrough.settings import load_settings  # noqa: PLC0415 - as above

    # Before the database is opened: a wrong file leaves nothing behind.
    settings = load_settings(Path.cwd(), os.environ, visit.flags())
    workspaces = [_folder(place) for place in workspace or settings.workspaces]
    definition = load_either(pipeline, scripts=workspaces)
    # A session that there is not cannot be in a database that there is not.
    with visit.application(absent="make" if like is None else "empty") as application:
        session = application.sessions.start(
            definition, name=name, workspaces=workspaces, like=like
        )
        visit.go_on_with(application, session)
        visit.screen.result(_told(session))
        summary = session.summary()
        visit.screen.line(
            f"session {session.name} ({short_id(session.session_id)}) on pipeline "
            f"{definition.name}: {counted(_count(summary['total_scripts']), 'script')}, "
            f"{_by_themselves(_count(summary['auto_configured_scripts']))}, "
            f"{summary['pending_scripts']} pending"
        )
        _tell_searched(visit, session)
        if session.likeness is not None:
            _tell_likeness(visit, session.likeness, _count(summary["pending_scripts"]))
        visit.next(session.next_command())


def _tell_searched(visit: Visit, session: "Session") -> None:
    """Where scripts were looked for, if one was found nowhere: mostly a folder was not named."""
    needs = (need for there in session.state.nodes.values() for need in there.needs)
    if not any(need.code == "SCRIPT_NOT_FOUND" for need in needs):
        return
    visit.screen.line("not all scripts were found; --workspace DIR names a folder to look in too:")
    for place in session.workspaces():
        visit.screen.typed("  looked in ", place)


def _tell_likeness(visit: Visit, taken: "Likeness", pending: int) -> None:
    """What was taken from the other session, and where the pipeline says otherwise."""
    needing = f"{counted(pending, 'node')} {'needs' if pending == 1 else 'need'} you"
    visit.screen.line(
        f"{counted(taken.answers, 'answer')} of {taken.name} taken, "
        f"{needing if pending else 'no node needs you'}"
    )
    for line in taken.told:
        visit.screen.line(("  ! ", "bold yellow"), line)


def _by_themselves(count: int) -> str:
    return f"{count} configured by {'itself' if count == 1 else 'themselves'}"


def _folder(given: str) -> str:
    """The absolute path of a folder that is there.

    Raises:
        typer.BadParameter: It is not.
    """
    folder = Path(given).absolute()
    if not os.path.isdir(folder):  # noqa: PTH112 - pathlib's raises where a name is too long
        raise typer.BadParameter(f"there is no folder {given!r}", param_hint="'--workspace'")
    return os.path.normpath(folder)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _told(session: "Session") -> dict[str, object]:
    return {"session_id": session.session_id, "name": session.name, "version": session.version}


COMMANDS = (new,)
