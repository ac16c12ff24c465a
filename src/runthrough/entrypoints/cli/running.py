"""Running a session's pipeline, told as it goes."""

import os
import shlex
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.failing import FAILED, INTERRUPTED, PASSED, PENDING
from runthrough.entrypoints.cli.planning import NO_REUSE, SAGEMAKER, SELECT
from runthrough.entrypoints.cli.visit import Visit, visiting

if TYPE_CHECKING:
    from runthrough.application.interruption import Interruption
    from runthrough.application.session import Session
    from runthrough.core.state import RunState
    from runthrough.entrypoints.cli.progress import Progress

JOBS = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Scripts at once.")
]
FAIL_FAST = Annotated[
    bool,
    typer.Option("--fail-fast", help="After the first failure start nothing, and end the rest."),
]
TAKE_OVER = Annotated[
    bool,
    typer.Option("--take-over", help="Take a run from a tester on another host that is gone."),
]
_ENDING = "ending the scripts; once more ends them at once"
_ENDED = b"\nended at once; type the same again, and it goes on from there\n"
RUNNER = Annotated[
    str | None,
    typer.Option("--runner", metavar="URL", help="What runs scripts; default: process:"),
]


@visiting(go_on="runthrough run")
def run(
    visit: Visit,
    select: SELECT = None,
    *,
    jobs: JOBS = None,
    fail_fast: FAIL_FAST = False,
    no_reuse: NO_REUSE = False,
    take_over: TAKE_OVER = False,
    runner: RUNNER = None,
    sagemaker: SAGEMAKER = False,
) -> int:
    """Run scripts in DAG order, each in its own process; what passed unchanged is reused."""
    with visit.opened(jobs=jobs, runner=runner) as (application, session):
        return _run(
            visit,
            session,
            select or (),
            jobs=application.settings.jobs,
            fail_fast=fail_fast,
            reuse=not no_reuse,
            take_over=take_over,
            sagemaker=sagemaker,
        )


@visiting(go_on="runthrough retry")
def retry(
    visit: Visit,
    *,
    jobs: JOBS = None,
    fail_fast: FAIL_FAST = False,
    take_over: TAKE_OVER = False,
    runner: RUNNER = None,
    sagemaker: SAGEMAKER = False,
) -> int:
    """Run again what did not pass, and what that blocked, as it is configured now."""
    with visit.opened(jobs=jobs, runner=runner) as (application, session):
        return _run(
            visit,
            session,
            session.to_retry(take_over=take_over),
            jobs=application.settings.jobs,
            fail_fast=fail_fast,
            reuse=True,
            take_over=False,
            sagemaker=sagemaker,
        )


@visiting()
def cancel(visit: Visit) -> None:
    """Ask the tester that drives the present run to end it, wherever it is."""
    with visit.opened() as (_, session):
        session.cancel()
        run = session.state.run
        if run is None:
            raise AssertionError("a run that is to be ended is in the state")
        visit.screen.result({"run": run.run, "version": session.version})
        where = run.holder.host_name or run.holder.host
        visit.screen.line(f"{run.actor} on {where} ends the run within seconds.")
        visit.next("runthrough status")


def _run(
    visit: Visit,
    session: "Session",
    select: Sequence[str],
    *,
    jobs: int,
    fail_fast: bool,
    reuse: bool,
    take_over: bool,
    sagemaker: bool,
) -> int:
    from runthrough.entrypoints.cli.progress import Progress  # noqa: PLC0415 - inside commands
    from runthrough.entrypoints.cli.results import draw_results  # noqa: PLC0415 - as above

    telling = Progress(visit.screen, session, advice=visit.advice)
    with telling as progress, _hearing(progress) as interruption:
        view = session.run(
            select,
            jobs=jobs,
            fail_fast=fail_fast,
            reuse=reuse,
            take_over=take_over,
            sagemaker=sagemaker,
            interruption=interruption,
            told=progress.told,
        )
    ran = session.state.run
    if ran is None:
        raise AssertionError("a run that ended is in the state")
    if ran.status != "interrupted":
        visit.screen.result(view)
    draw_results(visit, session, ran, view)
    if ran.status == "interrupted":
        raise KeyboardInterrupt
    code = _exit_code(ran)
    visit.next(_missing(ran) if code == PENDING else session.next_command())
    return code


@contextmanager
def _hearing(progress: "Progress") -> Iterator["Interruption"]:
    """Let Ctrl-C, and SIGTERM, end the run in order; the second one ends everything at once.

    At once is: this process goes, and with it, since they hold the other end of its pipes, all
    that its scripts are and have started. Where no run is on they do what they always do.
    """
    from runthrough.application.interruption import Interruption  # noqa: PLC0415 - heavy

    interruption = Interruption()

    def heard(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the system's
        if interruption.asked:
            os.write(2, _ENDED)
            os._exit(INTERRUPTED)
        if not interruption.heard:
            raise KeyboardInterrupt
        interruption.asked = True
        if not progress.ending(_ENDING):
            os.write(2, f"\n{_ENDING}\n".encode())  # whatever this thread was just writing

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


BAD = frozenset({"failed", "timed_out", "crashed", "lost", "cancelled"})


def _exit_code(ran: "RunState") -> int:
    """1 after a failure or a cancelled run, 3 where only an unselected result was missing."""
    failed = any(outcome in BAD for outcome in ran.outcomes.values())
    if failed or ran.incompatible or ran.status == "cancelled":
        return FAILED
    if ran.plan.blocked:
        return PENDING
    return PASSED if ran.status == "passed" else FAILED


def _missing(ran: "RunState") -> str:
    """The run that takes along what the first blocked node needs."""
    return f"runthrough run {shlex.quote(f'+{ran.plan.blocked[-1].node}')}"


COMMANDS = (run, retry, cancel)
