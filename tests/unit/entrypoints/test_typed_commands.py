"""Commands that a person is told to type next can be typed."""

import pytest
import typer

from runthrough.entrypoints.cli.app import app
from runthrough.entrypoints.cli.visit import Visit


def commands(group, *above):
    """Each command's words, and whether it takes `--session`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *above, name)
        else:
            options = {option for each in command.params for option in each.opts}
            yield " ".join((*above, name)), "--session" in options


@pytest.mark.parametrize(("words", "takes"), list(commands(typer.main.get_command(app))))
def test_the_named_session_is_kept_where_the_command_takes_one(words, takes):
    """Who named a session is told it again, but not where it would be a usage error."""
    typed = Visit(session="my demo").typed(f"runthrough {words}")
    assert typed == f"runthrough {words}" + (" --session 'my demo'" if takes else "")


def test_help_is_not_about_a_session():
    """`runthrough --help` stays as it is."""
    assert Visit(session="demo").typed("runthrough --help") == "runthrough --help"
