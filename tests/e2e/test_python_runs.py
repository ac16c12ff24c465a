"""Runs through the Python door: results, failures, selections, secrets."""

import json
import os
from pathlib import Path

import pytest
from tests.support.pipelines import Place, answered, chain, orders, orders_answers

from runthrough import (
    ConfigurationInvalidError,
    PendingScriptsError,
    PipelineDAG,
    Secret,
    SelectionError,
    SettingError,
)

PASS_ON = """
import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    if Path(environ_vars["BROKEN"]).exists():
        print("broken on purpose", file=sys.stderr)
        sys.exit(1)
    Path(output_paths["text"]).write_text(Path(input_paths["text"]).read_text() + "x")
"""
USES_SECRET = """
import hashlib
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    print("token", environ_vars["SERVICE_TOKEN"])
    texts = [environ_vars["SERVICE_TOKEN"], job_args.login["password"]]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    Path(output_paths["digests"]).write_text(" ".join(digests))
    return {"token": environ_vars["SERVICE_TOKEN"]}
"""
HANGS = """
import os
import signal
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    if job_args.wait:
        os.kill(job_args.tester, signal.SIGINT)
        signal.pause()
    Path(output_paths["done"]).write_text("done")
"""
INTERRUPTED = """
import os

from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG

with InteractiveRuntimeTestingFactory(PipelineDAG(["before", "hang"])) as factory:
    factory.configure_script_testing("hang", job_args={"wait": True, "tester": os.getpid()})
    try:
        factory.execute_dag_guided_testing()
    except KeyboardInterrupt:
        print("interrupted")
    factory.configure_script_testing("hang", job_args={"wait": False})
    results = factory.execute_dag_guided_testing()
    for node, outcome in results["outcomes"].items():
        print(node, outcome["outcome"])
    ends = [row["sentence"] for row in factory.history() if row["type"] == "RunFinished"]
    print([sentence.split()[2] for sentence in ends])
"""
RESULT_KEYS = {
    "pipeline_success",
    "script_results",
    "data_flow_results",
    "execution_order",
    "errors",
    "step_catalog_analysis",
    "interactive_factory_info",
}


def broken_chain(folder):
    """Three nodes; the middle one fails as long as a file is there."""
    place, dag = chain(folder, ("first", "second", "third"), PASS_ON)
    start = place.file("workspace/start.txt", "x")
    factory = place.factory(dag)
    for node in dag.nodes:
        broken = folder / f"{node}.broken"
        inputs = {"text": start} if node == "first" else {}
        factory.configure_script_testing(node, input_paths=inputs, environ_vars={"BROKEN": broken})
    return place, factory


def test_results_have_the_founding_shape_and_are_json(tmp_path):
    """A run's results are the founding plan's mappings, key by key."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        results = answered(factory, orders_answers(place)).execute_dag_guided_testing()
    assert json.loads(json.dumps(results)) == results
    assert set(results) >= RESULT_KEYS
    assert results["pipeline_success"] is True
    assert results["execution_order"] == ["CleanOrders", "TotalOrders", "WriteReport"]
    assert results["errors"] == []
    script = results["script_results"]["CleanOrders"]
    assert script.pop("execution_time") > 0
    assert script == {
        "script_name": "clean_orders",
        "success": True,
        "error_message": None,
        "error_hints": [],
        "has_main_function": True,
        "outcome": "passed",
        "exit_code": 0,
        "signal": None,
    }
    assert set(results["data_flow_results"]) == {
        "CleanOrders->TotalOrders",
        "TotalOrders->WriteReport",
    }
    flow = results["data_flow_results"]["CleanOrders->TotalOrders"]
    (connection,) = flow.pop("connections")
    assert connection["output"].startswith("CleanOrders.")
    assert connection["issues"] == []
    assert flow == {
        "script_a": "CleanOrders",
        "script_b": "TotalOrders",
        "compatible": True,
        "compatibility_issues": [],
        "warnings": [],
        "unchecked": None,
        "data_format_a": "csv",
        "data_format_b": None,
        "rows": 3,
        "columns": ["customer", "currency", "amount"],
    }
    info = results["interactive_factory_info"]
    configurations = info.pop("script_configurations")
    assert info == {
        "dag_name": "orders",
        "total_scripts": 3,
        "auto_configured_scripts": 1,
        "manually_configured_scripts": 2,
    }
    assert set(configurations) == {"CleanOrders", "TotalOrders", "WriteReport"}
    assert configurations["CleanOrders"]["input_paths"] == {
        "orders": str(tmp_path / "workspace/data/orders.csv")
    }
    outcome = results["outcomes"]["CleanOrders"]
    assert set(outcome) == {
        "outcome",
        "exit_code",
        "signal",
        "duration_s",
        "peak_rss_bytes",
        "log",
    }
    assert Path(outcome["log"]).is_file()


def test_executing_while_pending_is_refused_in_the_founding_words(tmp_path):
    """The refusal counts the scripts and has a line for each with what is missing."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        with pytest.raises(PendingScriptsError) as refused:
            factory.execute_dag_guided_testing()
        assert str(refused.value).splitlines()[:3] == [
            "Cannot execute testing - missing configuration for 2 scripts:",
            (
                "  - CleanOrders: Missing required input: orders; "
                "Missing required environment variable: CURRENCY"
            ),
            "  - WriteReport: Missing required argument: top",
        ]
        assert refused.value.nodes == ("CleanOrders", "WriteReport")
        assert factory.history()[-1]["type"] == "CommandRefused"


def test_a_script_that_exits_with_one_fails_and_blocks_what_is_below(tmp_path):
    """`sys.exit(1)` is a failure with its code; the tester lives; the rest does not run."""
    _, factory = broken_chain(tmp_path)
    (tmp_path / "second.broken").touch()
    with factory:
        results = factory.execute_dag_guided_testing()
        assert results["pipeline_success"] is False
        assert results["execution_order"] == ["first", "second"]
        outcomes = {node: row["outcome"] for node, row in results["outcomes"].items()}
        assert outcomes == {"first": "passed", "second": "failed", "third": "blocked"}
        assert set(results["script_results"]) == {"first", "second"}
        failed = results["script_results"]["second"]
        assert (failed["success"], failed["exit_code"]) == (False, 1)
        assert "1" in failed["error_message"]
        assert results["errors"] == [f"second: {failed['error_message']}"]
        assert results["root_causes"] == [{"node": "second", "blocked": ["third"]}]
        log = Path(results["outcomes"]["second"]["log"])
        assert "broken on purpose" in log.read_text()
        categories = {row["node"]: row["category"] for row in factory.worklist()}
        assert categories == {"first": "passed", "second": "failed", "third": "blocked"}


def test_what_passed_is_reused_and_the_rest_runs_again(tmp_path):
    """Once mended, the second run reuses the passed node, and `reuse=False` runs all."""
    _, factory = broken_chain(tmp_path)
    (tmp_path / "second.broken").touch()
    with factory:
        factory.execute_dag_guided_testing()
        (tmp_path / "second.broken").unlink()
        outcomes = factory.execute_dag_guided_testing()["outcomes"]
        assert {node: row["outcome"] for node, row in outcomes.items()} == {
            "first": "reused",
            "second": "passed",
            "third": "passed",
        }
        outcomes = factory.execute_dag_guided_testing(reuse=False, jobs=2)["outcomes"]
        assert {row["outcome"] for row in outcomes.values()} == {"passed"}


def test_a_selection_runs_what_it_names(tmp_path):
    """A node, the nodes above it, and several selections; an unknown one names the nearest."""
    _, factory = broken_chain(tmp_path)
    with factory:
        assert factory.execute_dag_guided_testing("first")["execution_order"] == ["first"]
        above = factory.execute_dag_guided_testing("+second")
        assert above["execution_order"] == ["first", "second"]
        several = factory.execute_dag_guided_testing(["first", "third"])
        assert several["execution_order"] == ["first", "third"]
        with pytest.raises(SelectionError, match="Did you mean 'third'"):
            factory.execute_dag_guided_testing("thirt")


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2"])
def test_jobs_are_a_whole_number_from_one_up(tmp_path, jobs):
    """Another number is refused, and no run has begun."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place))
        with pytest.raises(SettingError, match="jobs must be a whole number"):
            factory.execute_dag_guided_testing(jobs=jobs)
    assert "RunStarted" not in place.types()


@pytest.mark.slow
def test_an_interrupted_run_can_be_answered_and_repeated(tmp_path):
    """Ctrl-C ends the scripts and the run; the same object mends the node and completes it."""
    place = Place(tmp_path)
    place.script(
        "before", 'def main(output_paths):\n    open(output_paths["done"], "w").write("x")'
    )
    place.script("hang", HANGS)
    printed = place.python(INTERRUPTED, RUNTHROUGH_WORKSPACE=str(place.workspace))
    assert printed.splitlines() == [
        "interrupted",
        "before reused",
        "hang passed",
        "['interrupted', 'passed']",
    ]


def test_pending_nodes_stop_only_a_run_that_selects_them(tmp_path):
    """What is configured can run while something else still waits for a person."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        factory.configure_script_testing("CleanOrders", **orders_answers(place)["CleanOrders"])
        results = factory.execute_dag_guided_testing("CleanOrders")
        assert results["pipeline_success"] is True
        assert factory.get_pending_script_configurations() == ["WriteReport"]


def test_an_output_without_a_path_lies_in_the_sessions_folder(tmp_path):
    """Nothing is written beside the user's files but the session's own folder."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place)).execute_dag_guided_testing()
        kept = place.workspace / ".runthrough" / factory.session_id
        (report,) = kept.glob("runs/*/WriteReport/*/report")
        assert report.read_text() == "ada"
    assert {path.name for path in place.workspace.iterdir()} == {"data", "scripts", ".runthrough"}


def test_a_secret_reaches_the_script_and_nothing_else(tmp_path, monkeypatch):
    """Its value is resolved at the run, and stands in no file but those the script wrote."""
    place = Place(tmp_path)
    place.script("login", USES_SECRET)
    value = "correct-horse-battery-staple-7391"
    monkeypatch.setenv("THE_TOKEN", value)
    with place.factory(PipelineDAG(["login"])) as factory:
        spec = factory.configure_script_testing(
            "login",
            environ_vars={"SERVICE_TOKEN": Secret("THE_TOKEN")},
            job_args={"login": {"user": "ann", "password": Secret("THE_TOKEN")}},
            output_paths={"digests": place.workspace / "digests.txt"},
        )
        assert spec.environ_vars == {"SERVICE_TOKEN": {"secret": "THE_TOKEN"}}
        results = factory.execute_dag_guided_testing()
        assert results["pipeline_success"] is True, results["errors"]
        assert value not in json.dumps([results, factory.status(), factory.history()])
    first, second = (place.workspace / "digests.txt").read_text().split()
    assert first == second
    left = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.name.startswith(place.database.name) for path in left)
    assert [path for path, content in left.items() if value.encode() in content] == []


def test_a_secret_that_nobody_knows_fails_its_node_by_name(tmp_path, monkeypatch):
    """The name is told with what to export; the script does not start."""
    monkeypatch.delenv("THE_TOKEN", raising=False)
    place = Place(tmp_path)
    place.script("login", USES_SECRET)
    with place.factory(PipelineDAG(["login"])) as factory:
        factory.configure_script_testing(
            "login",
            environ_vars={"SERVICE_TOKEN": Secret("THE_TOKEN")},
            job_args={"login": {}},
        )
        results = factory.execute_dag_guided_testing()
    assert results["outcomes"]["login"]["outcome"] == "failed"
    assert "THE_TOKEN" in results["errors"][0]


def test_a_secret_in_plain_is_refused_and_kept_nowhere(tmp_path):
    """What looks like a secret is rejected by its field, and no byte of it is stored."""
    place = Place(tmp_path)
    place.script("login", USES_SECRET)
    value = "correct-horse-battery-staple-7391"
    with place.factory(PipelineDAG(["login"])) as factory:
        with pytest.raises(ConfigurationInvalidError) as rejected:
            factory.configure_script_testing(
                "login",
                environ_vars={"SERVICE_TOKEN": value},
                job_args={"login": {"password": value}},
                user_notes=f"see https://ann:{value}@host/",
            )
        problems = rejected.value.problems
        assert {(p["code"], p["where"]["name"]) for p in problems} == {
            ("SECRET_IN_PLAIN", "SERVICE_TOKEN"),
            ("SECRET_IN_PLAIN", "login"),
        }
        assert value not in str(rejected.value)
        with pytest.raises(ConfigurationInvalidError, match="SERVICE_TOKEN") as rejected:
            factory.configure_script_testing(
                "login", environ_vars={"SERVICE_TOKEN": Secret(value + "!")}
            )
        assert value not in str(rejected.value)
        plain = factory.configure_script_testing(
            "login",
            environ_vars={"SERVICE_TOKEN": {"plain": "none"}},
            job_args={"login": {"password": {"plain": "none"}}},
        )
        assert plain.environ_vars == {"SERVICE_TOKEN": "none"}
    files = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert any(path.name.startswith(place.database.name) for path in files)
    assert not any(value.encode() in path.read_bytes() for path in files)


def test_the_scripts_environment_does_not_reach_the_tester(tmp_path):
    """A script that changes its folder and environment leaves the tester's as they were."""
    place = Place(tmp_path)
    place.script(
        "restless",
        """
        import os
        from pathlib import Path


        def main(input_paths, output_paths, environ_vars, job_args):
            os.environ["RESTLESS"] = "1"
            os.chdir("/")
            Path(output_paths["done"]).write_text("done")
        """,
    )
    before = Path.cwd()
    with place.factory(PipelineDAG(["restless"])) as factory:
        assert factory.execute_dag_guided_testing()["pipeline_success"] is True
    assert Path.cwd() == before
    assert "RESTLESS" not in os.environ
