"""What a tester that is gone has left: its attempts closed, then its run."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from runthrough.application.attempts import attempt_folder
from runthrough.application.ports import Ports
from runthrough.core.events import ScriptStarted
from runthrough.core.state import OpenAttempt, RunState, SessionState
from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.ids import NodeName, RunId, SessionId
from runthrough.core.values.outcomes import ScriptError
from runthrough.core.values.paths import Roots

LEASE_S = 60.0
"""Without a sign of life for so long, a run of another host may be taken over (DESIGN § 8)."""
SETTLE_S = 5.0
"""So long an attempt may take to end once its tester is gone, before it counts as lost."""
LOOK_S = 0.05
WORKERS = "dask"
"""Runners whose scripts outlive the tester, on whichever machine."""
LOST = ScriptResult(
    outcome="lost",
    duration_s=0.0,
    error=ScriptError(kind="lost", message="its tester died before the script's end was written"),
)


DRIVEN: set[RunId] = set()
"""Runs that this process drives now: its own pid alone does not prove that a run lives."""


@contextmanager
def driving(run: RunId) -> Iterator[None]:
    """Count a run among those that this process drives, from before it is recorded on."""
    DRIVEN.add(run)
    try:
        yield
    finally:
        DRIVEN.discard(run)


def holder_lives(ports: Ports, run: RunState, *, take_over: bool = False) -> bool:
    """Whether the run's tester lives, as far as this host can tell.

    Here its process is there or not, and this very process drives the run or gave it up.
    Elsewhere its lease tells, and a person who says `take_over` knows better.
    """
    alive = ports.hosts.alive(run.holder)
    if alive and run.holder.pid == ports.hosts.me().pid:
        return run.run in DRIVEN
    if alive is not None:
        return alive
    last = ports.leases.renewed_at(run.run)
    renewed = last is not None and ports.clock() - last < timedelta(seconds=LEASE_S)
    return renewed and not take_over


def open_attempts(state: SessionState, run: RunState) -> list[tuple[NodeName, OpenAttempt]]:
    """The attempts of a run that were claimed and have no end."""
    return [
        (node, there.running)
        for node, there in state.nodes.items()
        if there.running is not None and there.running.run == run.run
    ]


def adopted(
    ports: Ports, roots: Roots, run: RunState, attempts: Iterable[tuple[NodeName, OpenAttempt]]
) -> dict[NodeName, ScriptResult]:
    """How each open attempt ended: as its host wrote it, else it is lost.

    Each is asked to end first. A host that is about to write how its script ended is waited for,
    so that nothing that has a result ever counts as lost.
    """
    folders = {
        node: roots.locate(attempt_folder(run.run, node, claimed.attempt))
        for node, claimed in attempts
    }
    for folder in folders.values():
        ports.files.cancel(folder)
    on_workers = run.runner.startswith(WORKERS)
    here = ports.hosts.alive(run.holder) is not None
    if on_workers or here:  # elsewhere nothing can be seen, and scripts died with their tester
        here = not on_workers
        _wait(lambda: all(ports.files.settled(folder, here=here) for folder in folders.values()))
    return {node: ports.files.result(folder) or LOST for node, folder in folders.items()}


def lived_s(
    ports: Ports, session_id: SessionId, run: RunState, results: Mapping[NodeName, ScriptResult]
) -> float:
    """How long a run was on whose tester is gone: until the last sign of life of it.

    Signs are its lease's renewal, its events, and the ends of the attempts that were adopted. What
    others recorded meanwhile is none, nor is the moment in which somebody closes it.
    """
    signs = [run.started_at]
    renewed = ports.leases.renewed_at(run.run)
    if renewed is not None:
        signs.append(renewed)
    before = ports.store.version_at(session_id, at=run.started_at)
    for envelope in ports.store.read(session_id, after=before):
        if envelope.metadata.correlation_id != run.run:
            continue
        event, at = envelope.event, envelope.metadata.recorded_at
        signs.append(at)
        if isinstance(event, ScriptStarted) and event.node in results:
            signs.append(at + timedelta(seconds=results[event.node].duration_s))
    return (max(signs) - run.started_at).total_seconds()


def _wait(over: Callable[[], bool]) -> None:
    """Wait until it is over, at most `SETTLE_S`."""
    pause = threading.Event()
    for _ in range(int(SETTLE_S / LOOK_S)):
        if over():
            return
        pause.wait(LOOK_S)
