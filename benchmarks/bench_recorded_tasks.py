"""What one recorded task costs beside Dagster, Luigi and Snakemake: a chain of N small scripts.

Everyone runs the same script in a child process of its own and keeps its usual record: ours
events in SQLite, Dagster its event log in SQLite, Luigi the files themselves, Snakemake files and
its own metadata. A chain of many is compared with a chain of few, so that what a run costs once
does not count. The peers live in an environment of their own, because they would decide about
our dependencies.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contest import Figures, heading, quick, tell

HERE = Path(__file__).parent / "peer_programs"
PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin"
SCRIPT = HERE / "copy_text.py"
FEW, MANY = 5, 55
ROUNDS = 5


def chain(name: str, count: int, folder: Path) -> float:
    """Seconds that one contestant takes for a chain in a fresh folder."""
    (folder / "text_0").write_text("x")
    (folder / "home").mkdir()
    numbers = (str(count), str(SCRIPT), str(folder))
    if name == "snakemake":
        return _snakemake(count, folder)
    program, _, runner = name.partition(" ")
    python = sys.executable if program == "runthrough" else str(PEERS / "python")
    command = [python, str(HERE / f"{program}_chain.py"), *numbers, *filter(None, [runner])]
    return float(_ran(command, folder).split()[-1])


def _snakemake(count: int, folder: Path) -> float:
    command = [
        str(PEERS / "snakemake"),
        *("--snakefile", str(HERE / "Snakefile"), "--directory", str(folder)),
        *("--cores", "1", "--quiet", "all", "--config", f"count={count}"),
        *(f"script={SCRIPT}", f"folder={folder}", f"python={PEERS / 'python'}"),
    ]
    began = time.perf_counter()
    _ran(command, folder)
    return time.perf_counter() - began


def _ran(command: list[str], folder: Path) -> str:
    environ = {**os.environ, "HOME": str(folder / "home")}
    done = subprocess.run(
        command, check=False, cwd=folder, env=environ, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{command[1]} failed:\n{done.stdout}{done.stderr}")
    if not (folder / "log.db").exists() and not any(folder.glob("text_[1-9]*")):
        raise SystemExit(f"{command[1]} ran nothing")
    return done.stdout


def main() -> None:
    if not (PEERS / "snakemake").exists():
        raise SystemExit("The peers are missing; `make bench` installs them.")
    rounds, many = (1, 15) if quick() else (ROUNDS, MANY)
    ours = ("runthrough process:", "runthrough forkserver:")
    peers = ("dagster", "luigi", "snakemake")
    contestants = (*ours, *peers)
    figures = Figures()
    for turn in range(rounds):
        first = turn % len(contestants)
        taken: dict[str, list[float]] = {}
        for name in (*contestants[first:], *contestants[:first]):
            seconds = []
            for count in (FEW, many):
                with tempfile.TemporaryDirectory() as folder:
                    seconds.append(chain(name, count, Path(folder)))
            taken[name] = [(seconds[1] - seconds[0]) / (many - FEW)]
        figures.add(taken)
    heading(f"A recorded task: chains of {FEW} and {many} scripts, the difference a task")
    for peer in peers:
        for who in ours:
            tell(
                f"a recorded task, `{who.split()[1]}`",
                f"{figures.median(who) * 1e3:.1f} ms",
                f"{peer}: {figures.median(peer) * 1e3:.1f} ms",
                figures.ratio(who, to=peer),
            )


main()
