"""What it costs to claim and record a script, whatever it does, in pipelines of any size.

The runner answers at once without starting anything; all else is as in a real run: looking,
fingerprints, attempt folders, events, the log on disk. Of it the two commands a script, decided,
appended and folded, are told apart. The peer is a bare `sqlite3` insert and commit, as durable,
into a file of its own.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from contest import MILLI, OURS, Figures, Goal, heading, line, quick, row
from peers import INSERT, plain_sqlite
from sample import row as stored_row

from runthrough.application.handler import CommandHandler
from runthrough.application.sessions import Sessions
from runthrough.bootstrap import load_pipeline, wire
from runthrough.core.commands import Command, FinishScript, StartScript
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.metadata import Metadata
from runthrough.core.views.loaded import Loaded

SIZES = (10, 100, 1_000, 10_000)
ROUNDS = 3
DEPTH = 10
"""Nodes behind each other; so many chains stand side by side as the size asks for."""
RAW, WHOLE = "raw sqlite3", "the whole run"
SCRIPT = "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"


class InstantRunner:
    """Every attempt passes as soon as it is submitted."""

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:  # noqa: ARG002 - the port's
        future: Future[ScriptResult] = Future()
        future.set_result(ScriptResult(outcome="passed", duration_s=0.0))
        return future

    def cancel(self, attempt: str) -> None:
        raise AssertionError(attempt)

    def close(self) -> None:
        """There is nothing to close."""


class TimedHandler:
    """A session's handler, and the seconds that its commands took."""

    def __init__(self, handler: CommandHandler) -> None:
        self._handler = handler
        self.took_s = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._handler, name)

    def handle(self, loaded: Loaded, command: Command, metadata: Metadata) -> object:
        began = time.perf_counter()
        try:
            return self._handler.handle(loaded, command, metadata)
        finally:
            if isinstance(command, StartScript | FinishScript):
                self.took_s += time.perf_counter() - began


def pipeline(folder: Path, size: int) -> Path:
    """A pipeline file of so many nodes that share one script."""
    folder.mkdir()
    (folder / "nothing.py").write_text(SCRIPT)
    nodes = {f"n{number}": {"script": "nothing.py"} for number in range(size)}
    edges = [[f"n{n}", f"n{n + 1}"] for n in range(size - 1) if (n + 1) % DEPTH]
    file = folder / "pipeline.json"
    file.write_text(json.dumps({"name": f"of {size}", "nodes": nodes, "edges": edges}))
    return file


def recorded(folder: Path, size: int) -> tuple[float, float]:
    """Seconds of a run of all nodes of a new session, and those of its scripts' commands."""
    definition = load_pipeline(pipeline(folder, size))
    environ = {**os.environ, "RUNTHROUGH_DATABASE_URL": f"sqlite:///{folder}/log.db"}
    with wire("python", cwd=str(folder), environ=environ) as application:
        ports = replace(application.sessions._ports, runner=lambda _jobs: InstantRunner())  # noqa: SLF001 - no door lets a runner of one's own in
        sessions = Sessions(ports, application.sessions._caller, cwd=str(folder))  # noqa: SLF001 - as above
        session = sessions.start(definition)
        session._handler = timed = TimedHandler(session._handler)  # noqa: SLF001 - as above
        began = time.perf_counter()
        results = session.run()
        took = time.perf_counter() - began
    if not results["pipeline_success"]:
        raise SystemExit(f"the run failed: {results['errors']}")
    return took, timed.took_s


def committed(path: Path, count: int) -> float:
    """Seconds of so many bare inserts of a row of usual size, each with its own commit."""
    with closing(plain_sqlite(path)) as connection:
        insert: Callable[..., object] = connection.execute
        stored = [stored_row(number) for number in range(1, count + 1)]
        began = time.perf_counter()
        for one in stored:
            insert(INSERT, one)
            connection.commit()
        return time.perf_counter() - began


def main() -> None:
    sizes, rounds = (SIZES[:2], 1) if quick() else (SIZES, ROUNDS)
    heading("Recording a script, planning and looking included")
    medians = {}
    with tempfile.TemporaryDirectory() as place:
        for size in sizes:
            figures, raw = Figures(), min(size, 500)
            for number in range(rounds):
                folder = Path(place, f"{size}-{number}")
                whole, commands = recorded(folder, size)
                theirs = committed(folder / "raw.db", raw) / raw
                figures.add({OURS: [commands / size], WHOLE: [whole / size], RAW: [theirs]})
            row(f"recording a script, of {size} nodes", figures, RAW, Goal("≤", 3.5), unit=MILLI)
            row(f"all of ours around it, of {size}", figures, RAW, ours=WHOLE, unit=MILLI)
            medians[size] = figures.median(OURS)
    for size in sizes[2:]:
        mine, few = medians[size] * 1e3, medians[sizes[1]] * 1e3
        told = (f"{mine:.2f} ms", f"of {sizes[1]}: {few:.2f} ms")
        line(f"recording a script, of {size} nodes", *told, f"{mine / few:.2f}", "flat")


if __name__ == "__main__":
    main()
