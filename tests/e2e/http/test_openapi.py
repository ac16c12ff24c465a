"""The OpenAPI document that the service serves: whole, truthful and open to everybody."""

import pytest
from tests.support.api import PREFIX, Asker
from tests.support.service import service

from runthrough.entrypoints.http.api.document import role_of, routes_of
from runthrough.entrypoints.http.api.shapes import COMPONENTS


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service that is only asked about itself."""
    with service(tmp_path_factory.mktemp("openapi") / "shop") as begun:
        yield begun


@pytest.fixture(scope="module")
def document(counter):
    """The document, without a token."""
    answer = counter.client.get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document):
    """Every operation with its path and method."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(part):
    """Every component that a part refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_every_route_for_programs_is_told(counter, document):
    """And nothing else: pages and probes are not for them."""
    routes = routes_of(counter.client.app)
    wanted = {f"{m} {r.path}" for r in routes for m in r.methods if r.path.startswith(PREFIX)}
    assert {name for name, _ in operations(document)} == wanted


def test_every_operation_is_explained(document):
    """With a summary, a description, its role, and what it answers and refuses with."""
    for name, operation in operations(document):
        assert operation["summary"], name
        assert len(operation["description"]) > len(operation["summary"]), name
        assert operation["security"] == [{"bearer": []}], name
        assert operation["x-role"] in {"viewer", "tester", "admin"}, name
        good = [status for status in operation["responses"] if status.startswith("2")]
        assert len(good) == 1, name
        for schema in operation["responses"][good[0]]["content"].values():
            assert schema["schema"], name
        for status in ("401", "403", "404", "422", "503"):
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], name


def test_the_role_that_is_told_is_the_one_that_is_asked_for(counter, document):
    """Roles in the document come from what guards the route."""
    asked = {f"{m} {r.path}": role_of(r) for r in routes_of(counter.client.app) for m in r.methods}
    for name, operation in operations(document):
        assert operation["x-role"] == asked[name]


def test_every_reference_leads_somewhere_and_every_component_is_used(document):
    """A shape that is not there breaks readers, and one that nobody refers to only fills it."""
    schemas = document["components"]["schemas"]
    used = {reference.removeprefix(COMPONENTS) for reference in references(document)}
    assert used == set(schemas)
    assert "HTTPValidationError" not in schemas


def test_operations_have_ids_of_their_own(document):
    """Generated clients name their functions by them."""
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_reading_takes_no_key_and_changing_does(document):
    """Only what changes something can be done twice."""
    for name, operation in operations(document):
        told = {one["name"] for one in operation.get("parameters", ())}
        assert ("idempotency-key" in told) is (not name.startswith("GET ")), name


def test_a_problem_has_what_the_document_tells(counter, document):
    """Of every kind: refused by a role, by a shape, by the state, and by the framework."""
    needed = document["components"]["schemas"]["ProblemDocument"]["required"]
    for answer in (
        Asker(counter, "vera").send("GET", "/tokens"),
        Asker(counter).send("GET", "/sessions", params={"limit": "x"}),
        Asker(counter).send("GET", "/sessions/nobody"),
        Asker(counter).send("GET", "/nowhere"),
        Asker(counter).send("DELETE", "/sessions"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(needed) <= set(answer.json())
