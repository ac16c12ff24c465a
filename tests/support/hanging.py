"""Sessions over scripts that write, hang or start others, and listeners that act on events."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.testers import Studio, configured

from runthrough.application.session import Session
from runthrough.core.events import Event, EventEnvelope

WRITES = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    with Path(job_args.ran).open("a") as ran:
        ran.write("x")
    Path(output_paths["out"]).write_text("x")
"""
HANGS = """
import os
import time
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(job_args.ran).write_text(str(os.getpid()))
    limit = time.monotonic() + 20
    while Path(job_args.hold).exists():
        assert time.monotonic() < limit, "nobody let it go on"
        time.sleep(0.005)
    Path(output_paths["out"]).write_text("x")
"""


def quick(studio: Studio, *names: str, session: Session | None = None) -> Session:
    """A session over scripts that write and say that they ran."""
    for name in names:
        studio.place.script(name, WRITES)
    session = session or studio.start(*names)
    for name in names:
        configured(session, name, job_args={"ran": str(ran(studio, name))})
    return session


def ran(studio: Studio, name: str) -> Path:
    """What the script of a node writes when it runs."""
    return studio.place.folder / f"{name}.ran"


def hanging(studio: Studio, *others: str) -> Session:
    """A session with a node that runs as long as a file is there, and quick ones."""
    studio.place.script("hangs", HANGS)
    hold = studio.place.file("hold", "")
    for name in others:
        studio.place.script(name, WRITES)
    session = studio.start("hangs", *others)
    configured(session, "hangs", job_args={"ran": str(ran(studio, "hangs")), "hold": str(hold)})
    return quick(studio, *others, session=session)


def on(
    kind: str, act: Callable[[Any], object], node: str | None = None
) -> Callable[[EventEnvelope], None]:
    """A listener that acts on the first event of a type."""
    acted: list[Event] = []

    def told(envelope: EventEnvelope) -> None:
        event = envelope.event
        if event.type == kind and node in {None, event.node} and not acted:
            acted.append(event)
            act(event)

    return told


def alive(pid: int) -> bool:
    """Whether a process is there and not dead."""
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False
