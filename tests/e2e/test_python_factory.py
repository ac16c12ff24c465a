"""The founding plan's methods over a real pipeline and a real database."""

import argparse
from pathlib import Path

import pytest
from tests.support.pipelines import Place, answered, orders, orders_answers, tree

from runthrough import (
    AmbiguousScriptError,
    ConfigurationInvalidError,
    Output,
    PipelineDAG,
    PipelineError,
    RunthroughError,
    SettingError,
    UnknownKeywordError,
    UnknownNodeError,
    load_pipeline,
)

ARGUMENTS = """
import json
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    names = ("text", "number", "share", "flag", "nothing", "many", "nested")
    kept = {name: getattr(job_args, name) for name in names}
    Path(output_paths["kept"]).write_text(json.dumps(kept))
"""
COPY = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    text = Path(input_paths["text"]).read_text()
    Path(output_paths["copy"]).write_text(text + environ_vars["ENDING"])
"""


def test_the_lists_hold_node_names_in_execution_order(tmp_path):
    """Scripted, pending and automatically configured nodes are listed by name."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        assert factory.get_scripts_requiring_testing() == [
            "CleanOrders",
            "TotalOrders",
            "WriteReport",
        ]
        assert factory.get_pending_script_configurations() == ["CleanOrders", "WriteReport"]
        assert factory.get_auto_configured_scripts() == ["TotalOrders"]


def test_requirements_name_every_need_with_what_is_there(tmp_path):
    """The requirements of a node have the founding plan's keys, and say where needs are known."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        needs = factory.get_script_testing_requirements("CleanOrders")
    assert set(needs) == {
        "script_name",
        "step_name",
        "script_path",
        "expected_inputs",
        "expected_outputs",
        "environment_variables",
        "job_arguments",
        "auto_configurable",
        "drift",
    }
    (read,) = needs["expected_inputs"]
    assert read["name"] == "orders"
    assert read["required"] is True
    assert read["current_path"] is None
    assert read["source"] == "code"
    assert {"name", "description", "required", "example_path", "current_path", "source"} <= {*read}
    (variable,) = needs["environment_variables"]
    assert variable["name"] == "CURRENCY"
    assert variable["required"] is True
    assert {"name", "description", "required", "default_value", "source"} <= {*variable}
    assert [output["name"] for output in needs["expected_outputs"]] == ["clean_orders"]
    assert needs["job_arguments"] == []
    assert needs["auto_configurable"] is False


def test_requirements_show_the_connection_that_feeds_an_input(tmp_path):
    """An input that an upstream node writes is not asked for, but shown as connected."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        needs = factory.get_script_testing_requirements("TotalOrders")
    assert needs["expected_inputs"][0]["current_path"] == "@CleanOrders.clean_orders"
    assert needs["auto_configurable"] is True


def test_script_info_has_exactly_the_founding_keys(tmp_path):
    """A script's information is the founding plan's mapping, key by key."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        assert factory.get_script_info("WriteReport") == {
            "script_name": "write_report",
            "script_path": "scripts/write_report.py",
            "step_name": "WriteReport",
            "expected_inputs": ["totals"],
            "expected_outputs": ["report"],
            "example_input_paths": {"totals": "input/WriteReport/totals"},
            "example_output_paths": {"report": "output/WriteReport/report"},
            "auto_configurable": False,
        }


def test_configuring_returns_the_whole_specification_with_absolute_paths(tmp_path):
    """What was accepted comes back as a specification whose paths can be opened."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        spec = factory.configure_script_testing(
            "CleanOrders",
            **orders_answers(place)["CleanOrders"],
            expected_outputs={"clean_orders": place.workspace / "out/clean.csv"},
            user_notes="euros only",
            timeout_s=30,
            limits={"memory": "2GiB"},
        )
    assert spec.script_name == "clean_orders"
    assert spec.step_name == "CleanOrders"
    assert spec.script_path == str(place.workspace / "scripts/clean_orders.py")
    assert spec.input_paths == {"orders": str(tmp_path / "workspace/data/orders.csv")}
    assert spec.output_paths == {"clean_orders": str(place.workspace / "out/clean.csv")}
    assert spec.environ_vars == {"CURRENCY": "EUR"}
    assert spec.job_args == {}
    assert spec.user_notes == "euros only"
    assert spec.timeout_s == 30
    assert spec.limits.memory_bytes == 2 * 2**30
    assert spec.last_updated is not None


def test_both_spellings_of_a_keyword_mean_the_same(tmp_path):
    """`input_paths` and its fellows do what `expected_inputs` and its fellows do."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        spec = factory.configure_script_testing(
            "CleanOrders",
            input_paths={"orders": str(tmp_path / "workspace/data/orders.csv")},
            output_paths={},
            environ_vars={"CURRENCY": "EUR"},
            job_args={},
        )
        assert set(spec.input_paths) == {"orders"}
        with pytest.raises(TypeError, match="expected_inputs and input_paths are two names"):
            factory.configure_script_testing("CleanOrders", expected_inputs={}, input_paths={})


def test_an_unknown_keyword_is_refused_with_the_nearest_one(tmp_path):
    """A slip in a keyword is told, with what was probably meant."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        before = factory.version
        with pytest.raises(UnknownKeywordError, match="Did you mean 'expected_inputs'"):
            factory.configure_script_testing("CleanOrders", expected_input={})
        with pytest.raises(ValueError, match="environ_vars"):
            factory.validate_configuration_preview("CleanOrders", environ_var={})
        assert factory.version == before


@pytest.mark.parametrize("wrong", [["orders"], "orders", {1: "x"}])
def test_what_maps_no_names_is_refused_with_its_keyword(tmp_path, wrong):
    """A list where a mapping belongs is told by the keyword's name."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory, pytest.raises(TypeError, match="expected_inputs must map"):
        factory.configure_script_testing("CleanOrders", expected_inputs=wrong)


def test_mappings_are_merged_unless_they_replace(tmp_path):
    """Values are added to what is there; `replace` takes only what is given."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place))
        merged = factory.configure_script_testing(
            "CleanOrders", environment_variables={"LANG": "C"}
        )
        assert merged.environ_vars == {"CURRENCY": "EUR", "LANG": "C"}
        replaced = factory.configure_script_testing(
            "CleanOrders", environment_variables={"CURRENCY": "USD"}, replace=True
        )
        assert replaced.environ_vars == {"CURRENCY": "USD"}
        assert set(replaced.input_paths) == {"orders"}


def test_a_rejection_changes_nothing_and_carries_every_problem(tmp_path):
    """All problems come at once, each with a fix; the node stays as it was; the try is kept."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        before = factory.status()["nodes"]
        with pytest.raises(ConfigurationInvalidError) as rejected:
            factory.configure_script_testing(
                "CleanOrders", expected_inputs={"orders": tmp_path / "data/absent.csv"}
            )
        problems = {problem["code"]: problem for problem in rejected.value.problems}
        assert set(problems) == {"INPUT_NOT_FOUND", "ENV_MISSING"}
        assert set(problems["ENV_MISSING"]) == {
            "code",
            "severity",
            "where",
            "message",
            "fix",
            "candidates",
        }
        assert problems["ENV_MISSING"]["where"] == {
            "node": "CleanOrders",
            "kind": "environ_var",
            "name": "CURRENCY",
        }
        advised = (
            "factory.configure_script_testing('CleanOrders', environ_vars={'CURRENCY': VALUE})"
        )
        assert problems["ENV_MISSING"]["fix"] == advised
        assert advised in str(rejected.value)
        assert str(rejected.value).startswith("Configuration validation failed for CleanOrders:")
        assert factory.status()["nodes"] == before
        assert factory.history()[-1]["type"] == "ConfigurationRejected"


def test_errors_of_the_founding_plan_are_value_errors(tmp_path):
    """Code that catches `ValueError`, as the founding plan has it, catches ours."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        with pytest.raises(ValueError, match="Configuration validation failed for CleanOrders:"):
            factory.configure_script_testing("CleanOrders")
        with pytest.raises(ValueError, match="Script 'Cleanorder' not found") as unknown:
            factory.get_script_testing_requirements("Cleanorder")
        with pytest.raises(ValueError, match="Cannot execute testing - missing configuration"):
            factory.execute_dag_guided_testing()
    assert isinstance(unknown.value, UnknownNodeError)
    assert isinstance(unknown.value, RunthroughError)
    assert unknown.value.nearest[0] == "CleanOrders"


def test_a_partial_answer_is_kept_until_nothing_is_missing(tmp_path):
    """With `partial`, what holds stays as a draft, and the last answer completes it."""
    place, dag = orders(tmp_path)
    answers = orders_answers(place)["CleanOrders"]
    with place.factory(dag) as factory:
        draft = factory.configure_script_testing(
            "CleanOrders", expected_inputs=answers["expected_inputs"], partial=True
        )
        assert set(draft.input_paths) == {"orders"}
        assert "CleanOrders" in factory.get_pending_script_configurations()
        factory.configure_script_testing(
            "CleanOrders", environment_variables={"CURRENCY": "EUR"}, partial=True
        )
        assert "CleanOrders" not in factory.get_pending_script_configurations()


def test_what_held_of_a_partial_answer_does_not_stand_in_the_way_of_the_next(tmp_path):
    """A partial answer with one wrong value keeps the rest, and can be followed at once."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        with pytest.raises(ConfigurationInvalidError, match="does not exist"):
            factory.configure_script_testing(
                "CleanOrders",
                expected_inputs={"orders": tmp_path / "absent.csv"},
                environment_variables={"CURRENCY": "EUR"},
                partial=True,
            )
        spec = factory.configure_script_testing(
            "CleanOrders", expected_inputs={"orders": tmp_path / "workspace/data/orders.csv"}
        )
    assert spec.environ_vars == {"CURRENCY": "EUR"}


def test_a_preview_tells_every_problem_and_leaves_no_event(tmp_path):
    """The preview lists messages, empty when all is well, and the log stays as it was."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        before = place.logged("position, payload")
        assert factory.validate_configuration_preview("CleanOrders") == [
            "Missing required input: orders",
            "Missing required environment variable: CURRENCY",
        ]
        absent = factory.validate_configuration_preview(
            "CleanOrders", {"orders": tmp_path / "no.csv"}, environ_vars={"CURRENCY": "EUR"}
        )
        assert absent == [f"Input file does not exist: {tmp_path / 'no.csv'}"]
        empty = place.file("data/empty.csv", "")
        assert factory.validate_configuration_preview(
            "CleanOrders", {"orders": empty}, environ_vars={"CURRENCY": "EUR"}
        ) == [f"Input file is empty: {empty}"]
        good = orders_answers(place)["CleanOrders"]
        assert factory.validate_configuration_preview("CleanOrders", **good) == []
        assert place.logged("position, payload") == before


def test_arguments_keep_their_types_on_the_way_to_the_script(tmp_path):
    """Texts, numbers, truth, nothing, lists, mappings and paths arrive as JSON has them."""
    place = Place(tmp_path)
    place.script("keep", ARGUMENTS)
    given = argparse.Namespace(
        text="1",
        number=1,
        share=0.5,
        flag=True,
        nothing=None,
        many=(1, "two"),
        nested={"path": Path("a/b")},
    )
    with place.factory(PipelineDAG(["keep"])) as factory:
        spec = factory.configure_script_testing(
            "keep", job_arguments=given, expected_outputs={"kept": place.workspace / "kept.json"}
        )
        kept = {**vars(given), "many": [1, "two"], "nested": {"path": "a/b"}}
        assert spec.job_args == kept
        results = factory.execute_dag_guided_testing()
    assert results["pipeline_success"] is True
    written = (place.workspace / "kept.json").read_text()
    assert written == (
        '{"text": "1", "number": 1, "share": 0.5, "flag": true, "nothing": null, '
        '"many": [1, "two"], "nested": {"path": "a/b"}}'
    )


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), float("nan"), {1: "x"}, [b"bytes"], "half a \ud83d"]
)
def test_a_value_that_is_not_json_is_a_problem_of_its_argument(tmp_path, value):
    """What history cannot keep is refused by name, in a preview too."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        with pytest.raises(ConfigurationInvalidError) as rejected:
            factory.configure_script_testing("WriteReport", job_args={"top": value})
        (problem,) = rejected.value.problems
        assert problem["code"] == "ARG_NOT_JSON"
        assert problem["where"]["name"] == "top"
        previewed = factory.validate_configuration_preview("WriteReport", job_args={"top": value})
        assert previewed == [problem["message"]]


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), "10"])
def test_a_time_limit_is_a_positive_number_of_seconds(tmp_path, limit):
    """Anything else is refused before a command exists."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        before = factory.version
        with pytest.raises(SettingError, match="timeout_s must be a positive number"):
            factory.configure_script_testing("WriteReport", job_args={"top": 1}, timeout_s=limit)
        assert factory.status()["version"] == before


@pytest.mark.parametrize("wrong", [b"orders.csv", 5, None, "half a \ud83d"])
def test_a_path_is_a_text_or_a_path(tmp_path, wrong):
    """A path of another kind is refused with its value."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory, pytest.raises(TypeError, match="text"):
        factory.configure_script_testing("CleanOrders", input_paths={"orders": wrong})


def test_an_empty_path_counts_as_not_given(tmp_path):
    """An answer that was left empty in a form is a missing one, not the current folder."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        assert factory.validate_configuration_preview(
            "CleanOrders", {"orders": ""}, environ_vars={"CURRENCY": "EUR"}
        ) == ["Missing required input: orders"]


def test_two_nodes_over_one_script_are_configured_and_executed_apart(tmp_path):
    """Nodes are the unit: one script, two configurations, two results, two rows of the summary."""
    place = Place(tmp_path)
    place.script("copy_text", COPY)
    dag = PipelineDAG(nodes=["CopyText_training", "CopyText_calibration"], name="twice")
    place.file("workspace/one.txt", "one")
    place.file("workspace/two.txt", "two")
    with place.factory(dag) as factory:
        assert len(factory.get_pending_script_configurations()) == 2
        for node, name, ending in (
            ("CopyText_training", "one", "!"),
            ("CopyText_calibration", "two", "?"),
        ):
            factory.configure_script_testing(
                node,
                expected_inputs={"text": place.workspace / f"{name}.txt"},
                expected_outputs={"copy": place.workspace / f"{name}.copy"},
                environment_variables={"ENDING": ending},
            )
        results = factory.execute_dag_guided_testing()
        summary = factory.get_testing_factory_summary()
        with pytest.raises(AmbiguousScriptError, match="CopyText_training, CopyText_calibration"):
            factory.get_script_info("copy_text")
    assert (place.workspace / "one.copy").read_text() == "one!"
    assert (place.workspace / "two.copy").read_text() == "two?"
    scripts = results["script_results"]
    assert {node: row["script_name"] for node, row in scripts.items()} == {
        "CopyText_training": "copy_text",
        "CopyText_calibration": "copy_text",
    }
    assert summary["total_scripts"] == 2
    assert summary["manually_configured_scripts"] == 2
    assert {node: row["status"] for node, row in summary["script_details"].items()} == {
        "CopyText_training": "executed",
        "CopyText_calibration": "executed",
    }


def test_a_script_name_stands_for_its_only_node(tmp_path):
    """A script's name is taken wherever exactly one node runs the script."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        assert factory.get_script_info("clean_orders")["step_name"] == "CleanOrders"
        spec = factory.configure_script_testing("write_report", job_arguments={"top": 2})
    assert spec.step_name == "WriteReport"


def test_a_node_without_a_script_is_pending_and_nothing_is_written(tmp_path):
    """No script is invented: the node says SCRIPT_NOT_FOUND and the folder stays as it was."""
    place, dag = orders(tmp_path)
    dag.add_edge("WriteReport", "SendReport")
    before = tree(place.workspace)
    with place.factory(dag) as factory:
        assert "SendReport" in factory.get_pending_script_configurations()
        (problem,) = factory.status()["nodes"]["SendReport"]["problems"]
        assert problem["code"] == "SCRIPT_NOT_FOUND"
        with pytest.raises(ConfigurationInvalidError, match="'SendReport' not found"):
            factory.configure_script_testing("SendReport")
        with pytest.raises(ValueError, match="SendReport"):
            factory.execute_dag_guided_testing()
    assert tree(place.workspace) == before


def test_the_summary_has_the_founding_keys_and_counts(tmp_path):
    """The summary is the founding plan's mapping, key by key."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        factory.configure_script_testing("CleanOrders", **orders_answers(place)["CleanOrders"])
        summary = factory.get_testing_factory_summary()
    details = summary.pop("script_details")
    percentage = summary.pop("completion_percentage")
    assert percentage == pytest.approx(200 / 3)
    assert summary == {
        "dag_name": "orders",
        "total_scripts": 3,
        "configured_scripts": 2,
        "auto_configured_scripts": 1,
        "manually_configured_scripts": 1,
        "pending_scripts": 1,
        "ready_for_testing": False,
    }
    assert details["CleanOrders"] == {
        "status": "configured",
        "step_name": "CleanOrders",
        "expected_inputs": ["orders"],
        "expected_outputs": ["clean_orders"],
    }
    assert [row["status"] for row in details.values()] == [
        "configured",
        "auto_configured",
        "pending",
    ]


def test_relative_paths_are_taken_from_the_folder_at_the_start(tmp_path, monkeypatch):
    """A later change of the current folder moves neither workspace nor answers."""
    place, dag = orders(tmp_path)
    monkeypatch.chdir(tmp_path)
    with place.factory(dag, workspace_dir="workspace") as factory:
        monkeypatch.chdir("/")
        spec = factory.configure_script_testing(
            "CleanOrders",
            input_paths={"orders": "workspace/data/orders.csv"},
            environ_vars={"CURRENCY": "E"},
        )
        assert spec.input_paths == {"orders": str(tmp_path / "workspace/data/orders.csv")}


def test_a_relative_path_that_is_only_in_the_workspace_is_found_there(tmp_path, monkeypatch):
    """The current folder comes first, the workspace second."""
    place, dag = orders(tmp_path)
    place.file("workspace/workspace/data/orders.csv", "customer,currency,amount\n")
    place.file("workspace/more/late.csv", "customer,currency,amount\n")
    monkeypatch.chdir(tmp_path)
    with place.factory(dag) as factory:
        here = factory.configure_script_testing(
            "CleanOrders",
            input_paths={"orders": "workspace/data/orders.csv"},
            environ_vars={"CURRENCY": "E"},
        )
        assert here.input_paths == {"orders": str(tmp_path / "workspace/data/orders.csv")}
        there = factory.configure_script_testing(
            "CleanOrders", input_paths={"orders": "more/late.csv"}
        )
        assert there.input_paths == {"orders": str(place.workspace / "more/late.csv")}


def test_several_workspaces_are_searched_in_their_order(tmp_path):
    """The first workspace that has a script wins."""
    place, dag = orders(tmp_path)
    own = place.file("own/write_report.py", "def main(input_paths, output_paths, e, j): pass\n")
    with place.factory(dag, workspace_dir=[tmp_path / "own", place.workspace]) as factory:
        scripts = {n: t["script_path"] for n, t in factory.status()["nodes"].items()}
    assert scripts["WriteReport"] == own.name
    assert scripts["CleanOrders"].endswith("scripts/clean_orders.py")


def test_the_workspace_of_a_pipeline_file_is_its_folder(tmp_path):
    """Where no workspace is given, a loaded pipeline's scripts and inputs lie beside its file."""
    place, _ = orders(tmp_path)
    file = place.file(
        "workspace/pipeline.yaml",
        "name: filed\n"
        "nodes:\n"
        "  CleanOrders:\n"
        "    inputs: {orders: data/orders.csv}\n"
        "    environ_vars: {CURRENCY: EUR}\n"
        "  TotalOrders: {}\n"
        "edges:\n"
        "  - [CleanOrders, TotalOrders]\n",
    )
    with place.factory(load_pipeline(file), workspace_dir=place.workspace) as given:
        expected = given.get_auto_configured_scripts()
    from runthrough import InteractiveRuntimeTestingFactory

    factory = InteractiveRuntimeTestingFactory(
        load_pipeline(file), database_url=place.database_url
    )
    assert factory.get_auto_configured_scripts() == expected == ["CleanOrders", "TotalOrders"]
    assert factory.execute_dag_guided_testing()["pipeline_success"] is True
    factory.release()


def test_the_default_workspace_shows_as_in_the_founding_plan(tmp_path, monkeypatch):
    """Without a workspace a DAG's scripts are looked for in `test/integration/runtime`."""
    import inspect

    from runthrough import InteractiveRuntimeTestingFactory

    place = Place(tmp_path)
    place.file("test/integration/runtime/scripts/alone.py", "def main(*, job_args=None): pass\n")
    monkeypatch.chdir(tmp_path)
    default = inspect.signature(InteractiveRuntimeTestingFactory).parameters["workspace_dir"]
    assert repr(default.default) == "'test/integration/runtime'"
    with InteractiveRuntimeTestingFactory(
        PipelineDAG(["alone"]), database_url=place.database_url
    ) as factory:
        assert factory.get_script_info("alone")["script_name"] == "alone"


def test_an_input_may_be_an_output_of_another_node(tmp_path):
    """`Output` and its text form connect; a path that an upstream node writes does as well."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        spec = factory.configure_script_testing(
            "TotalOrders", input_paths={"clean_orders": Output("CleanOrders", "clean_orders")}
        )
        assert spec.connections == {"clean_orders": Output("CleanOrders", "clean_orders")}
        assert spec.input_paths == {}
        written = {"clean_orders": place.workspace / "clean.csv"}
        factory.configure_script_testing(
            "CleanOrders", **orders_answers(place)["CleanOrders"], output_paths=written
        )
        spec = factory.configure_script_testing("TotalOrders", input_paths=written)
        assert spec.connections == {"clean_orders": Output("CleanOrders", "clean_orders")}
        text = {"clean_orders": "@CleanOrders.clean_orders"}
        assert factory.validate_configuration_preview("TotalOrders", text) == []


@pytest.mark.parametrize("wrong", ["pipeline.yaml", {"a": []}, None])
def test_what_is_no_pipeline_is_refused_with_what_is_one(tmp_path, wrong):
    """A path or a mapping in place of the DAG is told how to become one."""
    with pytest.raises(PipelineError, match="load_pipeline"):
        Place(tmp_path).factory(wrong)
