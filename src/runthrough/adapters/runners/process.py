"""Runs each script in a fresh interpreter of its own on this machine."""

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from runthrough.adapters.runners import script_host
from runthrough.adapters.runners.hosting import (
    ClosedBehind,
    encoded,
    environment,
    failed,
    not_started,
    outcome_of,
    result_said,
    say,
)
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.errors import RunnerUnavailableError

START = (
    "import sys; "
    "sys.version_info < (3, 9) and sys.exit('this is Python ' + sys.version.split()[0]); "
    f"sys.path.insert(0, {str(Path(script_host.__file__).parent)!r}); "
    "import script_host, script_end; "
    "script_end.finish(lambda: script_host.main(*map(int, sys.argv[1:])), "
    "before=dict(sys.modules))"
)
"""An import, unlike a file given by its path, is compiled once and not at every start."""
_CANCEL = b"cancel\n"


@dataclass(slots=True)
class _Attempt:
    """An attempt that was submitted and has not ended."""

    life: socket.socket | None = None
    """The way to its host; `None` until it is its turn."""
    cancelled: bool = False


class ProcessRunner(ClosedBehind):
    """Starts one host process an attempt, at most `jobs` at a time.

    Each host holds the other end of a socket of ours. When we die, by whatever means, ours
    closes, and the host ends its script and all that is below it. It says there that the result
    is written, and ends while we read that.
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

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did.

        Raises:
            RunnerUnavailableError: The runner was closed.
        """
        attempt = _Attempt()
        future: Future[ScriptResult] = Future()
        with self._lock:
            self._open[request.attempt] = attempt
        try:
            self._pool.submit(self._run, request, attempt, future)
        except RuntimeError as exc:
            raise RunnerUnavailableError(
                "The runner was closed and starts no more scripts.", fix="make a new runner"
            ) from exc
        return future

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        with self._lock:
            known = self._open.get(attempt)
            if known is not None:
                known.cancelled = True
                if known.life is not None:
                    say(known.life, _CANCEL)

    def close(self) -> None:
        """End all attempts and free what the runner holds."""
        with self._lock:
            waiting = tuple(self._open)
        for attempt in waiting:
            self.cancel(attempt)
        self._pool.shutdown()

    def _run(
        self, request: ScriptRequest, attempt: _Attempt, future: Future[ScriptResult]
    ) -> None:
        """Complete the future; return when the host is gone too."""
        try:
            if not future.set_running_or_notify_cancel():
                return
            if attempt.cancelled:
                result = ScriptResult(outcome="cancelled", duration_s=0.0)
            else:
                result = self._run_host(request, attempt, told=future.set_result)
        except BaseException as exc:  # noqa: BLE001 - whoever waits for the future gets it
            future.set_exception(exc)
        else:
            if not future.done():
                future.set_result(result)
        finally:
            with self._lock:
                self._open.pop(request.attempt, None)

    def _run_host(
        self,
        request: ScriptRequest,
        attempt: _Attempt,
        *,
        told: Callable[[ScriptResult], None],
    ) -> ScriptResult:
        """Give the result once the host is gone; tell it as soon as the host says it is there."""
        python = request.python or sys.executable
        line = encoded(request)
        with contextlib.ExitStack() as stack:
            try:
                host, life = stack.enter_context(self._start(python, request))
            except OSError as exc:
                return not_started(request, python=python, exc=exc)
            except ValueError as exc:  # a NUL, a surrogate, or a name with "="
                # Of text that cannot be encoded Python quotes a sign, which may be a secret's.
                why = exc.reason if isinstance(exc, UnicodeEncodeError) else exc
                return failed(f"The environment cannot be passed on: {why}. Change environ_vars.")
            say(life, line)
            with self._lock:
                attempt.life = life
                if attempt.cancelled:
                    say(life, _CANCEL)
            result = result_said(life, request)
            with self._lock:
                attempt.life = None
            if result is not None:
                told(result)
            status = host.wait()
        return result or outcome_of(request, python=python, status=status)


Start = Callable[[str, ScriptRequest], AbstractContextManager[tuple[Popen[bytes], socket.socket]]]
"""Starts a host by an interpreter; gives also our end of the socket where it hears of us."""


@contextmanager
def _started(python: str, request: ScriptRequest) -> Iterator[tuple[Popen[bytes], socket.socket]]:
    folder = Path(request.folder)
    life, theirs = socket.socketpair()
    with life:
        with (
            theirs,
            (folder / script_host.STDOUT).open("ab") as stdout,
            (folder / script_host.STDERR).open("ab") as stderr,
        ):
            host = Popen(  # noqa: S603 - the user's own interpreter, and no shell
                [python, "-c", START],
                stdin=theirs.fileno(),
                stdout=stdout,
                stderr=stderr,
                cwd=folder / script_host.WORK,
                env=environment(request, ours=os.environ),
                start_new_session=True,  # Ctrl-C in our terminal is ours to answer
            )
        with host, life:
            yield host, life
