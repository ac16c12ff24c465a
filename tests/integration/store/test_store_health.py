"""What is found out about a database, whatever its condition; and that looking changes nothing."""

import os
import re
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url
from tests.support.faults import answer_of, look_as_nobody, needs_root
from tests.support.servers import Postgres, connectable, own_server
from tests.support.stored import (
    AT,
    DEADLINE_S,
    A,
    Writer,
    alter,
    said,
    sql_stores,
)

from runthrough.adapters.store import health, schema
from runthrough.adapters.store.health import look_at_database
from runthrough.adapters.store.health_of_postgres import NEEDED_RIGHTS
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.tables import METADATA
from runthrough.adapters.versions import installed_versions
from runthrough.core.values.health import LogFacts
from runthrough.errors import StoreUnavailableError

WHOLE = LogFacts(schema.HEAD, (), AT, last_position=1, head_position=1, read=1)


def look(url, now=lambda: AT):
    """What is found out about the database of a URL."""
    return look_at_database(url, origin="flag", now=now)


def everything(folder):
    """Every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write(url, *words):
    """Append events to a database."""
    with open_database(url, migrate=True) as database:
        writer = Writer(sql_stores(database).events)
        for word in words:
            writer.append(A, said(word))


def test_versions_of_what_is_installed():
    """The versions are those of the libraries that are in use."""
    versions = installed_versions("1.2.3")
    assert versions.runthrough == "1.2.3"
    assert versions.sqlite == sqlite3.sqlite_version
    assert versions.psycopg == psycopg.__version__


# ---- a SQLite file


def test_missing_file_stays_missing(url, path):
    """Where there is nothing, that is what is found; neither file nor folder is made."""
    facts = look(url)
    assert (facts.place, facts.origin, facts.schema_wanted) == (str(path), "flag", schema.HEAD)
    assert (facts.fault, facts.log) == (None, LogFacts(None))
    assert facts.sqlite.size_bytes is None
    assert facts.sqlite.free_bytes > 0
    assert [rights.path for rights in facts.sqlite.rights] == [str(path.parent.parent)]
    assert not path.parent.exists()


def test_file_that_nobody_uses_is_read_and_left_as_it_was(url, path):
    """All is found out about a log at rest, and not a byte is changed or added."""
    write(url, "x")
    before = everything(path.parent)
    facts = look(url)
    assert (facts.fault, facts.log) == (None, WHOLE)
    assert facts.sqlite.size_bytes == path.stat().st_size
    assert (facts.sqlite.journal_mode, facts.sqlite.synchronous) == ("wal", "full")
    assert facts.sqlite.damage is None
    assert facts.sqlite.file_system
    assert not facts.sqlite.on_network
    assert everything(path.parent) == before


def test_file_that_others_write_is_read_as_it_is_now(url, path):
    """What others have committed counts, though it still lies in the write-ahead log alone."""
    with open_database(url) as database:
        writer = Writer(sql_stores(database).events)
        writer.append(A, said("x"))
        later = AT + timedelta(hours=1)
        writer.append(A, said("y"), recorded_at=later)
        assert Path(f"{path}-wal").stat().st_size > 0
        facts = look(url)
        assert facts.log == replace(
            WHOLE, last_recorded_at=later, last_position=2, head_position=2, read=2
        )
        assert {Path(rights.path).name for rights in facts.sqlite.rights} == {
            "data",
            "runthrough.db",
            "runthrough.db-wal",
            "runthrough.db-shm",
            "runthrough.db.lock",
            "runthrough.db.line",
        }


def test_empty_file_stays_empty(url, path):
    """A file without a byte has no schema, and gets none by being looked at."""
    path.parent.mkdir()
    path.touch()
    facts = look(url)
    assert (facts.log, facts.sqlite.size_bytes, facts.fault) == (LogFacts(None), 0, None)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("revision", ["0001", "9999"])
def test_other_schema_is_found_and_kept(url, path, revision):
    """An older or newer schema is told as it is; triggers are asked for with today's alone."""
    write(url, "x")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE alembic_version SET version_num = '{revision}'")
    before = everything(path.parent)
    facts = look(url)
    older = replace(WHOLE, schema=revision, missing_triggers=None)
    assert facts.log == (older if revision == "0001" else LogFacts(revision))
    assert facts.sqlite.synchronous is None
    assert everything(path.parent) == before


def test_damage_in_the_middle_is_found(url, path):
    """A file whose head can still be read is checked as a whole."""
    write(url, *(f"{number} " + "x" * 500 for number in range(100)))
    whole = path.read_bytes()
    path.write_bytes(whole[:40_960] + b"\xff" * 40_960 + whole[81_920:])
    facts = look(url)
    assert facts.log.schema == schema.HEAD
    assert re.fullmatch(r"Page \d+: .+", facts.sqlite.damage)


def test_truncated_file_is_a_fault(url, path):
    """A file that lost its end cannot be read; its place is still looked at."""
    write(url, *("x" * 1000 for _ in range(50)))
    path.write_bytes(path.read_bytes()[:20_000])
    facts = look(url)
    assert "is damaged" in facts.fault.message
    assert facts.sqlite.journal_mode == "wal"
    assert facts.sqlite.file_system


def test_other_file_is_a_fault(url, path):
    """Somebody else's file is no database, and stays what it is."""
    path.parent.mkdir()
    path.write_text("raw,csv\n" * 100)
    facts = look(url)
    assert "is not a SQLite database" in facts.fault.message
    assert path.read_text() == "raw,csv\n" * 100


def test_folder_in_place_of_the_file_is_a_fault(url, path):
    """A folder of the database's name is told."""
    path.mkdir(parents=True)
    assert "is not a file" in look(url).fault.message


def test_file_in_place_of_the_folder_is_found(tmp_path):
    """A file where the folder should be is the nearest thing that is there."""
    (tmp_path / "file").touch()
    facts = look(f"sqlite:///{tmp_path}/file/x.db")
    assert [(rights.path, rights.kind) for rights in facts.sqlite.rights] == [
        (str(tmp_path / "file"), "other")
    ]


def test_rollback_journal_is_found(url, path):
    """A file that another program took out of WAL mode says so itself."""
    write(url, "x")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    facts = look(url)
    assert facts.sqlite.journal_mode == "rollback"
    assert facts.log == WHOLE


def test_missing_triggers_of_a_file_are_found(url, path):
    """Triggers that somebody took off are named."""
    write(url, "x")
    alter(path)
    assert look(url).log.missing_triggers == ("events_no_update", "events_no_delete")


def test_time_that_is_none_is_a_fault(url, path):
    """A last event whose time was overwritten cannot be compared with a clock."""
    write(url, "x")
    alter(path, "UPDATE events SET recorded_at = 'noon'")
    facts = look(url)
    assert "has a time that is none: 'noon'" in facts.fault.message
    assert "audit verify" in facts.fault.fix


def test_rights_of_everybody_are_found(url, path):
    """A file or folder that all may write is told; not one where the sticky bit protects files."""
    write(url, "x")
    path.chmod(0o666)
    path.parent.chmod(0o1777)
    rights = {Path(one.path): one for one in look(url).sqlite.rights}
    assert rights[path].open_to_all
    assert not rights[path.parent].open_to_all
    path.parent.chmod(0o777)
    assert {Path(one.path): one for one in look(url).sqlite.rights}[path.parent].open_to_all


@needs_root
@pytest.mark.parametrize(
    ("file", "folder", "denied"),
    [
        (0o444, 0o777, {"x.db": "write"}),
        (0o644, 0o755, {"x.db": "write", "data": "write"}),
        (0o600, 0o777, {"x.db": "read write"}),
        (0o666, 0o700, {"data": "read write"}),
    ],
    ids=["file", "usual", "unreadable", "closed folder"],
)
def test_rights_are_those_of_this_process(file, folder, denied):
    """What a user without privileges may not do is found out, and is no crash."""
    with tempfile.TemporaryDirectory() as outer:
        os.chmod(outer, 0o755)  # noqa: PTH101 - a plain folder name
        place = Path(outer, "data")
        write(f"sqlite:///{place}/x.db", "x")
        (place / "x.db").chmod(file)
        place.chmod(folder)
        facts = answer_of(look_as_nobody, f"sqlite:///{place}/x.db")
        found = {
            Path(rights.path).name: " ".join(
                verb
                for verb, may in (("read", rights.readable), ("write", rights.writable))
                if not may
            )
            for rights in facts.sqlite.rights
            if not rights.readable or (rights.must_be_writable and not rights.writable)
        }
        assert found == denied
        assert facts.sqlite.synchronous is None


@pytest.fixture
def on_network(tmp_path, monkeypatch):
    """A system whose table of mounts says that the test's folder lies on another machine."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "mounts").write_text(
        f"/dev/vda / ext4 rw 0 0\nserver:/export {tmp_path} nfs4 rw 0 0\n"
    )
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "proc"))


def test_file_on_a_network_is_found_and_not_opened(url, path, on_network):
    """A file that several machines share is told as such, and left alone."""
    path.parent.mkdir()
    path.write_text("never read")
    facts = look(url)
    assert (facts.sqlite.file_system, facts.sqlite.on_network) == ("nfs4", True)
    assert (facts.log, facts.fault) == (None, None)


def test_database_is_not_made_on_a_network(url, path, on_network):
    """Opening refuses to make tables in a file that several machines would share."""
    with pytest.raises(StoreUnavailableError, match=r"network file system \(nfs4\)"):
        open_database(url)
    assert not path.exists()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("sqlite://", "names no file"),
        ("mysql://ann:s3same@h/x", "is neither a SQLite nor a PostgreSQL database"),
        ("postgresql://ann:s3same@h:port/x?password=s3same", "is not a database URL"),
    ],
)
def test_url_that_is_none_is_a_fault(bad, reason):
    """A URL that names no database is told without its password."""
    facts = look(bad)
    assert reason in facts.fault.message
    assert "s3same" not in repr(facts)


@pytest.mark.parametrize(
    ("statement", "head"),
    [("DELETE FROM log_head", None), ("UPDATE log_head SET position = 'end'", None)],
)
def test_head_that_is_gone_is_found(url, path, statement, head):
    """A log without its end is told, though every page of the file is whole."""
    write(url, "x")
    alter(path, statement)
    facts = look(url)
    assert (facts.fault, facts.log.last_position, facts.log.head_position) == (None, 1, head)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("'no json'", "Invalid JSON"),
        ("CAST(x'ff' AS TEXT)", "its payload is no text"),
        ("x'7b7d'", "its payload is no text"),
    ],
)
def test_payload_that_cannot_be_read_is_found(url, path, payload, reason):
    """An event that no session could be made of is named, and how many behind it can be read."""
    write(url, "x", "y", "z")
    alter(path, f"UPDATE events SET payload = {payload} WHERE position = 2")
    facts = look(url)
    assert (facts.fault, facts.log.read) == (None, 1)
    assert "The event at position 2 cannot be read" in facts.log.unreadable.message
    assert reason in facts.log.unreadable.message


def test_only_the_newest_events_are_read_back(url, path, monkeypatch):
    """A long log is not read from its beginning, and it is told how much was."""
    write(url, *"abcde")
    monkeypatch.setattr(health, "_NEWEST", health._NEWEST.replace(str(health.READ_EVENTS), "3"))
    log = look(url).log
    assert (log.read, log.last_position, log.unreadable) == (3, 5, None)


def test_file_of_another_program_is_a_fault(url, path):
    """Tables of another program and none of ours are told, and left as they are."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE users (id)")
    before = everything(path.parent)
    facts = look(url)
    assert "holds another program's tables (users)" in facts.fault.message
    assert everything(path.parent) == before


# ---- a PostgreSQL database


def run(url, *statements):
    """Statements in a PostgreSQL database."""
    with psycopg.connect(connectable(url), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def tables(url):
    """The tables of a PostgreSQL database."""
    with psycopg.connect(connectable(url), autocommit=True) as connection:
        return connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r'").fetchall()


def test_server_and_log_are_found_out(postgres_url):
    """All is found out about a log on a server that is well."""
    write(postgres_url, "x")
    facts = look(postgres_url, now=lambda: AT)
    assert (facts.fault, facts.log, facts.sqlite) == (None, WHOLE, None)
    server = facts.postgres
    assert server.version >= 140_000
    assert server.release.split(".")[0] == str(server.version // 10_000)
    assert (server.encoding, server.database) == ("UTF8", make_url(postgres_url).database)
    assert (server.fsync, server.full_page_writes) == (True, True)
    assert server.synchronous_commit == "on"
    assert (server.replica, server.read_only, server.missing_rights) == (False, False, ())


def test_empty_database_stays_empty(empty_postgres_url):
    """A database without tables has no schema, and gets none by being looked at."""
    before = tables(empty_postgres_url)
    facts = look(empty_postgres_url)
    assert (facts.log, facts.fault) == (LogFacts(None), None)
    assert facts.postgres.missing_rights == ()
    assert (facts.postgres.owner, facts.postgres.may_migrate) == (facts.postgres.user, True)
    assert tables(empty_postgres_url) == before


def test_clock_of_a_server_is_compared(postgres_url):
    """How far the server's clock is ahead of ours is measured."""
    with psycopg.connect(connectable(postgres_url)) as connection:
        (theirs,) = connection.execute("SELECT clock_timestamp()").fetchone()
    facts = look(postgres_url, now=lambda: theirs - timedelta(hours=1))
    assert 3600 <= facts.postgres.clock_ahead_s < 3600 + DEADLINE_S


def test_missing_triggers_of_a_server_are_found(postgres_url):
    """A trigger that was switched off is as good as none."""
    run(postgres_url, "ALTER TABLE events DISABLE TRIGGER events_no_change")
    assert look(postgres_url).log.missing_triggers == ("events_no_change",)


def test_lost_head_and_payload_of_a_server_are_found(postgres_url):
    """A log on a server is looked at as one in a file."""
    write(postgres_url, "x", "y")
    run(
        postgres_url,
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "UPDATE events SET payload = '{' WHERE position = 1",
        "DELETE FROM log_head",
    )
    log = look(postgres_url).log
    assert (log.head_position, log.last_position, log.read) == (None, 2, 1)
    assert "position 1" in log.unreadable.message


@pytest.mark.slow
def test_who_acts_for_the_owner_may_migrate(own):
    """A user who is a member of the tables' owner is not sent to somebody else."""
    url = own.migrated()
    own.run("CREATE ROLE deputy LOGIN")
    owner = look(url).postgres.user
    own.run(f"GRANT {owner} TO deputy")
    theirs = make_url(url).set(username="deputy").render_as_string(hide_password=False)
    assert look(theirs).postgres.may_migrate


def test_newer_schema_of_a_server_is_found(postgres_url):
    """What a newer runthrough made is told by its schema, and asked nothing else."""
    write(postgres_url, "x")
    run(postgres_url, "UPDATE alembic_version SET version_num = '9999'")
    assert look(postgres_url).log == LogFacts("9999")


def test_unreachable_server_is_a_fault():
    """A server that does not answer is told without the password."""
    facts = look("postgresql://ann:s3same@127.0.0.1:1/x?sslpassword=s3same")
    assert "cannot be reached" in facts.fault.message
    assert (facts.postgres, facts.log) == (None, None)
    assert facts.place == "postgresql://ann:***@127.0.0.1:1/x"
    assert "s3same" not in repr(facts)


def test_lost_table_of_a_server_is_a_fault_that_hides_nothing(postgres_url):
    """Where the log cannot be read, what is known of the server is still told."""
    run(postgres_url, "DROP TABLE events")
    facts = look(postgres_url)
    assert "lacks what runthrough needs" in facts.fault.message
    assert facts.postgres.fsync


def test_needed_rights_cover_every_table():
    """Each table of the schema has its rights, so that none is forgotten."""
    assert set(NEEDED_RIGHTS) == {*METADATA.tables, "alembic_version"}


@pytest.fixture(scope="module")
def wheel(postgres):
    """A server of this module's own, whose users it may make and which it may stop."""
    with own_server() as server:
        yield server


@pytest.fixture
def own(wheel):
    databases = Postgres(wheel.admin)
    yield databases
    databases.drop_all()


def test_missing_rights_are_found(own):
    """What a user may not do is listed by table; with all of it granted, every port works."""
    url = own.migrated()
    write(url, "x")
    own.run("CREATE ROLE plain LOGIN")
    theirs = make_url(url).set(username="plain").render_as_string(hide_password=False)
    facts = look(theirs)
    assert facts.postgres.user == "plain"
    assert (facts.postgres.owner, facts.postgres.may_migrate) == (look(url).postgres.user, False)
    assert facts.postgres.missing_rights == tuple(
        f"{', '.join(verbs)} on {name}" for name, verbs in NEEDED_RIGHTS.items()
    )
    assert (facts.log, facts.fault) == (None, None)
    for name, verbs in NEEDED_RIGHTS.items():
        run(url, f"GRANT {', '.join(verbs)} ON {name} TO plain")
    facts = look(theirs)
    assert (facts.postgres.missing_rights, facts.log) == ((), WHOLE)


def test_database_without_an_encoding_is_looked_at(own):
    """SQL_ASCII is no reason to fail, it is a finding."""
    own.run(
        "CREATE DATABASE in_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' "
        "LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    own.made.append("in_ascii")
    facts = look(own.url_of("in_ascii"))
    assert (facts.postgres.encoding, facts.log, facts.fault) == ("SQL_ASCII", LogFacts(None), None)


def test_read_only_database_is_found(own):
    """A setting that makes transactions read-only is found out."""
    url = own.migrated()
    run(url, f"ALTER DATABASE {make_url(url).database} SET default_transaction_read_only = on")
    facts = look(url)
    assert (facts.postgres.replica, facts.postgres.read_only) == (False, True)


@pytest.mark.slow
def test_replica_is_found(wheel, own):
    """A server in recovery is told as one, and its log is read."""
    url = own.migrated()
    write(url, "x")
    wheel.become_replica()
    try:
        facts = look(url)
        assert (facts.postgres.replica, facts.postgres.read_only) == (True, True)
        assert (facts.log, facts.fault) == (WHOLE, None)
    finally:
        own.run("SELECT pg_promote()")
    assert not look(url).postgres.replica
