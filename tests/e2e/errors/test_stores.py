"""Errors of the database: not there, not one, too old, too new, or changed by hand."""

import os
import sqlite3
from contextlib import closing

import pytest
from tests.support.inside import Inside
from tests.support.provoked import Victim, at_the_start, provokes, with_questions

from runthrough.errors import (
    LogCorruptError,
    SchemaNewerError,
    SchemaOutdatedError,
    StoreError,
    StoreUnavailableError,
)


def altered(victim: Victim, *statements: str) -> None:
    """Change the database past its triggers, as a stranger would."""
    with closing(sqlite3.connect(victim.database)) as database, database:
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"
        for (name,) in database.execute(named).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)


@pytest.mark.parametrize(
    ("url", "message", "fix"),
    [
        (
            "sqlite:///{folder}/nope.db",
            "There is no database at FOLDER/nope.db.",
            (
                "name the one you mean with --database; runthrough new PIPELINE, or runthrough "
                "db upgrade, makes a new one there"
            ),
        ),
        (
            "sqlite:///{folder}",
            "The database FOLDER is a folder.",
            "name a file in it, or name another database with --database",
        ),
        (
            "sqlite:///{folder}/pipeline.yaml",
            (
                "The database FOLDER/pipeline.yaml is not a SQLite database (file is not a "
                "database)."
            ),
            "move the file away, or name another database with --database",
        ),
        (
            "mysql://ann@host/runs",
            "mysql://ann@host/runs is neither a SQLite nor a PostgreSQL database.",
            "write it as sqlite:////absolute/path.db or postgresql://user@host/name",
        ),
        (
            "postgresql://ann:hunter2@127.0.0.1:1/runs",
            (
                "The database postgresql://ann:[masked]@127.0.0.1:1/runs cannot be reached "
                '(connection failed: connection to server at "127.0.0.1", port 1 failed: '
                "Connection refused)."
            ),
            (
                "see whether the server runs and its URL names its host, or name another "
                "database with --database; nothing was recorded"
            ),
        ),
    ],
)
@provokes(StoreUnavailableError)
def test_a_database_that_cannot_be_used(tmp_path, url, message, fix):
    """A database that is none, or is not there, is exit 4; no password is told."""
    victim = with_questions(tmp_path)
    if url.startswith("postgresql"):
        pytest.importorskip("psycopg")
    line = f"status --database {url.format(folder=tmp_path)}"
    victim.refused(line, StoreUnavailableError, message, fix, code=4)
    victim.line("status")


@provokes(StoreUnavailableError)
def test_an_empty_file_is_made_a_database_by_a_new_session(tmp_path):
    """A file without tables is told so, and `new` makes them."""
    victim = at_the_start(tmp_path)
    victim.database.touch()
    told = victim.refused(
        "status",
        StoreUnavailableError,
        "The database FOLDER/log.db is empty: it holds no log.",
        "if it held one before, put back a copy of it; else runthrough new PIPELINE makes its "
        "tables",
        code=4,
    )
    victim.follow(told, "runthrough new PIPELINE", PIPELINE="pipeline.yaml")
    victim.line("status")


@pytest.mark.slow
@provokes(SchemaOutdatedError)
def test_a_shared_database_without_todays_tables(tmp_path, empty_postgres_url):
    """A shared database is upgraded by the command that is advised, and by nothing else."""
    victim = SharedVictim(at_the_start(tmp_path).folder)
    object.__setattr__(victim, "url", empty_postgres_url)
    told = victim.refused(
        "new pipeline.yaml",
        SchemaOutdatedError,
        "The database has schema none; this runthrough needs 0004.",
        "runthrough db upgrade",
        code=4,
    )
    victim.follow(told, "runthrough db upgrade")
    victim.line("new pipeline.yaml")


class SharedVictim(Victim):
    """A user whose database is on a server."""

    url = ""

    def environ(self, **more: str) -> dict[str, str]:
        """What the commands see."""
        return super().environ(**{"RUNTHROUGH_DATABASE_URL": self.url, **more})


@provokes(SchemaNewerError)
def test_a_database_of_a_newer_version(tmp_path):
    """A schema that is not known is exit 4, and another database is told to be named."""
    victim = with_questions(tmp_path)
    altered(victim, "UPDATE alembic_version SET version_num = '9999'")
    victim.refused(
        "status",
        SchemaNewerError,
        "The database has schema 9999, which this runthrough (schema 0004) does not know: it was "
        "written by a newer one.",
        "upgrade runthrough, or name another database with RUNTHROUGH_DATABASE_URL",
        code=4,
    )
    victim.line("new pipeline.yaml", RUNTHROUGH_DATABASE_URL=f"sqlite:///{tmp_path}/other.db")


@provokes(LogCorruptError)
def test_a_log_that_was_changed(tmp_path):
    """An event that cannot be read is exit 4; the command that is advised names it, exit 6."""
    victim = with_questions(tmp_path)
    altered(victim, "UPDATE events SET payload = '{' WHERE position = 2")
    told = victim.refused(
        "status",
        LogCorruptError,
        "The event at position 2 cannot be read: Invalid JSON: EOF while parsing a value at line "
        "1 column 16.",
        "runthrough audit verify names what was changed",
        code=4,
    )
    done = victim.follow(told, "runthrough audit verify", code=6)
    assert "not what was written, from position 2 on" in done.out


@provokes(StoreError)
def test_an_event_of_a_newer_version(tmp_path):
    """An event whose shape is not known yet is exit 4, and what knows it is told."""
    victim = with_questions(tmp_path)
    altered(victim, "UPDATE events SET schema_version = 99 WHERE position = 2")
    victim.refused(
        "history",
        StoreError,
        "The event at position 2 is a NodeDiscovered of schema version 99, which this "
        "runthrough does not know.",
        "upgrade runthrough: a newer one wrote to this database",
        code=4,
    )


def test_the_inside_shell_is_one(tmp_path):
    """What is typed in this process leaves its own environment and folder alone."""
    before, there = dict(os.environ), os.getcwd()  # noqa: PTH109 - as the process has it
    Inside(at_the_start(tmp_path).folder).run("new", "pipeline.yaml")
    assert (dict(os.environ), os.getcwd()) == (before, there)  # noqa: PTH109 - as above
