"""Doors on another day: the one clock that `bootstrap` wires is set before anything is wired.

The program has no setting for the time. A test sets it in its own process with `on`, and in a
child process by starting the command line through this module instead of through `runthrough`:
`python -m tests.support.days 2026-11-24T09:00:00+00:00 status --json`.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from runthrough.bootstrap import clock as wired


@contextmanager
def by(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let all that is wired inside go by this clock."""
    real = wired.here
    wired.here = clock
    try:
        yield
    finally:
        wired.here = real


@contextmanager
def on(moment: datetime) -> Iterator[None]:
    """Let all that is wired inside believe that it is this time, and that time goes on."""
    real = wired.here
    shift = moment - real()
    with by(lambda: real() + shift):
        yield


def main() -> int:
    """The command line at the time that the first word tells."""
    from runthrough.entrypoints.cli.app import run_command_line

    with on(datetime.fromisoformat(sys.argv[1])):
        return run_command_line(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
