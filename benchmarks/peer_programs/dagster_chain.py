"""A chain of N scripts in Dagster: one op each, a SQLite event log, a child process a script.

Usage: dagster_chain.py N SCRIPT FOLDER. It prints the seconds that the run took.
"""

import subprocess
import sys
import time
from pathlib import Path

from dagster import (
    DagsterInstance,
    DependencyDefinition,
    GraphDefinition,
    In,
    Nothing,
    OpDefinition,
    Out,
    Output,
)

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Lines for people cost time, and the others print none."""


def main() -> None:
    count, script, folder = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])

    def op(number: int) -> OpDefinition:
        def run(_context, _inputs):
            source, target = folder / f"text_{number}", folder / f"text_{number + 1}"
            subprocess.run([sys.executable, script, source, target], check=True)
            yield Output(None)

        return OpDefinition(
            name=f"step_{number}",
            ins={"after": In(Nothing)} if number else {},
            outs={"result": Out(Nothing)},
            compute_fn=run,
        )

    ops = [op(number) for number in range(count)]
    edges = {
        f"step_{number}": {"after": DependencyDefinition(f"step_{number - 1}")}
        for number in range(1, count)
    }
    job = GraphDefinition(name="chain", node_defs=ops, dependencies=edges).to_job()
    with DagsterInstance.local_temp(str(folder / "home")) as instance:
        began = time.perf_counter()
        result = job.execute_in_process(instance=instance, run_config=QUIET)
        print(time.perf_counter() - began)
    if not result.success:
        sys.exit("the chain failed")


main()
