"""Commands that a person is told to type next can be typed."""

import pytest
import typer

from runthrough.core.views.advised import VERBS, about_session
from runthrough.entrypoints.cli.app import app
from runthrough.entrypoints.cli.visit import Visit
from runthrough.errors import RunthroughError


def commands(group, *above):
    """Each command's words, and whether it takes `--session` for the one that it is about."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *above, name)
        else:
            yield " ".join((*above, name)), "session" in {each.name for each in command.params}


@pytest.mark.parametrize(("words", "takes"), list(commands(typer.main.get_command(app))))
def test_the_named_session_is_kept_where_the_command_takes_one(words, takes):
    """Who named a session is told it again, but not where it would be a usage error."""
    typed = Visit(session="my demo").typed(f"runthrough {words}")
    assert typed == f"runthrough {words}" + (" --session 'my demo'" if takes else "")


def test_help_is_not_about_a_session():
    """`runthrough --help` stays as it is."""
    assert Visit(session="demo").typed("runthrough --help") == "runthrough --help"


@pytest.mark.parametrize(
    ("fix", "typed"),
    [
        (
            "runthrough bind a PATH, or runthrough external a when it is outside",
            "runthrough bind a PATH --session demo, or runthrough external a when it is outside",
        ),
        (
            "runthrough configure a --input x=PATH (it is a folder)",
            "runthrough configure a --input x=PATH --session demo (it is a folder)",
        ),
        ("put it there, or runthrough status", "put it there, or runthrough status"),
    ],
)
def test_an_option_stands_before_what_is_said_of_a_command(fix, typed):
    """A fix that goes on in words can still be typed up to there."""
    assert Visit(session="demo").typed(fix) == typed


@pytest.mark.parametrize(
    ("advice", "typed"),
    [
        ("runthrough run", "runthrough run --session 'my demo'"),
        (
            "put it there, or runthrough configure a --input x=PATH",
            "put it there, or runthrough configure --session 'my demo' a --input x=PATH",
        ),
        ("runthrough token create ann", "runthrough token create ann"),
        ("wait until it ends", "wait until it ends"),
        ("runthrough history lists them", "runthrough history --session 'my demo' lists them"),
        (
            "go on with it (runthrough resume --session b)",
            "go on with it (runthrough resume --session b)",
        ),
        ("runthrough resume --session 'b c'", "runthrough resume --session 'b c'"),
    ],
)
def test_what_a_page_advises_names_its_session(advice, typed):
    """It may be typed in any folder, where another session would be meant."""
    assert about_session(advice, "my demo") == typed


def test_session_and_database_are_both_named():
    """Each that the call named is told."""
    visit = Visit(session="demo", database="sqlite:///log.db")
    assert visit.typed("runthrough bind a PATH, or runthrough external a") == (
        "runthrough bind a PATH --session demo --database sqlite:///log.db, or runthrough "
        "external a"
    )


def test_every_command_is_known_where_advice_is_completed():
    """Advice names commands among words, so it is known which words are commands."""
    assert VERBS.split("|") == sorted(typer.main.get_command(app).commands)


@pytest.mark.parametrize(
    ("fix", "told"),
    [
        (
            "open it again: runthrough reopen",
            "open it again: runthrough reopen --session 'my demo' --database my.db",
        ),
        (
            "runthrough history lists the versions",
            "runthrough history --session 'my demo' --database my.db lists the versions",
        ),
        (
            "runthrough why a; runthrough new b",
            (
                "runthrough why --session 'my demo' --database my.db a; "
                "runthrough new --database my.db b"
            ),
        ),
        (
            "go on with it (runthrough resume --session heron)",
            "go on with it (runthrough resume --database my.db --session heron)",
        ),
        (
            "export it: runthrough audit export --node a",
            "export it: runthrough audit export --session 'my demo' --database my.db --node a",
        ),
        ("upgrade runthrough: a newer runthrough wrote it", None),
        ("a runthrough run-time, and runthrough runs", None),
        ("runthrough db upgrade --database URL", None),
        (None, None),
    ],
)
def test_advice_of_an_error_is_about_what_the_call_named(fix, told):
    """The options stand behind the verb, whether words or arguments follow it."""
    error = RunthroughError("No.", fix=fix)
    Visit(session="my demo", database="my.db").advise(error)
    assert error.fix == (fix if told is None else told)


def test_options_stand_outside_of_quotes():
    """A name that holds the words with which advice goes on is not cut."""
    visit = Visit(session="heron (old), or new", database="my.db")
    options = "--session 'heron (old), or new' --database my.db"
    command = "runthrough configure 'clean (all), to go' --input raw=PATH"
    assert visit.typed(command) == f"{command} {options}"
    assert visit.typed(f"{command} (it is a folder)") == f"{command} {options} (it is a folder)"
