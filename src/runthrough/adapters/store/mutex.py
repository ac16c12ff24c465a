"""Turns among the threads of one process, and among the processes that write one file.

Both are turnstiles: whoever is next in line waits alone for the turn, and the others wait for the
line. So one who has just had a turn does not get the next one before somebody who waited.
"""

import fcntl
import os
import threading
import weakref
from pathlib import Path

from runthrough.errors import StoreUnavailableError


class FairMutex:
    """A mutex among threads that nobody gets twice while another one waits."""

    def __init__(self) -> None:
        self._line = threading.Lock()
        self._turn = threading.Lock()

    @property
    def taken(self) -> bool:
        """Whether a thread of this process has the turn, or waits for that of another process."""
        return self._turn.locked()

    def acquire(self) -> None:
        """Wait for the turn."""
        with self._line:
            self._turn.acquire()

    def release(self) -> None:
        """Let the next one have it."""
        self._turn.release()

    def close(self) -> None:
        """Free what the mutex holds."""

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()


class FileMutex(FairMutex):
    """A mutex also among processes: two files beside the database, locked by `flock`.

    The system frees the locks of a process that ends, however it ends. The files are empty and
    stay; whoever may read them may lock them.
    """

    def __init__(self, database: Path, *, timeout_s: float) -> None:
        super().__init__()
        self._database = database
        self._timeout_s = timeout_s
        self._files: _Turnstile | None = None  # made by the first who writes
        self._waiter: _Waiter | None = None  # made by the first who has to wait

    def acquire(self) -> None:
        """Wait for the turn.

        Raises:
            StoreUnavailableError: Others keep it for too long, or the files cannot be made.
        """
        super().acquire()
        try:
            files = self._files = self._files or _Turnstile.opened(self._database)
            if not files.try_lock():
                self._wait(files)
        except BaseException:
            if self._files is not None:
                self._files.unlock()
            super().release()
            raise

    def release(self) -> None:
        """Let the next one have it."""
        if self._files is not None:
            self._files.unlock()
        super().release()

    def close(self) -> None:
        """Close the files; locks that are held are freed."""
        if self._waiter is not None:
            self._waiter.end()
        if self._files is not None:
            self._files.close()

    def _wait(self, files: "_Turnstile") -> None:
        waiter = self._waiter = self._waiter or _Waiter(files)
        try:
            in_time = waiter.locked(self._timeout_s)
        finally:
            if waiter.given_up:
                # A lock that comes too late is not one of this mutex.
                self._files = self._waiter = None
        if not in_time:
            raise StoreUnavailableError(
                f"The database {self._database} is locked: another process keeps writing to it.",
                fix="repeat the command when that process is done; nothing was recorded",
            )


class _Turnstile:
    """Two open files: the lock of the line, and that of the turn."""

    def __init__(self, line: int, turn: int) -> None:
        self._line = line
        self._turn = turn
        self._closing = weakref.finalize(self, _close, line, turn)
        _OPEN.add(self)

    @classmethod
    def opened(cls, database: Path) -> "_Turnstile":
        line = _open(database, ".line")
        try:
            return cls(line, _open(database, ".lock"))
        except BaseException:
            os.close(line)
            raise

    def try_lock(self) -> bool:
        """Whether the turn was free; else this one is still to be waited for."""
        try:
            fcntl.flock(self._line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False  # the place in the line is kept
        fcntl.flock(self._line, fcntl.LOCK_UN)
        return True

    def lock(self) -> None:
        """Wait for the turn without a limit."""
        fcntl.flock(self._line, fcntl.LOCK_EX)
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        fcntl.flock(self._line, fcntl.LOCK_UN)

    def unlock(self) -> None:
        """Give back the turn, and the place in the line."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        fcntl.flock(self._line, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give back what is held, and close."""
        if self._closing.alive:
            self.unlock()
            self._closing()

    def forget(self) -> None:
        """Close without giving back what another process holds by the same files."""
        self._closing()


class _Waiter:
    """A thread that waits for the turn, because `flock` itself knows no time limit.

    It is kept for the next wait: making one costs as much as a short commit.
    """

    def __init__(self, files: _Turnstile) -> None:
        self._files = files
        self._asked, self._got = threading.Lock(), threading.Lock()
        self._asked.acquire()
        self._got.acquire()
        self._settling = threading.Lock()
        self._has_turn = False
        self._ended = False
        self.given_up = False
        """Whether somebody left without the turn; then the thread ends when it has it."""
        threading.Thread(target=self._serve, daemon=True).start()

    def locked(self, timeout_s: float) -> bool:
        """Whether the turn came in time; one that comes later is given back."""
        in_time = self._has_turn = False
        try:
            self._asked.release()
            in_time = self._got.acquire(timeout=timeout_s)
        finally:
            if not in_time:
                with self._settling:
                    if self._has_turn:  # it came at the last moment
                        in_time = self._got.acquire()
                    else:
                        self.given_up = True
                        self._wake()
        return in_time

    def end(self) -> None:
        """End the thread, unless it waits: then it ends with the process."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._asked.locked():
            self._asked.release()

    def _serve(self) -> None:
        while True:
            self._asked.acquire()
            if self._ended:
                return
            self._files.lock()
            with self._settling:
                if self.given_up:
                    self._files.close()
                    return
                self._has_turn = True
                self._got.release()


def _open(database: Path, suffix: str) -> int:
    path = database.with_name(database.name + suffix)
    try:
        # Reading is enough to lock, so that others need no right to write the file.
        return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        raise StoreUnavailableError(
            f"The database {database} cannot be written: {path} cannot be opened: {exc.strerror}.",
            fix="check the permissions of the file and its folder, or name another database "
            "with RUNTHROUGH_DATABASE_URL",
        ) from exc


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


_OPEN: weakref.WeakSet[_Turnstile] = weakref.WeakSet()


def _close_in_child() -> None:
    """Give up what a fork inherited: it would keep the locks of a parent that dies."""
    for files in list(_OPEN):
        files.forget()


os.register_at_fork(after_in_child=_close_in_child)
