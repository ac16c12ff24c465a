"""Runs scripts on the workers of a Dask cluster: an existing engine for more than one machine.

Dask starts a task again when its worker dies, four times by default, and an attempt never runs
twice. So a task is one call of `run_attempt`, which is told everything as JSON, starts a host
on the worker as `process:` does, and never raises for what a script did; the engine's own
retries are off; and the claim in the attempt's folder stops whatever starts it again all the
same. The folder lies on storage that all machines share: it holds the claim, the file that ends
an attempt, and the result that is left when nobody can tell it any more.
"""

import logging
import threading
import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client, KilledWorker
from distributed import Future as Task
from distributed.comm.core import CommClosedError
from distributed.utils import silence_logging_cmgr

from runthrough import __version__
from runthrough.adapters.runners import script_host
from runthrough.adapters.runners.dask_cluster import local_cluster
from runthrough.adapters.runners.dask_worker import answered, run_attempt, sealed
from runthrough.adapters.runners.hosting import (
    ClosedBehind,
    failed,
    started_before,
)
from runthrough.adapters.session_files import LocalSessionFiles, read_result
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.outcomes import ScriptError
from runthrough.errors import RunnerUnavailableError

CONNECT_S = 10.0
"""A scheduler that is there answers within a second, also from another continent."""
SETTLE_S = 5.0
"""A cancelled attempt ends within 2 s, and shared storage shows that a little later."""
_SETTLE_LOOK_S = 0.05


@dataclass(slots=True)
class _Attempt:
    """An attempt that was submitted and has not ended."""

    folder: str
    cancelled: bool = False
    stirred: threading.Event = field(default_factory=threading.Event)
    """It ended, or is to end."""
    ended: threading.Event = field(default_factory=threading.Event)


class DaskRunner(ClosedBehind):
    """Submits attempts to a cluster, at most `jobs` at a time, and tells how they ended.

    It owns the client and whatever else `held` frees.
    """

    def __init__(self, client: Client, jobs: int, *, held: ExitStack) -> None:
        self._client = client
        self._held = held
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="runthrough-attempt")
        self._lock = threading.Lock()
        self._open: dict[str, _Attempt] = {}
        self._folders: set[str] = set()
        self._files = LocalSessionFiles()

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did.

        Raises:
            RunnerUnavailableError: The runner was closed.
        """
        attempt = _Attempt(request.folder)
        with self._lock:
            if request.folder in self._folders:
                return _already(started_before(request))
            self._folders.add(request.folder)
            self._open[request.attempt] = attempt
        try:
            return self._pool.submit(self._run, request, attempt)
        except RuntimeError as exc:
            self._open.pop(request.attempt)
            raise RunnerUnavailableError(
                "The runner was closed and starts no more scripts.", fix="make a new runner"
            ) from exc

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        with self._lock:
            known = self._open.get(attempt)
        if known is None:
            return
        known.cancelled = True
        try:
            self._files.cancel(known.folder)
        finally:
            known.stirred.set()

    def close(self) -> None:
        """End all attempts and free what the runner holds."""
        with self._lock:
            waiting = tuple(self._open)
        with self._held, ExitStack() as ending:
            ending.callback(self._pool.shutdown)
            for attempt in waiting:
                ending.callback(self.cancel, attempt)

    def _run(self, request: ScriptRequest, attempt: _Attempt) -> ScriptResult:
        try:
            if attempt.cancelled:
                return ScriptResult("cancelled", 0.0)
            if Path(request.folder, script_host.CLAIM).exists():
                return started_before(request)
            return self._run_task(request, attempt)
        finally:
            with self._lock:
                self._open.pop(request.attempt, None)

    def _run_task(self, request: ScriptRequest, attempt: _Attempt) -> ScriptResult:
        def stir(_: object) -> None:
            attempt.ended.set()
            attempt.stirred.set()

        if self._client.status != "running":  # else it would wait until Dask gives up
            return _not_started("the scheduler does not answer any more")
        try:
            task = self._client.submit(
                run_attempt,
                sealed(request),
                key=f"runthrough-{request.attempt}",
                pure=False,
                retries=0,
            )
        except Exception as exc:  # noqa: BLE001 - of a client that lost its scheduler, anything
            return _not_started(f"{type(exc).__name__}: {exc}")
        task.add_done_callback(stir)
        attempt.stirred.wait()
        if attempt.cancelled and not attempt.ended.wait(SETTLE_S):
            task.cancel(reason="the run was cancelled", msg=None)
            return self._settled(request, attempt, "no worker answered in time")
        return self._ended(task, request, attempt)

    def _ended(self, task: Task[str], request: ScriptRequest, attempt: _Attempt) -> ScriptResult:
        """What an attempt came to whose task ended."""
        try:
            result = answered(task.result(timeout=SETTLE_S))
        except (CancelledError, TimeoutError, CommClosedError):
            return self._settled(request, attempt, "the scheduler does not answer any more")
        except KilledWorker as exc:
            worker = exc.last_worker.address
            return self._settled(request, attempt, f"the worker {worker}, which ran it, died")
        except Exception as exc:  # noqa: BLE001 - of another cluster's environment, anything
            if not Path(request.folder, script_host.CLAIM).exists():
                return _not_started(f"{type(exc).__name__}: {exc}")
            return self._settled(request, attempt, f"its worker fell: {type(exc).__name__}")
        if result is None:
            return self._settled(request, attempt, "the worker that began it died")
        if result.outcome == "cancelled" and not attempt.cancelled:
            return _lost(request, "its worker was closed")
        return result

    def _settled(self, request: ScriptRequest, attempt: _Attempt, why: str) -> ScriptResult:
        """The end of an attempt that the engine tells nothing of: what it left, else `lost`.

        It may still be running where we cannot see it, and is ended there.
        """
        # A folder that cannot be written is told with the result, not instead of it.
        with suppress(RunnerUnavailableError):
            self._files.cancel(request.folder)
        deadline = time.monotonic() + SETTLE_S
        while (result := read_result(request.folder)) is None and time.monotonic() < deadline:
            time.sleep(_SETTLE_LOOK_S)
        if result is not None and (result.outcome != "cancelled" or attempt.cancelled):
            return result
        if attempt.cancelled:
            return ScriptResult("cancelled", 0.0)
        return _lost(request, why)


def connected_runner(address: str, jobs: int) -> DaskRunner:
    """Make a runner over a cluster that is there, such as at `tcp://scheduler:8786`.

    The certificates for `tls://` are those of Dask's own configuration.

    Raises:
        RunnerUnavailableError: No scheduler can be used there.
    """
    with ExitStack() as held:
        held.enter_context(silence_logging_cmgr(logging.CRITICAL))
        try:
            client = held.enter_context(Client(address, timeout=CONNECT_S, set_as_default=False))
        except (OSError, ValueError, TypeError) as exc:  # TypeError: without certificates
            raise RunnerUnavailableError(
                f"No Dask scheduler can be used at {address}: {exc}.",
                fix="see that it runs (dask scheduler), that this machine reaches it, and for "
                "dask+tls:// that Dask's configuration names the certificates; or use the runner "
                "process:",
            ) from exc
        return DaskRunner(client, jobs, held=held.pop_all())


def local_runner(jobs: int) -> DaskRunner:
    """Make a runner over a cluster of its own on this machine, one worker for each job.

    Raises:
        RunnerUnavailableError: The cluster cannot be started.
    """
    with ExitStack() as held:
        held.enter_context(silence_logging_cmgr(logging.CRITICAL))
        client = held.enter_context(local_cluster(jobs))
        return DaskRunner(client, jobs, held=held.pop_all())


# Ends that no worker tells


def _already(result: ScriptResult) -> Future[ScriptResult]:
    future: Future[ScriptResult] = Future()
    future.set_result(result)
    return future


def _not_started(why: str) -> ScriptResult:
    return failed(
        f"Dask did not start the script: {why}. See that the scheduler "
        f"runs, that it and each worker have runthrough {__version__}, and run the node again."
    )


def _lost(request: ScriptRequest, why: str) -> ScriptResult:
    logs = script_host.settle_logs(request.folder, request.secrets)
    message = (
        f"Nobody knows how the script ended: {why}. The attempt was ended and does not run again. "
        "Run the node again."
    )
    error = ScriptError(kind="lost", message=message)
    return ScriptResult("lost", 0.0, error=error, **logs)
