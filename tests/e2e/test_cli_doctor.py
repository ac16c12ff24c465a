"""`runthrough doctor`: what it tells, how it ends, and that it changes nothing."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest
from tests.support.cli import Shell, answered, begun, orders_shell

from runthrough.core.values.health import Check, Versions

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")


def found(done):
    """The findings of a doctor's JSON, by check; of several of one check the worst."""
    by_level = sorted(done.json["findings"], key=lambda finding: finding["level"] != "error")
    return {finding["check"]: finding for finding in reversed(by_level)}


def everything(folder):
    """Every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_database_that_is_well_is_exit_0(tmp_path):
    """All that is well is told as such; the versions, the place and its origin are in the JSON."""
    shell = begun(tmp_path)
    before = everything(tmp_path)
    done = shell.run("doctor", "--json")
    assert done.json["ok"] is True
    assert done.json["database"] == str(shell.database)
    assert done.json["origin"] == "RUNTHROUGH_DATABASE_URL"
    assert done.json["versions"]["sqlite"] == sqlite3.sqlite_version
    findings = found(done)
    assert {"schema", "triggers", "journal_mode", "synchronous", "clock"} <= set(findings)
    assert all(finding["level"] != "error" for finding in findings.values())
    assert everything(tmp_path) == before


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    """The default one may be missing, one that was named is an error; doctor makes neither."""
    shell = orders_shell(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert "is not there yet" in shell.run("doctor", RUNTHROUGH_DATABASE_URL="").out
    finding = found(shell.run("doctor", "--json", code=1))["database"]
    assert f"there is no database at {shell.database}" in finding["message"]
    assert "with RUNTHROUGH_DATABASE_URL" in finding["fix"]
    flag = ("--database", f"sqlite:///{shell.database}")
    assert (
        "with --database" in found(shell.run("doctor", *flag, "--json", code=1))["database"]["fix"]
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_the_room_that_sessions_take_is_told(tmp_path):
    """Before a run there is no folder to tell of; after one its folder is told."""
    shell = answered(tmp_path)
    assert "disk_use" not in found(shell.run("doctor", "--json"))
    shell.run("run")
    told = found(shell.run("doctor", "--json"))["disk_use"]
    assert told["level"] == "ok"
    assert "1 session folder of" in told["message"]
    assert str(tmp_path) in told["message"]


def test_an_error_is_exit_1_with_what_to_do(tmp_path):
    """A file that is no database is a finding, and what to do about it stands below it."""
    shell = orders_shell(tmp_path)
    shell.database.write_text("no database at all\n" * 100)
    done = shell.run("doctor", code=1)
    (line,) = [line for line in done.out.splitlines() if line.startswith("✗ error")]
    assert " database " in line
    assert "is not a SQLite database" in " ".join(done.out.split())  # wherever it wraps
    assert "→ move the file away" in done.out
    assert done.out.rstrip().splitlines()[-1].startswith("1 error, ")
    assert shell.run("doctor", "--json", code=1).json["ok"] is False


def test_unusable_settings_are_a_finding(tmp_path):
    """Doctor works where no other command does: with settings that cannot be read."""
    done = orders_shell(tmp_path).run("doctor", "--json", code=1, RUNTHROUGH_JOBS="many")
    assert found(done)["settings"]["level"] == "error"
    assert "RUNTHROUGH_JOBS" in found(done)["settings"]["message"]
    assert done.json["database"] is None


def test_triggers_that_are_gone_are_made_again_by_what_is_told(tmp_path):
    """Typing what doctor says about missing triggers mends them."""
    shell = begun(tmp_path)
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        connection.execute("DROP TRIGGER events_no_delete")
    finding = found(shell.run("doctor", "--json", code=1))["triggers"]
    assert "events_no_delete" in finding["message"]
    assert "runthrough db upgrade" in finding["fix"]
    assert "events_no_delete" in shell.run("db", "upgrade").out
    assert found(shell.run("doctor", "--json"))["triggers"]["level"] == "ok"


def test_a_newer_and_an_older_schema_are_findings(tmp_path):
    """A newer schema is an error, an older one of a file is what the next command mends."""
    shell = begun(tmp_path)
    for revision, code, words in (("9999", 1, "newer runthrough"), ("0001", 0, "brings it to")):
        with closing(sqlite3.connect(shell.database)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        done = shell.run("doctor", "--json", code=code)
        assert words in found(done)["schema"]["message"]


def test_a_server_that_is_well_is_exit_0(tmp_path, postgres_url):
    """A migrated PostgreSQL database has no error, and its server's version is told."""
    done = Shell(tmp_path).run("doctor", "--json", RUNTHROUGH_DATABASE_URL=postgres_url)
    findings = found(done)
    assert (
        findings["server_version"]["message"].removeprefix("PostgreSQL ")
        == (done.json["versions"]["postgresql"])
    )
    assert {"fsync", "rights", "writable", "encoding", "server_clock"} <= set(findings)


def test_an_unreachable_server_is_exit_1_without_its_password(tmp_path):
    """A server that does not answer is a finding; its password is never shown."""
    url = "postgresql://ann:hunter2@127.0.0.1:1/team"
    for words in (("doctor",), ("doctor", "--json")):
        done = Shell(tmp_path).run(*words, code=1, RUNTHROUGH_DATABASE_URL=url)
        assert "cannot be reached" in done.out
        assert "hunter2" not in done.out + done.err


def test_the_fix_names_the_database_that_was_named(tmp_path, empty_postgres_url):
    """A shared database without tables is an error; the fix, typed as told, mends it."""
    shell = Shell(tmp_path)
    done = shell.run("doctor", "--database", empty_postgres_url, code=1, COLUMNS="400")
    (fix,) = re.findall(r"→ runthrough (db upgrade --database \S+)", done.out)
    shell.run(*[word.strip("'") for word in fix.split()])
    assert shell.run("doctor", "--database", empty_postgres_url, "--json").json["ok"]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_screen_fits_its_terminal(tmp_path, columns):
    """At 60, 80 and 120 columns no line is wider, and marks stand beside words."""
    done = begun(tmp_path).run("doctor", COLUMNS=str(columns))
    lines = done.out.splitlines()
    assert max(len(line) for line in lines) <= columns
    assert any(line.startswith("✓ ok") for line in lines)
    assert lines[-1].startswith("0 errors, ")


def test_every_check_is_told_on_the_page():
    """The page of the command line holds exactly the checks there are, and the JSON's keys."""
    table = PAGE.split("\n## What doctor looks at\n", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(get_args(Check))
    for key in (*Versions.__dataclass_fields__, "check", "level", "message", "fix"):
        assert f"`{key}`" in table, key
