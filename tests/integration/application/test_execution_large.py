"""A run of a thousand nodes of which some fail, by a runner that answers at once."""

import json
import tracemalloc
from collections import Counter
from concurrent.futures import Future

import pytest
from tests.support.pipelines import Place
from tests.support.stored import sql_stores
from tests.support.testers import NAME, Studio

from runthrough.adapters.store.opening import open_database
from runthrough.bootstrap import load_pipeline
from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.outcomes import ScriptError

DEPTH = 10
"""Nodes of a chain; so many chains stand side by side as the size asks for."""
FAILS_AT = 3
FAILS_EVERY = 10
"""Of so many chains one fails, at its fourth node."""
SCRIPT = "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"


class InstantRunner:
    """Every attempt ends as soon as it is submitted, those at some nodes in failure."""

    def __init__(self, failing):
        self._failing = failing
        self.submitted = []

    def submit(self, request):
        self.submitted.append(request.node)
        future = Future()
        if request.node in self._failing:
            error = ScriptError(kind="exit", message="ended with exit code 1")
            result = ScriptResult(outcome="failed", duration_s=0.0, exit_code=1, error=error)
        else:
            result = ScriptResult(outcome="passed", duration_s=0.0, exit_code=0)
        future.set_result(result)
        return future

    def cancel(self, attempt):
        raise AssertionError(attempt)

    def close(self):
        """There is nothing to close."""


def chains(folder, database, size):
    """A session over chains of nodes that share one script, and the studio that it is in."""
    place = Place(folder)
    place.file("nothing.py", SCRIPT)
    nodes = {f"n{number}": {"script": "nothing.py"} for number in range(size)}
    edges = [[f"n{n}", f"n{n + 1}"] for n in range(size - 1) if (n + 1) % DEPTH]
    declared = {"name": f"of {size}", "nodes": nodes, "edges": edges}
    file = place.file("pipeline.json", json.dumps(declared))
    studio = Studio(place, sql_stores(database))
    studio.sessions().start(load_pipeline(file), name=NAME, workspaces=(str(folder),))
    return studio


def failing(size):
    return {f"n{first + FAILS_AT}" for first in range(0, size, DEPTH * FAILS_EVERY)}


def run(studio, size, **how):
    """Results, runner and session of a run in which one chain of ten fails."""
    runner = InstantRunner(failing(size))
    session = studio.enter("ann", runner=lambda jobs: runner)
    return session.run(**how), runner, session


def test_a_run_of_many_nodes_tells_what_failed_and_what_that_blocked(tmp_path, database):
    """Each failure is a root cause with the nodes below it; all else passed, each ran once."""
    size = 200
    _judge(*run(chains(tmp_path, database, size), size, jobs=4), size)


@pytest.mark.slow
def test_a_run_of_a_thousand_nodes_tells_it_as_well(tmp_path, database):
    """Ten failures, sixty blocked; a retry takes exactly these, and then all has passed."""
    size = 1_000
    studio = chains(tmp_path, database, size)
    _judge(*run(studio, size, jobs=8), size)
    runner = InstantRunner(())
    session = studio.enter("ann", runner=lambda jobs: runner)
    again = session.to_retry()
    assert len(again) == 10 + 60
    assert session.run(again, jobs=8)["pipeline_success"]
    assert sorted(runner.submitted) == sorted(again)
    session.run(jobs=8)
    assert sorted(runner.submitted) == sorted(again), "all the rest is reused"


def _judge(results, runner, session, size):
    failed = failing(size)
    below = DEPTH - FAILS_AT - 1
    outcomes = Counter(row["outcome"] for row in results["outcomes"].values())
    assert outcomes == {
        "passed": size - len(failed) * (below + 1),
        "failed": len(failed),
        "blocked": len(failed) * below,
    }
    assert results["pipeline_success"] is False
    assert results["status"] == session.state.run.status == "failed"
    causes = {cause["node"]: cause["blocked"] for cause in results["root_causes"]}
    assert set(causes) == failed
    for node, blocked in causes.items():
        first = int(node[1:]) + 1
        assert blocked == [f"n{number}" for number in range(first, first + below)]
    assert len(results["errors"]) == len(failed)
    assert Counter(runner.submitted) == Counter(session.state.run.summary.passed) + Counter(failed)


@pytest.mark.slow
def test_memory_a_node_does_not_grow_with_the_pipeline(tmp_path):
    """What a run keeps is a matter of its nodes: five times as many take no more each."""
    a_node = {}
    for size in (200, 1_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        with open_database(f"sqlite:///{folder}/log.db") as database:
            studio = chains(folder, database, size)
            tracemalloc.start()
            results, *_ = run(studio, size, jobs=4)
            _, peak_bytes = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert len(results["outcomes"]) == size
        a_node[size] = peak_bytes / size
    assert a_node[1_000] < 1.2 * a_node[200], a_node
