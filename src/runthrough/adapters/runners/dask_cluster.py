"""A Dask cluster on this machine for one runner: a scheduler in this process, workers beside it.

The workers are started as by hand, with `dask worker`. Dask's own local cluster starts them
through `multiprocessing`, and each of those imports the program that we are part of: it would
do its work again in every worker.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from tempfile import TemporaryDirectory

from distributed import Client, LocalCluster, Security

from runthrough.adapters.runners.hosting import LAST_LINES
from runthrough.errors import RunnerUnavailableError

START_S = 60.0
"""Workers import Dask twice, which a cold disk makes slow."""
STOP_S = 5.0
_LOOK_S = 0.5
_LOG = "workers.log"


@contextmanager
def local_cluster(workers: int) -> Iterator[Client]:
    """A client of a cluster of so many workers; with the context all of it ends.

    It listens on the loopback alone, and lets in only who has the key that is made for it.

    Raises:
        RunnerUnavailableError: It does not start.
    """
    security = Security.temporary()
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="runthrough-dask-")))
        try:
            cluster = held.enter_context(
                LocalCluster(
                    n_workers=0,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False, "allowed_failures": 0},
                    silence_logs=logging.CRITICAL,
                    security=security,
                )
            )
            started = _start(cluster.scheduler_address, workers, security=security, folder=folder)
            held.callback(_stop, started)
            client = held.enter_context(Client(cluster, set_as_default=False))
        except (OSError, RuntimeError) as exc:
            raise _refused(str(exc)) from exc
        _await(client, workers, started, folder)
        yield client


def _start(address: str, workers: int, *, security: Security, folder: Path) -> Popen[bytes]:
    secured = security.get_tls_config_for_role("worker")
    files = {name: folder / name for name in ("ca_file", "cert", "key")}
    for name, file in files.items():
        file.write_text(secured[name], encoding="ascii")
    words = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    options = {
        "--tls-ca-file": files["ca_file"],
        "--tls-cert": files["cert"],
        "--tls-key": files["key"],
        "--nworkers": workers,
        "--nthreads": 1,
        "--memory-limit": 0,  # what scripts may use is said by limits of their own
        "--host": "127.0.0.1",
        "--dashboard-address": "127.0.0.1:0",
        "--local-directory": folder,
    }
    words += [str(word) for pair in options.items() for word in pair]
    with (folder / _LOG).open("wb") as log:
        return Popen(  # noqa: S603 - our own interpreter, and no shell
            [*words, "--no-dashboard"],
            stdin=DEVNULL,
            stdout=log,
            stderr=STDOUT,
            start_new_session=True,  # Ctrl-C in our terminal is ours to answer
        )


def _await(client: Client, workers: int, started: Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while started.poll() is None and time.monotonic() < deadline:
        with suppress(TimeoutError):
            client.wait_for_workers(workers, timeout=_LOOK_S)
            return
    said = (folder / _LOG).read_text(encoding="utf-8", errors="replace")
    last = " ".join(said.strip().splitlines()[-LAST_LINES:])
    raise _refused(f"its {workers} workers did not start: {last or 'they said nothing'}")


def _stop(started: Popen[bytes]) -> None:
    """End the workers, with whatever they started."""
    with started:
        started.terminate()
        with suppress(TimeoutExpired):
            started.wait(STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)


def _refused(why: str) -> RunnerUnavailableError:
    return RunnerUnavailableError(
        f"No Dask cluster can be started on this machine: {why}.",
        fix="mend that, or use the runner process:",
    )
