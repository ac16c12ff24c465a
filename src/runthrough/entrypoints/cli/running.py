"""Running a session's pipeline, told as it goes."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.failing import FAILED, PASSED, PENDING
from runthrough.entrypoints.cli.visit import Visit, visiting

if TYPE_CHECKING:
    from runthrough.core.state import RunState


@visiting(go_on="runthrough run")
def run(
    visit: Visit,
    select: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SELECT]...",
            help="NODE, NODE+ (and below), +NODE (and above); default: all nodes.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", min=1, help="Scripts at once."),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Start nothing more after the first failure.")
    ] = False,
    no_reuse: Annotated[
        bool, typer.Option("--no-reuse", help="Run also what passed and is unchanged.")
    ] = False,
) -> int:
    """Run scripts in DAG order, each in its own process; what passed unchanged is reused."""
    from runthrough.entrypoints.cli.progress import Progress  # noqa: PLC0415 - inside commands
    from runthrough.entrypoints.cli.results import draw_results  # noqa: PLC0415 - as above

    with visit.opened(jobs=jobs) as (application, session):
        view = session.run(
            select or (),
            jobs=application.settings.jobs,
            fail_fast=fail_fast,
            reuse=not no_reuse,
            told=Progress(visit.screen).told,
        )
        visit.screen.result(view)
        ran = session.state.run
        if ran is None:
            raise AssertionError("a run that ended is in the state")
        draw_results(visit, session, ran)
        code = _exit_code(ran)
        visit.next(_missing(ran) if code == PENDING else session.next_command())
        return code


BAD = frozenset({"failed", "timed_out", "crashed", "lost", "cancelled"})


def _exit_code(ran: "RunState") -> int:
    """1 where a script or an edge failed, 3 where only an unselected result was missing."""
    if ran.incompatible or any(outcome in BAD for outcome in ran.outcomes.values()):
        return FAILED
    if ran.plan.blocked:
        return PENDING
    return PASSED if ran.status == "passed" else FAILED


def _missing(ran: "RunState") -> str:
    """The run that takes along what the first blocked node needs."""
    return f"runthrough run {shlex.quote(f'+{ran.plan.blocked[-1].node}')}"


COMMANDS = (run,)
