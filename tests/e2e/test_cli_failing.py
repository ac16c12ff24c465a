"""How commands end that cannot do what is asked: words, fix, exit code."""

import json
import sqlite3
from contextlib import closing

import pytest
from tests.support.cli import answered, begun, orders_shell

from runthrough import errors
from runthrough.entrypoints.cli import failing


def test_a_cycle_is_named(tmp_path):
    """A pipeline with a cycle is exit 2; the cycle and the edges to remove are named."""
    shell = orders_shell(tmp_path)
    shell.file("cycle.yaml", "name: c\nnodes: {a: {}, b: {}}\nedges: [[a, b], [b, a]]\n")
    done = shell.run("new", "cycle.yaml", "--json", code=2)
    assert "a → b → a" in done.err
    assert "[a, b]" in done.err
    assert done.json["error"]["code"] == "PIPELINE_CYCLE"
    assert not shell.database.exists()


@pytest.mark.slow
def test_an_unreadable_pipeline_file_has_line_and_column(tmp_path):
    """A mistake in the file is exit 2 and told with line and column."""
    shell = orders_shell(tmp_path)
    shell.file("bad.yaml", "name: bad\nnodes:\n  a: {inputs: 3}\n")
    done = shell.run("new", "bad.yaml", "--json", code=2)
    assert "bad.yaml:3:15" in done.err
    assert done.json["error"]["code"] == "PIPELINE_FILE_INVALID"
    shell.file("worse.yaml", "name: [unclosed\nnodes:\n")
    assert "worse.yaml:" in shell.run("new", "worse.yaml", code=2).err


def test_a_pipeline_file_that_is_not_there(tmp_path):
    """No such file is exit 2, in one clear line."""
    done = orders_shell(tmp_path).run("new", "pipelin.yaml", code=2)
    assert done.err.startswith("error: pipelin.yaml: there is no such file")


@pytest.mark.parametrize(
    "words",
    [
        ("confgure",),
        ("configure",),
        ("run", "--job"),
        ("status", "--verbose"),
        ("configure", "clean", "--based-on", "0"),
        ("configure", "clean", "--timeout", "soon"),
        ("audit",),
    ],
)
def test_usage_errors_are_exit_2_with_the_help_to_ask_for(tmp_path, words):
    """A command line that cannot be understood names the help; with --json as JSON too."""
    shell = orders_shell(tmp_path)
    done = shell.run(*words, "--json", code=2)
    assert done.err.startswith("error: ")
    assert "--help" in done.err
    told = done.json["error"]
    assert told["code"] == "USAGE"
    assert set(told) == {"code", "message", "fix"}


def test_a_mistyped_command_names_the_nearest(tmp_path):
    """`confgure` is asked back as `configure`."""
    assert "configure" in orders_shell(tmp_path).run("confgure", code=2).err


def test_a_database_that_cannot_be_used_is_exit_4(tmp_path):
    """A file that is no database is exit 4, and it is left as it was."""
    shell = orders_shell(tmp_path)
    shell.database.write_text("no database at all\n" * 100)
    done = shell.run("sessions", "--json", code=4)
    assert done.err.startswith("error: ")
    assert done.json["error"]["code"].startswith("STORE")
    assert shell.database.read_text().startswith("no database")


def test_an_unusable_setting_is_exit_2(tmp_path):
    """A setting with an unusable value is named."""
    shell = orders_shell(tmp_path)
    done = shell.run("sessions", code=2, RUNTHROUGH_JOBS="many")
    assert "jobs" in done.err.lower()


@pytest.mark.slow
def test_the_log_verifies_and_a_changed_one_does_not(tmp_path):
    """`audit verify` is exit 0 on what was written, and exit 6 naming the first bad position."""
    shell = answered(tmp_path)
    done = shell.run("audit", "verify", "--json")
    told = done.json
    assert told["ok"] is True
    assert told["checked"] == told["head_position"] > 0
    assert told["first_bad"] is None
    assert "the log verifies" in done.err
    with closing(sqlite3.connect(shell.database)) as database, database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE events SET actor = 'mallory' WHERE position = 3")
    done = shell.run("audit", "verify", "--json", code=6)
    assert done.json["ok"] is False
    assert done.json["first_bad"]["position"] == 3
    assert "not what was written, from position 3 on" in done.err


@pytest.mark.slow
def test_the_database_is_upgraded_and_shown(tmp_path):
    """`db upgrade` makes the tables, and `db current` tells both schemas."""
    shell = orders_shell(tmp_path)
    assert "runthrough db upgrade" in shell.run("db", "current", code=4).err
    made = shell.run("db", "upgrade", "--json").json["schema"]
    after = shell.run("db", "current", "--json").json
    assert after["schema"] == after["wanted"] == made


@pytest.mark.slow
def test_the_database_flag_wins(tmp_path):
    """--database names another database than the settings do."""
    shell = begun(tmp_path)
    other = f"sqlite:///{tmp_path}/other.db"
    shell.run("db", "upgrade", "--database", other)
    assert shell.run("sessions", "--json", "--database", other).json == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.PendingScriptsError({"a": ["x"]}), 3),
        (errors.SelectionError("a"), 5),
        (errors.VersionConflictError("a", based_on=1, version=2, actor="b", event="E"), 4),
        (errors.RunInProgressError("run"), 4),
        (errors.StoreUnavailableError("gone"), 4),
        (errors.SchemaOutdatedError(None, "0001"), 4),
        (errors.RunnerUnavailableError("none"), 4),
        (errors.PipelineFileError("p", "bad"), 2),
        (errors.PipelineCycleError(("a", "a")), 2),
        (errors.UnknownNodeError("a"), 2),
        (errors.ConfigurationInvalidError("a", ()), 2),
        (errors.SessionClosedError("run"), 2),
        (errors.SessionNameTakenError("a"), 2),
        (errors.SettingError("bad"), 2),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("division by zero"), 70),
    ],
)
def test_each_error_has_its_exit_code(capsys, error, code):
    """One table gives every error its code; JSON on stdout, words on stderr."""
    assert failing.tell(error, wants_json=True) == code
    told = capsys.readouterr()
    assert set(json.loads(told.out)["error"]) >= {"code", "message", "fix"}
    assert told.err.startswith("error: ")


def test_a_fault_of_ours_is_one_line_and_where_to_report(capsys, monkeypatch):
    """An unknown exception is told in one line; the traceback comes only when asked for."""
    fault = ZeroDivisionError("postgresql://ann:hunter2@host/db")
    assert failing.tell(fault, wants_json=False) == 70
    told = capsys.readouterr()
    assert told.out == ""
    assert "runthrough failed inside: ZeroDivisionError" in told.err
    assert "Report it" in told.err
    assert "hunter2" not in told.err
    assert "Traceback" not in told.err
    monkeypatch.setenv("RUNTHROUGH_DEBUG", "1")
    failing.tell(fault, wants_json=False)
    assert "ZeroDivisionError: postgresql" in capsys.readouterr().err
