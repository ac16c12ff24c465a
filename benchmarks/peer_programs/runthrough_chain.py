"""A chain of N scripts in runthrough: one node each, a SQLite log, a child process a script.

Usage: runthrough_chain.py N SCRIPT FOLDER RUNNER. It prints the seconds that the run took.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path

from runthrough import InteractiveRuntimeTestingFactory, Output, PipelineDAG


def main() -> None:
    count, script, folder = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    nodes = [f"step_{number}" for number in range(count)]
    dag = PipelineDAG(nodes, list(pairwise(nodes)), name="chain")
    factory = InteractiveRuntimeTestingFactory(
        dag,
        folder,
        database_url=f"sqlite:///{folder}/log.db",
        actor="bench",
        runner=sys.argv[4],
    )
    for number, node in enumerate(nodes):
        factory.bind_script(node, str(script))
        source = Output(nodes[number - 1], "text") if number else f"{folder}/text_0"
        factory.configure_script_testing(node, input_paths={"text": source})
    began = time.perf_counter()
    results = factory.execute_dag_guided_testing()
    print(time.perf_counter() - began)
    if not results["pipeline_success"]:
        sys.exit(f"the chain failed: {results['errors']}")


main()
