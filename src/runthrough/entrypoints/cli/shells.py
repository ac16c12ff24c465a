"""Completion for shells: `completion`."""

from typing import Annotated, Literal

import typer

from runthrough.entrypoints.cli.completing import script
from runthrough.entrypoints.cli.visit import Visit, visiting

HOW = {
    "bash": "runthrough completion bash >> ~/.bashrc",
    "zsh": "runthrough completion zsh >> ~/.zshrc",
    "fish": "runthrough completion fish > ~/.config/fish/completions/runthrough.fish",
}
"""What keeps a script for every new terminal."""


@visiting(session=False)
def completion(
    visit: Visit,
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")
    ],
) -> None:
    """Print the script by which a shell completes commands, options and names of a session."""
    text = script(shell)
    visit.screen.result({"shell": shell, "script": text, "install": HOW[shell]})
    if not visit.screen.as_json:
        visit.screen.lines((text,))


COMMANDS = (completion,)
