"""Runs that are planned, retried, cancelled and judged through the Python door."""

import json
import threading
from contextlib import nullcontext

import pytest
from tests.support.hanging import HANGS
from tests.support.pipelines import Place, chain, orders
from tests.support.scripts import has_content, until

from runthrough import (
    CommandInvalidError,
    CommandRefusedError,
    NothingToRetryError,
    PendingScriptsError,
    PipelineDAG,
    SelectionError,
    SettingError,
    UnknownKeywordError,
    UnknownNodeError,
    VersionConflictError,
)

PASS_ON = """
import os
import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    if environ_vars["MODE"] == "bad":
        sys.exit(1)
    told = os.environ.get("SM_CHANNEL_TEXT", "")
    Path(output_paths["text"]).write_text(Path(input_paths["text"]).read_text() + told)
"""


def three(folder, **modes):
    """Three nodes in a row, configured; each mode is `good` unless told."""
    place, dag = chain(folder, ("first", "second", "third"), PASS_ON)
    start = place.file("workspace/start.txt", "x")
    factory = place.factory(dag)
    for node in dag.nodes:
        inputs = {"text": start} if node == "first" else {}
        mode = modes.get(node, "good")
        factory.configure_script_testing(node, input_paths=inputs, environ_vars={"MODE": mode})
    return place, factory


def nodes(rows):
    return [row["node"] for row in rows]


def outcomes(results):
    return {node: row["outcome"] for node, row in results["outcomes"].items()}


def edit(place, node):
    """Change what a script does."""
    script = place.workspace / f"scripts/{node}.py"
    script.write_text(script.read_text() + "\nUNUSED = 1\n")


# ---- what a run would do


def test_a_plan_is_what_the_run_then_does(tmp_path):
    """Which nodes run, are reused and are blocked, with reasons; nothing is recorded by it."""
    _, factory = three(tmp_path)
    with factory:
        version = factory.version
        plan = factory.plan()
        assert set(plan) == {"run", "reuse", "blocked", "pending", "outdated", "warnings"}
        assert nodes(plan["run"]) == ["first", "second", "third"]
        assert plan["run"][0]["reasons"] == ["never_passed"]
        assert factory.plan("third")["blocked"] == [{"node": "third", "by": ["second"]}]
        assert factory.version == version
        factory.execute_dag_guided_testing()
        assert nodes(factory.plan()["reuse"]) == ["first", "second", "third"]
        assert nodes(factory.plan(["second"], reuse=False)["run"]) == ["second"]
        assert json.loads(json.dumps(factory.plan())) == factory.plan()


def test_a_plan_is_told_whether_the_run_sets_sagemakers_variables(tmp_path):
    """A run that sets them does not stand for one that does not, and the plan says so."""
    _, factory = three(tmp_path)
    with factory:
        factory.execute_dag_guided_testing("first")
        (row,) = factory.plan("first", sagemaker=True)["run"]
        assert (row["reasons"], row["text"]) == (["changed"], "SM_*  not set → set")
        for outcome in ("passed", "reused"):
            ran = factory.execute_dag_guided_testing("first", sagemaker=True)
            assert outcomes(ran) == {"first": outcome}
        assert nodes(factory.plan("first", sagemaker=True)["reuse"]) == ["first"]
        assert factory.why("first", sagemaker=True)["stale"] is False
        (row,) = factory.plan("first")["run"]
        assert row["text"] == "SM_*  set → not set"
        assert factory.why("first")["stale"] is True
        assert outcomes(factory.execute_dag_guided_testing("first")) == {"first": "passed"}


def test_a_selection_of_nobody_cannot_be_planned(tmp_path):
    """The nearest name is told, as by a run; `state:` patterns are selections."""
    _, factory = three(tmp_path, second="bad")
    with factory:
        with pytest.raises(SelectionError, match="Did you mean 'third'"):
            factory.plan("thirt")
        factory.execute_dag_guided_testing()
        assert nodes(factory.plan("state:failed")["run"]) == ["second"]
        with pytest.raises(SelectionError, match="state:stale"):
            factory.execute_dag_guided_testing("state:stale")


# ---- why a node would run again


def test_why_tells_what_differs(tmp_path):
    """Of the node itself and of those above it, old → new; an unknown node is refused."""
    place, factory = three(tmp_path)
    with factory:
        factory.execute_dag_guided_testing()
        assert factory.why("third")["stale"] is False
        edit(place, "second")
        why = factory.why("third")
        assert why["stale"] is True
        assert nodes(why["upstream"]) == ["second"]
        (change,) = factory.why("second")["changes"]
        assert (change["part"], change["name"]) == ("script", "second")
        assert change["old"] != change["new"]
        with pytest.raises(UnknownNodeError, match="second"):
            factory.why("secnd")


def test_an_accepted_change_is_none(tmp_path):
    """The passed attempt stands; it is recorded, and the next run reuses it."""
    place, factory = three(tmp_path)
    with factory:
        factory.execute_dag_guided_testing()
        with pytest.raises(CommandRefusedError, match="Nothing that second depends on"):
            factory.accept_unchanged("second")
        edit(place, "second")
        told = factory.accept_unchanged("second")
        assert [row["type"] for row in told["recorded"]] == ["ReuseAccepted"]
        assert list(told["nodes"]) == ["second"]
        assert set(outcomes(factory.execute_dag_guided_testing()).values()) == {"reused"}


def test_a_change_is_accepted_only_on_what_one_has_seen(tmp_path):
    """Who has not seen what somebody else did to the node is told, looks, and repeats."""
    place, factory = three(tmp_path)
    with factory:
        factory.execute_dag_guided_testing()
        seen = factory.version
        edit(place, "second")
        with place.resume(factory.session_name, actor="bob") as other:
            other.configure_script_testing("second", user_notes="mine now")
        with pytest.raises(VersionConflictError):
            factory.accept_unchanged("second")
        factory.why("second")
        with pytest.raises(VersionConflictError):
            factory.accept_unchanged("second", based_on=seen)
        assert factory.accept_unchanged("second")["version"] > seen


# ---- retry


def test_a_retry_runs_what_failed_and_what_it_blocked(tmp_path):
    """With the present configuration, and answers as a run does."""
    _, factory = three(tmp_path, second="bad")
    with factory:
        factory.execute_dag_guided_testing()
        again = factory.retry()
        assert outcomes(again) == {"second": "failed", "third": "blocked"}
        factory.configure_script_testing("second", environ_vars={"MODE": "good"})
        results = factory.retry(jobs=2)
        assert outcomes(results) == {"second": "passed", "third": "passed"}
        assert results["pipeline_success"] is True
        assert (
            "script_path" in results["interactive_factory_info"]["script_configurations"]["third"]
        )
        with pytest.raises(NothingToRetryError, match="nothing to retry"):
            factory.retry()


def test_a_retry_is_refused_like_a_run(tmp_path):
    """What a person has to answer first is told, and so is a number of jobs that is none."""
    _, factory = three(tmp_path, second="bad")
    with factory:
        factory.execute_dag_guided_testing()
        factory.clear_configuration("second")
        with pytest.raises(SettingError, match="jobs must be a whole number"):
            factory.retry(jobs=0)
        with pytest.raises(PendingScriptsError, match="second"):
            factory.retry()


# ---- cancel


@pytest.mark.slow
@pytest.mark.parametrize("beside", [False, True])
def test_a_run_is_cancelled_from_a_thread_or_by_another_object(tmp_path, beside):
    """The run answers with the status `cancelled`; the node is then retried."""
    place = Place(tmp_path)
    place.script("hangs", HANGS)
    hold, ran = place.file("hold", ""), tmp_path / "ran"
    with place.factory(PipelineDAG(["hangs"]), session_name="held") as factory:
        factory.configure_script_testing("hangs", job_args={"ran": ran, "hold": hold})
        told = []

        def cancel():
            until(lambda: has_content(ran), "the script runs")
            with place.open("held") if beside else nullcontext(factory) as asking:
                told.append(asking.cancel())

        other = threading.Thread(target=cancel)
        other.start()
        results = factory.execute_dag_guided_testing()
        other.join()
        assert results["status"] == "cancelled"
        assert outcomes(results) == {"hangs": "cancelled"}
        assert told == [{"run": results["run"], "version": told[0]["version"]}]
        hold.unlink()
        assert outcomes(factory.retry()) == {"hangs": "passed"}
        with pytest.raises(CommandRefusedError, match="No run is on"):
            factory.cancel()


def test_what_a_run_cannot_take_is_refused_with_what_it_can(tmp_path):
    """A keyword that there is not, and a selection that is none: nothing is run."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        before = factory.version
        with pytest.raises(UnknownKeywordError, match=r"'job'. Did you mean 'jobs'"):
            factory.execute_dag_guided_testing(job=2)
        with pytest.raises(UnknownKeywordError, match=r"Did you mean 'fail_fast'"):
            factory.retry(failfast=True)
        for select in (5, ["CleanOrders", 5]):
            with pytest.raises(CommandInvalidError, match="a pattern of nodes, or several, not 5"):
                factory.execute_dag_guided_testing(select)
            with pytest.raises(CommandInvalidError):
                factory.plan(select)
        assert factory.version == before
