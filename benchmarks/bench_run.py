"""A recorded run of a chain of scripts beside calling each by a plain subprocess.

Both use the same interpreter and call the same `main` with paths of the same kind; turns are
rotated and medians compared. Ours plans, claims, runs, digests, checks and records every node.
Once with ten scripts that wait 50 ms, once with three that compute for a second and more.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from contest import MILLI, OURS, Figures, Goal, heading, quick, row, turns

from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG

ROUNDS = 7
PLAIN_NAME = "plain subprocesses"
SCRIPT = """
import time
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    text = Path(input_paths["{source}"]).read_text()
    {work}
    Path(output_paths["{target}"]).write_text(text + "x")
"""
WAITS = "time.sleep(0.05)"
COMPUTES = """
    import numpy, pandas
    table = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(200_000, 20)))
    for _ in range(18):
        table = table.sort_values(0).rolling(5, min_periods=1).mean()
"""
PLAIN = """
import sys
sys.path.insert(0, {scripts!r})
import {name} as script
script.main({{"{source}": {before!r}}}, {{"{target}": {after!r}}}, {{}}, None)
"""


class Chain:
    """So many scripts, each reading what the one before wrote."""

    def __init__(self, folder: Path, count: int, work: str) -> None:
        self._folder = folder
        self._nodes = [f"step_{number}" for number in range(count)]
        (folder / "scripts").mkdir(parents=True)
        (folder / "input").mkdir()
        (folder / "input" / "text_0").write_text("x")
        for number, name in enumerate(self._nodes):
            text = SCRIPT.format(source=f"text_{number}", target=f"text_{number + 1}", work=work)
            (folder / "scripts" / f"{name}.py").write_text(text)
        self._factory = InteractiveRuntimeTestingFactory(
            PipelineDAG(self._nodes, list(pairwise(self._nodes)), name="chain"),
            str(folder),
            database_url=f"sqlite:///{folder}/log.db",
            actor="bench",
        )

    def recorded(self, turn: int) -> Callable[[], object]:  # noqa: ARG002 - a contestant's shape
        def run() -> None:
            results = self._factory.execute_dag_guided_testing(reuse=False)
            if not results["pipeline_success"]:
                raise SystemExit(f"the chain failed: {results['errors']}")

        return run

    def plain(self, turn: int) -> Callable[[], object]:
        out = self._folder / f"plain_{turn}"
        out.mkdir()

        def run() -> None:
            before = self._folder / "input" / "text_0"
            for number, name in enumerate(self._nodes):
                after = out / f"text_{number + 1}"
                program = PLAIN.format(
                    scripts=str(self._folder / "scripts"),
                    name=name,
                    source=f"text_{number}",
                    target=f"text_{number + 1}",
                    before=str(before),
                    after=str(after),
                )
                subprocess.run([sys.executable, "-c", program], check=True, cwd=out)
                before = after

        return run


def measured(what: str, chain: Chain, goal: Goal, rounds: int) -> None:
    figures = Figures()
    taken = turns({OURS: chain.recorded, PLAIN_NAME: chain.plain}, range(rounds))
    for number in range(rounds):
        figures.add({name: [seconds[number]] for name, seconds in taken.items()})
    row(what, figures, PLAIN_NAME, goal, unit=MILLI)


def main() -> None:
    rounds = 2 if quick() else ROUNDS
    heading("A recorded run of a chain of scripts, jobs = 1")
    with tempfile.TemporaryDirectory() as place:
        waits = Chain(Path(place, "waits"), 10, WAITS)
        measured("10 scripts that wait 50 ms", waits, Goal("≤", 1.25), rounds)
        computes = Chain(Path(place, "computes"), 3, COMPUTES)
        measured("3 scripts of ≥ 1 s with pandas", computes, Goal("≤", 1.05), rounds)


if __name__ == "__main__":
    main()
