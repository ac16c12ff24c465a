"""The tables: how they come to be, and what another program's tables lead to."""

import fcntl
import multiprocessing
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from tests.support.stored import DEADLINE_S, finished, open_together, spawned, sql_stores

from runthrough.adapters.store import schema
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.tables import EVENTS, METADATA
from runthrough.core.values.store import StoredEvent
from runthrough.errors import SchemaNewerError, SchemaOutdatedError, StoreUnavailableError


def structure(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE type IN ('table', 'index') AND name <> 'alembic_version' AND sql <> ''"
        )
        # A column that was added later stands on the line of the one before it.
        return {(name, " ".join(sql.split())) for name, sql in rows}


def revision(path):
    engine = create_engine(f"sqlite:///{path}")
    try:
        return schema.current(engine)
    finally:
        engine.dispose()


def test_migrations_make_the_tables_of_the_model(tmp_path, url, path):
    """The migrated schema is, statement by statement, the one the program was written for."""
    open_database(url).close()
    engine = create_engine(f"sqlite:///{tmp_path}/model.db")
    METADATA.create_all(engine)
    assert structure(path) == structure(tmp_path / "model.db")
    engine.dispose()


def test_nothing_is_left_to_migrate(url, path):
    """Alembic itself finds no difference between the database and the model."""
    open_database(url).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_rows_have_the_columns_of_the_table():
    """A row's fields and the table's columns are the same, in the same order."""
    assert StoredEvent._fields == tuple(EVENTS.columns.keys())


def test_known_head_is_the_last_migration():
    """The constant that spares commands an import of alembic is alembic's own head."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations_folder()))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_checking_a_ready_database_is_one_select(url, path):
    """Looking at the schema of a database that is up to date asks it one question."""
    open_database(url).close()
    engine = create_engine(f"sqlite:///{path}")
    asked = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    assert schema.current(engine) == schema.HEAD
    assert asked == ["SELECT version_num FROM alembic_version"]
    engine.dispose()


def test_opening_a_ready_database_does_not_import_alembic(url):
    """A command on an up-to-date database does not pay for the migration tool."""
    open_database(url).close()
    program = (
        "import sys\n"
        "from runthrough.adapters.store.opening import open_database\n"
        f"open_database({url!r}).close()\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.slow
def test_processes_that_open_an_empty_database_at_once_all_come_up(url):
    """One of them sets the tables up, the others wait for it, and all write."""
    count = 6
    barrier = multiprocessing.get_context("spawn").Barrier(count)
    processes = [spawned(open_together, url, barrier, number) for number in range(count)]
    assert [finished(process) for process in processes] == [0] * count
    with open_database(url) as database:
        assert sql_stores(database).audit.verify().checked == count


@pytest.mark.slow
def test_opening_waits_while_another_process_migrates(url, path):
    """Whoever finds the migration lock taken waits, then finds the work done."""
    path.parent.mkdir()
    barrier = multiprocessing.get_context("spawn").Barrier(2)
    with Path(f"{path}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = spawned(open_together, url, barrier, 0)
        barrier.wait(DEADLINE_S)
        child.join(0.3)
        assert child.exitcode is None
        assert revision(path) is None
    assert finished(child) == 0
    assert revision(path) == schema.HEAD


def test_older_schema_is_brought_up(url, path):
    """A database that was made but never migrated, such as an empty file, is set up."""
    path.parent.mkdir()
    path.touch()
    assert revision(path) is None
    open_database(url).close()
    assert revision(path) == schema.HEAD


def test_older_schema_is_told_where_it_is_not_to_be_migrated(url, path):
    """Without leave to migrate, the error names the command that does; nothing is made."""
    with pytest.raises(SchemaOutdatedError, match="runthrough db upgrade"):
        open_database(url, migrate=False)
    assert not path.parent.exists()


def test_ready_database_opens_without_leave_to_migrate(url):
    """Where nothing is to be migrated, no leave is needed."""
    open_database(url).close()
    with open_database(url, migrate=False) as database:
        assert sql_stores(database).audit.verify().ok


@pytest.mark.parametrize("migrate", [True, False])
def test_newer_schema_is_left_alone(url, path, migrate):
    """A database of a newer runthrough is neither used nor changed."""
    open_database(url).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaNewerError, match=r"9999[\s\S]*upgrade runthrough"):
        open_database(url, migrate=migrate)
    assert revision(path) == "9999"


def test_unreadable_revision_is_not_taken_for_an_empty_database(url, path):
    """A revision table of another shape is an error, never a reason to migrate."""
    open_database(url).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE alembic_version RENAME COLUMN version_num TO other")
    with pytest.raises(StoreUnavailableError, match="no such column"):
        open_database(url)


def test_table_that_another_process_has_just_made_is_read(url, path):
    """A revision table that appears between two looks is no error: sixteen may open at once."""
    path.parent.mkdir()
    path.touch()
    engine = create_engine(url)

    @event.listens_for(engine, "handle_error")
    def appear(_context):
        open_database(url).close()

    assert schema.current(engine) == schema.HEAD
    engine.dispose()


def test_failed_migration_leaves_nothing(url, path):
    """Where another program's tables are in the way, none of ours is left half made."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE sessions (id)")
    before = structure(path)
    with pytest.raises(StoreUnavailableError, match="sessions"):
        open_database(url)
    assert structure(path) == before
    assert revision(path) is None


def test_newer_schema_is_not_upgraded(url, path):
    """Upgrading goes one way only."""
    open_database(url).close()
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaNewerError):
        schema.upgrade(engine)
    engine.dispose()


def test_history_is_never_taken_back(url, path):
    """There is no migration that would drop events."""
    open_database(url).close()
    folder = schema.migrations_folder()
    program = (
        "from alembic import command\n"
        "from alembic.config import Config\n"
        "config = Config()\n"
        f"config.set_main_option('script_location', {str(folder)!r})\n"
        "config.set_main_option('path_separator', 'os')\n"
        f"config.set_main_option('sqlalchemy.url', {url!r})\n"
        "command.downgrade(config, 'base')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "history is never taken back" in done.stderr
    assert revision(path) == schema.HEAD


def test_migrations_are_found_in_a_wheel_before_the_repository(tmp_path):
    """An installed package brings its own migrations; a checkout has them at its root."""
    package = tmp_path / "src" / "runthrough"
    with pytest.raises(StoreUnavailableError, match="install runthrough again"):
        schema.migrations_folder(package)
    for folder in (tmp_path / "migrations", package / "migrations"):
        folder.mkdir(parents=True)
        (folder / "env.py").touch()
        assert schema.migrations_folder(package) == folder
