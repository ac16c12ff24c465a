"""Beginning a session, going on with one, and listing them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.drafting import DRAFTED, draft
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import ago, counted, short_id, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runthrough.application.session import Session
    from runthrough.core.views.history import HistoryRow


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
        str | None, typer.Option("--name", help="The session's name; default: made up.")
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
        others = {"PIPELINE": pipeline, "--name": name, "--workspace": workspace}
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
        _begin(visit, pipeline, name, workspace)


def _refuse_beside(option: str, others: "Mapping[str, object]") -> None:
    for other, given in others.items():
        if given:
            raise typer.BadParameter(f"it does not go with {option}", param_hint=f"'{other}'")


def _begin(visit: Visit, pipeline: str, name: str | None, workspace: list[str] | None) -> None:
    from runthrough.bootstrap import load_either  # noqa: PLC0415 - heavy, so inside
    from runthrough.settings import load_settings  # noqa: PLC0415 - as above

    # Before the database is opened: a wrong file leaves nothing behind.
    settings = load_settings(Path.cwd(), os.environ, visit.flags())
    workspaces = [_folder(place) for place in workspace or settings.workspaces]
    definition = load_either(pipeline, scripts=workspaces)
    with visit.application() as application:
        session = application.sessions.start(definition, name=name, workspaces=workspaces)
        visit.screen.result(_told(session))
        summary = session.summary()
        visit.screen.line(
            f"session {session.name} ({short_id(session.session_id)}) on pipeline "
            f"{definition.name}: {counted(_count(summary['total_scripts']), 'script')}, "
            f"{summary['configured_scripts']} configured by themselves, "
            f"{summary['pending_scripts']} pending"
        )
        visit.next(session.next_command())


def _folder(given: str) -> str:
    """The absolute path of a folder that is there.

    Raises:
        typer.BadParameter: It is not.
    """
    folder = Path(given).absolute()
    if not folder.is_dir():
        raise typer.BadParameter(f"there is no folder {given!r}", param_hint="'--workspace'")
    return os.path.normpath(folder)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _told(session: "Session") -> dict[str, object]:
    return {"session_id": session.session_id, "name": session.name, "version": session.version}


@visiting(session=False)
def sessions(visit: Visit) -> None:
    """List all sessions, the one with the latest event first."""
    from datetime import UTC, datetime  # noqa: PLC0415 - inside commands, as all imports

    with visit.application(absent="empty") as application:
        listed = application.sessions.entries()
        now = datetime.now(UTC)  # noqa: TID251 - only to say how long ago something was
        visit.screen.result(
            [
                {
                    "session_id": one.session_id,
                    "name": one.name,
                    "dag_name": one.dag_name,
                    "phase": one.phase,
                    "version": one.version,
                    "last_actor": one.last_actor,
                    "updated_at": one.updated_at.isoformat(),
                }
                for one in listed
            ]
        )
        visit.screen.rows(
            (
                one.name,
                short_id(one.session_id),
                one.phase,
                f"version {one.version}",
                one.dag_name,
                f"{one.last_actor}, {ago(one.updated_at, now)}",
            )
            for one in listed
        )
        if not listed:
            visit.screen.line(f"There is no session yet in {application.place}.")
            visit.next("runthrough new PIPELINE")


@visiting()
def resume(visit: Visit) -> None:
    """Go on with a session: record what the world has become, and say it."""
    with visit.opened() as (_, session):
        recorded = session.resume()
        rows = [row.view() for row in recorded]
        visit.screen.result({**_told(session), "recorded": rows})
        visit.screen.line(
            f"session {session.name} ({short_id(session.session_id)}) · "
            f"{session.state.phase.value} · version {session.version}"
        )
        visit.screen.line(_counted(recorded))
        for row in recorded:
            visit.screen.line(f"  {row.sentence}")
        stale = sum(row.category == "stale" for row in session.worklist())
        if stale:
            visit.screen.line(f"{counted(stale, 'node')} stale: runthrough status says why.")
        visit.next(session.next_command())


_KINDS = {
    "WorldChanged": "node whose files changed",
    "RequirementsRead": "script read again",
    "NodeDiscovered": "script found anew",
    "ScriptMarkedPending": "node pending again",
    "ConfigurationRestored": "node restored",
    "ScriptAutoConfigured": "node configured by itself",
    "ScriptExecuted": "open attempt closed",
}


def _counted(recorded: "Sequence[HistoryRow]") -> str:
    """What was recorded, in one line."""
    if not recorded:
        return "Every configuration holds as before."
    told = []
    for kind, words in _KINDS.items():
        number = sum(row.type == kind for row in recorded)
        if number:
            head, _, tail = words.partition(" ")
            told.append(f"{counted(number, head)}{f' {tail}' if tail else ''}")
    return f"Since {stamp(recorded[0].recorded_at)}: {', '.join(told) or 'recorded'}"


COMMANDS = (new, sessions, resume)
