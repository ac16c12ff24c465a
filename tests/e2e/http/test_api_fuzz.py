"""The whole interface with what no person would send: it answers as its document tells."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.desk import top
from tests.support.http_page import DOCUMENT
from tests.support.service import service

schemathesis = pytest.importorskip("schemathesis", reason="it comes with the group dev")
pytestmark = pytest.mark.slow
EXAMPLES = 15
"""So many requests an operation and a role: all of them take less than a minute."""
ENDING = ("/close", "/archive", "/update")
"""What leaves the session so that little can be asked of it; asked last."""
OPERATIONS = sorted(
    (
        (method.upper(), path)
        for path, methods in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
        for method in methods
        if not path.endswith("/stream")
    ),
    key=lambda operation: operation[1].endswith(ENDING),
)
OFTEN = st.sampled_from([True, True, True, False])
"""Whether what is asked about is there, and whether headers are left out that refuse early."""
KNOWN = st.fixed_dictionaries(
    {
        "node": st.sampled_from(["clean", "total", "report"]),
        "stream": st.sampled_from(["stdout", "stderr"]),
        "name": st.sampled_from(["clean_rows", "totals", "orders"]),
    }
)
"""Names that lead to what there is."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_headers_conformance,
    schemathesis.checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service with a session that has run, whatever becomes of it here."""
    with service(tmp_path_factory.mktemp("fuzz") / "shop") as begun:
        begun.desk.begin(name="demo", report=top())
        begun.desk.enter("bob").run()
        yield begun


@pytest.fixture(scope="module")
def schema(counter):
    """The document as the service serves it."""
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", counter.client.app)


@pytest.fixture(scope="module")
def demo_id(counter):
    """What the session is called, whatever it is named by now."""
    return counter.application.sessions.found("demo").session_id


@pytest.fixture(scope="module")
def codes():
    """How many answers there were of each class."""
    return Counter()


@pytest.mark.parametrize("actor", ["tim", "ada"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_that_is_sent_breaks_the_service(  # noqa: PLR0917 - fixtures and parameters
    counter, schema, codes, demo_id, actor, method, path
):
    """No server error, and every answer has a status, a kind and a shape that are told."""

    @given(case=schema[path][method].as_strategy(), known=KNOWN, there=OFTEN, plain=OFTEN)
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case, known, there, plain):
        asked = case.path_parameters
        if there:
            names = {**known, "session": demo_id}
            case.path_parameters = asked | {n: v for n, v in names.items() if n in asked}
        if plain:
            case.headers.clear()
        answer = case.call_and_validate(headers=counter.as_(actor), checks=CHECKS)
        codes[answer.status_code // 100] += 1

    send()


def test_enough_of_it_was_let_in(codes):
    """Else all of the above would only have shown that nothing gets past the door."""
    assert codes[2] > codes.total() / 4
