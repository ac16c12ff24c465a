"""The page for those who come from the runtime tester: complete, true, and its programs run."""

import json
import re
from operator import attrgetter
from pathlib import Path

import pytest
from tests.support.pipelines import ORDERS, orders

import runthrough

PAGE = (Path(__file__).parents[2] / "docs/how-to/migrate.md").read_text()
CODE = re.compile(r"`([^`\n]+)`")
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOUNDING = """
    InteractiveRuntimeTestingFactory
    get_scripts_requiring_testing get_pending_script_configurations get_auto_configured_scripts
    get_script_testing_requirements configure_script_testing execute_dag_guided_testing
    get_testing_factory_summary validate_configuration_preview get_script_info
    PipelineDAG StepCatalog ScriptExecutionSpec PipelineTestingSpec RuntimeTestingConfiguration
    ScriptTestResult DataCompatibilityResult
    PipelineTestingSpecBuilder resolve_script_execution_spec_from_node canonical_to_script_name
    find_script_file get_script_main_params contract_aware_input_paths
    contract_aware_output_paths build_from_dag
    RuntimeTester test_script_with_spec test_data_compatibility_with_specs
    test_pipeline_flow_with_spec test_pipeline_flow_with_step_catalog_enhancements
    data_input config data_output metrics
"""
"""The names that the founding plan and its tester gave, in the order of the plan."""
BESIDE = """
    session_id update check retry cancel logs rename reopen archive worklist plan why history
    as_of fork undo redo diff bind_script mark_external mark_internal connect confirm reject
    disconnect clear_configuration accept_unchanged note approve verify_audit export close
    Output Secret load_pipeline load_sagemaker
"""
"""What the plan adds to them."""


def rows(heading):
    """The cells of each row of the table below a heading, its first two rows left out."""
    text = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [row.split(" | ") for row in ROW.findall(text)][2:]


def spans(cell):
    """What stands in code in a cell."""
    return CODE.findall(cell)


def public(name):
    """What a dotted name stands for, from the public face on; fields of values count."""
    owner, _, field = name.partition(".")
    if owner not in runthrough.__all__:
        raise AttributeError(name)
    found = getattr(runthrough, owner)
    return attrgetter(field)(found) if field else found


OURS = [
    name
    for heading in ("The names", "New names")
    for row in rows(heading)
    for name in spans(row[1])
]


@pytest.mark.parametrize("name", (FOUNDING + BESIDE).split())
def test_every_name_of_the_plan_is_on_the_page(name):
    """Whoever looks for a name of the plan finds it."""
    assert name in re.findall(r"\w+", " ".join(CODE.findall(PAGE)))


@pytest.mark.parametrize("name", dict.fromkeys(OURS))
def test_every_name_that_is_called_ours_is_there(name):
    """Each name of the middle column can be had from the package."""
    assert public(name) is not None


def test_a_name_that_is_not_there_is_found_out():
    """The look-up refuses names that do not exist, at the front and behind the dot."""
    for name in ("Nothing", "StepCatalog.nothing", "errors"):
        with pytest.raises(AttributeError):
            public(name)


@pytest.mark.slow
def test_the_programs_of_the_page_run(tmp_path):
    """In their order, over scripts of their names and a specification that was saved before."""
    place, _ = orders(tmp_path)
    saved = {
        "step_name": "CleanOrders",
        "input_paths": {"orders": "workspace/data/orders.csv"},
        "environ_vars": {"CURRENCY": "EUR"},
        "job_args": {},
        "user_notes": "from before",
    }
    place.file("workspace/data/orders.csv", ORDERS)
    place.file("specs/clean_orders_runtime_test_spec.json", json.dumps(saved))
    programs = PROGRAM.findall(PAGE)
    assert len(programs) == 5
    place.python("\n".join(programs))
    assert place.types().count("ScriptConfigured") == 6
