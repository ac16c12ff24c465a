"""A project folder to begin with: `init`."""

import shlex
from typing import Annotated

import typer

from runthrough.entrypoints.cli.visit import Visit, visiting


@visiting(session=False)
def init(
    visit: Visit,
    folder: Annotated[
        str,
        typer.Argument(metavar="FOLDER", help="Where it is put; default: the current folder."),
    ] = ".",
) -> None:
    """Start a project folder: a commented pipeline file, two scripts, data and settings."""
    from runthrough.bootstrap import lay_out_project  # noqa: PLC0415 - heavy, inside commands

    if not folder.strip():
        raise typer.BadParameter("name a folder, or leave it out", param_hint="'FOLDER'")
    project = lay_out_project(folder)
    commands = [f"runthrough new {project.pipeline}", "runthrough run"]
    if folder != ".":
        commands.insert(0, f"cd {shlex.quote(folder)}")
    typed = [visit.typed_here(command) for command in commands]
    visit.screen.result(
        {"folder": project.folder, "files": list(project.files), "commands": typed}
    )
    visit.screen.line(("✓ ", "green"), f"{folder} holds a small pipeline that runs as it is:")
    visit.screen.rows([(name, _SAID[name]) for name in project.files if name in _SAID])
    visit.screen.blank()
    for number, command in enumerate(typed):
        visit.screen.typed("next:  " if number == 0 else "       ", command)


_SAID = {
    "pipeline.yaml": "the pipeline, with comments; the place to begin",
    "scripts/clean_orders.py": "a script that reads a table and writes one",
    "scripts/summarize_orders.py": "a script that reads what the first one wrote",
    "data/orders.csv": "what the first script reads",
    "runthrough.toml": "settings, all of them commented out",
    ".gitignore": "keeps what runs write out of git",
    "runthrough.schema.json": "lets editors complete and check the pipeline file",
}


COMMANDS = (init,)
