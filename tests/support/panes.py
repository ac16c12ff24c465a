"""A command at a terminal of a given size, and what stands on its screen while it runs."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pyte
from tests.support.cli import Shell
from tests.support.scripts import PATIENCE_S
from tests.support.terminal import Seat

KEPT_LINES = 2_000
"""Lines that scrolled off the top and can still be looked at."""
READ_AGAIN_S = 0.02
_COMMAND = """
import sys
from runthrough.entrypoints.cli.app import run_command_line
sys.exit(run_command_line(sys.argv[1:]))
"""


class Pane(Seat):
    """One command of a user's, alone at a terminal; `shown` is what a person sees there."""

    def __init__(
        self, shell: Shell, *words: str, columns: int = 80, lines: int = 24, **environ: str
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, lines, history=KEPT_LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        env = shell.environ(**{"TERM": "xterm-256color", **environ})
        super().__init__(_COMMAND, *words, cwd=shell.folder, env=env, size=(columns, lines))

    @property
    def shown(self) -> list[str]:
        """The lines of the screen, without what is blank at their ends and below them."""
        return _without_end([line.rstrip() for line in self._screen.display])

    @property
    def lines(self) -> list[str]:
        """All lines that were ever written and stayed, those that scrolled off first."""
        scrolled = [
            "".join(row[column].data for column in range(self._screen.columns)).rstrip()
            for row in self._screen.history.top
        ]
        return _without_end([*scrolled, *(line.rstrip() for line in self._screen.display)])

    def until(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """Look until something holds of the screen, and return what is shown then.

        Raises:
            AssertionError: It did not in time.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not holds(self.shown):
            left = deadline - time.monotonic()
            told = "\n".join(self.shown)
            assert left > 0, f"not within {PATIENCE_S} s:\n{told}"
            assert self._read(left), f"the program ended:\n{told}"
        return self.shown

    def until_told(self, text: str) -> list[str]:
        """Look until a text stands somewhere on the screen."""
        return self.until(lambda lines: any(text in line for line in lines))

    def end(self) -> int:
        """Read all that is still written; the exit code."""
        while self._read(PATIENCE_S):
            pass
        return self.program.wait(PATIENCE_S)

    def hand(self, text: str, fifo: Path) -> None:
        """Write a text into a named pipe as soon as somebody reads there.

        Raises:
            AssertionError: Nobody did in time.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                end = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads there yet
                assert time.monotonic() < deadline, "\n".join(self.shown)
                self._read(READ_AGAIN_S)
                continue
            os.write(end, text.encode())
            os.close(end)
            return

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size."""
        self._screen.resize(lines, columns)
        self._set_size(columns, lines)
        self.program.send_signal(signal.SIGWINCH)

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._ours], [], [], timeout_s)[0]:
            return False
        try:
            part = os.read(self._ours, 65536)
        except OSError:  # nobody has the other end any more
            return False
        self.written += part
        self._stream.feed(part)
        return bool(part)


def _without_end(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines.pop()
    return lines
