"""What goes wrong around the log: said with what, why and what to do; and the log stays whole."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from tests.support.faults import (
    LARGE,
    answer_of,
    append_as_nobody,
    fill,
    fill_up_to_a_limit,
    may_mount,
    needs_root,
    open_as_nobody,
    read_as_nobody,
    small_disk,
)
from tests.support.servers import Postgres, connectable, own_server
from tests.support.stored import (
    DEADLINE_S,
    A,
    Writer,
    said,
    sql_stores,
    texts,
)

from runthrough.adapters.store import schema
from runthrough.adapters.store.faults import postgresql_faults, shown_url
from runthrough.adapters.store.filesystems import NETWORK, kind_of
from runthrough.adapters.store.health import look_at_database
from runthrough.adapters.store.opening import open_database
from runthrough.errors import SchemaNewerError, SchemaOutdatedError, StoreUnavailableError

PASSWORD = "s3same"
AT = datetime(2026, 11, 28, tzinfo=UTC)


@contextmanager
def refused(place, *, what, fix):
    """What fails inside is told as ours: the database by name, what, why, and what to do."""
    with pytest.raises(StoreUnavailableError) as caught:
        yield
    told = caught.value
    assert told.message.startswith(f"The database {place} {what}"), told.message
    assert re.search(r" \(.+\)\.$", told.message), "the reason is missing"
    assert fix in told.fix
    assert PASSWORD not in str(told)


def whole(url, *written):
    """The log of a database, opened anew, verifies and holds just these texts of A."""
    with open_database(url) as database:
        stores = sql_stores(database)
        verdict = stores.audit.verify()
        assert verdict.ok, verdict
        assert texts(list(stores.events.read(A))) == list(written)


# ---- the disk is full


def test_full_disk_is_told_and_used_again_when_it_has_room():
    """What fits is kept, what does not is refused in words; with room the same process goes on."""
    if not may_mount():
        pytest.skip("this process may not mount a small disk; a limit stands for one elsewhere")
    with small_disk("1m") as disk:
        url = f"sqlite:///{disk.folder}/x.db"
        with open_database(url) as database:
            stores = sql_stores(database)
            count, error = fill(stores, "small")
            assert count > 3
            assert error.message.startswith(f"The database {disk.folder}/x.db cannot grow")
            assert "free some space" in error.fix
            assert sum(1 for _ in stores.events.read(A)) == count
            with pytest.raises(StoreUnavailableError), stores.events.exclusive():
                Writer(stores.events, prefix="inner").append(A, said("x" * LARGE))
            disk.grow("8m")
            Writer(stores.events, prefix="after").append(A, said("after"), at_version=count)
        with open_database(url) as database:
            stores = sql_stores(database)
            assert stores.audit.verify().checked == count + 1


def test_database_cannot_be_made_on_a_full_disk():
    """A disk without room for the tables is told as such, and nothing is left half made."""
    if not may_mount():
        pytest.skip("this process may not mount a small disk")
    with small_disk("128k") as disk:
        url = f"sqlite:///{disk.folder}/x.db"
        (disk.folder / "ballast").write_bytes(bytes(60_000))
        with pytest.raises(StoreUnavailableError, match=r"disk is full|disk I/O error") as caught:
            open_database(url)
        assert "full" in str(caught.value)
        disk.grow("8m")
        open_database(url).close()
        whole(url)


@pytest.mark.slow
def test_file_that_may_not_grow_is_told_and_written_again_later(url):
    """A limit of the system on the file's size loses nothing that was acknowledged."""
    count, read, message, fix = answer_of(fill_up_to_a_limit, url)
    assert read == count > 3
    assert "could not be read or written (disk I/O error)" in message
    assert "full" in fix
    with open_database(url) as database:
        stores = sql_stores(database)
        assert stores.audit.verify().checked == count + 1
        assert texts(list(stores.events.read(A)))[-1] == "after"


@pytest.mark.slow
def test_full_disk_of_a_server_is_told_and_used_again_when_it_has_room(own):
    """PostgreSQL without room refuses the command, keeps what it had, and goes on later."""
    if not may_mount():
        pytest.skip("this process may not mount a small disk")
    owner = own.run("SHOW data_directory")[0][0]
    with small_disk("24m", owner=Path(owner).stat().st_uid) as disk:
        own.run(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
        own.run("CREATE DATABASE on_small TEMPLATE template0 ENCODING 'UTF8' TABLESPACE small")
        url = own.url_of("on_small")
        with open_database(url, migrate=True) as database:
            stores = sql_stores(database)
            count, error = fill(stores, "small")
            assert "cannot grow: the disk is full (could not extend file" in error.message
            assert "nothing was recorded" in error.fix
            disk.grow("64m")
            Writer(stores.events, prefix="after").append(A, said("after"), at_version=count)
            assert stores.audit.verify().checked == count + 1
        own.run("DROP DATABASE on_small WITH (FORCE)")
        own.run("DROP TABLESPACE small")


# ---- the file is not what it was


@pytest.fixture
def filled(url, path):
    """A closed database of many pages, and the bytes of a copy."""
    with open_database(url) as database:
        writer = Writer(sql_stores(database).events)
        for number in range(200):
            writer.append(A, said(f"{number} " + "x" * 500), at_version=number)
    return path.read_bytes()


def test_corrupt_file_is_told_and_a_copy_of_it_is_whole(filled, url, path):
    """Bytes overwritten in the middle are damage, never other events; a copy holds them all."""
    middle = len(filled) // 2
    path.write_bytes(filled[:middle] + b"\xff" * 40_960 + filled[middle + 40_960 :])
    with open_database(url) as database:
        stores = sql_stores(database)
        with refused(path, what="is damaged", fix="put back a copy of the file"):
            list(stores.events.read(A))
        with refused(path, what="is damaged", fix="RUNTHROUGH_DATABASE_URL"):
            stores.audit.verify()
    path.write_bytes(filled)
    with open_database(url) as database:
        assert sql_stores(database).audit.verify().checked == 200


@pytest.mark.parametrize("left", [0.5, 0.1])
def test_truncated_file_is_told_and_left_as_it_is(filled, url, path, left):
    """A file that lost its end is damaged: it is neither used nor made anew."""
    path.write_bytes(filled[: int(len(filled) * left)])
    before = path.read_bytes()
    with refused(path, what="is damaged", fix="put back a copy"), open_database(url) as database:
        sql_stores(database).audit.verify()
    assert path.read_bytes() == before
    path.write_bytes(filled)
    with open_database(url) as database:
        assert sql_stores(database).audit.verify().checked == 200


def test_other_program_s_tables_are_told(url, path):
    """Where another program's table is in the way, nothing is made beside it."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE sessions (id)")
    with refused(path, what="holds another program's tables", fix="a database of its own"):
        open_database(url)


@pytest.mark.parametrize("how", [{}, {"migrate": False}, {"migrate": True}, {"make": False}])
def test_file_of_another_program_is_refused_by_everything(url, path, how):
    """A file with tables of another program and none of ours gets none, whoever opens it."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE users (id)")
        other.execute("CREATE TABLE alembic_version (version_num)")
        other.execute("INSERT INTO alembic_version VALUES ('ae1027a6acf')")
        other.commit()
    before = path.read_bytes()
    what = "holds another program's tables (alembic_version, users)"
    with refused(path, what=what, fix="a database of its own"):
        open_database(url, **how)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("migrate", [None, True, False])
def test_file_that_is_not_there_is_not_made_by_who_only_looks(url, path, migrate):
    """Without leave to make one, a path where nothing is, is an error that says what to type."""
    with pytest.raises(StoreUnavailableError, match="There is no database at") as caught:
        open_database(url, migrate=migrate, make=False)
    assert str(path) in caught.value.message
    assert "runthrough new PIPELINE" in caught.value.fix
    assert not path.parent.exists()


def test_empty_file_gets_no_tables_by_who_only_looks(url, path):
    """A file without a byte stays so, and may have been a log before."""
    path.parent.mkdir()
    path.touch()
    with pytest.raises(StoreUnavailableError, match="is empty") as caught:
        open_database(url, make=False)
    assert "put back a copy" in caught.value.fix
    assert path.read_bytes() == b""


def test_lost_table_is_told(filled, url, path):
    """A table that somebody dropped is told with the command that looks after tables."""
    with open_database(url) as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("DROP TABLE events")
        with refused(path, what="lacks what runthrough needs", fix="runthrough db upgrade"):
            list(sql_stores(database).events.read(A))


# ---- rights


@needs_root
@pytest.mark.parametrize(
    ("file", "folder", "what"),
    [
        (0o444, 0o777, "cannot be written"),
        (0o666, 0o555, "cannot be written"),
        (0o600, 0o777, "cannot be opened"),
        (0o666, 0o700, "cannot be opened"),
    ],
    ids=["file", "folder", "unreadable", "closed folder"],
)
def test_process_without_rights_is_told_which_file(file, folder, what):
    """Whoever may not write learns which file it is about; the log stays as it was."""
    with tempfile.TemporaryDirectory() as outer:
        os.chmod(outer, 0o755)  # noqa: PTH101 - a plain folder name
        place = Path(outer, "data")
        url = f"sqlite:///{place}/x.db"
        with open_database(url) as database:
            Writer(sql_stores(database).events).append(A, said("first"))
        (place / "x.db").chmod(file)
        place.chmod(folder)
        told = answer_of(append_as_nobody, url)
        assert told is not None, "a file that must not be written was written"
        message, fix = told
        assert message.startswith(f"The database {place}/x.db {what} (")
        assert "permissions" in fix
        assert "RUNTHROUGH_DATABASE_URL" in fix
        place.chmod(0o755)
        whole(url, "first")


@needs_root
def test_database_in_a_closed_folder_is_not_called_missing():
    """Where nobody may look, a database is not said to lack its tables."""
    with tempfile.TemporaryDirectory() as outer:
        url = f"sqlite:///{outer}/x.db"
        open_database(url).close()
        message, fix = answer_of(open_as_nobody, url)
        assert message == f"The database {outer}/x.db cannot be opened (Permission denied)."
        assert "permissions" in fix


@needs_root
def test_log_in_a_folder_that_may_not_be_written_is_read():
    """A log at rest is read where nothing can be made beside it, and nothing is."""
    with tempfile.TemporaryDirectory() as outer:
        place = Path(outer)
        url = f"sqlite:///{place}/x.db"
        with open_database(url) as database:
            Writer(sql_stores(database).events).append(A, said("first"))
        for lock in place.glob("x.db.*"):
            lock.unlink()
        (place / "x.db").chmod(0o444)
        place.chmod(0o555)
        assert answer_of(read_as_nobody, url) == ["first"]
        assert [path.name for path in place.iterdir()] == ["x.db"]


@needs_root
def test_log_that_somebody_writes_is_not_read_as_one_at_rest():
    """What was committed just now counts, in a folder that only the writer may write as well."""
    with tempfile.TemporaryDirectory() as outer:
        os.chmod(outer, 0o755)  # noqa: PTH101 - a plain folder name
        url = f"sqlite:///{outer}/x.db"
        with open_database(url) as database:
            Writer(sql_stores(database).events).append(A, said("first"))
            assert answer_of(read_as_nobody, url) == ["first"]


@needs_root
def test_closed_lock_file_is_told():
    """A lock file that this user may not read is named: it keeps them from writing."""
    with tempfile.TemporaryDirectory() as outer:
        os.chmod(outer, 0o777)  # noqa: PTH101 - a plain folder name
        url = f"sqlite:///{outer}/x.db"
        with open_database(url) as database:
            Writer(sql_stores(database).events).append(A, said("first"))
        Path(outer, "x.db").chmod(0o666)
        Path(outer, "x.db.lock").chmod(0o600)
        message, fix = answer_of(append_as_nobody, url)
        assert f"{outer}/x.db.lock cannot be opened: Permission denied" in message
        assert "permissions" in fix
        whole(url, "first")


# ---- where the file lies


def test_kind_of_a_file_system_is_told_through_links(tmp_path):
    """The file system counts on which a file lies in the end, not that of a link to it."""
    if not may_mount():
        pytest.skip("this process may not mount a small disk")
    with small_disk("1m") as disk:
        (tmp_path / "link").symlink_to(disk.folder)
        assert kind_of(disk.folder / "x.db") == "tmpfs"
        assert kind_of(tmp_path / "link" / "x.db") == "tmpfs"
        assert kind_of(tmp_path / "x.db") not in NETWORK


# ---- schemas


@pytest.fixture(params=["sqlite", "postgres"])
def made_url(request):
    """A database with today's tables and one event, on each back end."""
    made = request.getfixturevalue("url" if request.param == "sqlite" else "postgres_url")
    with open_database(made) as database:
        Writer(sql_stores(database).events).append(A, said("first"))
    return made


def set_schema(url, revision):
    """Say that the tables are of another version."""
    statement = f"UPDATE alembic_version SET version_num = '{revision}'"
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(parsed.database, isolation_level=None)) as connection:
            connection.execute(statement)
    else:
        run(url, statement)


def run(url, *statements):
    """Statements in a PostgreSQL database."""
    with psycopg.connect(connectable(url), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("migrate", [None, True, False])
def test_newer_schema_is_refused_and_left_alone(made_url, migrate):
    """A database of a newer runthrough is neither used nor changed, and the way out is told."""
    set_schema(made_url, "9999")
    with pytest.raises(SchemaNewerError, match=r"has schema 9999[\s\S]*upgrade runthrough"):
        open_database(made_url, migrate=migrate)
    set_schema(made_url, schema.HEAD)
    whole(made_url, "first")


def test_older_schema_of_a_shared_database_is_refused_with_the_command(postgres_url):
    """An older shared database is not migrated by the way; the error says what to type."""
    set_schema(postgres_url, "0001")
    with pytest.raises(SchemaOutdatedError, match="has schema 0001") as caught:
        open_database(postgres_url)
    assert caught.value.fix == "runthrough db upgrade"


# ---- a server


@pytest.fixture(scope="module")
def wheel(postgres):
    """A server of this module's own: one that it may stop, and whose users it may make."""
    with own_server() as server:
        yield server


@pytest.fixture
def own(wheel):
    """The databases of that server."""
    databases = Postgres(wheel.admin)
    yield databases
    databases.drop_all()


@pytest.fixture
def own_url(own):
    return own.migrated()


@pytest.fixture
def stores(own_url):
    with open_database(own_url) as database:
        yield sql_stores(database)


@pytest.fixture
def place(own_url):
    return shown_url(make_url(own_url))


def test_dropped_database_is_told_and_used_again_when_it_is_there(own, own_url, stores, place):
    """Dropped in the middle, made anew and migrated: the same process says so, then goes on."""
    writer = Writer(stores.events)
    writer.append(A, said("lost with its database"), at_version=0)
    name = make_url(own_url).database
    own.run(f"DROP DATABASE {name} WITH (FORCE)")
    for _ in range(2):
        with refused(place, what="is not there", fix="createdb, then runthrough db upgrade"):
            writer.append(A, said("x"), at_version=1)
    with refused(place, what="is not there", fix="createdb"):
        list(stores.events.read(A))
    with refused(place, what="is not there", fix="createdb"):
        stores.feed.wait(after=0, timeout_s=DEADLINE_S)
    own.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    with refused(place, what="lacks what runthrough needs", fix="runthrough db upgrade"):
        writer.append(A, said("x"), at_version=0)
    open_database(own_url, migrate=True).close()
    writer.append(A, said("after"), at_version=0)
    whole(own_url, "after")


def test_stopped_server_is_told_and_used_again_when_it_runs(wheel, own_url, stores, place):
    """While a server is down every way in says so; started again, nothing acknowledged is lost."""
    writer = Writer(stores.events)
    writer.append(A, said("before"), at_version=0)
    wheel.stop_immediately()
    try:
        for attempt in (
            lambda: writer.append(A, said("x"), at_version=1, command_id="lost"),
            lambda: list(stores.events.read(A)),
            lambda: stores.feed.wait(after=1, timeout_s=DEADLINE_S),
            lambda: open_database(own_url),
        ):
            with refused(place, what="cannot be reached", fix="see whether the server runs"):
                attempt()
    finally:
        wheel.start()
    writer.append(A, said("x"), at_version=1, command_id="lost")
    assert stores.feed.wait(after=1, timeout_s=DEADLINE_S)
    whole(own_url, "before", "x")


def test_server_stopped_inside_a_transaction_undoes_all_of_it(wheel, own_url, stores, place):
    """A server that goes away under the writer lock leaves nothing of what was begun."""
    writer = Writer(stores.events)

    def begin_and_lose():
        with stores.events.exclusive():
            writer.append(A, said("lost"), at_version=0)
            wheel.stop_immediately()
            writer.append(A, said("lost too"), at_version=1)

    try:
        with refused(place, what="cannot be reached any more", fix="runthrough history"):
            begin_and_lose()
    finally:
        wheel.start()
    writer.append(A, said("after"), at_version=0)
    whole(own_url, "after")


@pytest.fixture(scope="module")
def users(wheel):
    """Users of that server: one with a password, one that may not come in, one without rights."""
    server = Postgres(wheel.admin)
    rules = Path(server.run("SHOW hba_file")[0][0])
    before = rules.read_text()
    rules.write_text(f"local all guarded scram-sha-256\nlocal all barred reject\n{before}")
    server.run("SELECT pg_reload_conf()")
    server.run(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")
    server.run("CREATE ROLE barred LOGIN")
    server.run("CREATE ROLE idle LOGIN CONNECTION LIMIT 0")
    server.run("CREATE ROLE plain LOGIN")


def changed(url, **parts):
    """The URL with other parts, as a user writes it."""
    return make_url(url).set(**parts).render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("parts", "what", "fix"),
    [
        ({"username": "guarded", "password": "guess"}, "does not let you in", "user and password"),
        ({"username": "guarded"}, "does not let you in", "user and password"),
        ({"username": "nobody_here"}, "does not let you in", "user and password"),
        ({"username": "barred"}, "does not let you in", "user and password"),
        ({"username": "idle"}, "has no connection left", "max_connections"),
        ({"database": "not_there"}, "is not there", "check its name"),
        ({"host": "no-such-host.invalid", "query": {}}, "cannot be reached", "its host"),
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "cannot be reached", "its host"),
        ({"query": {"sslmode": "maybe"}}, "has a URL that cannot be used", "mend"),
        ({"query": {"no_option": "1"}}, "has a URL that cannot be used", "mend"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else None,
)
def test_url_that_leads_nowhere_is_told_without_its_password(own_url, users, parts, what, fix):
    """A wrong user, password, database, host or option is told as such, the password never."""
    wrong = changed(own_url, **{"password": PASSWORD, **parts})
    if parts.get("username") == "guarded" and "password" not in parts:
        wrong = changed(own_url, **parts)
    with refused(shown_url(make_url(wrong)), what=what, fix=fix):
        open_database(wrong)


def test_password_among_the_options_is_not_shown(own_url):
    """A password that stands behind the question mark is hidden as well."""
    wrong = f"postgresql://ann@127.0.0.1:1/x?password={PASSWORD}&sslpassword={PASSWORD}"
    with refused("postgresql://ann@127.0.0.1:1/x", what="cannot be reached", fix="its host"):
        open_database(wrong)


@pytest.mark.parametrize(
    "bad",
    [
        f"postgresql://ann:{PASSWORD}@host:port/x",
        f"postgresql//ann:{PASSWORD}@host/x",
        f"postgresql://ann:?{PASSWORD}@host:port/x",
        f"postgresql://ann:{PASSWORD}",
    ],
)
def test_url_that_is_none_is_told_without_its_password(bad):
    """What cannot be taken apart is refused in words that repeat no password."""
    with pytest.raises(StoreUnavailableError, match="is not a database URL") as caught:
        open_database(bad)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "password",
    ["{}@{}", "{}@{}@{}", "{}/@{}", "{}@1/{}", "{}@a:{}", "{}?@{}", "{}@{}?a", "{}@?{}", ":@{}"],
)
def test_password_with_a_bare_at_is_refused_and_not_shown(password):
    """No part of it is told, and what to write instead is."""
    bad = f"postgresql://ann:{password.replace('{}', PASSWORD)}@127.0.0.1:1/x"
    with pytest.raises(StoreUnavailableError, match="second @") as caught:
        open_database(bad)
    assert PASSWORD not in str(caught.value)
    assert "postgresql://ann@127.0.0.1:1/x" in caught.value.message
    assert "write @ as %40" in caught.value.fix
    facts = look_at_database(bad, origin="flag", now=lambda: AT)
    assert PASSWORD not in repr(facts)


@pytest.mark.parametrize(
    ("url", "driver", "ours"),
    [
        ("postgresql+asyncpg://ann@h/x", "asyncpg", "psycopg"),
        ("postgresql+psycopg2://ann@h/x", "psycopg2", "psycopg"),
        ("sqlite+aiosqlite:////x.db", "aiosqlite", "pysqlite"),
    ],
)
def test_url_with_a_driver_of_others_is_refused_by_its_name(url, driver, ours):
    """A URL that was written for another library is not silently read as another one."""
    with pytest.raises(StoreUnavailableError) as caught:
        open_database(url)
    assert f"asks for the driver {driver}; runthrough uses {ours} alone" in caught.value.message
    assert caught.value.fix == f"begin it with {url.partition('+')[0]}://"


def test_password_that_is_escaped_is_used(postgres):
    """A password with %40 is one with an @, and is not shown either."""
    wrong = f"postgresql://ann:{PASSWORD}%40{PASSWORD}@127.0.0.1:1/x"
    with refused("postgresql://ann:***@127.0.0.1:1/x", what="cannot be reached", fix="its host"):
        open_database(wrong)


def test_user_without_rights_is_told_and_goes_on_when_they_are_granted(own_url, users):
    """What was not granted is told; once it is, the same process writes."""
    theirs = changed(own_url, username="plain")
    with refused(shown_url(make_url(theirs)), what="does not allow that", fix="rights"):
        open_database(theirs)
    run(own_url, "GRANT SELECT ON alembic_version, events TO plain")
    with open_database(theirs) as database:
        stores = sql_stores(database)
        writer = Writer(stores.events)
        for _ in range(2):
            with refused(database.place, what="does not allow that to this user", fix="doctor"):
                writer.append(A, said("x"))
        run(
            own_url, "GRANT INSERT ON events TO plain", "GRANT SELECT, UPDATE ON log_head TO plain"
        )
        writer.append(A, said("granted"))
    with refused(shown_url(make_url(theirs)), what="does not allow that", fix="owner"):
        set_schema(own_url, "0001")
        open_database(theirs, migrate=True)
    set_schema(own_url, schema.HEAD)
    whole(own_url, "granted")


def test_read_only_database_is_told_and_goes_on_when_it_is_not(own_url, place):
    """A database that only reads is read, its refusal told; later the same process writes."""
    name = make_url(own_url).database
    run(own_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with open_database(own_url) as database:
        stores = sql_stores(database)
        writer = Writer(stores.events)
        for _ in range(2):
            with refused(place, what="cannot be written: it is a replica, or", fix="primary"):
                writer.append(A, said("x"))
        assert list(stores.events.read(A)) == []
        run(
            own_url,
            "SET default_transaction_read_only = off",
            f"ALTER DATABASE {name} RESET default_transaction_read_only",
        )
    with open_database(own_url) as database:
        Writer(sql_stores(database).events).append(A, said("after"))
    whole(own_url, "after")


def test_lock_that_is_held_too_long_is_told(postgres_url):
    """Who holds the log's head for long costs others their patience, not their history."""
    place = shown_url(make_url(postgres_url))
    with open_database(postgres_url, timeout_s=0.2) as database:
        writer = Writer(sql_stores(database).events)
        writer.append(A, said("before"))
        with psycopg.connect(connectable(postgres_url)) as other:
            other.execute("SELECT position FROM log_head FOR UPDATE")
            for _ in range(2):
                with refused(place, what="is locked: another process keeps writing", fix="repeat"):
                    writer.append(A, said("x"))
        writer.append(A, said("after"))
    whole(postgres_url, "before", "after")


def test_migration_that_another_one_holds_up_is_told(empty_postgres_url):
    """Who cannot get the lock of the migrations in time says so, and leaves nothing half made."""
    place = shown_url(make_url(empty_postgres_url))
    with psycopg.connect(connectable(empty_postgres_url)) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('runthrough migrations'))")
        with refused(place, what="is locked", fix="repeat the command"):
            open_database(empty_postgres_url, migrate=True, timeout_s=0.2)
    open_database(empty_postgres_url, migrate=True).close()
    whole(empty_postgres_url)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_database_of_another_encoding_is_not_migrated(own, encoding):
    """A database that cannot hold all text gets no tables, and how to make another is told."""
    name = f"in_{encoding.lower()}"
    own.run(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' "
        "LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    own.made.append(name)
    with pytest.raises(StoreUnavailableError, match=f"has the encoding {encoding}") as caught:
        open_database(own.url_of(name), migrate=True)
    assert "createdb --encoding=UTF8" in caught.value.fix
    with pytest.raises(SchemaOutdatedError):
        open_database(own.url_of(name))


def test_other_program_s_tables_on_a_server_are_told(empty_postgres_url):
    """Where another program's table is in the way, the migration is undone and says so."""
    run(empty_postgres_url, "CREATE TABLE sessions (id int)")
    place = shown_url(make_url(empty_postgres_url))
    with refused(place, what="holds another program's tables", fix="a database of its own"):
        open_database(empty_postgres_url, migrate=True)


@pytest.mark.parametrize(
    ("code", "what", "fix"),
    [
        ("08P01", "cannot be reached any more", "runthrough history"),
        ("22021", "cannot keep a text", "doctor"),
        ("23505", "holds a log that does not fit its head", "audit verify"),
        ("25P03", "ended a transaction that stood still", "nothing was recorded"),
        ("26000", "is reached through a pooler", "pool_mode = session"),
        ("42P05", "is reached through a pooler", "pool_mode = session"),
        ("40001", "gave up the transaction", "nothing was recorded"),
        ("42703", "lacks what runthrough needs", "runthrough db upgrade"),
        ("53100", "cannot grow: the disk is full", "nothing was recorded"),
        ("53200", "has run out of something", "log of the server"),
        ("57014", "stopped a statement that took too long", "statement_timeout"),
        ("57P01", "cannot be reached any more", "runthrough history"),
        ("57P03", "is starting or stopping", "in a moment"),
        ("58030", "could not be read or written", "log of the server"),
        ("XX000", "failed inside", "log of the server"),
        ("XX001", "is damaged", "restore a copy"),
        ("0A000", "could not do what was asked", "audit verify"),
    ],
)
def test_each_kind_of_error_has_its_words(postgres_url, code, what, fix):
    """Whatever a server answers with is told by its code, and never as something else."""
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'the reason' USING ERRCODE = '{code}'; END $$"
    with refused("p", what=what, fix=fix), postgresql_faults("p"):
        run(postgres_url, raising)


@pytest.mark.slow
def test_missing_driver_is_told_with_what_to_install(tmp_path):
    """Without the extra the command line says how to get it, and ends as unavailable."""
    program = (
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'psycopg':\n"
        "            raise ModuleNotFoundError('blocked', name=name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "from runthrough.entrypoints.cli.app import run_command_line\n"
        "sys.exit(run_command_line(sys.argv[1:]))\n"
    )
    for command, code in (("sessions", 4), ("doctor", 1)):
        done = subprocess.run(
            [sys.executable, "-c", program, command],
            cwd=tmp_path,
            env={
                **os.environ,
                "RUNTHROUGH_DATABASE_URL": f"postgresql://ann:{PASSWORD}@host/x",
                "COLUMNS": "200",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        told = done.stdout + done.stderr
        assert done.returncode == code, told
        assert "PostgreSQL needs the module psycopg, which is not installed." in told
        assert "→ install runthrough with its extra `postgres`" in told
        assert PASSWORD not in told
