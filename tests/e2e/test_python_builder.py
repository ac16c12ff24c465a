"""The builder through the public face: scripts run by hand, and its answers given to a session."""

import json
from pathlib import Path

import pytest
from tests.support.pipelines import ORDERS, orders, tree

from runthrough import PipelineTestingSpecBuilder

VALUES = {
    "environ_vars": {"CleanOrders": {"CURRENCY": "EUR"}},
    "job_args": {"WriteReport": {"top": 1}},
}
BY_HAND = """
import importlib.util, json, os, sys
from runthrough import PipelineDAG, PipelineTestingSpecBuilder

builder = PipelineTestingSpecBuilder("workspace")
dag = PipelineDAG(edges=[("CleanOrders", "TotalOrders"), ("TotalOrders", "WriteReport")])
built = builder.build_from_dag(dag, **json.loads(sys.argv[1]))
for node, spec in built.script_specs.items():
    params = builder.get_script_main_params(spec)
    for path in params["output_paths"].values():
        os.makedirs(os.path.dirname(path), exist_ok=True)
    module = importlib.util.module_from_spec(
        found := importlib.util.spec_from_file_location(node, spec.script_path)
    )
    found.loader.exec_module(module)
    module.main(**params)
heavy = {"sqlalchemy", "alembic", "networkx", "structlog", "transitions"} & set(sys.modules)
print(sorted(heavy))
"""


@pytest.fixture
def place(tmp_path):
    """The pipeline of orders, its data where the builder looks for it; and its DAG."""
    made, dag = orders(tmp_path)
    made.file("workspace/input/CleanOrders/orders", ORDERS)
    return made, dag


def test_a_program_of_ones_own_runs_a_whole_pipeline(place):
    """In their order, called with the parameters that are told, the scripts find each other."""
    made, _ = place
    assert made.python(BY_HAND, json.dumps(VALUES)) == "[]\n"
    assert (made.workspace / "output/WriteReport/report").read_text() == "ada"


def test_a_session_takes_what_was_built(place):
    """Specifications are answers: the session records them, connections included, and runs."""
    made, dag = place
    before = tree(made.workspace / "scripts")
    built = PipelineTestingSpecBuilder(made.workspace).build_from_dag(dag, **VALUES)
    with made.factory(built.dag) as factory:
        for node, spec in built.script_specs.items():
            taken = factory.configure_script_testing(
                node,
                input_paths={**spec.input_paths, **spec.connections},
                output_paths=spec.output_paths,
                environ_vars=spec.environ_vars,
                job_args=spec.job_args,
            )
            assert taken.connections == spec.connections
            assert taken.output_paths == spec.output_paths
        assert factory.execute_dag_guided_testing()["pipeline_success"]
    report = built.script_specs["WriteReport"].output_paths["report"]
    assert Path(report).read_text() == "ada"
    assert tree(made.workspace / "scripts") == before
