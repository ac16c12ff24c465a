"""What every request passes on its way in, and every answer on its way out."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from jinja2 import DictLoader
from tests.support.cli import DEADLINE_S
from tests.support.service import HOST, OPTIONS, service

from runthrough.entrypoints.http import ServiceOptions
from runthrough.entrypoints.http.guards import ALWAYS, HEADER_BYTES, TARGET_BYTES
from runthrough.entrypoints.http.limits import RUN_STARTS
from runthrough.entrypoints.http.pages.frame import templates

ASKED = "/api/v1/sessions/demo/status"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWN = {"Origin": f"http://{HOST}"}


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service with a session, which these tests only ask."""
    with service(tmp_path_factory.mktemp("guards") / "shop") as begun:
        begun.begin()
        yield begun


def code(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


@pytest.mark.parametrize("path", [ASKED, "/sign-in", "/nowhere", "/healthz", "/static/no/no.css"])
def test_every_answer_carries_the_headers_that_browsers_obey(counter, path):
    """Whoever answers, and whatever: the policy, the seals and the request's id are there."""
    answer = counter.client.get(path)
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_policy_of_the_page_is_as_strict_as_it_can_be(counter):
    """Scripts and styles are files of ours, forms stay here, and nobody puts a frame around us."""
    headers = counter.client.get("/sign-in").headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


def test_tls_is_insisted_on_only_where_there_is_tls(tmp_path, counter):
    """Browsers are told to come by TLS for a year, by a service that they reach that way."""
    options = ServiceOptions(OPTIONS.hosts, frozenset({f"https://{HOST}"}), secure=True)
    with service(tmp_path / "shop", options=options) as secured:
        answer = secured.client.get("/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in counter.client.get("/healthz").headers


def test_each_request_has_an_id_of_the_service(counter):
    """Whatever its sender calls it: events are marked with it, and name no other request."""
    for forged in ("req-17.a_B", "a b", "x" * 65, "é".encode(), "<script>"):
        answer = counter.client.get("/healthz", headers={"X-Request-ID": forged})
        assert len(answer.headers["x-request-id"]) == 36


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver:81", "127.0.0.1", ""]
)
def test_names_that_are_not_ours_are_not_answered(counter, host):
    """A page of a name that somebody turned to this address reads nothing here."""
    answer = counter.client.get(ASKED, headers={**counter.as_("ada"), "Host": host})
    assert code(answer) == (421, "HOST_UNKNOWN")


def test_probes_are_answered_under_any_name(counter):
    """What watches over processes knows them by addresses of its own."""
    assert counter.client.get("/healthz", headers={"Host": "10.0.0.7:8642"}).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://evil.example"},
        {"Origin": f"https://{HOST}"},
        {"Origin": f"http://{HOST}:81"},
        {"Origin": f"http://{HOST}.evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", **OWN},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {},
    ],
    ids=str,
)
def test_no_other_page_changes_anything_with_the_cookie_of_a_browser(counter, sent):
    """A request with a cookie is taken from our own pages alone."""
    cookie = {"Cookie": f"runthrough={counter.tokens['ada']}"}
    answer = counter.client.post("/sign-out", headers={**FORM, **cookie, **sent})
    assert code(answer) == (403, "ORIGIN_REFUSED")


@pytest.mark.parametrize(
    "sent",
    [OWN, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}],
    ids=str,
)
def test_our_own_pages_change_things_with_the_cookie(counter, sent):
    """A form of ours is taken, also by a browser that tells only one of the two."""
    cookie = {"Cookie": f"runthrough={counter.tokens['ada']}"}
    answer = counter.client.post(
        "/sign-out", headers={**FORM, **cookie, **sent}, follow_redirects=False
    )
    assert answer.status_code == 303


def test_programs_with_a_token_need_no_origin(counter):
    """A token in a header is sent by nobody by accident; a foreign page's is refused still."""
    path = "/api/v1/nowhere"
    assert code(counter.client.post(path, headers=counter.as_("tim"))) == (404, "NOT_FOUND")
    foreign = {**counter.as_("tim"), "Origin": "http://evil.example"}
    assert code(counter.client.post(path, headers=foreign)) == (403, "ORIGIN_REFUSED")


def signed_in(counter):
    """What the cookie of a browser holds."""
    tokens = counter.application.tokens
    kept = tokens.known(counter.tokens["ada"])
    return tokens.browser(kept, kept.actor, kept.role, None)[0]


def test_reading_with_a_cookie_needs_no_origin(counter):
    """A link from elsewhere may be followed: it changes nothing."""
    cookie = {"Cookie": f"runthrough={signed_in(counter)}", "Sec-Fetch-Site": "cross-site"}
    assert counter.client.get(ASKED, headers=cookie).status_code == 200


@pytest.mark.parametrize("by", ["length", "pieces"])
def test_bodies_are_bounded_however_they_come(counter, by):
    """A body that is too long is refused by the length it tells, or while it is read."""
    long = b" " * (OPTIONS.body_bytes + 1)
    body = long if by == "length" else iter([long[:1000], long[1000:]])
    answer = counter.client.post(
        "/api/v1/sessions",
        content=body,
        headers={**counter.as_("tim"), "Content-Type": "application/json"},
    )
    assert code(answer) == (413, "BODY_TOO_LARGE")
    assert answer.headers["connection"] == "close"


def test_a_length_that_is_a_lie_does_not_help(counter):
    """What counts is what comes: a small length before a long body lets nothing through."""
    answer = counter.client.post(
        "/api/v1/sessions",
        content=iter([b" " * (OPTIONS.body_bytes + 1)]),
        headers={**counter.as_("tim"), "Content-Length": "2"},
    )
    assert code(answer) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("kind", "encoding", "path"),
    [
        ("application/json", "gzip", "/api/v1/sessions"),
        ("application/json", "br", "/api/v1/sessions"),
        ("text/plain", None, "/api/v1/sessions"),
        ("application/x-www-form-urlencoded", None, "/api/v1/sessions"),
        ("", None, "/api/v1/sessions"),
        ("application/json", None, "/sign-in"),
        ("text/plain", None, "/sign-in"),
        ("multipart/form-data; boundary=x", None, "/sign-in"),
    ],
)
def test_bodies_of_another_kind_are_refused(counter, kind, encoding, path):
    """The interface takes JSON as it is, the page takes forms."""
    headers = {**counter.as_("tim"), "Content-Type": kind}
    if encoding:
        headers["Content-Encoding"] = encoding
    answer = counter.client.post(path, content=b"{}", headers=headers)
    assert code(answer) == (415, "BODY_KIND")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": NaN}', "JSON_INVALID"),
        (b'{"a": -Infinity}', "JSON_INVALID"),
        (b'{"a": 1e999}', "JSON_INVALID"),
        (b'{"a": ' + b"9" * 5000 + b"}", "JSON_INVALID"),
        (b'{"a": 1, "a": 2}', "JSON_INVALID"),
        (b"[" * 65 + b"]" * 65, "JSON_INVALID"),
        (b"[" * 200_000, "JSON_INVALID"),
        (b"{", "JSON_INVALID"),
        (b"\xff\xfe{}", "JSON_INVALID"),
        (b"\xef\xbb\xbf{}", "JSON_INVALID"),
        (b'{"a": "\\u0000"}', "TEXT_INVALID"),
        (b'{"\\u0000": 1}', "TEXT_INVALID"),
        (b'{"a": ["\\ud800"]}', "TEXT_INVALID"),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else value,
)
def test_json_that_readers_read_differently_is_refused(counter, body, expected):
    """What Python's reader takes and JSON is not never reaches a route."""
    headers = {**counter.as_("tim"), "Content-Type": "application/json"}
    answer = counter.client.post("/api/v1/nowhere", content=body, headers=headers)
    assert code(answer) == (400, expected)


@pytest.mark.parametrize(
    "value", [{}, [[]], "é𝄞", 1e300, 10**30, None, json.loads("[" * 63 + "]" * 63)], ids=str
)
def test_json_that_is_sound_passes(counter, value):
    """The guards let through whatever JSON can say, for the route to judge."""
    answer = counter.client.post("/api/v1/nowhere", json=value, headers=counter.as_("tim"))
    assert code(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sessions/a%00b/status",
        "/api/v1/sessions/a%0d%0ab/status",
        "/api/v1/sessions/a%1b[2Jb/status",
        "/api/v1/sessions/a%ff/status",
        "/sign-in?next=/%0d%0aSet-Cookie:a=b",
        "/sign-in?next=%00",
    ],
)
def test_control_characters_in_addresses_are_refused(counter, path):
    """Headers, logs and databases are given none of them."""
    assert code(counter.client.get(path)) == (400, "REQUEST_MALFORMED")


def test_addresses_and_headers_are_bounded(counter):
    """Nobody makes us keep long heads."""
    long = counter.client.get(f"/api/v1/{'x' * TARGET_BYTES}")
    assert code(long) == (414, "URI_TOO_LONG")
    query = counter.client.get(f"/sign-in?next=/{'x' * TARGET_BYTES}")
    assert code(query) == (414, "URI_TOO_LONG")
    wide = counter.client.get("/healthz", headers={"X-Much": "x" * HEADER_BYTES})
    assert code(wide) == (431, "HEADERS_TOO_LARGE")
    many = counter.client.get("/healthz", headers={f"X-{n}": "1" for n in range(101)})
    assert code(many) == (431, "HEADERS_TOO_LARGE")


def test_a_service_that_stops_takes_no_request(counter):
    """Who comes while it stops is told to come again, and the connection is let go."""
    shared = counter.client.app.state.service
    shared.stopping = True
    try:
        answer = counter.client.get(ASKED, headers=counter.as_("vera"))
    finally:
        shared.stopping = False
    assert code(answer) == (503, "STOPPING")
    assert answer.headers["connection"] == "close"
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("way", ["runs", "retry"])
def test_starts_of_runs_are_bounded_by_actor(tmp_path, way):
    """After thirty within a minute the next one waits, and another person does not."""
    with service(tmp_path / "shop") as begun:
        begun.begin()
        limits = begun.client.app.state.service.limits
        for _ in range(RUN_STARTS.amount):
            limits.take(RUN_STARTS, "tim")
        path = f"/api/v1/sessions/demo/{way}"
        answer = begun.client.post(path, headers=begun.as_("tim"))
        assert code(answer) == (429, "TOO_OFTEN")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert code(begun.client.post(path, headers=begun.as_("ada")))[0] == 409
        assert begun.desk.count("RunStarted") == 0


def test_a_repeat_of_a_start_is_no_start(tmp_path):
    """Who sends a request again with its key is answered as before, however often."""
    with service(tmp_path / "shop") as begun:
        begun.begin()
        headers = begun.as_("tim") | {"Idempotency-Key": "once"}
        path = "/api/v1/sessions/demo/runs"
        for _ in range(RUN_STARTS.amount + 2):
            answer = begun.client.post(path, headers=headers)
            assert code(answer) == (409, "PENDING_SCRIPTS")


def test_a_fault_is_answered_without_its_words(tmp_path):
    """A route that fails tells the request's id and nothing of what it held."""
    with service(tmp_path / "shop") as begun:

        @begun.client.app.get("/api/v1/fails")
        def fails() -> None:
            raise RuntimeError("password hunter2")

        with pytest.raises(RuntimeError):
            begun.client.get("/api/v1/fails")
        transport = begun.client._transport
        transport.raise_server_exceptions = False
        answer = begun.client.get("/api/v1/fails", headers={"X-Request-ID": "req-1"})
    assert code(answer) == (500, "INTERNAL")
    assert answer.headers["x-request-id"] in answer.json()["fix"]
    assert "hunter2" not in answer.text
    assert answer.headers["content-security-policy"] == ALWAYS["Content-Security-Policy"]


def test_a_fault_is_told_to_a_browser_as_a_screen(tmp_path):
    """With the request's id, which an admin finds in the log, and nothing of what it held."""
    with service(tmp_path / "shop") as begun:

        @begun.client.app.get("/fails")
        def fails() -> None:
            raise RuntimeError("password hunter2")

        begun.client._transport.raise_server_exceptions = False
        asked = {"Accept": "text/html,*/*;q=0.8", "X-Request-ID": "req-1"}
        answer = begun.client.get("/fails", headers=asked)
        icon = begun.client.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (500, "text/html")
    assert "The service failed at this request." in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert "hunter2" not in answer.text
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


def test_requests_are_logged_a_line_each_without_what_signs_in(tmp_path, capfd):
    """At level info a line tells method, path, status and id; the query is left out."""
    told = {"RUNTHROUGH_LOG_LEVEL": "info"}
    with service(tmp_path / "shop", environ=told) as begun:
        begun.client.get("/sign-in?code=once-only", headers={"X-Request-ID": "req-2"})
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    line = next(one for one in lines if one["event"] == "request")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/sign-in", 200)
    assert (len(line["request_id"]), line["sender_request_id"]) == (36, "req-2")
    assert line["duration_ms"] >= 0
    assert "once-only" not in json.dumps(lines)


def test_the_description_is_sent_once_to_who_keeps_it(counter):
    """It is written once for all, and who has it is told that it is still the one."""
    first = counter.client.get("/api/v1/openapi.json")
    tag = first.headers["etag"]
    again = counter.client.get("/api/v1/openapi.json", headers={"If-None-Match": f'"a", {tag}'})
    assert (first.status_code, first.json()["openapi"][:2]) == (200, "3.")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert "max-age" in first.headers["cache-control"]


def test_a_process_holds_no_more_bodies_than_it_may(tmp_path):
    """What is too much for all bodies together is told to come again, and nothing stays taken."""
    options = replace(OPTIONS, held_bytes=1_000)
    with service(tmp_path / "shop", options=options) as begun:
        begun.begin()
        for text, status in (("a" * 2_000, 503), ("a" * 600, 200), ("b" * 600, 200)):
            answer = begun.client.post(
                "/api/v1/sessions/demo/notes", json={"text": text}, headers=begun.as_("tim")
            )
            assert answer.status_code == status
            assert (answer.headers.get("retry-after") is not None) == (status == 503)


def test_screens_are_shown_while_another_version_is_installed():
    """All templates were read at the start, so that none is looked for on the disk later."""
    assert "sign_in.html" in templates().list_templates()
    assert isinstance(templates().loader, DictLoader)


@pytest.mark.slow
def test_who_waits_to_write_keeps_no_reader_waiting(tmp_path):
    """However many wait for the database's writer, others are answered before any of them."""
    with service(tmp_path / "shop") as begun, ThreadPoolExecutor(45) as many:
        begun.begin()
        path, note = "/api/v1/sessions/demo/notes", {"text": "x"}
        with closing(sqlite3.connect(begun.desk.shell.database, isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            waiting = [
                many.submit(begun.client.post, path, json=note, headers=begun.as_("tim"))
                for _ in range(45)
            ]
            for _ in range(20):
                assert begun.client.get("/readyz").status_code == 200
                assert begun.client.get(ASKED, headers=begun.as_("vera")).status_code == 200
            assert not any(one.done() for one in waiting)
            held.execute("ROLLBACK")
        assert {one.result(DEADLINE_S).status_code for one in waiting} == {200}
