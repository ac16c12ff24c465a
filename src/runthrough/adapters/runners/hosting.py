"""What runners on this machine share: a host's request, its environment, how its end is told."""

import contextlib
import json
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runthrough.adapters.runners import script_host
from runthrough.adapters.session_files import read_result
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.outcomes import ScriptError

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

_PYTHON_ADVICE = "Name a CPython of 3.9 or newer as the node's python."
_FOLDER_ADVICE = "See that the attempt's folder is there, has room, and may be written."
LAST_LINES = 5
"""Of an interpreter's last words; the reason stands at their end."""


class ClosedBehind(ABC):
    """A runner that is closed behind a `with` block."""

    @abstractmethod
    def close(self) -> None:
        """End all attempts and free what the runner holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def environment(request: ScriptRequest, *, ours: Mapping[str, str]) -> dict[str, str]:
    """Make the exact environment of a script: the base, what it inherits, what it was given."""
    taken = BASE_ENVIRONMENT.union(request.inherit_env)
    chosen = {
        name: value for name, value in ours.items() if name in taken or name.startswith("LC_")
    }
    # Not a line may be lost when the script is killed.
    return chosen | {"PYTHONUNBUFFERED": "1"} | dict(request.environ_vars)


def encoded(request: ScriptRequest) -> bytes:
    """The line that a host reads."""
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
        "limits": request.limits.model_dump(exclude_none=True),
        # Its number differs between systems, and importing `signal` would cost the host 4 ms.
        "dump_signal": int(signal.SIGUSR2),
    }
    return json.dumps(wanted).encode() + b"\n"


def say(life: socket.socket, line: bytes) -> None:
    """Tell a host something; one that ended does not hear it, and its status says how."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        life.sendall(line)


def result_said(life: socket.socket, request: ScriptRequest) -> ScriptResult | None:
    """Wait until a host says that the result is there; `None` when it ends without a word."""
    with contextlib.suppress(ConnectionResetError):  # it ended before it read all
        if life.recv(1):
            return read_result(request.folder)
    return None


def outcome_of(request: ScriptRequest, *, python: str, status: int) -> ScriptResult:
    """How an attempt ended whose host ended with `status`: an exit code, or minus a signal."""
    if status == script_host.CLAIMED_BEFORE:
        return started_before(request)
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
        return failed(f"The script's host{why}{_FOLDER_ADVICE}", **logs)
    return failed(f"{python}{why}{_PYTHON_ADVICE}", **logs)


def not_started(request: ScriptRequest, *, python: str, exc: OSError) -> ScriptResult:
    """The end of an attempt whose host could not be started."""
    if Path(request.folder, script_host.WORK).is_dir() and exc.filename == python:
        return failed(
            f"The interpreter {python} cannot be started: {exc.strerror}. {_PYTHON_ADVICE}"
        )
    return failed(
        f"The script cannot be started: {exc.filename}: {exc.strerror}. {_FOLDER_ADVICE}"
    )


def started_before(request: ScriptRequest) -> ScriptResult:
    """The end of an attempt that was submitted a second time; it does not touch the first."""
    return failed(
        f"Attempt {request.attempt} was started before, and no attempt runs twice. "
        "Run the node again: that makes a new attempt."
    )


def failed(why: str, **logs: Any) -> ScriptResult:
    """The end of an attempt that did not come to its script, in words."""
    return ScriptResult("failed", 0.0, error=ScriptError(kind="start", message=why), **logs)
