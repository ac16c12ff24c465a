"""Runs each script in a child forked from an interpreter that is warm already."""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from runthrough.adapters.runners import script_host
from runthrough.adapters.runners.fork_link import Fork, ForkLink
from runthrough.adapters.runners.hosting import (
    BASE_ENVIRONMENT,
    ClosedBehind,
    encoded,
    environment,
    failed,
    not_started,
    outcome_of,
    result_said,
    say,
)
from runthrough.adapters.runners.process import ProcessRunner
from runthrough.adapters.session_files import read_result
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.outcomes import ScriptError
from runthrough.errors import RunnerUnavailableError

SERVERS_AT_MOST = 8
"""Each holds an interpreter's memory; nodes that need still others start fresh ones."""
TRIES = 3
"""Servers that an attempt is offered to which die before they take it."""
LOOK_S = 0.02
"""Between two looks at a process that is no child of ours."""

_READ_AT_START = ("PYTHON", "LD_", "DYLD_", "LC_", "MALLOC_", "GLIBC_")
_ALSO_AT_START = frozenset({"PATH", "HOME", "LANG"})
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pandas imports pyarrow where it is
}
"""Else libraries start threads of theirs when they are imported, which no fork survives."""
_CANCEL = b"cancel\n"


@dataclass(slots=True)
class _Attempt:
    """An attempt that was submitted and has not ended."""

    life: socket.socket | None = None
    """The way to its host; `None` until that has its request."""
    cancelled: bool = False


class ForkServerRunner(ClosedBehind):
    """Forks one host process an attempt, at most `jobs` at a time, from a server that is warm.

    There is one server for each interpreter, and for each set of variables that an interpreter
    reads when it starts. Whatever a server cannot do is done by a fresh interpreter instead.
    """

    def __init__(
        self,
        jobs: int = 1,
        *,
        preload: Sequence[str] = (),
        told: Callable[[str], None] | None = None,
    ) -> None:
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="runthrough-attempt")
        self._fresh = ProcessRunner(jobs)
        self._preload = tuple(preload)
        self._tell = told or (lambda _text: None)
        self._changed = threading.Condition()
        self._open: dict[str, _Attempt] = {}
        self._links: dict[tuple[str, frozenset[tuple[str, str]]], ForkLink] = {}
        self._told: set[ForkLink] = set()

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did.

        Raises:
            RunnerUnavailableError: The runner was closed.
        """
        attempt = _Attempt()
        with self._changed:
            self._open[request.attempt] = attempt
        try:
            return self._pool.submit(self._run, request, attempt)
        except RuntimeError as exc:
            raise RunnerUnavailableError(
                "The runner was closed and starts no more scripts.", fix="make a new runner"
            ) from exc

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        with self._changed:
            known = self._open.get(attempt)
            if known is not None:
                known.cancelled = True
                if known.life is not None:
                    say(known.life, _CANCEL)
                self._changed.notify_all()
        self._fresh.cancel(attempt)

    def close(self) -> None:
        """End all attempts and free what the runner holds."""
        with self._changed:
            waiting = tuple(self._open)
        for attempt in waiting:
            self.cancel(attempt)
        self._pool.shutdown()
        for link in self._links.values():
            link.close()
        self._fresh.close()

    def _run(self, request: ScriptRequest, attempt: _Attempt) -> ScriptResult:
        try:
            for _ in range(TRIES):
                if attempt.cancelled:
                    return _CANCELLED
                result = self._offer(request, attempt)
                if result is not None:
                    return result
            return self._run_fresh(request, attempt)
        finally:
            with self._changed:
                self._open.pop(request.attempt, None)

    def _run_fresh(self, request: ScriptRequest, attempt: _Attempt) -> ScriptResult:
        future = self._fresh.submit(request)
        if attempt.cancelled:  # perhaps before the other runner knew of it
            self._fresh.cancel(request.attempt)
        return future.result()

    def _offer(self, request: ScriptRequest, attempt: _Attempt) -> ScriptResult | None:
        """Run it by a server; `None` when that died first, and the attempt was not begun."""
        python = request.python or sys.executable
        environ = environment(request, ours=os.environ)
        link = self._link(python, environ, attempt) if _can_be_set(environ) else None
        if link is None or link.unusable is not None:
            return self._run_fresh(request, attempt)
        if attempt.cancelled:
            return _CANCELLED
        try:
            fork, life = _ordered(link, request, environ)
        except OSError as exc:
            return not_started(request, python=python, exc=exc)
        with life:
            return self._see_to_its_end(request, attempt, link=link, fork=fork, life=life)

    def _link(self, python: str, environ: Mapping[str, str], attempt: _Attempt) -> ForkLink | None:
        """Give the server for these, once it is known whether it can be used.

        `None` when there are too many others.
        """
        read_at_start = {name: text for name, text in environ.items() if _is_read_at_start(name)}
        key = python, frozenset(read_at_start.items())
        with self._changed:
            link = self._links.get(key)
            if link is None and len(self._links) == SERVERS_AT_MOST:
                return None
            if link is None or link.ended is not None:
                link = ForkLink(
                    python,
                    environ=_servers_environment(read_at_start, preloads=bool(self._preload)),
                    preload=self._preload,
                    changed=self._changed,
                )
                self._links[key] = link
            self._changed.wait_for(lambda: link.settled or attempt.cancelled)
            is_news = link.unusable is not None and link not in self._told
            self._told.add(link)
        if is_news:
            self._tell(
                f"No fork server is used for {python}: {link.unusable}. "
                "Each of its scripts starts a fresh interpreter instead."
            )
        return link

    def _see_to_its_end(
        self,
        request: ScriptRequest,
        attempt: _Attempt,
        *,
        link: ForkLink,
        fork: Fork,
        life: socket.socket,
    ) -> ScriptResult | None:
        with self._changed:
            self._changed.wait_for(lambda: fork.pid or fork.why or link.ended)
        if fork.why is not None:
            return failed(f"The fork server cannot start another process: {fork.why}.")
        if fork.pid is None:
            return None  # if it forked a host, that ends without a request
        if attempt.cancelled:
            return _CANCELLED  # likewise
        say(life, encoded(request))
        with self._changed:
            attempt.life = life
            if attempt.cancelled:
                say(life, _CANCEL)
        result = result_said(life, request)
        with self._changed:
            attempt.life = None
            if result is not None:
                return result  # the server collects the host
            self._changed.wait_for(lambda: fork.status is not None or link.ended)
        if fork.status is not None:
            return outcome_of(request, python=link.python, status=fork.status)
        _await_end(fork.pid)
        return _outcome_without_server(request, link)


_CANCELLED = ScriptResult(outcome="cancelled", duration_s=0.0)


def _is_read_at_start(name: str) -> bool:
    return name.startswith(_READ_AT_START) or name in _ALSO_AT_START or name in ONE_THREAD


def _servers_environment(read_at_start: Mapping[str, str], *, preloads: bool) -> dict[str, str]:
    """Make the environment of a server: of the others, the tester's own."""
    others = {name: text for name, text in os.environ.items() if name in BASE_ENVIRONMENT}
    others = {name: text for name, text in others.items() if not _is_read_at_start(name)}
    return others | (ONE_THREAD if preloads else {}) | dict(read_at_start)


def _can_be_set(environ: Mapping[str, str]) -> bool:
    """Whether a process can give itself these variables; of others a fresh one says why."""
    try:
        pairs = [(os.fsencode(name), os.fsencode(text)) for name, text in environ.items()]
    except UnicodeEncodeError:
        return False
    return all(name and b"=" not in name and b"\0" not in name + text for name, text in pairs)


def _ordered(
    link: ForkLink, request: ScriptRequest, environ: Mapping[str, str]
) -> tuple[Fork, socket.socket]:
    """Order a host; return its fork, and our end of the socket that is its standard input."""
    facts = {
        "environment": environ,
        "places": [request.package_root, str(Path(request.script).parent)],
        "packages": request.module.split(".")[:-1][:1],
    }
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with contextlib.ExitStack() as ours:

        def opened(name: str, flags: int) -> int:
            number = os.open(Path(request.folder, name), flags, 0o666)
            ours.callback(os.close, number)
            return number

        logs = [opened(name, append) for name in (script_host.STDOUT, script_host.STDERR)]
        work = opened(script_host.WORK, os.O_RDONLY | os.O_DIRECTORY)
        life, theirs = socket.socketpair()
        with theirs:
            return link.order(facts, [theirs.fileno(), *logs, work]), life


def _await_end(pid: int) -> None:
    """Wait for a host whose server ended: it goes on, and is nobody's child here."""
    with contextlib.suppress(psutil.NoSuchProcess):
        host = psutil.Process(pid)
        while host.is_running() and host.status() != psutil.STATUS_ZOMBIE:
            time.sleep(LOOK_S)


def _outcome_without_server(request: ScriptRequest, link: ForkLink) -> ScriptResult:
    result = read_result(request.folder)
    if result is not None:
        return result
    logs = script_host.settle_logs(request.folder, request.secrets)
    why = (
        f"The fork server {link.ended}, and so did the process that watched over the script, "
        "which left no result. Run the node again."
    )
    return ScriptResult("crashed", 0.0, error=ScriptError(kind="signal", message=why), **logs)
