"""Where relative paths start that are typed into the page, or sent to the API."""

import pytest
from tests.support.browsing import Browser
from tests.support.desk import SHOP
from tests.support.pipelines import CLEAN, ORDERS, REPORT, TOTAL
from tests.support.service import service


@pytest.fixture
def counter(tmp_path):
    """A service whose root holds the shop in a folder of its own, and other orders above it."""
    with service(tmp_path / "shop") as begun:
        shell = begun.desk.shell
        shell.file("north/pipeline.yaml", SHOP)
        shell.file("north/data/orders.csv", ORDERS)
        for name, source in (("clean", CLEAN), ("total", TOTAL), ("report", REPORT)):
            shell.file(f"north/scripts/{name}.py", source.lstrip())
        yield begun


@pytest.fixture
def tim(counter):
    """A tester's browser, before a session on the file in the folder below the root."""
    browser = Browser(counter, "tim")
    browser.send(
        browser.get("/sessions/new"), "/sessions", typed="north/pipeline.yaml", name="north"
    )
    return browser


def orders(counter):
    """What `clean` reads, as it is recorded."""
    state = counter.application.sessions.open("north").state
    there = state.nodes["clean"]
    return dict((there.spec or there.draft).input_paths)["orders"]


def test_a_path_typed_into_a_form_starts_at_the_workspace(counter, tim):
    """What lies at the service's root under the same name is not meant."""
    counter.desk.shell.file("north/data/other.csv", ORDERS)
    counter.desk.shell.file("data/other.csv", ORDERS)
    page = tim.get("/sessions/north?node=clean")
    tim.send(page, "/answers", **{"input:orders": "data/other.csv"})
    assert orders(counter) == "pipeline:data/other.csv"


def test_a_path_from_the_root_of_the_service_is_none_of_the_workspace(counter, tim):
    """There is one place where paths start, and it stands at the field."""
    page = tim.get("/sessions/north?node=clean")
    assert f"starts at the workspace, {counter.desk.folder}/north" in page.described(
        "input:orders"
    )
    refused = tim.send(page, "/answers", **{"input:orders": "north/data/orders.csv"})
    assert refused.status == 422
    assert "does not exist: north/data/orders.csv" in refused.described("input:orders")


def test_the_api_takes_paths_from_the_workspace_as_well(counter, tim):
    """A program need not know where the service's roots lie."""
    del tim
    answer = counter.client.patch(
        "/api/v1/sessions/north/nodes/clean/configuration",
        json={"input_paths": {"orders": "north/data/orders.csv"}},
        headers=counter.as_("tim"),
    )
    assert answer.status_code == 422
    given = {"input_paths": {"orders": "data/../data/orders.csv"}}
    answer = counter.client.patch(
        "/api/v1/sessions/north/nodes/clean/configuration",
        json=given,
        headers=counter.as_("tim"),
    )
    assert answer.status_code == 200
    assert orders(counter) == "pipeline:data/orders.csv"
