"""A program at a terminal of its own, and a person who types and reads there."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.scripts import PATIENCE_S

_SITS_DOWN = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
CTRL_C = "\x03"
CTRL_Z = "\x1a"


class Seat:
    """Runs Python code as the program that leads a terminal's session, as long as it is held."""

    def __init__(
        self,
        code: str,
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Begin; `size` is in columns and lines."""
        self._ours, theirs = pty.openpty()
        if size is not None:
            self._set_size(*size)
        self.program = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _SITS_DOWN + code, *arguments],
            cwd=cwd,
            env=env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self._ours)

    def _set_size(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)


class Terminal(Seat):
    """A person who reads what was written, in the order in which it was."""

    def __init__(self, code: str, *arguments: str) -> None:
        super().__init__(code, *arguments)
        self.shown = ""

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def insist(self, keys: str, text: str) -> str:
        """Press keys, again where nothing answers, until a text is shown; see `read`.

        A program that prints its prompt may not hear a signal until it waits for keys.
        """
        self.type(keys)
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.shown and time.monotonic() < deadline:
            if not self._look(0.3):
                self.type(keys)
        return self.read(text)

    def read(self, text: str) -> str:
        """Read up to a text, wait until it is there, and return what was shown before it.

        Raises:
            AssertionError: It was not shown in time.
        """
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} was not shown in {PATIENCE_S} s, but {self.shown!r}"
            self._look(left)
        before, _, self.shown = self.shown.partition(text)
        return before

    def _look(self, timeout_s: float) -> bool:
        if not select.select([self._ours], [], [], timeout_s)[0]:
            return False
        try:
            self.shown += os.read(self._ours, 4096).decode()
        except OSError as exc:  # nobody has the other end any more
            raise AssertionError(f"the program ended and had shown {self.shown!r}") from exc
        return True
