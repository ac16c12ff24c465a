"""Runs each script in a fresh interpreter of its own on this machine."""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from types import TracebackType
from typing import Any, Self

from runthrough.adapters.runners import script_host
from runthrough.adapters.session_files import read_result
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.outcomes import ScriptError
from runthrough.errors import RunnerUnavailableError

BASE_ENVIRONMENT = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "TZ",
        "TMPDIR",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
    }
)
"""What programs take for granted, and what an interpreter may need to find its libraries."""

_START = (
    "import sys; "
    "sys.version_info < (3, 9) and sys.exit('this is Python ' + sys.version.split()[0]); "
    f"sys.path.insert(0, {str(Path(script_host.__file__).parent)!r}); "
    "import script_host; script_host.main()"
)
"""An import, unlike a file given by its path, is compiled once and not at every start."""
_CANCEL = b"cancel\n"
_PYTHON_ADVICE = "Name a CPython of 3.9 or newer as the node's python."
_FOLDER_ADVICE = "See that the attempt's folder is there, has room, and may be written."
LAST_LINES = 5
"""Of an interpreter's last words; the reason stands at their end."""


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

    def __init__(self, jobs: int = 1) -> None:
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
        line = _encoded(request)
        try:
            host = _start(python, request)
        except OSError as exc:
            return _not_started(request, python=python, exc=exc)
        except ValueError as exc:  # a NUL, a surrogate, or a name with "="
            # Of text that cannot be encoded Python quotes a sign, which may be a secret's.
            why = exc.reason if isinstance(exc, UnicodeEncodeError) else exc
            return _failed(f"The environment cannot be passed on: {why}. Change environ_vars.")
        with host:
            _say(host, line)
            with self._lock:
                attempt.host = host
                if attempt.cancelled:
                    _say(host, _CANCEL)
            status = host.wait()
            with self._lock:
                attempt.host = None
        return _outcome(request, python=python, status=status)


def environment(request: ScriptRequest, *, ours: Mapping[str, str]) -> dict[str, str]:
    """Make the exact environment of a script: the base, what it inherits, what it was given."""
    taken = BASE_ENVIRONMENT.union(request.inherit_env)
    chosen = {
        name: value for name, value in ours.items() if name in taken or name.startswith("LC_")
    }
    # Not a line may be lost when the script is killed.
    return chosen | {"PYTHONUNBUFFERED": "1"} | dict(request.environ_vars)


def _start(python: str, request: ScriptRequest) -> Popen[bytes]:
    folder = Path(request.folder)
    with (
        (folder / script_host.STDOUT).open("ab") as stdout,
        (folder / script_host.STDERR).open("ab") as stderr,
    ):
        return Popen(  # noqa: S603 - the user's own interpreter, and no shell
            [python, "-c", _START],
            stdin=PIPE,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            cwd=folder / script_host.WORK,
            env=environment(request, ours=os.environ),
            start_new_session=True,  # Ctrl-C in our terminal is ours to answer
        )


def _encoded(request: ScriptRequest) -> bytes:
    wanted = {
        "script": request.script,
        "package_root": request.package_root,
        "module": request.module,
        "folder": request.folder,
        "input_paths": dict(request.input_paths),
        "output_paths": dict(request.output_paths),
        "environ_vars": dict(request.environ_vars),
        "job_args": dict(request.job_args),
        "secrets": list(request.secrets),
        "timeout_s": request.timeout_s,
        "grace_s": request.grace_s,
        # Its number differs between systems, and importing `signal` would cost the host 4 ms.
        "dump_signal": int(signal.SIGUSR2),
    }
    return json.dumps(wanted).encode() + b"\n"


def _say(host: Popen[bytes], line: bytes) -> None:
    if host.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError):  # it ended: its status says how
        while line:
            line = line[os.write(host.stdin.fileno(), line) :]


def _outcome(request: ScriptRequest, *, python: str, status: int) -> ScriptResult:
    if status == script_host.CLAIMED_BEFORE:
        return _failed(
            f"Attempt {request.attempt} was started before, and no attempt runs twice. "
            "Run the node again: that makes a new attempt."
        )
    result = read_result(request.folder)
    if result is not None:
        return result
    logs = script_host.settle_logs(request.folder, request.secrets)
    if status < 0:
        why = (
            "The process that watched over the script was ended by "
            f"{script_host.signal_words(-status)}, and the script with it. Run the node again."
        )
        error = ScriptError(kind="signal", message=why)
        return ScriptResult("crashed", 0.0, signal=-status, error=error, **logs)
    last = "".join(logs["stderr_tail"].splitlines(keepends=True)[-LAST_LINES:]).strip()
    why = f" ended with exit code {status} and left no result{': ' if last else ''}{last}. "
    if Path(request.folder, script_host.CLAIM).exists():
        return _failed(f"The script's host{why}{_FOLDER_ADVICE}", **logs)
    return _failed(f"{python}{why}{_PYTHON_ADVICE}", **logs)


def _not_started(request: ScriptRequest, *, python: str, exc: OSError) -> ScriptResult:
    if Path(request.folder, script_host.WORK).is_dir() and exc.filename == python:
        return _failed(
            f"The interpreter {python} cannot be started: {exc.strerror}. {_PYTHON_ADVICE}"
        )
    return _failed(
        f"The script cannot be started: {exc.filename}: {exc.strerror}. {_FOLDER_ADVICE}"
    )


def _failed(why: str, **logs: Any) -> ScriptResult:
    return ScriptResult("failed", 0.0, error=ScriptError(kind="start", message=why), **logs)
