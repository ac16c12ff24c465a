"""The tester without a session: real scripts, real children, and no database anywhere."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.pipelines import ORDERS, orders, tree

from runthrough import (
    Output,
    PendingScriptsError,
    PipelineCycleError,
    PipelineDAG,
    PipelineTestingSpec,
    PipelineTestingSpecBuilder,
    RunnerUnavailableError,
    RuntimeTester,
    RuntimeTestingConfiguration,
    ScriptExecutionSpec,
    ScriptNotFoundError,
    SettingError,
    UnknownKeywordError,
    UnknownNodeError,
    load_pipeline,
)
from runthrough.adapters.inspection import LocalInspector
from runthrough.errors import CommandInvalidError

VALUES = {
    "environ_vars": {"CleanOrders": {"CURRENCY": "EUR"}},
    "job_args": {"WriteReport": {"top": 1}},
}
NODES = ["CleanOrders", "TotalOrders", "WriteReport"]
ALONE = {"test_pipeline_flow": False}


@pytest.fixture
def place(tmp_path):
    """The pipeline of orders with its data; and what the builder makes of it."""
    made, dag = orders(tmp_path)
    made.file("workspace/input/CleanOrders/orders", ORDERS)
    return made, PipelineTestingSpecBuilder(made.workspace).build_from_dag(dag, **VALUES)


def spec(made, name, source=None, **how):
    """A specification of a script, which is written where its source is given."""
    path = made.workspace / f"scripts/{name}.py"
    if source is not None:
        made.script(name, source)
    given = {"input_paths": {}, "output_paths": {}, "environ_vars": {}, "job_args": {}, **how}
    return ScriptExecutionSpec(
        script_name=name, step_name=how.pop("step_name", name), script_path=str(path), **given
    )


def pair(made, write, read):
    """Specifications of a script that writes `out`, and of one that reads it."""
    a = spec(
        made,
        "a",
        "from pathlib import Path\n"
        f"def main(input_paths, output_paths, environ_vars, job_args):\n    {write}\n",
        output_paths={"out": str(made.workspace / "output/a/out")},
    )
    b = spec(
        made,
        "b",
        "from pathlib import Path\n"
        f"def main(input_paths, output_paths, environ_vars, job_args):\n    {read}\n",
        connections={"out": Output("a", "out")},
    )
    return a, b


def without(tested, node, **how):
    """The whole specification with one node's changed."""
    changed = tested.script_specs[node].model_copy(update=how)
    return replace(tested, script_specs={**tested.script_specs, node: changed})


# ---- one script


def test_one_script_runs_on_its_specification(place):
    """The result tells how it ended and where its outputs and its log lie."""
    made, tested = place
    before = tree(made.workspace / "scripts")
    result = RuntimeTester(made.workspace).test_script_with_spec(
        tested.script_specs["CleanOrders"]
    )
    assert (result.script_name, result.step_name) == ("clean_orders", "CleanOrders")
    assert (result.success, result.outcome, result.exit_code) == (True, "passed", 0)
    assert (result.has_main_function, result.error_message) == (True, None)
    assert result.execution_time > 0
    assert Path(result.output_paths["clean_orders"]).read_text().count("EUR") == 3
    assert Path(result.log).is_file()
    assert Path(result.log).is_relative_to(made.workspace / ".runthrough/rehearsals")
    assert tree(made.workspace / "scripts") == before


def test_a_script_that_fails_is_told_with_its_reason(place):
    """The exception, a hint about the missing name, and the log are there."""
    made, tested = place
    params = {"environ_vars": {}}
    result = RuntimeTester(made.workspace).test_script_with_spec(
        tested.script_specs["CleanOrders"], params
    )
    assert (result.success, result.outcome) == (False, "failed")
    assert "CURRENCY" in result.error_message
    assert result.error_hints == (
        "environ_vars has no CURRENCY: give environ_vars={'CURRENCY': VALUE} in the specification",
    )
    assert "KeyError" in Path(result.log).read_text()
    assert result.output_paths == {}


def test_main_params_stand_for_the_specifications(place):
    """Each mapping that is given is taken whole, a namespace among them."""
    made, tested = place
    built = tested.script_specs["CleanOrders"]
    params = PipelineTestingSpecBuilder(made.workspace).get_script_main_params(built)
    params["environ_vars"]["CURRENCY"] = "USD"
    params["output_paths"] = {"clean_orders": made.folder / "elsewhere.csv"}
    result = RuntimeTester(made.workspace).test_script_with_spec(built, params)
    assert result.success
    assert (made.folder / "elsewhere.csv").read_text().count("USD") == 1
    with pytest.raises(UnknownKeywordError, match="environ_vars"):
        RuntimeTester(made.workspace).test_script_with_spec(built, {"environ_var": {}})


def test_a_script_without_main_does_not_run(place):
    """It is told so, and its module is never loaded."""
    made, _ = place
    made_up = spec(made, "silent", "open('ran', 'w').close()\n")
    result = RuntimeTester(made.workspace).test_script_with_spec(made_up)
    assert (result.success, result.has_main_function) == (False, False)
    assert "main" in result.error_message
    assert list(made.folder.rglob("ran")) == []


def test_an_output_that_is_not_written_fails_the_script(place):
    """Ending well is not enough."""
    made, _ = place
    made_up = spec(
        made,
        "lazy",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    output_paths['model']\n",
    )
    result = RuntimeTester(made.workspace).test_script_with_spec(made_up)
    assert not result.success
    assert "OUTPUT_NOT_WRITTEN" in result.error_message


def test_an_output_without_a_path_goes_to_the_attempts_folder(place):
    """What has no place of its own lies below the rehearsal."""
    made, _ = place
    made_up = spec(
        made,
        "writer",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    open(output_paths['model'], 'w').write('m')\n",
    )
    written = RuntimeTester(made.workspace).test_script_with_spec(made_up).output_paths["model"]
    assert Path(written).read_text() == "m"
    assert Path(written).is_relative_to(made.workspace / ".runthrough/rehearsals")


def test_limits_and_time_limits_hold(place):
    """A script that takes too long is ended, and told as such."""
    made, _ = place
    endless = spec(
        made,
        "endless",
        "def main(input_paths, output_paths, environ_vars, job_args):\n    while True: pass\n",
        timeout_s=0.3,
    )
    result = RuntimeTester(made.workspace).test_script_with_spec(endless)
    assert (result.success, result.outcome) == (False, "timed_out")


def test_a_secret_is_looked_up_and_never_told(place, monkeypatch):
    """The script gets the value; neither result nor log has it."""
    made, _ = place
    monkeypatch.setenv("SHOP_TOKEN", "tok-8362-planted")
    made_up = spec(
        made,
        "shop",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    print(environ_vars['TOKEN'])\n"
        "    raise SystemExit(len(environ_vars['TOKEN']))\n",
        environ_vars={"TOKEN": {"secret": "SHOP_TOKEN"}},
    )
    result = RuntimeTester(made.workspace).test_script_with_spec(made_up)
    assert result.exit_code == len("tok-8362-planted")
    left = b"".join(c or b"" for c in tree(made.workspace / ".runthrough").values())
    assert b"planted" not in left
    assert "planted" not in result.model_dump_json()


def test_a_secret_that_nobody_knows_is_told_by_its_name(place):
    """The script does not start without it."""
    made, _ = place
    made_up = spec(
        made,
        "shop",
        "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n",
        environ_vars={"TOKEN": {"secret": "NOBODY_SET_THIS"}},
    )
    result = RuntimeTester(made.workspace).test_script_with_spec(made_up)
    assert not result.success
    assert "NOBODY_SET_THIS" in result.error_message
    assert result.log is None


def test_a_script_that_is_not_there_is_an_error(place):
    """The error names the file that was looked for, and the folder."""
    made, tested = place
    gone = tested.script_specs["CleanOrders"].model_copy(
        update={"script_path": str(made.workspace / "gone.py")}
    )
    with pytest.raises(ScriptNotFoundError, match=r"gone\.py"):
        RuntimeTester(made.workspace).test_script_with_spec(gone)


def test_a_script_is_found_by_the_name_of_its_node(place):
    """A specification that names no file takes what the catalog finds."""
    made, tested = place
    unnamed = tested.script_specs["CleanOrders"].model_copy(
        update={"script_path": None, "script_name": None}
    )
    assert RuntimeTester(made.workspace).test_script_with_spec(unnamed).success
    with pytest.raises(ScriptNotFoundError, match="Nothing"):
        RuntimeTester(made.workspace).test_script_with_spec(
            unnamed.model_copy(update={"step_name": "Nothing"})
        )


@pytest.mark.parametrize("path", ["workspace:scripts/clean_orders.py", "scripts/clean_orders.py"])
def test_a_recorded_or_relative_path_names_a_script(place, monkeypatch, path):
    """Both forms in which specifications are shown are understood."""
    made, tested = place
    monkeypatch.chdir(made.workspace)
    named = tested.script_specs["CleanOrders"].model_copy(update={"script_path": path})
    assert RuntimeTester(made.workspace).test_script_with_spec(named).success


def test_a_path_below_an_unknown_root_is_refused(place):
    """Where `pipeline:` lies is known to sessions only."""
    made, tested = place
    named = tested.script_specs["CleanOrders"].model_copy(
        update={"input_paths": {"orders": "pipeline:data/orders.csv"}}
    )
    with pytest.raises(CommandInvalidError, match="pipeline:"):
        RuntimeTester(made.workspace).test_script_with_spec(named)


def test_an_input_of_another_node_without_a_path_is_refused(place):
    """A script alone gets nothing from a node that does not run."""
    made, tested = place
    fed = tested.script_specs["TotalOrders"].model_copy(update={"input_paths": {}})
    with pytest.raises(PendingScriptsError, match=r"CleanOrders\.clean_orders"):
        RuntimeTester(made.workspace).test_script_with_spec(fed)


# ---- two scripts


def test_what_a_writes_is_checked_with_the_eyes_of_b(place):
    """A runs, B does not, and format, rows and columns are told."""
    made, tested = place
    result = RuntimeTester(made.workspace).test_data_compatibility_with_specs(
        tested.script_specs["CleanOrders"], tested.script_specs["TotalOrders"]
    )
    assert (result.script_a, result.script_b) == ("CleanOrders", "TotalOrders")
    assert (result.compatible, result.compatibility_issues) == (True, ())
    assert (result.data_format_a, result.rows) == ("csv", 3)
    assert result.columns == ("customer", "currency", "amount")
    assert not (made.workspace / "output/TotalOrders/totals").exists()


def test_files_that_b_needs_and_a_does_not_write_are_told(place):
    """None of what the consumer opens is there."""
    made, _ = place
    a, b = pair(
        made,
        "Path(output_paths['out']).mkdir(); "
        "Path(output_paths['out'], 'x.csv').write_text('a,b\\n1,2\\n')",
        "open(Path(input_paths['out']) / 'model.json')",
    )
    result = RuntimeTester(made.workspace).test_data_compatibility_with_specs(a, b)
    assert not result.compatible
    assert "model.json" in result.compatibility_issues[0]
    assert result.data_format_a == "folder"


def test_a_producer_that_fails_is_told(place):
    """Nothing can be checked then, and the reason is A's."""
    made, _ = place
    a, b = pair(made, "raise ValueError('no rows'); output_paths['out']", "input_paths['out']")
    result = RuntimeTester(made.workspace).test_data_compatibility_with_specs(a, b)
    assert not result.compatible
    assert "no rows" in result.compatibility_issues[0]


def test_what_else_feeds_b_is_left_alone(place):
    """B does not run, so its other inputs need neither a path nor their node."""
    made, _ = place
    write = "Path(output_paths['out']).write_text('a,b\\n1,2\\n')"
    a, b = pair(made, write, "input_paths['out'], input_paths['more']")
    fed = b.model_copy(update={"connections": {**b.connections, "more": Output("c", "out")}})
    result = RuntimeTester(made.workspace).test_data_compatibility_with_specs(a, fed)
    assert result.compatible
    assert len(result.connections) == 1


def test_an_input_at_an_outputs_path_is_fed_by_it(place):
    """Specifications need no connections where their paths are the same."""
    made, _ = place
    write = "Path(output_paths['out']).write_text('a,b\\n1,2\\n')"
    a, b = pair(made, write, "input_paths['table']")
    same = b.model_copy(
        update={"connections": {}, "input_paths": {"table": a.output_paths["out"]}}
    )
    result = RuntimeTester(made.workspace).test_data_compatibility_with_specs(a, same)
    assert result.compatible
    assert result.connections[0]["input"] == "b.table"


def test_two_scripts_that_share_nothing_are_not_compatible(place):
    """It is said how to name what goes from one to the other."""
    made, _ = place
    a, b = pair(made, "output_paths['out']", "input_paths['something'], input_paths['other']")
    apart = b.model_copy(update={"connections": {}})
    result = RuntimeTester(made.workspace).test_data_compatibility_with_specs(a, apart)
    assert not result.compatible
    assert "connections=" in result.compatibility_issues[0]
    with pytest.raises(CommandInvalidError, match="step_name"):
        RuntimeTester(made.workspace).test_data_compatibility_with_specs(a, a)


# ---- a whole pipeline


def test_a_pipeline_runs_end_to_end(place):
    """Each node once, in order, with the founding plan's keys; JSON can hold all of it."""
    made, tested = place
    results = RuntimeTester(made.workspace).test_pipeline_flow_with_spec(tested)
    assert results["pipeline_success"] is True
    assert results["execution_order"] == NODES
    assert results["errors"] == []
    assert list(results["script_results"]) == NODES
    assert results["script_results"]["WriteReport"]["success"]
    assert list(results["data_flow_results"]) == [
        "CleanOrders->TotalOrders",
        "TotalOrders->WriteReport",
    ]
    assert "step_catalog_analysis" not in results
    assert (made.workspace / "output/WriteReport/report").read_text() == "ada"
    assert json.loads(json.dumps(results)) == results


def test_the_catalogs_analysis_comes_on_top(place):
    """The enhanced test has one key more."""
    made, tested = place
    results = RuntimeTester(made.workspace).test_pipeline_flow_with_step_catalog_enhancements(
        tested
    )
    analysis = results["step_catalog_analysis"]
    assert analysis["total_scripts"] == 3
    assert list(analysis["found_scripts"]) == NODES
    assert analysis["missing_scripts"] == []


def test_consumers_run_on_what_was_really_written(place):
    """An output without a path is handed over from the attempt's own folder."""
    made, tested = place
    moved = without(tested, "CleanOrders", output_paths={})
    stale = made.file("workspace/output/CleanOrders/clean_orders", "customer,amount\nzoe,9\n")
    assert RuntimeTester(made.workspace).test_pipeline_flow_with_spec(moved)["pipeline_success"]
    assert (made.workspace / "output/WriteReport/report").read_text() == "ada"
    assert "zoe" in stale.read_text()


def test_nothing_runs_below_a_failure(place):
    """The cause is told, and what it blocked."""
    made, tested = place
    broken = without(tested, "CleanOrders", environ_vars={})
    results = RuntimeTester(made.workspace).test_pipeline_flow_with_spec(broken)
    assert results["pipeline_success"] is False
    assert results["execution_order"] == ["CleanOrders"]
    assert results["root_causes"] == [
        {"node": "CleanOrders", "blocked": ["TotalOrders", "WriteReport"]}
    ]
    assert "CURRENCY" in results["errors"][0]
    assert not (made.workspace / "output/TotalOrders").exists()


def test_an_incompatible_connection_fails_the_pipeline_and_is_an_error(place):
    """The errors name the edge, although every script passed."""
    made, _ = place
    write = "Path(output_paths['out']).mkdir(); Path(output_paths['out'], 'x').write_text('1')"
    read = "Path(input_paths['out'], 'model.json').exists()"
    a, b = pair(made, write, read)
    tested = PipelineTestingSpec(
        PipelineDAG(edges=[("a", "b")]), {"a": a, "b": b}, str(made.workspace)
    )
    results = RuntimeTester(made.workspace).test_pipeline_flow_with_spec(tested)
    assert [r["success"] for r in results["script_results"].values()] == [True, True]
    assert results["pipeline_success"] is False
    assert results["errors"][0].startswith("a->b: ")


def test_a_node_without_a_specification_is_refused(place):
    """Unless it is said to be external, nobody knows how it is run."""
    made, tested = place
    two = {n: s for n, s in tested.script_specs.items() if n != "WriteReport"}
    with pytest.raises(PendingScriptsError, match="WriteReport: it has no specification"):
        RuntimeTester(made.workspace).test_pipeline_flow_with_spec(
            replace(tested, script_specs=two)
        )
    outside = replace(tested, script_specs=two, external=frozenset({"WriteReport"}))
    results = RuntimeTester(made.workspace).test_pipeline_flow_with_spec(outside)
    assert results["execution_order"] == ["CleanOrders", "TotalOrders"]
    with pytest.raises(UnknownNodeError, match="WriteReport"):
        replace(tested, external=frozenset({"WriteReports"}))


def test_an_external_node_hands_over_the_path_of_the_specification(place):
    """The consumer reads what lies there; without a path it is refused."""
    made, tested = place
    specs = {n: s for n, s in tested.script_specs.items() if n != "CleanOrders"}
    outside = replace(tested, script_specs=specs, external=frozenset({"CleanOrders"}))
    made.file("workspace/output/CleanOrders/clean_orders", "customer,amount\nzoe,9\n")
    results = RuntimeTester(made.workspace).test_pipeline_flow_with_spec(outside)
    assert results["pipeline_success"]
    assert (made.workspace / "output/WriteReport/report").read_text() == "zoe"
    with pytest.raises(PendingScriptsError, match="input clean_orders comes from CleanOrders"):
        RuntimeTester(made.workspace).test_pipeline_flow_with_spec(
            without(outside, "TotalOrders", input_paths={})
        )


def test_connections_that_close_a_cycle_are_refused(place):
    """The cycle is named before anything runs."""
    made, tested = place
    looped = without(
        tested, "CleanOrders", connections={"orders": Output("WriteReport", "report")}
    )
    with pytest.raises(PipelineCycleError, match="CleanOrders"):
        RuntimeTester(made.workspace).test_pipeline_flow_with_spec(looped)
    unknown = without(tested, "TotalOrders", connections={"clean_orders": Output("X", "y")})
    with pytest.raises(UnknownNodeError, match="X"):
        RuntimeTester(made.workspace).test_pipeline_flow_with_spec(unknown)


def test_what_a_pipeline_file_says_of_running_holds(tmp_path, monkeypatch):
    """Limits of a node, variables to be inherited, and external nodes come through the builder."""
    made, _ = orders(tmp_path)
    made.script(
        "bound",
        "import os, resource\n"
        "from pathlib import Path\n"
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]\n"
        "    told = Path(input_paths['rows']).read_text() + os.environ['SHOP'] + str(files)\n"
        "    Path(output_paths['told']).write_text(told)\n",
    )
    made.file("workspace/rows.txt", "rows ")
    file = made.file(
        "workspace/pipeline.yaml",
        "name: bound\ninherit_env: [SHOP]\nscripts: [scripts]\nnodes:\n"
        "  Source: {external: true, outputs: {rows: rows.txt}}\n"
        "  Bound: {limits: {open_files: 77}}\n"
        "edges: [[Source, Bound]]\n",
    )
    monkeypatch.setenv("SHOP", "ours ")
    built = PipelineTestingSpecBuilder(made.workspace).build_from_dag(load_pipeline(file))
    assert RuntimeTester(made.workspace).test_pipeline_flow_with_spec(built)["pipeline_success"]
    assert (made.workspace / "output/Bound/told").read_text() == "rows ours 77"


def test_names_of_contracts_reach_what_the_code_reads(place):
    """A connection may name both ends as their contracts do."""
    made, _ = place
    made.script(
        "a",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    place = output_paths.get('own_out', '/opt/ml/processing/output/x')\n"
        "    open(place, 'w').write('left')\n",
    )
    made.script(
        "b",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    place = input_paths.get('own_in', '/opt/ml/processing/input/x')\n"
        "    open(output_paths['copy'], 'w').write(open(place).read())\n",
    )
    made.file(
        "workspace/scripts/a.contract.yaml",
        "expected_output_paths: {OUT: /opt/ml/processing/output/x}\n",
    )
    made.file(
        "workspace/scripts/b.contract.yaml",
        "expected_input_paths: {IN: /opt/ml/processing/input/x}\n",
    )
    tested = PipelineTestingSpec(
        PipelineDAG(edges=[("a", "b")]),
        {"a": spec(made, "a"), "b": spec(made, "b", connections={"IN": Output("a", "OUT")})},
        str(made.workspace),
    )
    results = RuntimeTester(made.workspace).test_pipeline_flow_with_spec(tested)
    assert results["pipeline_success"], results["errors"]
    told = results["data_flow_results"]["a->b"]["connections"]
    assert [(wire["output"], wire["input"]) for wire in told] == [("a.own_out", "b.own_in")]


# ---- a configuration


def test_a_configuration_says_what_is_done(place):
    """By default everything is: each node once, in order, and each connection checked."""
    _, tested = place
    results = RuntimeTester(RuntimeTestingConfiguration(tested, jobs=2)).run()
    assert results["pipeline_success"]
    assert len(results["script_results"]) == 3
    assert len(results["data_flow_results"]) == 2


def test_without_the_flow_each_script_runs_by_itself(place):
    """On the paths of its own specification, and also where another one failed."""
    made, tested = place
    made.file("workspace/output/TotalOrders/totals", '{"zoe": 9}')
    broken = without(tested, "TotalOrders", input_paths={"clean_orders": "/nowhere/at-all"})
    results = RuntimeTester(RuntimeTestingConfiguration(broken, **ALONE, jobs=2)).run()
    assert {n: r["outcome"] for n, r in results["script_results"].items()} == {
        "CleanOrders": "passed",
        "TotalOrders": "failed",
        "WriteReport": "passed",
    }
    assert (made.workspace / "output/WriteReport/report").read_text() == "zoe"
    assert list(results["data_flow_results"]) == ["CleanOrders->TotalOrders"]


def test_without_the_scripts_only_producers_run(place):
    """Their outputs are checked; nothing is said of scripts, and the last one never starts."""
    made, tested = place
    made.file("workspace/output/CleanOrders/clean_orders", "customer,amount\nzoe,9\n")
    only = RuntimeTestingConfiguration(tested, test_individual_scripts=False, **ALONE)
    results = RuntimeTester(only).run()
    assert results["script_results"] == {}
    assert results["execution_order"] == ["CleanOrders", "TotalOrders"]
    assert len(results["data_flow_results"]) == 2
    assert not (made.workspace / "output/WriteReport").exists()


def test_without_compatibility_no_output_is_judged(place):
    """The same scripts run, and no connection is told."""
    _, tested = place
    unjudged = RuntimeTestingConfiguration(tested, test_data_compatibility=False)
    results = RuntimeTester(unjudged).run()
    assert results["pipeline_success"]
    assert results["data_flow_results"] == {}
    assert results["execution_order"] == NODES


def test_fail_fast_starts_nothing_more(tmp_path):
    """A node that is independent of the failure is not started then."""
    made, _ = orders(tmp_path)
    bad = spec(
        made,
        "bad",
        "def main(input_paths, output_paths, environ_vars, job_args):\n    raise SystemExit(3)\n",
    )
    good = spec(
        made,
        "good",
        "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n",
    )
    tested = PipelineTestingSpec(
        PipelineDAG(nodes=["bad", "good"]), {"bad": bad, "good": good}, str(made.workspace)
    )
    fast = RuntimeTester(RuntimeTestingConfiguration(tested, fail_fast=True)).run()
    slow = RuntimeTester(RuntimeTestingConfiguration(tested)).run()
    assert list(fast["script_results"]) == ["bad"]
    assert list(slow["script_results"]) == ["bad", "good"]


def test_fail_fast_ends_what_runs(tmp_path):
    """A script that would never end is ended by the failure of another one."""
    made, _ = orders(tmp_path)
    sources = {
        "bad": "import os\n    while not os.path.exists(job_args.at): pass\n    raise ValueError",
        "endless": "open(job_args.at, 'w').close()\n    while True: pass",
    }
    specs = {
        name: spec(
            made,
            name,
            f"def main(input_paths, output_paths, environ_vars, job_args):\n    {source}\n",
            job_args={"at": str(tmp_path / "begun")},
        )
        for name, source in sources.items()
    }
    tested = PipelineTestingSpec(PipelineDAG(nodes=list(specs)), specs, str(made.workspace))
    results = RuntimeTester(RuntimeTestingConfiguration(tested, jobs=2, fail_fast=True)).run()
    outcomes = {node: told["outcome"] for node, told in results["outcomes"].items()}
    assert outcomes == {"bad": "failed", "endless": "cancelled"}


def test_wrong_configurations_are_refused(place):
    """Each with what to do about it."""
    made, tested = place
    off = {
        "test_individual_scripts": False,
        "test_data_compatibility": False,
        "test_pipeline_flow": False,
    }
    with pytest.raises(CommandInvalidError, match="switched off"):
        RuntimeTestingConfiguration(tested, **off)
    with pytest.raises(CommandInvalidError, match="pipeline_spec"):
        RuntimeTestingConfiguration({"dag": None})
    for jobs in (0, True, "2"):
        with pytest.raises(SettingError, match="jobs"):
            RuntimeTestingConfiguration(tested, jobs=jobs)
    with pytest.raises(RunnerUnavailableError, match="proces"):
        RuntimeTester(RuntimeTestingConfiguration(tested, runner="proces:"))
    with pytest.raises(CommandInvalidError, match="no folder"):
        RuntimeTester(made.folder / "absent")
    with pytest.raises(CommandInvalidError, match="no folder"):
        RuntimeTester(made.folder / ("n" * 300))
    empty = PipelineTestingSpec(PipelineDAG(), {}, str(made.workspace))
    with pytest.raises(CommandInvalidError, match="nothing would run"):
        RuntimeTester(made.workspace).test_pipeline_flow_with_spec(empty)
    with pytest.raises(CommandInvalidError, match="made for a folder"):
        RuntimeTester(made.workspace).run()


def test_the_tester_needs_no_database(place):
    """A program that runs a pipeline loads none of what a database needs, and leaves none."""
    made, _ = place
    told = made.python(
        """
        import json, sys
        from runthrough import PipelineDAG, PipelineTestingSpecBuilder, RuntimeTester, StepCatalog
        dag = PipelineDAG(edges=[("CleanOrders", "TotalOrders"), ("TotalOrders", "WriteReport")])
        tested = PipelineTestingSpecBuilder("workspace").build_from_dag(
            dag, **json.loads(sys.argv[1])
        )
        tester = RuntimeTester("workspace", StepCatalog(["workspace"]))
        assert tester.test_pipeline_flow_with_spec(tested)["pipeline_success"]
        print(sorted({"sqlalchemy", "alembic", "structlog"} & set(sys.modules)))
        """,
        json.dumps(VALUES),
    )
    assert told == "[]\n"
    assert not made.database.exists()


def test_scripts_are_never_imported_by_the_tester(place):
    """The process that tests does not load what it tests."""
    made, tested = place
    RuntimeTester(made.workspace).test_pipeline_flow_with_spec(tested)
    assert not {"clean_orders", "total_orders", "write_report"} & set(sys.modules)


class Blind(LocalInspector):
    """An inspector to which everything that scripts left is a fault of the disk."""

    def look(self, paths, **how):
        """Look at nothing that a script wrote."""
        paths = tuple(paths)
        if any("output" in path or "runs/" in path for path in paths):
            raise OSError("the disk says no")
        return super().look(paths, **how)


def test_what_cannot_be_judged_has_failed_by_itself(place):
    """A fault of looking at what a script left is that script's failure, and ends nothing else."""
    made, built = place
    tester = RuntimeTester(str(made.workspace))
    tester._bench._ports = replace(tester._bench._ports, inspector=Blind(probe=str))
    results = tester.test_pipeline_flow_with_spec(built)
    ends = {node: row["outcome"] for node, row in results["script_results"].items()}
    assert ends["CleanOrders"] == "failed"
    assert results["pipeline_success"] is False
    told = results["script_results"]["CleanOrders"]["error_message"]
    assert "cannot be looked at: OSError: the disk says no" in told
