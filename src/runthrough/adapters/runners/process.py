"""Runs each script in a fresh interpreter of its own on this machine."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from types import TracebackType
from typing import Self

from runthrough.adapters.runners import script_host
from runthrough.adapters.runners.hosting import (
    encoded,
    environment,
    failed,
    not_started,
    outcome_of,
)
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.errors import RunnerUnavailableError

START = (
    "import sys; "
    "sys.version_info < (3, 9) and sys.exit('this is Python ' + sys.version.split()[0]); "
    f"sys.path.insert(0, {str(Path(script_host.__file__).parent)!r}); "
    "import script_host; script_host.main(*map(int, sys.argv[1:]))"
)
"""An import, unlike a file given by its path, is compiled once and not at every start."""
_CANCEL = b"cancel\n"


@dataclass(slots=True)
class _Attempt:
    """An attempt that was submitted and has not ended."""

    host: Popen[bytes] | None = None
    """`None` until it is its turn."""
    cancelled: bool = False


class ProcessRunner:
    """Starts one host process an attempt, at most `jobs` at a time.

    Each host holds the reading end of a pipe of ours. When we die, by whatever means, the pipe
    closes, and the host ends its script and all that is below it.
    """

    def __init__(self, jobs: int = 1, *, start: "Start | None" = None) -> None:
        """Make a runner for so many scripts at once.

        Args:
            jobs: Scripts at once.
            start: How a host is started, where not in a session of its own.
        """
        self._start = start or _started
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="runthrough-attempt")
        self._lock = threading.Lock()
        self._open: dict[str, _Attempt] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did.

        Raises:
            RunnerUnavailableError: The runner was closed.
        """
        attempt = _Attempt()
        with self._lock:
            self._open[request.attempt] = attempt
        try:
            return self._pool.submit(self._run, request, attempt)
        except RuntimeError as exc:
            raise RunnerUnavailableError(
                "The runner was closed and starts no more scripts.", fix="make a new runner"
            ) from exc

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        with self._lock:
            known = self._open.get(attempt)
            if known is not None:
                known.cancelled = True
                if known.host is not None:
                    _say(known.host, _CANCEL)

    def close(self) -> None:
        """End all attempts and free what the runner holds."""
        with self._lock:
            waiting = tuple(self._open)
        for attempt in waiting:
            self.cancel(attempt)
        self._pool.shutdown()

    def _run(self, request: ScriptRequest, attempt: _Attempt) -> ScriptResult:
        try:
            if attempt.cancelled:
                return ScriptResult(outcome="cancelled", duration_s=0.0)
            return self._run_host(request, attempt)
        finally:
            with self._lock:
                self._open.pop(request.attempt, None)

    def _run_host(self, request: ScriptRequest, attempt: _Attempt) -> ScriptResult:
        python = request.python or sys.executable
        line = encoded(request)
        with contextlib.ExitStack() as stack:
            try:
                host = stack.enter_context(self._start(python, request))
            except OSError as exc:
                return not_started(request, python=python, exc=exc)
            except ValueError as exc:  # a NUL, a surrogate, or a name with "="
                # Of text that cannot be encoded Python quotes a sign, which may be a secret's.
                why = exc.reason if isinstance(exc, UnicodeEncodeError) else exc
                return failed(f"The environment cannot be passed on: {why}. Change environ_vars.")
            _say(host, line)
            with self._lock:
                attempt.host = host
                if attempt.cancelled:
                    _say(host, _CANCEL)
            status = host.wait()
            with self._lock:
                attempt.host = None
        return outcome_of(request, python=python, status=status)


Start = Callable[[str, ScriptRequest], AbstractContextManager[Popen[bytes]]]
"""Starts a host by an interpreter; its `stdin` is where the host hears of us."""


def _started(python: str, request: ScriptRequest) -> Popen[bytes]:
    folder = Path(request.folder)
    with (
        (folder / script_host.STDOUT).open("ab") as stdout,
        (folder / script_host.STDERR).open("ab") as stderr,
    ):
        return Popen(  # noqa: S603 - the user's own interpreter, and no shell
            [python, "-c", START],
            stdin=PIPE,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            cwd=folder / script_host.WORK,
            env=environment(request, ours=os.environ),
            start_new_session=True,  # Ctrl-C in our terminal is ours to answer
        )


def _say(host: Popen[bytes], line: bytes) -> None:
    if host.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError):  # it ended: its status says how
        while line:
            line = line[os.write(host.stdin.fileno(), line) :]
