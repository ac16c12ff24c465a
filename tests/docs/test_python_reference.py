"""The page about Python names everything public, and every key that a method gives."""

import inspect
from pathlib import Path

import pytest
from tests.support.pipelines import answered, orders, orders_answers

import runthrough

PAGE = (Path(__file__).parents[2] / "docs/reference/python.md").read_text()
FACTORY = runthrough.InteractiveRuntimeTestingFactory


@pytest.mark.parametrize("name", runthrough.__all__)
def test_every_public_name_is_on_the_page(name):
    """Each name of `__all__` is told."""
    assert f"`{name}" in PAGE


@pytest.mark.parametrize("name", [name for name in dir(FACTORY) if not name.startswith("_")])
def test_every_method_and_its_keywords_are_on_the_page(name):
    """Each public method and property of the factory is told, with its keywords."""
    assert f"{name}(" in PAGE or f"`{name}`" in PAGE
    member = inspect.getattr_static(FACTORY, name)
    if inspect.isfunction(member):
        parameters = [*inspect.signature(member).parameters][1:]
        assert [each for each in parameters if each != "unknown" and each not in PAGE] == []


def test_every_key_of_an_answer_is_on_the_page(tmp_path):
    """What the methods give has no key that the page does not tell."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        results = answered(factory, orders_answers(place)).execute_dag_guided_testing()
        needs = factory.get_script_testing_requirements("CleanOrders")
        given = [
            results,
            results["script_results"]["CleanOrders"],
            results["outcomes"]["CleanOrders"],
            results["data_flow_results"]["CleanOrders->TotalOrders"],
            results["step_catalog_analysis"],
            results["interactive_factory_info"],
            needs,
            needs["expected_inputs"][0],
            needs["expected_outputs"][0],
            needs["environment_variables"][0],
            factory.get_script_info("CleanOrders"),
            factory.status(),
            factory.worklist()[0],
            factory.history()[0],
        ]
    untold = {key for mapping in given for key in mapping if f"`{key}`" not in PAGE}
    assert untold == set()
