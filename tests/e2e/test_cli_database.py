"""`db upgrade` and `db current`, and what sends a user to them."""

import shlex
import sqlite3
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import make_url
from tests.support.cli import Shell, begun, orders_shell
from tests.support.servers import connectable

from runthrough.adapters.store import schema

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def empty(request, tmp_path):
    """A shell whose settings name a database without tables."""
    if request.param == "sqlite":
        return orders_shell(tmp_path)
    shell = orders_shell(tmp_path)
    url = request.getfixturevalue("empty_postgres_url")
    shell.file("runthrough.toml", f"database_url = '{url}'\n")
    return shell


def flat(text):
    """A screen's text without its line breaks."""
    return " ".join(text.split())


def run(shell, *words, code=0):
    """Type a command; where a settings file names the database, no variable does."""
    named = (
        {} if not (shell.folder / "runthrough.toml").exists() else {"RUNTHROUGH_DATABASE_URL": ""}
    )
    return shell.run(*words, code=code, **named)


def test_upgrade_tells_from_what_to_what(empty):
    """First the tables are made, then there is nothing to do; both are said."""
    first = run(empty, "db", "upgrade", "--json")
    assert (first.json["before"], first.json["schema"]) == (None, schema.HEAD)
    assert first.json["triggers"] == []
    assert f"got its tables: schema {schema.HEAD}" in flat(first.err)
    second = run(empty, "db", "upgrade", "--json")
    assert (second.json["before"], second.json["schema"]) == (schema.HEAD, schema.HEAD)
    assert "nothing was to be done" in flat(second.err)


def test_current_tells_both_schemas(empty_postgres_url, tmp_path):
    """Before the upgrade it is exit 4 and the next command is named, and after it none is."""
    empty = orders_shell(tmp_path)
    empty.file("runthrough.toml", f"database_url = '{empty_postgres_url}'\n")
    before = run(empty, "db", "current", "--json", code=4)
    assert (before.json["schema"], before.json["wanted"]) == (None, schema.HEAD)
    assert before.err.endswith("next:  runthrough db upgrade\n")
    run(empty, "db", "upgrade")
    after = run(empty, "db", "current")
    assert f"has schema {schema.HEAD}, which this version needs" in flat(after.out)
    assert "next:" not in after.out


def test_older_tables_are_migrated_and_told(tmp_path):
    """An upgrade of older tables says from which schema to which."""
    shell = begun(tmp_path)
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        connection.executescript(
            "DROP TABLE snapshots; DROP TABLE checkpoints; DROP TABLE api_tokens;"
            "ALTER TABLE sessions DROP COLUMN parent;"
            "ALTER TABLE sessions DROP COLUMN forked_at;"
            "ALTER TABLE sessions DROP COLUMN archived;"
            "UPDATE alembic_version SET version_num = '0001'"
        )
    told = shell.run("db", "current", code=4)
    assert "schema 0001; this version needs" in flat(told.out)
    assert "next:  runthrough db upgrade" in told.out
    told = shell.run("db", "upgrade").out
    assert f"migrated from schema 0001: schema {schema.HEAD}" in flat(told)
    shell.run("audit", "verify")


def test_newer_tables_are_left_alone(tmp_path):
    """Tables of a newer runthrough are told by `current`, and refused by `upgrade`."""
    shell = begun(tmp_path)
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    told = shell.run("db", "current", code=4)
    assert "written by a newer runthrough" in flat(told.out)
    assert "next:" not in told.out
    assert shell.run("db", "upgrade", "--json", code=4).json["error"]["code"] == "SCHEMA_NEWER"


def test_an_old_shared_database_leads_to_the_command_that_mends_it(empty_postgres_url, tmp_path):
    """Any command on a shared database without tables names the command; typed, it mends it."""
    shell = orders_shell(tmp_path)
    named = {"RUNTHROUGH_DATABASE_URL": empty_postgres_url}
    error = shell.run("sessions", "--json", code=4, **named).json["error"]
    assert (error["code"], error["fix"]) == ("SCHEMA_OUTDATED", "runthrough db upgrade")
    shell.run(*shlex.split(error["fix"])[1:], **named)
    assert shell.run("sessions", "--json", **named).json == []


@pytest.mark.parametrize("words", [("sessions",), ("status", "--session", "x")])
def test_the_command_names_the_database_of_the_flag(empty_postgres_url, tmp_path, words):
    """A database that was named by --database is named in what is to be typed as well."""
    shell = orders_shell(tmp_path)
    given = ("--database", empty_postgres_url)
    fix = shell.run(*words, *given, "--json", code=4).json["error"]["fix"]
    assert shlex.split(fix)[1:] == ["db", "upgrade", *given]
    shell.run(*shlex.split(fix)[1:])
    assert shell.run("sessions", *given, "--json").json == []


def test_the_next_command_names_the_database_of_the_flag(tmp_path):
    """What is told to be typed next works on the same database and session."""
    shell = orders_shell(tmp_path)
    given = ("--database", f"sqlite:///{tmp_path}/other.db")
    shell.run("new", "pipeline.yaml", "--name", "mine", *given)
    told = shell.run("status", "--session", "mine", *given).out.splitlines()[-1]
    words = shlex.split(told.removeprefix("next:  runthrough "))
    assert words[-4:] == ["--session", "mine", *given]
    shell.run(*[word.replace("=VALUE", "=EUR") for word in words])


def test_no_password_is_repeated(tmp_path, empty_postgres_url):
    """Neither the place nor the command to type shows a password of the URL."""
    user, rest = empty_postgres_url.split(":@", 1)
    secret = f"{user}:hunter2@{rest}"
    shell = Shell(tmp_path)
    for words in (("db", "current"), ("sessions",)):
        for more in ((), ("--json",)):
            done = shell.run(*words, *more, "--database", secret, code=4)
            assert "hunter2" not in done.out + done.err
            assert "masked" not in done.out + done.err
            assert "runthrough db upgrade --database" in done.err + done.out
            assert "keep it in ~/.pgpass or PGPASSWORD" in flat(done.err + done.out)


def test_the_next_command_works_without_the_password(tmp_path, empty_postgres_url):
    """The command that is told names the same database; its password may come from elsewhere."""
    user, rest = empty_postgres_url.split(":@", 1)
    shell = orders_shell(tmp_path)
    secret = f"{user}:hunter2@{rest}"
    fix = shell.run("sessions", "--database", secret, "--json", code=4).json["error"]["fix"]
    assert shlex.split(fix)[-2:] == ["--database", f"{user}@{rest}"]
    shell.run(*shlex.split(fix)[1:], PGPASSWORD="hunter2")
    begun = shell.run("new", "pipeline.yaml", "--name", "mine", "--database", secret)
    (told,) = [line for line in begun.out.splitlines() if line.startswith("next:")]
    status = ("status", "--session", "mine", "--database", secret, "--json")
    view = shell.run(*status).json
    assert told == f"next:  {view['next_command']}".replace(" --session mine", "")
    assert "hunter2" not in begun.out + str(view)


def test_json_tells_the_commands_that_people_are_told(tmp_path):
    """Each command in a result names session and database where the call did."""
    shell = orders_shell(tmp_path)
    given = ("--database", f"sqlite:///{tmp_path}/other.db")
    shell.run("new", "pipeline.yaml", "--name", "mine", *given)
    done = shell.run("status", "--session", "mine", *given, "--json")
    behind = f" --session mine --database {given[1]}"
    assert done.err.splitlines()[-1] == f"next:  {done.json['next_command']}"
    commands = [row["next"] for row in done.json["worklist"] if row["next"]]
    assert commands
    assert all(command.endswith(behind) for command in (*commands, done.json["next_command"]))
    answered = shell.run("configure", "report", "--arg", "top=1", *given, "--json")
    assert answered.json["next_command"].endswith(f" --database {given[1]}")
    plain = begun(tmp_path / "plain").run("status", "--json")
    assert "--" not in plain.json["next_command"].replace("--env", "").replace("--arg", "")


def test_an_error_of_the_server_is_told_once(tmp_path, postgres_url):
    """A refused command says its error and nothing else; the driver's own words stay inside."""
    named = {"RUNTHROUGH_DATABASE_URL": postgres_url}
    shell = orders_shell(tmp_path)
    shell.run("new", "pipeline.yaml", **named)
    name = make_url(postgres_url).database
    with psycopg.connect(connectable(postgres_url), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    done = shell.run("configure", "clean", "--env", "CURRENCY=EUR", code=4, **named)
    error, fix = done.err.splitlines()
    assert error.startswith("error: The database ")
    assert fix.startswith("  → runthrough doctor tells which")


def test_triggers_that_were_taken_off_are_made_again(tmp_path, postgres_url):
    """An upgrade without anything to migrate makes missing triggers again, and says so."""
    shell = Shell(tmp_path)
    named = {"RUNTHROUGH_DATABASE_URL": postgres_url}
    with psycopg.connect(connectable(postgres_url), autocommit=True) as connection:
        connection.execute("DROP TRIGGER events_no_change ON events")
    done = shell.run("db", "upgrade", "--json", **named)
    assert done.json["triggers"] == ["events_no_change"]
    assert done.err.endswith("next:  runthrough audit verify\n")
    (finding,) = [
        finding
        for finding in shell.run("doctor", "--json", **named).json["findings"]
        if finding["check"] == "triggers"
    ]
    assert finding["level"] == "ok"
