"""HEAD: the head of what GET answers, which is all that load balancers and caches ask for."""

import pytest
from tests.support.service import service

SESSION = "/api/v1/sessions/demo"


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """A service with a session, which is only asked."""
    with service(tmp_path_factory.mktemp("heads") / "shop") as begun:
        begun.begin()
        yield begun


def shared(counter):
    return counter.client.app.state.service


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/readyz",
        "/api/v1/openapi.json",
        "/api/v1/sessions",
        SESSION,
        f"{SESSION}/status",
        f"{SESSION}/picture.svg",
        f"{SESSION}/export",
        f"{SESSION}/nodes/report/logs/stdout",
        "/api/v1/sessions/nobody",
        "/api/v1/tokens",
        "/api/v1/nowhere",
        "/sessions/demo",
        "/sign-in",
    ],
)
def test_head_is_what_get_answers_without_its_body(counter, path):
    """The same status and the same headers but the number of the request."""
    whole = counter.client.get(path, headers=counter.as_("vera"))
    head = counter.client.head(path, headers=counter.as_("vera"))
    assert head.content == b""
    assert head.status_code == whole.status_code
    own = {"x-request-id"}
    told = [{k: v for k, v in one.headers.items() if k not in own} for one in (head, whole)]
    assert told[0] == told[1]


def test_the_head_of_a_stream_keeps_no_stream_open(counter):
    """It is answered at once, and nobody listens behind it."""
    answer = counter.client.head(f"{SESSION}/events/stream", headers=counter.as_("vera"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert not shared(counter).streams.open


def test_a_head_is_counted_under_its_own_method(counter):
    """With the route that it was of."""
    counter.client.head("/api/v1/sessions", headers=counter.as_("vera"))
    numbers = counter.client.get("/metrics", headers=counter.as_("vera")).text
    assert any(
        'method="HEAD"' in line and 'route="/api/v1/sessions"' in line
        for line in numbers.splitlines()
    )


def test_the_head_of_what_only_changes_is_refused(counter):
    """There is nothing to be read, and nothing is changed."""
    answer = counter.client.head(f"{SESSION}/undo", headers=counter.as_("tim"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
