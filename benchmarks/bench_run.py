"""A recorded run of a chain of ten 50 ms scripts beside calling each by a plain subprocess.

Both use the same interpreter and call the same `main` with paths of the same kind; turns are
rotated and medians compared. Ours plans, claims, runs, digests, checks and records every node.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG

NODES = [f"step_{number}" for number in range(10)]
ROUNDS = 7
SCRIPT = """
import time
from itertools import pairwise
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    text = Path(input_paths["{source}"]).read_text()
    time.sleep(0.05)
    Path(output_paths["{target}"]).write_text(text + "x")
"""
PLAIN = """
import sys
sys.path.insert(0, {scripts!r})
import {name} as script
script.main({{"{source}": {before!r}}}, {{"{target}": {after!r}}}, {{}}, None)
"""


def lay_out(folder: Path) -> None:
    scripts = folder / "scripts"
    scripts.mkdir()
    for number, name in enumerate(NODES):
        text = SCRIPT.format(source=f"text_{number}", target=f"text_{number + 1}")
        scripts.joinpath(f"{name}.py").write_text(text)
    place = folder / "input" / "text_0"
    place.parent.mkdir()
    place.write_text("x")


def plain(folder: Path, turn: int) -> float:
    out = folder / f"plain_{turn}"
    out.mkdir()
    before = folder / "input" / "text_0"
    began = time.perf_counter()
    for number, name in enumerate(NODES):
        after = out / f"text_{number + 1}"
        program = PLAIN.format(
            scripts=str(folder / "scripts"),
            name=name,
            source=f"text_{number}",
            target=f"text_{number + 1}",
            before=str(before),
            after=str(after),
        )
        subprocess.run([sys.executable, "-c", program], check=True, cwd=out)
        before = after
    return time.perf_counter() - began


def recorded(factory: InteractiveRuntimeTestingFactory) -> float:
    began = time.perf_counter()
    results = factory.execute_dag_guided_testing(reuse=False)
    took = time.perf_counter() - began
    if not results["pipeline_success"]:
        raise SystemExit(f"the chain failed: {results['errors']}")
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lay_out(folder)
        dag = PipelineDAG(NODES, list(pairwise(NODES)), name="chain")
        factory = InteractiveRuntimeTestingFactory(
            dag, str(folder), database_url=f"sqlite:///{folder}/log.db", actor="bench"
        )
        ours, theirs = [], []
        for turn in range(ROUNDS):
            for contestant in ("plain", "ours") if turn % 2 else ("ours", "plain"):
                if contestant == "plain":
                    theirs.append(plain(folder, turn))
                else:
                    ours.append(recorded(factory))
        a, b = statistics.median(ours), statistics.median(theirs)
        print(
            f"| recorded run of a 10-node chain of 50 ms scripts, jobs = 1 | {a * 1e3:.0f} ms "
            f"| plain subprocesses {b * 1e3:.0f} ms | {a / b:.2f} | ≤ 1.25 "
            f"| {os.cpu_count()} cores, CPython {sys.version.split()[0]} |"
        )


if __name__ == "__main__":
    main()
