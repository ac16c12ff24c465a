"""Runs one script at a time attached to the terminal, so that a debugger in it can be used."""

import os
import signal
import sys
import termios
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import socket, socketpair
from subprocess import Popen

from runthrough.adapters.runners import script_host
from runthrough.adapters.runners.hosting import (
    ClosedBehind,
    environment,
)
from runthrough.adapters.runners.process import START, ProcessRunner
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.errors import RunnerUnavailableError

TERMINAL = 0
"""Standard input: what the script reads its keys from."""
FOR_DEBUGGERS = ("TERM", "COLORTERM", "PYTHONBREAKPOINT")
"""Variables that the script gets beside its own: how to draw, and which debugger to start."""
NOT_KEPT = b"runthrough: the script ran attached to the terminal; what it said was not kept\n"


class DebugRunner(ClosedBehind):
    """Starts one host at a time, whose script has our standard input, output and error.

    There is no limit of time, for a person is thinking. While a script runs it has the
    terminal: Ctrl-C is for the script and its debugger, not for us.
    """

    def __init__(self, jobs: int = 1) -> None:
        """Make a runner; whatever is asked for, one script runs at a time.

        Raises:
            RunnerUnavailableError: Somebody else has the terminal.
        """
        del jobs  # they would all read the same keys
        terminal = _group_of_terminal()
        if terminal is not None and terminal != os.getpgrp():
            raise RunnerUnavailableError(
                "The runner debug: needs the terminal, and this program runs in its background.",
                fix="bring it to the foreground (fg), or use the runner process:",
            )
        self._hosts = ProcessRunner(1, start=_attached)

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did.

        Raises:
            RunnerUnavailableError: The runner was closed.
        """
        return self._hosts.submit(
            replace(
                request,
                timeout_s=None,
                limits=request.limits.model_copy(update={"cpu_s": None}),
                inherit_env=(*request.inherit_env, *FOR_DEBUGGERS),
            )
        )

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        self._hosts.cancel(attempt)

    def close(self) -> None:
        """End the attempt that runs, and start none that waits."""
        self._hosts.close()


@contextmanager
def _attached(python: str, request: ScriptRequest) -> Iterator[tuple[Popen[bytes], socket]]:
    """Start a host beside us at the terminal; take the terminal back when it ended."""
    folder = Path(request.folder)
    (folder / script_host.STDERR).write_bytes(NOT_KEPT)
    life, theirs = socketpair()
    with life, _terminal_kept():
        with theirs:
            host = Popen(  # noqa: S603 - the user's own interpreter, and no shell
                [python, "-c", START, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=folder / script_host.WORK,
                env=environment(request, ours=os.environ),
                process_group=0,  # of our session, or it could not hand on the terminal
            )
        with host, life:
            yield host, life


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """Give the terminal back to whom it belongs, in the mode that it was in."""
    group = _group_of_terminal()
    if group is None:
        yield
        return
    mode = termios.tcgetattr(TERMINAL)
    try:
        yield
    finally:
        # Whoever is not in front of the terminal is stopped for this, unless it blocks that.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            os.tcsetpgrp(TERMINAL, group)
            termios.tcsetattr(TERMINAL, termios.TCSANOW, mode)
        except (OSError, termios.error) as exc:  # it was closed while the script ran
            sys.stderr.write(f"runthrough: the terminal could not be taken back: {exc}\n")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _group_of_terminal() -> int | None:
    """The group of processes that the terminal listens to; `None` where it is none of ours."""
    try:
        return os.tcgetpgrp(TERMINAL)
    except OSError:  # a pipe, a file, closed, or the terminal of another session
        return None
