"""Errors of values: configurations, commands, settings, and the command line itself."""

import pytest
from tests.support.provoked import at_the_start, met, provokes, with_answers, with_questions

from runthrough.errors import CommandInvalidError, ConfigurationInvalidError, SettingError


@provokes(ConfigurationInvalidError)
def test_a_configuration_that_does_not_hold(tmp_path):
    """Every problem is told at once with its command; when all are typed, nothing is left."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "configure clean --input orders=nope.csv",
        ConfigurationInvalidError,
        "Configuration validation failed for clean:\n"
        "  - Input file does not exist: nope.csv\n"
        "      → put it there, or runthrough configure clean --input orders=PATH\n"
        "  - Missing required environment variable: CURRENCY\n"
        "      → runthrough configure clean --env CURRENCY=VALUE",
        None,
    )
    assert "runthrough configure clean --env CURRENCY=VALUE" in told.message
    victim.line("configure clean --input orders=data/orders.csv --env CURRENCY=EUR")
    assert victim.line("check --json", code=1).json["problems"][0]["where"]["node"] == "report"


@provokes(ConfigurationInvalidError)
def test_the_commands_of_a_rejection_name_the_session_that_was_meant(tmp_path):
    """What to type of each problem is about the session that the command named."""
    victim = with_questions(tmp_path)
    victim.line("new pipeline.yaml --name other")
    done = victim.line("configure report --json --session demo", code=2)
    assert "→ runthrough configure report --arg top=VALUE --session demo" in done.err
    fix = done.json["error"]["problems"][0]["fix"]
    assert fix == "runthrough configure report --arg top=VALUE --session demo"
    victim.run(*fix.replace("VALUE", "1").split()[1:])
    met(ConfigurationInvalidError)
    fixes = victim.line("check --json --session demo", code=1).json["problems"]
    assert {one["where"]["node"] for one in fixes} == {"clean"}


@pytest.mark.parametrize(
    ("line", "message", "fix"),
    [
        (
            "configure report --arg top=1 --timeout -1",
            "'configure' cannot be done as asked: -1 s is no time limit.",
            "give seconds above 0",
        ),
        (
            "rename ''",
            "'rename' cannot be done as asked: a session cannot be called so: its name is empty.",
            "give a name of letters, digits, hyphens, dots and spaces within, such as quiet-heron",
        ),
        (
            "connect clean total.clean_orders",
            "'connect' cannot be done as asked: 'clean' names no output.",
            "write it as NODE.OUTPUT/SUBPATH",
        ),
        (
            "configure total --input clean_orders=@",
            "'configure' cannot be done as asked: '@' names no output.",
            "write it as NODE.OUTPUT/SUBPATH",
        ),
        (
            "history --type NoteAded",
            (
                "'history' cannot be done as asked: there is no type of event called 'NoteAded'; "
                "did you mean 'NoteAdded'?"
            ),
            "docs/reference/events.md lists the types",
        ),
    ],
)
@provokes(CommandInvalidError)
def test_a_value_that_cannot_be_used(tmp_path, line, message, fix):
    """A value that no command can carry is named, with one that it could."""
    with_questions(tmp_path).refused(line, CommandInvalidError, message, fix)


@provokes(CommandInvalidError)
def test_a_version_that_is_not_there_yet(tmp_path):
    """The command that lists the versions tells one that the command may be based on."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "configure report --arg top=1 --based-on 300",
        CommandInvalidError,
        "'configure' cannot be done as asked: the session is at version 12, not yet at 300.",
        "runthrough history lists the versions",
    )
    assert "12" in victim.follow(told, "runthrough history").out
    victim.line("configure report --arg top=1 --based-on 12")


@pytest.mark.parametrize(
    ("line", "environ", "message", "fix", "mended"),
    [
        (
            "status --database runs.db",
            {},
            ("--database must be a URL, such as sqlite:///runs.db or postgresql://host/name."),
            "give --database another value, or leave it out",
            "status",
        ),
        (
            "status --session ''",
            {},
            "--session must not be empty or contain control characters.",
            "give --session another value, or leave it out",
            "status --session demo",
        ),
        (
            "status",
            {"RUNTHROUGH_JOBS": "abc"},
            "jobs (RUNTHROUGH_JOBS): must be a whole number.",
            "give RUNTHROUGH_JOBS another value, or leave it out",
            "status",
        ),
        (
            "run --runner nonsense",
            {},
            "--runner must be a URL, such as process:.",
            "give --runner another value, or leave it out",
            "run --runner process:",
        ),
    ],
)
@provokes(SettingError)
def test_a_setting_with_an_unusable_value(tmp_path, line, environ, *, message, fix, mended):
    """A setting is called as it was given: by its option, or by its variable."""
    victim = with_answers(tmp_path)
    victim.refused(line, SettingError, message, fix, **environ)
    victim.line(mended)


@provokes(SettingError)
def test_a_setting_in_a_file(tmp_path):
    """A setting of the project's file is named with that file."""
    victim = with_questions(tmp_path)
    victim.file("runthrough.toml", "jobs = 0\n")
    victim.refused(
        "status",
        SettingError,
        "jobs (runthrough.toml): must be 1 or more.",
        "give jobs in runthrough.toml another value, or leave it out",
    )
    victim.file("runthrough.toml", "jobz = 2\n")
    victim.refused(
        "status",
        SettingError,
        "Unknown setting 'jobz' (runthrough.toml).",
        "did you mean 'jobs'?",
    )
    victim.file("runthrough.toml", "jobs = 2\n")
    victim.line("status")


@pytest.mark.parametrize(
    ("line", "message", "fix"),
    [
        ("confgure", "No such command 'confgure'. Did you mean 'configure'", "runthrough --help"),
        ("configure", "Missing argument 'NODE'.", "runthrough configure --help"),
        (
            "configure clean --input orders",
            "Invalid value for '--input': write NAME=VALUE.",
            "runthrough configure --help",
        ),
        (
            "configure clean --timeout soon",
            "Invalid value for '--timeout': write a number.",
            "runthrough configure --help",
        ),
        (
            "run -j 0",
            "Invalid value for '--jobs' / '-j': the least is 1.",
            "runthrough run --help",
        ),
        ("run --verbose", "No such option: --verbose.", "runthrough run --help"),
    ],
)
@provokes("USAGE")
def test_a_command_line_that_is_none(tmp_path, line, message, fix):
    """The help that is named is there, and tells the same command."""
    victim = at_the_start(tmp_path)
    error = victim.line(f"{line} --json", code=2).json["error"]
    assert error["code"] == "USAGE"
    assert error["message"].startswith(message)
    assert error["fix"] == fix
    assert (
        f"Usage: {fix.removesuffix(' --help')} "
        in victim.line(fix.removeprefix("runthrough ")).out
    )
    met("USAGE")
