"""What all verbs share: help on every level, near names, and what none of them takes."""

import pytest
import typer
from tests.support.cli import begun
from tests.support.inside import Inside

from runthrough.entrypoints.cli.app import app


def commands(command=None, path=()):
    """Every command and every group by what is typed for it."""
    command = command or typer.main.get_command(app)
    yield path
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))


@pytest.fixture
def desk(tmp_path):
    """A folder with nothing in it."""
    return Inside(tmp_path)


@pytest.fixture
def session(tmp_path):
    """A session `demo`."""
    begun(tmp_path)
    return Inside(tmp_path)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_level_has_its_help(desk, path):
    """-h, --help and `help` in front tell the same, and make nothing."""
    short = desk.run(*path, "-h").out
    assert short.startswith(f"Usage: runthrough {' '.join(path)}".rstrip())
    assert desk.run(*path, "--help").out == short
    assert desk.run("help", *path).out == short
    assert not desk.database.exists()


def test_every_help_is_one_imperative_sentence():
    """It begins with a capital, ends with a period, and is one line."""
    command = typer.main.get_command(app)
    for path in commands():
        there = command
        for name in path:
            there = there.commands[name]
        text = (there.help or "").strip()
        assert text.endswith("."), path
        assert text[0].isupper(), path
        assert "\n" not in text, path


def test_options_that_take_a_value_say_which():
    """Each has a name for its value, and help that begins as all help does."""
    command = typer.main.get_command(app)
    for path in commands():
        there = command
        for name in path:
            there = there.commands[name]
        for given in there.params:
            is_option = given.opts[0].startswith("-")
            if is_option and not given.is_flag and given.name != "help":
                assert given.metavar, (path, given.opts)
                assert (given.help or "")[:1].isupper(), (path, given.opts)


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        (("statsu",), "'status'"),
        (("audit", "verfy"), "'verify'"),
        (("config", "shwo"), "'show'"),
        (("status", "--jsno"), "--json"),
        (("help", "cofigure"), "'configure'"),
    ],
)
def test_what_is_not_there_is_answered_with_the_nearest(desk, typed, near):
    """A verb, one of a group, an option."""
    done = desk.run(*typed, code=2)
    assert near in done.err
    assert not desk.database.exists()


@pytest.mark.parametrize(
    "typed",
    [
        ("configure", "claen"),
        ("show", "claen"),
        ("requirements", "claen"),
        ("check", "claen"),
        ("clear", "claen"),
        ("bind", "claen", "scripts/clean.py"),
        ("external", "claen"),
        ("logs", "claen"),
        ("why", "claen"),
        ("accept", "claen"),
        ("history", "--node", "claen"),
        ("next", "claen"),
        ("disconnect", "claen.orders"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_unknown_node_is_answered_with_the_nearest(session, typed):
    """Whatever the command is."""
    assert "'clean'" in session.run(*typed, code=2).err


@pytest.mark.parametrize("typed", [("run", ""), ("run", "clean", ""), ("plan", "")])
def test_an_empty_selection_is_no_selection_of_all(session, typed):
    """A variable of a shell that is empty must not run everything."""
    done = session.run(*typed, code=5)
    assert "it is empty" in done.err
    assert "ScriptStarted" not in session.run("history").out


@pytest.mark.parametrize(
    "typed",
    [
        ("new", ""),
        ("new", "--from-folder", ""),
        ("update", ""),
        ("export", "--pipeline", ""),
        ("bind", "clean", ""),
        ("archive", "--output", ""),
        ("audit", "verify", ""),
        ("audit", "import", ""),
        ("audit", "checkpoint", "--output", ""),
        ("init", ""),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_not_the_current_folder(session, typed):
    """It is refused before anything happens."""
    assert "Invalid value" in session.run(*typed, code=2).err


def test_every_command_takes_no_input():
    """Scripts may pass --no-input to whatever they type; the demo asks nothing and has none."""
    root = typer.main.get_command(app)
    for verb in commands():
        there = root
        for name in verb:
            there = there.commands[name]
        if not getattr(there, "commands", None) and verb != ("demo",):
            taken = {option for given in there.params for option in given.opts}
            assert "--no-input" in taken, verb
