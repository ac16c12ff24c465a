"""What `runthrough --help` and `status` cost, beside bare Python and the imports they stand on.

Each round starts every contestant once, in an order that turns; ratios of medians, as rows of a
markdown table. All start from compiled modules, as installed programs do, wherever this runs.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 25
PIPELINE = "name: bench\nnodes: {a: {external: true, outputs: {out: .}}}\nedges: []\n"
BARE = [sys.executable, "-c", "pass"]
IMPORTS = [sys.executable, "-c", "import pydantic, sqlalchemy"]
RUNTHROUGH = [sys.executable, "-m", "runthrough"]
CONTESTANTS = {
    "bare python": BARE,
    "runthrough --help": [*RUNTHROUGH, "--help"],
    "import pydantic, sqlalchemy": IMPORTS,
    "runthrough status": [*RUNTHROUGH, "status"],
}
GOALS = (
    ("runthrough --help", "bare python", 8.0),
    ("runthrough status", "import pydantic, sqlalchemy", 1.5),
)


def seconds(command, **where):
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **where)
    return time.perf_counter() - started


def medians(folder):
    """Median seconds of each contestant."""
    environ = {name: value for name, value in os.environ.items() if "RUNTHROUGH" not in name}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    environ["PYTHONPYCACHEPREFIX"] = f"{folder}/compiled"
    environ["RUNTHROUGH_DATABASE_URL"] = f"sqlite:///{folder}/log.db"
    where = {"cwd": folder, "env": environ}
    Path(folder, "pipeline.yaml").write_text(PIPELINE)
    seconds([*RUNTHROUGH, "new", "pipeline.yaml"], **where)
    for command in CONTESTANTS.values():
        seconds(command, **where)  # compiles
    taken = {label: [] for label in CONTESTANTS}
    labels = list(CONTESTANTS)
    for number in range(ROUNDS):
        turn = number % len(labels)
        for label in labels[turn:] + labels[:turn]:
            taken[label].append(seconds(CONTESTANTS[label], **where))
    return {label: statistics.median(values) for label, values in taken.items()}


def main():
    with tempfile.TemporaryDirectory() as folder:
        told = medians(folder)
    print("| command | median | beside | ratio | goal |")
    print("|---|---|---|---|---|")
    for label, peer, goal in GOALS:
        ratio = told[label] / told[peer]
        ours, theirs = told[label] * 1000, told[peer] * 1000
        print(f"| `{label}` | {ours:.0f} ms | {peer} {theirs:.0f} ms | {ratio:.1f} | ≤ {goal:g} |")


if __name__ == "__main__":
    main()
