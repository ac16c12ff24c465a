"""Specifications without a session: which script, which paths, what is wired, what is open."""

import argparse
import textwrap
import traceback

import pytest

from runthrough.adapters.discovery.builder import PipelineTestingSpecBuilder
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
from runthrough.core.testing_specs import PipelineTestingSpec
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.secrets import Secret
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.errors import (
    CommandInvalidError,
    PendingScriptsError,
    PipelineError,
    RunthroughError,
    ScriptNotFoundError,
    UnknownNodeError,
)

CLEAN = """
    def main(input_paths, output_paths, environ_vars, job_args):
        open(input_paths["orders"])
        if "rates" in input_paths:
            open(input_paths["rates"])
        environ_vars["CURRENCY"]
        open(output_paths["clean_orders"], "w")
"""
TOTAL = """
    def main(input_paths, output_paths, environ_vars, job_args):
        open(input_paths["clean_orders"])
        job_args.top
        open(output_paths["totals"], "w")
"""
EDGES = [("CleanOrders_training", "TotalOrders"), ("CleanOrders_testing", "Audit")]


@pytest.fixture
def place(tmp_path):
    """A folder of test data with two scripts, and the builder over it."""

    class Place:
        folder = tmp_path / "runtime"

        def write(self, name, text="x"):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
            return str(path)

        def path(self, name):
            return str(self.folder / name)

        @property
        def builder(self):
            return PipelineTestingSpecBuilder(self.folder)

    made = Place()
    made.write("scripts/clean_orders.py", CLEAN)
    made.write("scripts/total_orders.py", TOTAL)
    return made


def defined(place, *, edges=(), **nodes):
    """A pipeline that lies in the folder of the test data."""
    declaration = PipelineDeclaration(name="p", nodes=nodes, edges=tuple(edges))
    return PipelineDefinition(declaration, str(place.folder))


def lying(folder):
    """Every path below a folder."""
    return sorted(folder.rglob("*"))


def open_needs(building, *how, **given):
    """The lines of the error that tells what is open."""
    with pytest.raises(PendingScriptsError) as told:
        building(*how, **given)
    return told.value.message.splitlines()


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("XGBoostModelEval_training", "xgboost_model_eval"),
        ("TabularPreprocessing_calibration", "tabular_preprocessing"),
        ("PyTorchTraining", "pytorch_training"),
        ("clean_orders", "clean_orders"),
    ],
)
def test_a_node_name_becomes_a_script_name(place, name, script):
    """The job type goes, words are parted by underscores, compound words stay whole."""
    assert place.builder.canonical_to_script_name(name) == script


@pytest.mark.parametrize("name", ["CleanOrders_training", "CleanOrders", "clean_orders"])
def test_a_script_is_found_by_the_names_of_node_and_script(place, name):
    """A node, its canonical name and the script's own name lead to one absolute path."""
    assert str(place.builder.find_script_file(name)) == place.path("scripts/clean_orders.py")


def test_a_script_that_is_not_there_is_an_error_with_the_nearest(place):
    """Whoever catches `FileNotFoundError` or `ValueError` catches it, and reads what was near."""
    for kind in (FileNotFoundError, ValueError, RunthroughError):
        with pytest.raises(kind, match=r"no cleen_orders\.py lies in .*clean_orders\.py"):
            place.builder.find_script_file("CleenOrders")
    with pytest.raises(ScriptNotFoundError) as told:
        place.builder.resolve_script_execution_spec_from_node("CleenOrders")
    assert told.value.nearest[0] == place.path("scripts/clean_orders.py")


def test_nothing_is_written(place, tmp_path):
    """No script is invented, no folder made, whether or not a script is found."""
    before = lying(tmp_path)
    builder = place.builder
    with pytest.raises(ScriptNotFoundError):
        builder.find_script_file("Nowhere")
    builder.build_from_dag(PipelineDAG(edges=EDGES), validate=False)
    builder.get_script_main_params("CleanOrders")
    with pytest.raises(ScriptNotFoundError, match="nowhere"):
        PipelineTestingSpecBuilder(tmp_path / "absent").find_script_file("Nowhere")
    assert lying(tmp_path) == before


def test_no_script_is_imported(place, tmp_path):
    """A script that would leave a trace when it is imported leaves none."""
    trace = tmp_path / "trace"
    place.write("scripts/total_orders.py", f"open({str(trace)!r}, 'w')\n" + textwrap.dedent(TOTAL))
    place.builder.build_from_dag(PipelineDAG(["TotalOrders"]), validate=False)
    place.builder.get_script_main_params("TotalOrders")
    assert not trace.exists()


def test_inputs_lie_where_something_lies(place):
    """The node's own folder comes first, then the shared one; where nothing lies, the own."""
    paths = place.builder.contract_aware_input_paths
    own = {name: place.path(f"input/CleanOrders/{name}") for name in ("orders", "rates")}
    assert paths("clean_orders", "CleanOrders") == own
    shared = place.write("input/orders")
    place.write("input/CleanOrders/orders", "")
    assert paths("clean_orders", "CleanOrders") == {**own, "orders": shared}
    place.write("input/CleanOrders/orders")
    assert paths("clean_orders", "CleanOrders") == own


def test_without_a_node_paths_go_by_the_name_that_was_given(place):
    """The name of the script stands for the node's where none is given."""
    builder = place.builder
    assert builder.contract_aware_input_paths("total_orders") == {
        "clean_orders": place.path("input/total_orders/clean_orders")
    }
    assert builder.contract_aware_output_paths("TotalOrders") == {
        "totals": place.path("output/TotalOrders/totals")
    }


def test_a_node_is_specified_by_its_script(place):
    """Required inputs have a place, absent optional ones none; no value is invented."""
    found = place.builder.resolve_script_execution_spec_from_node("CleanOrders_training")
    assert found == ScriptExecutionSpec(
        script_name="clean_orders",
        step_name="CleanOrders_training",
        script_path=place.path("scripts/clean_orders.py"),
        input_paths={"orders": place.path("input/CleanOrders_training/orders")},
        output_paths={"clean_orders": place.path("output/CleanOrders_training/clean_orders")},
        environ_vars={},
        job_args={},
    )
    rates = place.write("input/rates")
    again = place.builder.resolve_script_execution_spec_from_node("CleanOrders_training")
    assert again.input_paths["rates"] == rates


def test_the_parameters_of_main_are_ready(place):
    """A node or a specification gives the four arguments, the last as a namespace."""
    builder = place.builder
    spec = builder.resolve_script_execution_spec_from_node("TotalOrders")
    given = spec.model_copy(update={"environ_vars": {"A": "1"}, "job_args": {"top": 3}})
    params = builder.get_script_main_params(given)
    assert params == {
        "input_paths": given.input_paths,
        "output_paths": given.output_paths,
        "environ_vars": {"A": "1"},
        "job_args": argparse.Namespace(top=3),
    }
    assert builder.get_script_main_params("TotalOrders")["job_args"] == argparse.Namespace()
    params["input_paths"].clear()
    assert given.input_paths


@pytest.mark.parametrize("value", [Secret("KEY"), "swordfish"])
def test_a_secret_is_no_parameter_and_is_told_by_name_only(place, value):
    """Neither a reference nor what looks like a secret reaches the parameters or an error."""
    given = {"TotalOrders": {"API_TOKEN": value}}
    spec = place.builder.build_from_dag(
        PipelineDAG(["TotalOrders"]), validate=False, environ_vars=given
    ).script_specs["TotalOrders"]
    with pytest.raises(CommandInvalidError, match="API_TOKEN of TotalOrders is a secret") as told:
        place.builder.get_script_main_params(spec)
    assert "swordfish" not in f"{told.value}{spec}"


def test_a_pipeline_is_specified_node_by_node(place):
    """Two nodes run one script, each with its own paths, and the equal names are wired."""
    place.write("scripts/audit.py", TOTAL)
    built = place.builder.build_from_dag(PipelineDAG(edges=EDGES), validate=False)
    assert list(built.script_specs) == [
        "CleanOrders_training",
        "TotalOrders",
        "CleanOrders_testing",
        "Audit",
    ]
    for above, below in EDGES:
        clean, total = built.script_specs[above], built.script_specs[below]
        assert clean.script_name == "clean_orders"
        assert clean.output_paths == {"clean_orders": place.path(f"output/{above}/clean_orders")}
        assert total.input_paths == clean.output_paths
        assert total.connections == {"clean_orders": Output(above, "clean_orders")}
    assert built.dag == PipelineDAG(edges=EDGES)
    assert built.test_workspace_root == str(place.folder)


def test_what_is_open_is_told_for_all_nodes_at_once(place):
    """Missing scripts, files, variables and arguments stand in one error, node by node."""
    dag = PipelineDAG(edges=[("CleanOrders", "TotalOrders"), ("TotalOrders", "Nowhere")])
    assert open_needs(place.builder.build_from_dag, dag) == [
        "Cannot execute testing - missing configuration for 3 scripts:",
        (
            "  - CleanOrders: Input file does not exist: input/CleanOrders/orders; "
            "Missing required environment variable: CURRENCY"
        ),
        "  - TotalOrders: Missing required argument: top",
        "  - Nowhere: Script 'Nowhere' not found in discovered scripts",
    ]


def test_a_whole_pipeline_is_built_with_the_values_it_needs(place, monkeypatch):
    """With files, variables and arguments nothing is open; relative paths start here and now."""
    orders = place.write("data/orders.csv")
    monkeypatch.chdir(place.folder)
    built = PipelineTestingSpecBuilder(".").build_from_dag(
        PipelineDAG(edges=[("CleanOrders", "TotalOrders")]),
        input_paths={"CleanOrders": {"orders": "data/orders.csv"}},
        environ_vars={"CleanOrders": {"CURRENCY": "EUR"}},
        job_args={"TotalOrders": {"top": 3}},
    )
    clean, total = built.script_specs.values()
    assert clean.input_paths == {"orders": orders}
    assert clean.environ_vars == {"CURRENCY": "EUR"}
    assert total.job_args == {"top": 3}


def test_without_validation_what_is_open_stays_open(place):
    """A node without a script has a specification without one."""
    built = place.builder.build_from_dag(PipelineDAG(["Nowhere"]), validate=False)
    spec = built.script_specs["Nowhere"]
    assert (spec.script_name, spec.script_path, spec.input_paths) == (None, None, {})


def test_an_input_is_taken_from_the_shared_folder_only_above_all_others(place):
    """A node below another does not take `input/<name>`: that is what its producer is for."""
    place.write("scripts/audit.py", TOTAL)
    place.write("input/clean_orders")
    dag = PipelineDAG(edges=[("TotalOrders", "Audit")])
    specs = place.builder.build_from_dag(dag, validate=False).script_specs
    assert specs["TotalOrders"].input_paths["clean_orders"] == place.path("input/clean_orders")
    assert specs["Audit"].input_paths["clean_orders"] == place.path("input/Audit/clean_orders")


def test_an_empty_file_counts_as_missing(place):
    """What holds nothing is told as such."""
    place.write("input/TotalOrders/clean_orders", "")
    told = open_needs(
        place.builder.build_from_dag,
        PipelineDAG(["TotalOrders"]),
        job_args={"TotalOrders": {"top": 1}},
    )
    assert told[1:] == ["  - TotalOrders: Input file is empty: input/TotalOrders/clean_orders"]


def test_a_loaded_pipeline_brings_its_scripts_paths_and_external_nodes(place):
    """What the pipeline declares holds; an external node feeds and has no specification."""
    data = place.write("data/orders.csv")
    place.write("other/cleaner.py", CLEAN)
    pipeline = defined(
        place,
        Warehouse=NodeDeclaration(
            external=True, outputs={"orders": RecordedPath("pipeline:data/orders.csv")}
        ),
        CleanOrders=NodeDeclaration(
            script=RecordedPath("pipeline:other/cleaner.py"),
            environ_vars={"CURRENCY": "EUR"},
            outputs={"clean_orders": RecordedPath("pipeline:kept/clean.csv")},
            timeout_s=5,
            python="env/bin/python",
        ),
        edges=[("Warehouse", "CleanOrders")],
    )
    built = place.builder.build_from_dag(pipeline)
    assert list(built.script_specs) == ["CleanOrders"]
    spec = built.script_specs["CleanOrders"]
    assert spec.script_path == place.path("other/cleaner.py")
    assert spec.input_paths == {"orders": data}
    assert spec.connections == {"orders": Output("Warehouse", "orders")}
    assert spec.output_paths == {"clean_orders": place.path("kept/clean.csv")}
    assert (spec.timeout_s, spec.python) == (5, place.path("env/bin/python"))


def test_a_path_that_an_upstream_node_writes_is_a_connection(place):
    """A given path inside an upstream output is that output, and need not be there yet."""
    given = place.path("output/CleanOrders/clean_orders/part")
    specs = place.builder.build_from_dag(
        PipelineDAG(edges=[("CleanOrders", "TotalOrders")]),
        validate=False,
        input_paths={"TotalOrders": {"clean_orders": given}},
    ).script_specs
    assert specs["TotalOrders"].connections == {
        "clean_orders": Output("CleanOrders", "clean_orders", "part")
    }
    assert specs["TotalOrders"].input_paths == {"clean_orders": given}


def test_a_connection_implies_its_edge(place):
    """An `Output` that is given adds the edge that it needs, and its cycle is refused."""
    fed = {"TotalOrders": {"clean_orders": Output("CleanOrders", "clean_orders")}}
    dag = PipelineDAG(["TotalOrders", "CleanOrders"])
    built = place.builder.build_from_dag(dag, validate=False, input_paths=fed)
    assert built.dag.edges == (("CleanOrders", "TotalOrders"),)
    assert dag.edges == ()
    dag.add_edge("TotalOrders", "CleanOrders")
    with pytest.raises(PipelineError, match="cycle"):
        place.builder.build_from_dag(dag, validate=False, input_paths=fed)


def test_an_output_that_no_script_names_is_told(place):
    """A connection from an output that is not there is open, and nothing is made up for it."""
    fed = {"TotalOrders": {"clean_orders": Output("CleanOrders", "cleaned")}}
    dag = PipelineDAG(edges=[("CleanOrders", "TotalOrders")])
    specs = place.builder.build_from_dag(dag, validate=False, input_paths=fed).script_specs
    assert specs["CleanOrders"].output_paths.keys() == {"clean_orders"}
    told = open_needs(place.builder.build_from_dag, dag, input_paths=fed)
    assert "CleanOrders has no output cleaned" in told[2]


def test_an_output_named_at_run_time_has_a_place_where_it_is_consumed(place):
    """Where the names of outputs cannot be read, a consumed one is written where it is read."""
    place.write(
        "scripts/clean_orders.py",
        """
        def main(input_paths, output_paths, environ_vars, job_args):
            for name in output_paths:
                open(output_paths[name], "w")
        """,
    )
    specs = place.builder.build_from_dag(
        PipelineDAG(edges=[("CleanOrders", "TotalOrders")]),
        validate=False,
        input_paths={"TotalOrders": {"clean_orders": Output("CleanOrders", "any")}},
    ).script_specs
    assert specs["CleanOrders"].output_paths == {"any": place.path("output/CleanOrders/any")}
    assert specs["TotalOrders"].input_paths == {
        "clean_orders": place.path("output/CleanOrders/any")
    }


def test_no_name_leads_out_of_the_test_data(place):
    """A name that a script uses is one folder below the node's, whatever it looks like."""
    place.write(
        "scripts/odd.py",
        """
        def main(input_paths, output_paths, environ_vars, job_args):
            open(output_paths["../../../x"], "w")
            open(output_paths[".."], "w")
        """,
    )
    assert set(place.builder.contract_aware_output_paths("odd").values()) == {
        place.path("output/odd/.._.._.._x"),
        place.path("output/odd/_.."),
    }


def test_a_catalog_of_ones_own_finds_the_scripts(place, tmp_path):
    """Scripts may lie elsewhere than the test data."""
    builder = PipelineTestingSpecBuilder(tmp_path / "data", StepCatalog([place.folder]))
    spec = builder.resolve_script_execution_spec_from_node("TotalOrders")
    assert spec.script_path == place.path("scripts/total_orders.py")
    assert spec.input_paths == {
        "clean_orders": str(tmp_path / "data/input/TotalOrders/clean_orders")
    }


def test_a_folder_is_the_same_after_the_current_one_changes(place, tmp_path, monkeypatch):
    """A relative folder is taken from where the builder was made."""
    monkeypatch.chdir(tmp_path)
    builder = PipelineTestingSpecBuilder("runtime")
    monkeypatch.chdir("/")
    assert str(builder.find_script_file("CleanOrders")) == place.path("scripts/clean_orders.py")


def test_a_contract_is_heard(place):
    """What only the contract names has a path too, and is asked for by nobody."""
    place.write(
        "scripts/total_orders.contract.yaml",
        """
        entry_point: total_orders.py
        expected_input_paths: {clean_orders: /opt/ml/input/orders, rates: /opt/ml/input/rates}
        expected_output_paths: {totals: /opt/ml/output/totals, metrics: /opt/ml/output/metrics}
        """,
    )
    builder = place.builder
    for find, names in (
        (builder.contract_aware_input_paths, ["clean_orders", "rates"]),
        (builder.contract_aware_output_paths, ["totals", "metrics"]),
    ):
        assert list(find("total_orders")) == names
    spec = builder.resolve_script_execution_spec_from_node("TotalOrders")
    assert (list(spec.input_paths), list(spec.output_paths)) == (["clean_orders"], ["totals"])


def test_a_contract_in_bad_shape_stops_nothing(place):
    """What cannot be read of a contract is left out, and the code speaks alone."""
    place.write("scripts/total_orders.contract.yaml", "expected_input_paths: [unclosed\n")
    orders = place.write("input/clean_orders")
    built = place.builder.build_from_dag(
        PipelineDAG(["TotalOrders"]), job_args={"TotalOrders": {"top": 1}}
    )
    assert built.script_specs["TotalOrders"].input_paths == {"clean_orders": orders}


def test_an_input_that_is_not_certain_is_open_with_what_it_may_be(place):
    """A connection that a session would propose is not made, only told."""
    place.write("scripts/audit.py", TOTAL.replace("clean_orders", "cleaned_rows"))
    dag = PipelineDAG(edges=[("CleanOrders", "Audit")])
    audit = place.builder.build_from_dag(dag, validate=False).script_specs["Audit"]
    assert audit.connections == {}
    assert audit.input_paths == {"cleaned_rows": place.path("input/Audit/cleaned_rows")}
    told = open_needs(place.builder.build_from_dag, dag)
    assert "cleaned_rows; perhaps it is CleanOrders.clean_orders" in told[2]


def test_an_optional_input_that_an_edge_is_for_is_asked_for(place):
    """Where an edge would carry nothing, its best taker is open, though the script could do."""
    place.write(
        "scripts/audit.py",
        """
        def main(input_paths, output_paths, environ_vars, job_args):
            if "daily_clean_orders_eur" in input_paths:
                open(input_paths["daily_clean_orders_eur"])
        """,
    )
    place.write("scripts/clean_orders.py", CLEAN.replace("clean_orders", "daily_clean_orders"))
    told = open_needs(place.builder.build_from_dag, PipelineDAG(edges=[("CleanOrders", "Audit")]))
    assert "daily_clean_orders_eur" in told[2]
    assert "CleanOrders.daily_clean_orders" in told[2]


def test_a_script_in_bad_shape_is_told(place):
    """A file without `main` keeps its node open, with the reason."""
    place.write("scripts/total_orders.py", "def other(): ...\n")
    told = open_needs(place.builder.build_from_dag, PipelineDAG(["TotalOrders"]))
    assert "has no function main" in told[1]


@pytest.mark.parametrize("kind", ["input_paths", "environ_vars", "job_args"])
def test_values_for_a_node_that_is_not_there_are_refused(place, kind):
    """The name of a script is no node; the nearest node is named."""
    with pytest.raises(UnknownNodeError, match=r"'CleanOrders'\?\n  → dag.nodes lists the nodes"):
        place.builder.build_from_dag(
            PipelineDAG(["CleanOrders"]), validate=False, **{kind: {"clean_orders": {}}}
        )


def test_values_that_json_does_not_have_are_refused_unshown(place):
    """The error names them, and shows nowhere what may be a secret."""
    value = {"HSIFDROWS".lower()[::-1]}  # a traceback shows the lines of this test
    with pytest.raises(CommandInvalidError, match="top of TotalOrders is nothing") as told:
        place.builder.build_from_dag(
            PipelineDAG(["TotalOrders"]), job_args={"TotalOrders": {"top": value}}
        )
    assert "swordfish" not in "".join(traceback.format_exception(told.value))


def test_given_values_come_before_declared_ones(place):
    """What the caller gives replaces what the pipeline declares, name by name."""
    pipeline = defined(place, TotalOrders=NodeDeclaration(job_args={"top": 1, "by": "sum"}))
    built = place.builder.build_from_dag(
        pipeline, validate=False, job_args={"TotalOrders": {"top": 2}}
    )
    assert built.script_specs["TotalOrders"].job_args == {"top": 2, "by": "sum"}


def test_something_else_is_no_pipeline(place):
    """What is neither a DAG nor a loaded pipeline is refused with what would be."""
    with pytest.raises(PipelineError, match="not list"):
        place.builder.build_from_dag(["CleanOrders"])


def test_specifications_are_keyed_by_node(place):
    """A specification under the name of a script is refused."""
    spec = place.builder.resolve_script_execution_spec_from_node("CleanOrders")
    dag = PipelineDAG(["CleanOrders"])
    assert PipelineTestingSpec(dag, {"CleanOrders": spec}, "x").script_specs
    with pytest.raises(UnknownNodeError, match="CleanOrders"):
        PipelineTestingSpec(dag, {"clean_orders": spec}, "x")
