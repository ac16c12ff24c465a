"""Fork a session, look at it as of any version, and resume it after nothing has happened.

Forking and looking back are measured on sessions of 100 nodes that were opened before, so that
they have the snapshots that opening leaves. `eventsourcing` rebuilds an aggregate of the same
configurations, as plain values, at the same version; as ours, it has a snapshot every 1,000
events. Forks it has none. Resuming looks at 1,000 nodes over 300 scripts and at the five input
files of each, of which nothing has changed; its peer is `Path.stat` of these files and scripts.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random

from bench_replay import NODES, filled
from contest import MILLI, OURS, Contestant, Figures, Goal, heading, quick, row, tell, turns
from peers import eventsourcing_on_sqlite
from sample import NODE, SESSION, configurations, fill, payload_bytes
from sessions import beginning

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.adapters.store.sql_directory import SqlSessionDirectory
from runthrough.application.sessions import Sessions
from runthrough.bootstrap import Application as Ours
from runthrough.bootstrap import wire
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.ids import HostId, NodeName, RecordedPath
from runthrough.core.values.paths import PIPELINE, WORKSPACE
from runthrough.core.values.paths import SESSION as OWN
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration

FORKED, LONG = 10_000, 100_000
COMMAND = 10
"""Events of one command; a session is forked where one ends."""
EVERY = 1_000
"""Events between two snapshots of the peer: as many as ours has for so few nodes."""
FORK_MS = AS_OF_MS = 100
RESUME_MS = 1_000
MANY, SCRIPTS, FILES = 1_000, 300, 5
REBUILT = "eventsourcing"
STAT = "Path.stat of these files and scripts"
HOST = HostId("bench")
SCRIPT = '''\
"""Put five tables together."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    parts = []
{reads}
    Path(output_paths["joined_{number}"]).write_text("".join(parts))
'''


def application(folder: Path, stack: ExitStack) -> Ours:
    """The program over a database of that folder, as a Python door has it."""
    return stack.enter_context(wire("python", cwd=str(folder), environ=environ_of(folder)))


def environ_of(folder: Path) -> dict[str, str]:
    """The settings that both doors get."""
    return {
        "RUNTHROUGH_DATABASE_URL": f"sqlite:///{folder}/log.db",
        "RUNTHROUGH_HOST": HOST,
        "RUNTHROUGH_ACTOR": "ann",
    }


def long_session(folder: Path, count: int, stack: ExitStack) -> Sessions:
    """The sessions of a database with one of so many events, which was opened before."""
    sessions = application(folder, stack).sessions
    with open_database(f"sqlite:///{folder}/log.db") as database:
        store = SqlEventStore(database)
        begun = fill(store, beginning([f"{NODE}_{number}" for number in range(NODES)]))
        fill(store, configurations(count - begun, NODES), after=begun, chunk_of=COMMAND)
        places = {PIPELINE: folder, WORKSPACE: folder, OWN: folder / ".runthrough" / SESSION}
        roots = {name: str(place) for name, place in places.items()}
        SqlSessionDirectory(database).set_roots(SESSION, host=HOST, roots=roots)
    sessions.open(SESSION)
    return sessions


# ---- forks


def forks(count: int, rounds: int) -> None:
    """Fork the session at its end, and at the version in its middle farthest from a snapshot."""
    far = far_from_snapshots(count)
    for what, version in (("its end", count), ("the version farthest from a snapshot", far)):
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            sessions = long_session(Path(name), count, stack)
            fork = partial(sessions.fork, SESSION, at=version)
            figures = Figures()
            figures.add(turns({OURS: always(fork)}, range(rounds), collect=True))
        goal_row(f"fork a session of {count:,} events at {what}", figures, FORK_MS)


def far_from_snapshots(count: int) -> int:
    """In the middle, the last version at which a command ended before a snapshot."""
    begun = 1 + 2 * NODES
    return begun + (count // 2 // EVERY * EVERY - 1 - begun) // COMMAND * COMMAND


def goal_row(what: str, figures: Figures, limit_ms: float) -> None:
    """One row beside a goal in milliseconds."""
    taken = figures.median(OURS) * 1e3
    tell(what, f"{taken:.1f} ms", f"goal: {limit_ms} ms", taken / limit_ms, Goal("≤", 1))


# ---- the past


def as_of(count: int, rounds: int) -> None:
    """Look at the session as of random versions, and of the farthest from any snapshot."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        sessions = long_session(folder, count, stack)
        contestants: dict[str, Contestant] = {
            OURS: lambda version: partial(sessions.open_at, SESSION, version)
        }
        theirs = stack.enter_context(eventsourcing_on_sqlite(folder / "p.db", snapshots=True))
        asked = filled(theirs, typed=False, count=count)
        for version in range(EVERY, count + 1, EVERY):
            theirs.take_snapshot(asked, version=version)
        contestants[REBUILT] = lambda v: partial(theirs.repository.get, asked, version=v)
        versions = [Random(7).randint(count // 100, count) for _ in range(rounds)]
        for what, chosen in (
            ("random versions", versions),
            ("the version farthest from a snapshot", [far_from_snapshots(count)] * rounds),
        ):
            figures = Figures()
            for version in chosen:
                figures.add(turns(contestants, [version], collect=True))
            told = f"a session of {count:,} events as of {what}"
            row(told, figures, REBUILT, unit=MILLI)
            goal_row(told, figures, AS_OF_MS)


# ---- the world


def many_nodes(nodes: int) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, script and input files of each node; all lie below the workspace."""
    for number in range(nodes):
        files = tuple(f"data/{number}/table_{n}.csv" for n in range(FILES))
        yield f"join_{number}", f"scripts/join_{number % SCRIPTS}.py", files


def world(folder: Path, nodes: int) -> PipelineDefinition:
    """Scripts, files and the pipeline over them."""
    (folder / "scripts").mkdir()
    for number in range(SCRIPTS):
        reads = "\n".join(
            f'    parts.append(Path(input_paths["table_{n}"]).read_text())' for n in range(FILES)
        )
        text = SCRIPT.format(number=number, reads=reads)
        (folder / f"scripts/join_{number}.py").write_text(text)
    declared: dict[NodeName, NodeDeclaration] = {}
    for name, script, files in many_nodes(nodes):
        for file in files:
            place = folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"a,b\n{name},{file}\n")
        declared[NodeName(name)] = NodeDeclaration(
            script=RecordedPath(f"pipeline:{script}"),
            inputs={Path(f).stem: RecordedPath(f"workspace:{f}") for f in files},
        )
    pipeline = PipelineDeclaration(name="joins", nodes=declared)
    return PipelineDefinition(pipeline, str(folder))


def looked(paths: Sequence[Path]) -> None:
    """`stat` of every path."""
    for path in paths:
        path.stat()


def resume(nodes: int, rounds: int) -> None:
    """Resume a session of so many nodes of which nothing has changed."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        definition = world(folder, nodes)
        session = application(folder, stack).sessions.start(
            definition, name="resumed", workspaces=(str(folder),)
        )
        waiting = [n for n, there in session.state.nodes.items() if there.spec is None]
        if waiting:
            raise SystemExit(f"{waiting[0]} is not configured")
        if session.resume():
            raise SystemExit("something was recorded, although nothing has changed")
        paths = [folder / file for _, _, files in many_nodes(nodes) for file in files]
        paths += [folder / f"scripts/join_{number}.py" for number in range(SCRIPTS)]
        new = partial(
            subprocess.run,
            [sys.executable, "-m", "runthrough", "resume", "--session", "resumed", "--json"],
            env=os.environ | environ_of(folder),
            capture_output=True,
            check=True,
        )
        for where, ours in (("", session.resume), (", in a new process", new)):
            contestants: dict[str, Contestant] = {
                OURS: always(ours),
                STAT: always(partial(looked, paths)),
            }
            figures = Figures()
            for turn in range(rounds):
                figures.add(turns(contestants, [turn], collect=True))
            what = f"resume {nodes:,} nodes and {nodes * FILES:,} unchanged files{where}"
            row(what, figures, STAT, unit=MILLI)
            goal_row(what, figures, RESUME_MS)


def always(call: Callable[[], object]) -> Contestant:
    """The same in every turn."""
    return lambda _: call


def main() -> None:
    few = quick()
    heading(f"sessions of {NODES} nodes, payload of {payload_bytes()} bytes")
    forks(2_000 if few else FORKED, 3 if few else 15)
    as_of(10_000 if few else LONG, 3 if few else 25)
    resume(100 if few else MANY, 3 if few else 7)


if __name__ == "__main__":
    main()
