"""The page of the command line against the program: nothing missing, nothing stale."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from runthrough.entrypoints.cli import failing, planning
from runthrough.entrypoints.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
HELP = {"--help", "-h"}


def leaves(command=None, path=()) -> Iterator[tuple[str, object]]:
    """Every command by what is typed for it."""
    command = command or typer.main.get_command(app)
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from leaves(each, (*path, name))
    if not below:
        yield " ".join(path), command


COMMANDS = dict(leaves())


def section(title):
    """The text below a heading, up to the next heading."""
    return re.split(r"\n##", PAGE.split(f"\n{title}\n", 1)[1])[0]


def cells(text):
    """The first two cells of each table row that begins with a code word."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ", 1)] for line in lines]


def told_options(text):
    return {option for first, _ in cells(text) for option in CODE.findall(first)}


def options_of(command):
    return {option for given in command.params for option in given.opts if option.startswith("-")}


def test_every_command_is_told():
    """The page holds exactly the commands that there are."""
    assert sorted(re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_told(name):
    """A command's table holds exactly the options that it does not share with all others."""
    shared = told_options(section("## Options that all commands share")) - {"--version"}
    own = options_of(COMMANDS[name]) - shared
    assert told_options(section(f"### `{name}`")) == own


def test_the_shared_options_are_shared():
    """Each shared option belongs to every command but `demo`, or to every one on a session."""
    shared = told_options(section("## Options that all commands share")) - HELP
    of_session = {"--session"}
    for name, command in COMMANDS.items():
        given = options_of(command) & shared
        assert given in ({*shared}, shared - of_session, set()), name
        assert (not given) == (name == "demo")


def test_arguments_are_told():
    """The sentence of a command shows its arguments."""
    for name, command in COMMANDS.items():
        for given in command.params:
            if not given.opts[0].startswith("-"):
                words = re.findall(r"\w+", (given.metavar or given.name).upper())
                assert [w for w in words if w not in section(f"### `{name}`")] == [], name


def test_every_exit_code_is_told():
    """The table of exit codes holds every code that errors and runs can end with, and 0."""
    told = {int(CODE.findall(first)[0]) for first, _ in cells(section("## Exit codes"))}
    ours = {failing.PASSED, failing.FAILED, failing.AUDIT_BROKEN, planning.WORK}
    assert told == ours | set(failing.EXIT_CODES.values())
