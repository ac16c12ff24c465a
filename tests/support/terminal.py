"""A program at a terminal of its own, and a person who types and reads there."""

import os
import pty
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

from tests.support.scripts import PATIENCE_S

_SITS_DOWN = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
CTRL_C = "\x03"
CTRL_Z = "\x1a"


class Terminal:
    """Runs Python code as the program that leads a terminal's session."""

    def __init__(self, code: str, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self.program = subprocess.Popen(
            [sys.executable, "-c", _SITS_DOWN + code, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

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
