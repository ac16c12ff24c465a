"""Runs driven in the background of a process, which a test may kill."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.support.hanging import ran
from tests.support.scripts import has_content, until
from tests.support.testers import Studio

from runthrough.application.background import BackgroundRuns
from runthrough.application.session import Session
from runthrough.application.wishes import Once, RunWish
from runthrough.bootstrap import Application, wire
from runthrough.core.values.ids import CommandId

ONCE = Once(CommandId("request-1"))


def opening(studio: Studio, **other: Any) -> Callable[[], Session]:
    """Opens a studio's session for one more run."""
    return lambda: studio.enter("ann", **other)


def release(studio: Studio) -> None:
    """Let the script that hangs go on."""
    (studio.place.folder / "hold").unlink()


def hangs_at(studio: Studio) -> int:
    """Wait until the script that hangs runs; its pid."""
    until(lambda: has_content(ran(studio, "hangs")), "the script runs")
    return int(ran(studio, "hangs").read_text())


def over(runs: BackgroundRuns) -> None:
    """Wait until no run is on any more."""
    until(lambda: not runs.driven(), "the runs are over")


def served(folder: str, environ: Mapping[str, str]) -> Application:
    """An application as a service wires it."""
    return wire("http", cwd=folder, environ=environ)


def begin_and_wait(folder: str, environ: Mapping[str, str], begun: Any, never: Any) -> None:
    """In a child: begin the run of a session in the background, tell its id, and stay."""
    with served(folder, environ) as application:
        session = application.sessions.entries()[0].session_id
        run = application.background.start(
            lambda: application.sessions.open(session), RunWish(), once=ONCE
        )
        begun.put(run)
        never.wait()
