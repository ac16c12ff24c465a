"""Small disks, and child processes that meet a database which cannot do what is asked."""

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.stored import (
    AT,
    DEADLINE_S,
    NOBODY,
    A,
    Stores,
    Writer,
    finished,
    said,
    spawned,
    sql_stores,
    texts,
)

from runthrough.adapters.store import health_of_sqlite
from runthrough.adapters.store.health import look_at_database
from runthrough.adapters.store.opening import open_database
from runthrough.errors import StoreUnavailableError

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may become a user without rights"
)
SPARE_BYTES = 256 * 1024
"""What a file may still grow, where a limit stands for a full disk."""
LARGE = 20_000
"""Characters of an event that soon fills a small disk."""


class SmallDisk:
    """A file system of a few MiB in memory, that can be made larger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def grow(self, size: str) -> None:
        """Make it larger, as freeing space would."""
        _mount("-o", f"remount,size={size}", str(self.folder))


def may_mount() -> bool:
    """Whether this process may mount a file system; root in a container often may not."""
    if os.geteuid() != 0 or sys.platform != "linux" or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
            check=False,
            capture_output=True,
        )
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


@contextmanager
def small_disk(size: str, *, owner: int = 0) -> Iterator[SmallDisk]:
    """A small disk, in a folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="rt-disk-"))
    _mount("-t", "tmpfs", "-o", f"size={size},mode=0755,uid={owner}", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def fill(stores: Stores, prefix: str) -> tuple[int, StoreUnavailableError]:
    """Append until the database refuses; how many were acknowledged, and what was told."""
    writer = Writer(stores.events, prefix=prefix)
    count = sum(1 for _ in stores.events.read(A))
    while True:
        try:
            writer.append(A, said(os.urandom(LARGE // 2).hex()), at_version=count)
        except StoreUnavailableError as error:
            return count, error
        count += 1


def fill_up_to_a_limit(url: str, answer: Connection) -> None:
    """In a child: append until the system lets no file grow; lift the limit, and go on."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_database(url) as database:
        stores = sql_stores(database)
        Writer(stores.events, prefix="first").append(A, said("first"), at_version=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (SPARE_BYTES, hard))
        count, error = fill(stores, "limited")
        read = sum(1 for _ in stores.events.read(A))
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        Writer(stores.events, prefix="after").append(A, said("after"), at_version=count)
        answer.send((count, read, error.message, error.fix))


def answer_of(target: Callable[[str, Connection], None], url: str) -> Any:
    """What a child sends that does something to a database; it must end well."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe(duplex=False)
    child = spawned(target, url, theirs)
    assert ours.poll(DEADLINE_S), "the child sent nothing"
    told = ours.recv()
    assert finished(child) == 0
    return told


def look_as_nobody(url: str, answer: Connection) -> None:
    """In a child without rights: look at the database, and send what was found out.

    The modules were imported before: whoever has no rights may not read all of them.
    """
    assert all((psutil, health_of_sqlite))
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    answer.send(look_at_database(url, origin="flag", now=lambda: AT))


def open_as_nobody(url: str, answer: Connection) -> None:
    """In a child without rights: open without leave to migrate, and send what was told."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        open_database(url, migrate=False).close()
    except StoreUnavailableError as error:
        answer.send((error.message, error.fix))
    else:
        answer.send(None)


def read_as_nobody(url: str, answer: Connection) -> None:
    """In a child without rights: send the texts of A, or what was told."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        with open_database(url, make=False) as database:
            stores = sql_stores(database)
            answer.send(texts(stores.events.read(A)))
    except StoreUnavailableError as error:
        answer.send((error.message, error.fix))


def append_as_nobody(url: str, answer: Connection) -> None:
    """In a child without rights: append, and send what was told."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        with open_database(url) as database:
            Writer(sql_stores(database).events, prefix="nobody").append(A, said("x"), at_version=1)
    except StoreUnavailableError as error:
        answer.send((error.message, error.fix))
    else:
        answer.send(None)
