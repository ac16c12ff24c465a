"""Turns at a file: fair, limited in time, and given back by whoever dies."""

import fcntl
import os
import signal
import tempfile
import threading
from pathlib import Path

import pytest
from tests.support.crowd import hold_turn, lock_as_nobody
from tests.support.scripts import until
from tests.support.stored import (
    DEADLINE_S,
    A,
    Writer,
    finished,
    said,
    spawned,
    sql_stores,
)

from runthrough.adapters.store.mutex import FairMutex, FileMutex
from runthrough.adapters.store.opening import open_database
from runthrough.errors import StoreUnavailableError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.db"


def test_nobody_has_two_turns_while_another_waits():
    """Whoever has had a turn stands behind those who waited meanwhile."""
    mutex = FairMutex()
    had, released = [], threading.Event()
    mutex.acquire()

    def other():
        mutex.acquire()
        had.append("other")
        mutex.release()
        released.set()

    waiting = threading.Thread(target=other)
    waiting.start()
    until(mutex._line.locked, "the other one stands in line")
    mutex.release()
    mutex.acquire()
    had.append("again")
    mutex.release()
    assert released.wait(DEADLINE_S)
    assert had == ["other", "again"]


def test_nobody_has_two_turns_at_a_file_while_another_process_waits(file):
    """The line holds among those who open the file for themselves, as processes do."""
    mine, theirs = (FileMutex(file, timeout_s=DEADLINE_S) for _ in range(2))
    had = []
    mine.acquire()

    def other():
        theirs.acquire()
        had.append("other")
        theirs.release()

    waiting = threading.Thread(target=other)
    waiting.start()
    until(lambda: not free(file, ".line"), "the other one stands in line")
    mine.release()
    mine.acquire()
    had.append("again")
    mine.release()
    waiting.join(DEADLINE_S)
    assert had == ["other", "again"]
    mine.close()
    theirs.close()


def free(file, suffix):
    """Whether nobody holds that one of the two locks."""
    with Path(f"{file}{suffix}").open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_turn_of_a_killed_process_is_free_at_once(file, tmp_path):
    """The system takes the locks from whoever dies, and the next one writes."""
    child = spawned(hold_turn, str(file), str(tmp_path / "held"))
    until((tmp_path / "held").exists, "the child has its turn")
    os.kill(child.pid, signal.SIGKILL)
    assert finished(child) == -signal.SIGKILL
    mutex = FileMutex(file, timeout_s=DEADLINE_S)
    mutex.acquire()
    mutex.release()
    mutex.close()


def test_stopped_process_is_waited_for_no_longer_than_the_limit(file, tmp_path):
    """A holder that stands still costs the others their patience; then its turn is theirs."""
    child = spawned(hold_turn, str(file), str(tmp_path / "held"))
    until((tmp_path / "held").exists, "the child has its turn")
    impatient = FileMutex(file, timeout_s=0.05)
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="is locked: another process keeps"):
            impatient.acquire()
    os.kill(child.pid, signal.SIGKILL)
    assert finished(child) == -signal.SIGKILL
    until(lambda: free(file, ".line") and free(file, ".lock"), "those who gave up let go")
    impatient.acquire()
    assert not free(file, ".lock")
    impatient.release()
    assert free(file, ".lock")
    assert free(file, ".line")
    impatient.close()


def interrupt_when(condition):
    """Do to the main thread what Ctrl-C does, once it stands in line."""
    until(condition, "somebody waits")
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def test_interrupted_waiting_keeps_no_place(file):
    """Ctrl-C while waiting leaves neither the line nor the turn taken."""
    mine, theirs = FileMutex(file, timeout_s=DEADLINE_S), FileMutex(file, timeout_s=DEADLINE_S)
    mine.acquire()
    alarm = threading.Thread(target=interrupt_when, args=(lambda: not free(file, ".line"),))
    alarm.start()
    with pytest.raises(KeyboardInterrupt):
        theirs.acquire()
    alarm.join(DEADLINE_S)
    mine.release()
    until(lambda: free(file, ".line") and free(file, ".lock"), "nobody holds anything")
    theirs.acquire()
    theirs.release()
    mine.close()
    theirs.close()


def test_forked_child_keeps_no_lock_of_its_parent(file):
    """A child that outlives its parent holds nothing that others wait for."""
    mutex = FileMutex(file, timeout_s=DEADLINE_S)
    mutex.acquire()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - the child of a fork is not measured
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    mutex.close()
    assert free(file, ".lock")
    os.close(writing)
    os.close(reading)
    assert os.waitpid(child, 0)[1] == 0


def test_database_of_the_parent_is_refused_in_a_forked_child(url):
    """Connections cannot be shared across a fork, and the message says what to do."""
    with open_database(url) as database:
        stores = sql_stores(database)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover - the child of a fork is not measured
            told = b"nothing"
            for attempt in (
                lambda: Writer(stores.events).append(A, said("x"), at_version=0),
                lambda: list(stores.events.read(A)),
            ):
                try:
                    attempt()
                except StoreUnavailableError as error:
                    told = str(error).encode()
                else:
                    told = b"used"
                    break
            os.write(writing, told)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            assert b"open the database in this process" in pipe.read()
        os.waitpid(child, 0)
        assert stores.audit.verify().checked == 0


def test_whoever_may_read_the_lock_files_may_take_turns():
    """Another user who shares the database needs no right to write its lock files."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "x.db")
        first = FileMutex(file, timeout_s=DEADLINE_S)
        first.acquire()
        first.release()
        first.close()
        Path(folder).chmod(0o555)
        assert finished(spawned(lock_as_nobody, str(file))) == 0


def test_reading_needs_no_lock_files(url, path):
    """Who only reads makes none, so that a look needs no right to write the folder."""
    with open_database(url) as database:
        Writer(sql_stores(database).events).append(A, said("x"))
    for suffix in (".lock", ".line"):
        Path(f"{path}{suffix}").unlink()
    with open_database(url) as database:
        assert len(list(sql_stores(database).events.read(A))) == 1
    assert not Path(f"{path}.lock").exists()
