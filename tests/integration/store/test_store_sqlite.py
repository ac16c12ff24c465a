"""What only a database can show: other processes, tampering, faults of the file."""

import multiprocessing
import os
import sqlite3
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.stored import (
    DEADLINE_S,
    A,
    B,
    Writer,
    append_when_told,
    finished,
    open_read_only,
    said,
    spawned,
    sql_stores,
    started,
    texts,
    write_sessions,
)

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import PAGE_ROWS
from runthrough.errors import StoreUnavailableError


@pytest.fixture
def stores(database):
    return sql_stores(database)


@pytest.fixture
def filled(stores, writer):
    """Two sessions that take turns: positions 1 to 8, of A the odd ones."""
    for number in range(8):
        writer.append((A, B)[number % 2], said(f"text {number}"))
    return stores


# ---- a file that stays


def test_history_outlives_the_process(url):
    """What was appended is there, equal and verified, when the file is opened again."""
    with open_database(url) as database:
        stores = sql_stores(database)
        written = Writer(stores.events).append(A, started("heron"), said("x"))
        stores.directory.set_roots(A, host="h", roots={"workspace": "/w"})
    with open_database(url) as database:
        stores = sql_stores(database)
        assert tuple(stores.events.read(A)) == written
        assert stores.directory.find("heron").version == 2
        assert stores.directory.roots_of(A, host="h") == {"workspace": "/w"}
        assert stores.audit.verify().ok


def test_every_commit_is_durable(database):
    """The writer syncs each commit to a write-ahead log and waits half a minute for others."""
    pragmas = {
        name: database.driver.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
    }
    full = 2
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": full,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
    }


def test_long_sessions_are_read_page_by_page(stores, writer):
    """Pages join without a gap, and an append between two pages is not shut out."""
    count = 2 * PAGE_ROWS
    writer.append(A, *(said(str(number)) for number in range(count)), at_version=0)
    reading = stores.events.read(A)
    read = [next(reading)]
    writer.append(A, said("meanwhile"), at_version=count)
    read += reading
    assert [envelope.version for envelope in read] == list(range(1, count + 2))
    assert texts(read)[-1] == "meanwhile"
    verdict = stores.audit.verify()
    assert (verdict.ok, verdict.checked) == (True, count + 1)


def test_verification_goes_on_beside_a_writer(stores, writer):
    """A log that grows while it is verified is not taken for a broken one."""
    writer.append(A, *(said(str(number)) for number in range(PAGE_ROWS + 1)), at_version=0)
    done = threading.Event()
    verdicts = []

    def verify():
        while not done.is_set():
            verdicts.append(stores.audit.verify())

    thread = threading.Thread(target=verify)
    thread.start()
    for version in range(30):
        writer.append(B, said("x"), at_version=version)
    done.set()
    thread.join(DEADLINE_S)
    assert verdicts
    assert all(verdict.ok for verdict in verdicts)


def test_verification_under_the_writer_lock_sees_what_is_about_to_be_committed(stores, writer):
    """The lock's holder can verify before it commits."""
    with stores.events.exclusive():
        writer.append(A, said("x"))
        assert stores.audit.verify().checked == 1


# ---- other processes


@pytest.mark.slow
def test_six_processes_lose_and_double_nothing(url):
    """Writers of one file each find their events once, in order, in one unbroken chain."""
    writers, count = 6, 12
    processes = [spawned(write_sessions, url, writer, count, B) for writer in range(writers)]
    assert [finished(process) for process in processes] == [0] * writers
    with open_database(url) as database:
        stores = sql_stores(database)
        shared = texts(list(stores.events.read(B)))
        for writer in range(writers):
            expected = [f"{writer}.{number}" for number in range(count)]
            assert texts(list(stores.events.read(f"own-{writer}"))) == expected
            assert [text for text in shared if text.startswith(f"{writer}.")] == expected
        assert shared[1::2] == ["and"] * (writers * count)
        verdict = stores.audit.verify()
    assert verdict.ok
    assert verdict.checked == 3 * writers * count


def test_exclusive_keeps_other_processes_out(url, stores, writer):
    """Another process' append waits until the lock is given back."""
    ready = multiprocessing.get_context("spawn").Event()
    with stores.events.exclusive():
        child = spawned(append_when_told, url, ready, B)
        assert ready.wait(DEADLINE_S)
        child.join(0.3)
        assert child.exitcode is None
        assert [e.position for e in writer.append(A, said("x"), said("y"))] == [1, 2]
    assert finished(child) == 0
    assert [envelope.position for envelope in stores.events.read(B)] == [3]


# ---- faults of the file


def test_missing_folder_is_made(tmp_path):
    """A database in a folder that is not there yet just works."""
    path = tmp_path / "a" / "b c%" / "x.db"
    with open_database(f"sqlite:///{path}") as database:
        assert sql_stores(database).audit.verify().ok
    assert path.is_file()


def test_relative_path_is_fixed_when_opened(tmp_path, monkeypatch):
    """A database named relatively stays where it was when the current folder changes."""
    monkeypatch.chdir(tmp_path)
    with open_database("sqlite:///x.db") as database:
        monkeypatch.chdir("/")
        assert database.place == str(tmp_path / "x.db")
        assert sql_stores(database).directory.sessions() == ()


def test_folder_that_cannot_be_made_is_named(tmp_path):
    """A file in the place of the folder is told with what to do next."""
    (tmp_path / "file").write_text("")
    with pytest.raises(
        StoreUnavailableError, match=r"cannot be made[\s\S]*RUNTHROUGH_DATABASE_URL"
    ):
        open_database(f"sqlite:///{tmp_path}/file/x.db")


def test_file_that_is_no_database_is_named(path, url):
    """Somebody else's file is left alone, and the message names it."""
    path.parent.mkdir()
    path.write_text("raw,csv\n" * 200)
    with pytest.raises(StoreUnavailableError, match=r"runthrough\.db is not a SQLite database"):
        open_database(url)
    assert path.read_text() == "raw,csv\n" * 200


def test_folder_in_place_of_the_file_is_told(path, url):
    """A folder cannot be opened as a database."""
    path.mkdir(parents=True)
    with pytest.raises(StoreUnavailableError, match="is a folder"):
        open_database(url)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("here.db", "is not a database URL"),
        ("mysql://u:hunter2@h/db", "is neither a SQLite nor a PostgreSQL database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_url_of_no_file_is_refused_without_its_password(bad, reason):
    """What cannot be used says how it is written, and shows no password."""
    with pytest.raises(StoreUnavailableError, match=rf"{reason}[\s\S]*sqlite:////") as caught:
        open_database(bad)
    assert "hunter2" not in str(caught.value)


def test_lock_held_too_long_is_told(url, path):
    """A writer that never lets go costs the others their patience, not their history."""
    with open_database(url, timeout_s=0.05) as database:
        stores = sql_stores(database)
        writer = Writer(stores.events)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match="another process keeps writing"):
                writer.append(A, said("x"))
            assert list(stores.events.read(A)) == []
        writer.append(A, said("after"))
        assert stores.audit.verify().checked == 1


def test_full_disk_leaves_the_log_whole(database, stores, writer):
    """An append that finds no space is refused, and the next one that finds it goes on."""
    writer.append(A, said("before"))
    pages = database.driver.execute("PRAGMA page_count").fetchone()[0]
    database.driver.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailableError, match="disk is full"):
        writer.append(A, said("x" * 100_000))
    with pytest.raises(StoreUnavailableError, match="disk is full"), stores.events.exclusive():
        writer.append(A, said("y" * 100_000))
    database.driver.execute("PRAGMA max_page_count = 1000000")
    writer.append(A, said("after"))
    assert texts(list(stores.events.read(A))) == ["before", "after"]
    assert stores.audit.verify().ok


def test_swallowed_full_disk_commits_nothing_later(database, stores, writer):
    """Once the database gave a transaction up, no later part of it is committed."""

    def go_on_regardless():
        with stores.events.exclusive():
            writer.append(A, said("lost"))
            database.driver.execute("ROLLBACK")
            writer.append(A, said("lost too"))

    with pytest.raises(StoreUnavailableError, match="gave up the transaction"):
        go_on_regardless()
    assert list(stores.events.read(A)) == []
    writer.append(A, said("after"))
    assert stores.audit.verify().checked == 1


@pytest.mark.parametrize("there", [True, False], ids=["there", "to be made"])
def test_missing_rights_are_told(there):
    """Without the right to write, the message names the file and the way out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.db")
        if there:
            open_database(f"sqlite:///{path}").close()
            path.chmod(0o444)
        os.chmod(folder, 0o555)  # noqa: PTH101 - a plain folder name
        child = spawned(open_read_only, f"sqlite:///{path}")
        assert finished(child) == 0
        os.chmod(folder, 0o755)  # noqa: PTH101 - a plain folder name
