"""Each migration on each back end, on an empty database and on one that holds a log."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_alembic import Config, runner
from pytest_alembic.tests import (
    test_model_definitions_match_ddl as assert_model_is_ddl,
)
from pytest_alembic.tests import test_single_head_revision as assert_single_head
from pytest_alembic.tests import test_upgrade as assert_upgrades
from sqlalchemy import create_engine, insert, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from tests.support.stored import sql_stores

from runthrough.adapters.store import postgres, schema
from runthrough.adapters.store.guards import missing_guards
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.tables import API_TOKENS, EVENTS, LOG_HEAD
from runthrough.core.values.store import StoredEvent
from runthrough.errors import SchemaOutdatedError

ROWS = json.loads((Path(__file__).parents[2] / "golden" / "hashes.json").read_text())
assert_single_head.__test__ = assert_upgrades.__test__ = assert_model_is_ddl.__test__ = False


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request, path):
    if request.param == "postgres":
        return request.getfixturevalue("empty_postgres_url")
    path.parent.mkdir()
    return f"sqlite:///{path}"


@pytest.fixture
def engine(empty_url):
    url = make_url(empty_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    made = create_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def migrating(engine):
    """The migrations on an empty database, to be run one by one."""
    config = Config({"script_location": str(schema.migrations_folder()), "path_separator": "os"})
    with runner(config, engine) as prepared:
        yield prepared


def fill(engine):
    """Put a log of an older runthrough into the database."""
    with engine.begin() as connection:
        connection.execute(insert(EVENTS), ROWS)
        end = {"position": ROWS[-1]["position"], "log_hash": ROWS[-1]["log_hash"]}
        connection.execute(update(LOG_HEAD).values(end))


def test_migrations_form_one_line(migrating):
    """There is one newest migration, the one that the program expects."""
    assert_single_head(migrating)
    assert migrating.heads == [schema.HEAD]


def test_empty_database_migrates_to_the_model(migrating, engine):
    """From nothing to today, step by step; no difference to the model is left."""
    assert_upgrades(migrating)
    assert_model_is_ddl(migrating)
    with engine.connect() as connection:
        assert missing_guards(connection) == ()


@pytest.mark.parametrize("since", ["0001", "0002", "0003"])
def test_log_survives_every_later_migration(migrating, engine, empty_url, since):
    """What an older runthrough wrote is there after the migrations, byte for byte, guarded."""
    migrating.migrate_up_to(since)
    fill(engine)
    migrating.migrate_up_to("heads")
    with open_database(empty_url, migrate=False) as database:
        stores = sql_stores(database)
        assert list(stores.audit.stored()) == [StoredEvent(**row) for row in ROWS]
        assert stores.audit.verify().ok
        assert stores.tokens.tokens() == ()
    for statement in ("UPDATE events SET actor = 'eve'", "DELETE FROM events"):
        with (
            pytest.raises(DBAPIError, match="events are never changed"),
            engine.begin() as writing,
        ):
            writing.execute(text(statement))


@pytest.mark.parametrize("since", ["0001", "0002", "0003"])
def test_directory_of_an_older_runthrough_is_read(migrating, engine, empty_url, since):
    """Sessions that were begun before forks were known are none, and are listed."""
    migrating.migrate_up_to(since)
    fill(engine)
    session = ROWS[0]["session_id"]
    row = {"session_id": session, "name": "heron", "at": ROWS[0]["recorded_at"]}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO sessions (session_id, name, dag_name, phase, created_at) "
                "VALUES (:session_id, :name, 'zwei', 'closed', :at)"
            ),
            row,
        )
    migrating.migrate_up_to("heads")
    with open_database(empty_url, migrate=False) as database:
        (entry,) = sql_stores(database).directory.sessions()
    found = (entry.name, entry.phase, entry.version, entry.parent, entry.forked_at, entry.archived)
    assert found == ("heron", "closed", 4, None, 0, False)


@pytest.mark.parametrize(("column", "value"), [("role", "owner"), ("kind", "cookie")])
def test_table_of_tokens_takes_known_words_only(migrating, engine, column, value):
    """A role or a kind that runthrough does not know cannot be written by hand either."""
    migrating.migrate_up_to("heads")
    token = {
        "token_id": "1" * 12,
        "text_hash": "2" * 64,
        "actor": "ann",
        "role": "viewer",
        "created_by": "ann",
        "created_at": ROWS[0]["recorded_at"],
        "kind": "api",
    }
    with engine.begin() as writing:
        writing.execute(insert(API_TOKENS), token | {"token_id": "0" * 12})
    with pytest.raises(DBAPIError, match=f"api_tokens_{column}"), engine.begin() as writing:
        writing.execute(insert(API_TOKENS), token | {column: value})


def test_older_schema_is_told_with_the_command_that_mends_it(migrating, empty_url):
    """A database of an older runthrough that is not to be migrated says what to type."""
    migrating.migrate_up_to("0001")
    with pytest.raises(SchemaOutdatedError, match="has schema 0001") as caught:
        open_database(empty_url, migrate=False)
    assert caught.value.fix == "runthrough db upgrade"
    open_database(empty_url, migrate=True).close()
    open_database(empty_url, migrate=False).close()


def test_postgresql_is_migrated_only_when_it_is_asked_for(empty_postgres_url):
    """Opening a shared database never changes its tables by itself."""
    for _ in range(2):
        with pytest.raises(SchemaOutdatedError, match="has schema none"):
            open_database(empty_postgres_url)


def test_triggers_that_a_migration_lost_are_made_again(migrating, engine):
    """A migration that rebuilds the table takes its triggers along; the next step brings them."""
    migrating.migrate_up_to("0001")
    with engine.begin() as connection:
        guards = missing_guards.__globals__
        names = guards["_SQLITE" if connection.dialect.name == "sqlite" else "_POSTGRESQL"]
        for name in names:
            on = "" if connection.dialect.name == "sqlite" else " ON events"
            connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
        assert set(missing_guards(connection)) == set(names)
    migrating.migrate_up_to("heads")
    with engine.connect() as connection:
        assert missing_guards(connection) == ()


def test_there_is_no_way_down(migrating):
    """History is never taken back by a migration."""
    migrating.migrate_up_to("heads")
    for revision in ("0001", "base"):
        with pytest.raises(RuntimeError, match="never taken back"):
            migrating.migrate_down_to(revision)


def test_failed_migration_of_postgresql_leaves_nothing(postgres, empty_postgres_url, engine_of):
    """Where another program's table is in the way, none of ours is left half made."""
    with engine_of(empty_postgres_url).begin() as connection:
        connection.execute(text("CREATE TABLE run_leases (id int)"))
    with pytest.raises(Exception, match="run_leases"):
        open_database(empty_postgres_url, migrate=True)
    with engine_of(empty_postgres_url).connect() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        assert list(tables) == ["run_leases"]


@pytest.fixture
def engine_of():
    made = []

    def make(url):
        made.append(create_engine(make_url(url).set(drivername="postgresql+psycopg")))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


def test_model_of_postgresql_has_the_condition_of_open_names():
    """Of a name there may be one open session and any number of closed ones."""
    assert postgres.OPEN_NAME.dialect_options["postgresql"]["where"] is not None


@pytest.mark.slow
@pytest.mark.parametrize(("words", "code"), [(("db", "upgrade"), 0), (("db", "current"), 4)])
def test_postgresql_is_migrated_from_an_editable_install(
    empty_postgres_url, tmp_path, words, code
):
    """A checkout has its migrations at its root, and the command finds them from anywhere."""
    environment = {"RUNTHROUGH_DATABASE_URL": empty_postgres_url, "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "runthrough", *words],
        cwd=tmp_path,
        env=environment | {"HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    assert schema.HEAD in done.stdout
