"""The command line's tree of commands, and the one place where its errors end."""

import os
import sys
from collections.abc import Sequence

import typer

from runthrough import __version__
from runthrough.entrypoints.cli import (
    auditing,
    beginning,
    checking,
    completing,
    configuring,
    connecting,
    database,
    demo,
    doctor,
    exporting,
    failing,
    forking,
    history,
    keeping,
    planning,
    reading,
    reporting,
    resuming,
    reverting,
    running,
    screen,
    serving,
    settings,
    shells,
    showing,
    starting,
    stepping,
    tokens,
    updating,
)

app = typer.Typer(
    name="runthrough",
    help="Rehearse a pipeline of scripts before it ships.",
    epilog="Start with: runthrough demo, or runthrough new PIPELINE. "
    "Completion in the shell: runthrough completion bash, zsh or fish.",
    rich_markup_mode=None,  # rich's help costs 0.1 s
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": screen.PIPED_WIDTH,  # where there is room summaries are whole
    },
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"runthrough {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Rehearse a pipeline of scripts before it ships."""


def _add(to: typer.Typer, *commands: object) -> None:
    for command in commands:
        to.command()(command)  # type: ignore[type-var]  # a decorated command is a callable


for family in (
    beginning,
    starting,
    resuming,
    reading,
    showing,
    stepping,
    configuring,
    connecting,
    checking,
    planning,
    running,
    reporting,
    reverting,
    updating,
    forking,
    history,
    keeping,
    serving,
):
    _add(app, *family.COMMANDS)
for group, summary, commands in (
    (
        "audit",
        "Prove that the log is what was written.",
        (*auditing.AUDIT_COMMANDS, *exporting.EXPORT_COMMANDS),
    ),
    ("db", "Look after the database.", database.DB_COMMANDS),
    ("token", "Say who is let in at the service.", tokens.TOKEN_COMMANDS),
    ("config", "Tell what runthrough was told, and by what.", settings.CONFIG_COMMANDS),
):
    branch = typer.Typer(name=group, help=summary, rich_markup_mode=None)
    _add(branch, *commands)
    app.add_typer(branch)
_add(app, *doctor.COMMANDS, *demo.COMMANDS, *shells.COMMANDS)


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command; its exit code (docs/reference/cli.md)."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show an arrow shows a question mark instead of failing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if completing.ASKED in os.environ:
        return completing.answer(lambda: app(args=[], prog_name="runthrough"))
    wants_json = "--json" in arguments
    words = list(arguments) or ["--help"]
    if words[0] == "help":
        words = [*words[1:], "--help"]
    try:
        code = app(args=words, prog_name="runthrough", standalone_mode=False)
        with screen.writing_to(sys.stdout):
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last floor: told, with a code
        return failing.tell(failing.explained(error), wants_json=wants_json)
    return code if isinstance(code, int) else 0
