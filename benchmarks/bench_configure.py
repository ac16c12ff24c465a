"""Configure one node through the Python door, beyond the durable append of what it records.

Timed is `configure_script_testing` with an input file of 100 kB and a variable that changes every
time: looking at the node, its script and its consumers, deciding, appending, folding, and the
answer. Its peer appends the same event to a file of its own. One session has ten nodes in a row,
the other a thousand.
"""

import tempfile
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path

from bench_append import ours as append
from contest import MILLI, OURS, Contestant, Figures, Goal, heading, quick, row, tell, turns

from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore

ANSWERS = 60
WARM_UP = 10
BEYOND_MS = 2.0
APPEND = "the append alone"
INPUT_BYTES = 100_000
SCRIPT = '''\
"""Copy what the step before made."""
import argparse
import os
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    text = Path(input_paths["table_{before}"]).read_text()
    if environ_vars["MODE"] == "upper":
        text = text.upper()
    Path(output_paths["table_{number}"]).write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--job_type")
    main({{}}, {{}}, dict(os.environ), parser.parse_args())
'''


def session(folder: Path, nodes: int, stack: ExitStack) -> InteractiveRuntimeTestingFactory:
    """A session over a chain of nodes that each need `MODE`."""
    scripts = folder / "workspace" / "scripts"
    scripts.mkdir(parents=True)
    names = [f"step_{number}" for number in range(nodes)]
    for number, name in enumerate(names):
        text = SCRIPT.format(before=number - 1 if number else "raw", number=number)
        scripts.joinpath(f"{name}.py").write_text(text)
    (folder / "workspace" / "raw.csv").write_text("x" * INPUT_BYTES)
    dag = PipelineDAG(nodes=names, edges=list(pairwise(names)), name="chain")
    factory = InteractiveRuntimeTestingFactory(
        dag, folder / "workspace", database_url=f"sqlite:///{folder}/session.db"
    )
    return stack.enter_context(factory)


def configured(factory: InteractiveRuntimeTestingFactory, raw: Path) -> Contestant:
    """Configure the first node, with something else each time."""
    return lambda number: partial(
        factory.configure_script_testing,
        "step_0",
        input_paths={"table_raw": raw},
        environ_vars={"MODE": f"mode {number}"},
    )


def measure(nodes: int, rounds: int) -> Figures:
    """Rounds on fresh files."""
    figures = Figures()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            folder = Path(name)
            factory = session(folder, nodes, stack)
            database = stack.enter_context(open_database(f"sqlite:///{folder}/append.db"))
            contestants = {
                OURS: configured(factory, folder / "workspace" / "raw.csv"),
                APPEND: append(SqlEventStore(database)),
            }
            taken = turns(contestants, range(ANSWERS))
            figures.add({who: seconds[WARM_UP:] for who, seconds in taken.items()})
    return figures


def main() -> None:
    few = quick()
    heading("Configure one node")
    for nodes in (10, 100 if few else 1_000):
        figures = measure(nodes, 1 if few else 5)
        what = f"configure a node of {nodes:,}"
        row(what, figures, APPEND, unit=MILLI)
        beyond = (figures.median(OURS) - figures.median(APPEND)) * 1e3
        goal = f"goal: {BEYOND_MS:g} ms"
        tell(f"{what}, beyond", f"{beyond:.2f} ms", goal, beyond / BEYOND_MS, Goal("≤", 1))


if __name__ == "__main__":
    main()
