"""Requests of people who mean no good, each with the one answer it must get.

None may be answered with a fault of the service, leave a secret in the log, or touch a file
outside of the roots.
"""

import gzip
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.support.desk import shop
from tests.support.pipelines import REPORT
from tests.support.served import served
from tests.support.service import HOST, OPTIONS, service

from runthrough.bootstrap import clock
from runthrough.entrypoints.http.problems import MEDIA_TYPE

SECRET = "hunter2-of-somebody-else"
API = "/api/v1/sessions/demo"
REPORT_NODE = f"{API}/nodes/report"
CONFIGURATION = f"{REPORT_NODE}/configuration"
EVIL = "http://evil.example"
OUTSIDE = "OUTSIDE_ROOTS"
REJECTED = "CONFIGURATION_INVALID"
WIDE = 10_000


@dataclass(frozen=True)
class Row:
    """A request, and the answer it must get."""

    what: str
    method: str
    path: str
    status: int
    code: str | None = None
    """Of the problem document; `None` where the answer is none."""
    actor: str | None = "tim"
    body: Any = None
    """Sent as JSON."""
    raw: bytes | None = None
    """Sent as it is."""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] | None = None


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


def chain(count, *, cycle=False):
    """A pipeline of so many nodes, one behind the other."""
    names = [f"n{number}" for number in range(count)]
    edges = [list(pair) for pair in pairwise(names)]
    if cycle:
        edges.append([names[-1], names[0]])
    return {"name": "chain", "nodes": {name: {} for name in names}, "edges": edges}


def inputs(path):
    return {"input_paths": {"totals": path}}


def arguments(value):
    return {"job_args": {"top": value}}


PATHS = (
    Row("input above the root", "PATCH", CONFIGURATION, 422, OUTSIDE, body=inputs("../outside/a")),
    Row(
        "input by absolute path", "PATCH", CONFIGURATION, 422, OUTSIDE, body=inputs("/etc/passwd")
    ),
    Row("input by a link", "PATCH", CONFIGURATION, 422, OUTSIDE, body=inputs("data/link.txt")),
    Row(
        "input below a link",
        "PATCH",
        CONFIGURATION,
        422,
        OUTSIDE,
        body=inputs("linked/secret.txt"),
    ),
    Row("input with a loop", "PATCH", CONFIGURATION, 422, REJECTED, body=inputs("data/loop")),
    Row(
        "input of a process",
        "PATCH",
        CONFIGURATION,
        422,
        OUTSIDE,
        body=inputs("/proc/self/environ"),
    ),
    Row(
        "input of a user", "PATCH", CONFIGURATION, 422, REJECTED, body=inputs("~root/.ssh/id_rsa")
    ),
    Row(
        "output above the root",
        "PATCH",
        CONFIGURATION,
        422,
        OUTSIDE,
        body={"output_paths": {"report": "../outside/written.txt"}},
    ),
    Row(
        "output by a link",
        "PATCH",
        CONFIGURATION,
        422,
        OUTSIDE,
        body={"output_paths": {"report": "linked/written.txt"}},
    ),
    Row(
        "script outside",
        "PUT",
        f"{REPORT_NODE}/script",
        422,
        OUTSIDE,
        body={"path": "../outside/evil.py"},
    ),
    Row(
        "script by a link",
        "PUT",
        f"{REPORT_NODE}/script",
        422,
        OUTSIDE,
        body={"path": "scripts/linked.py"},
    ),
    Row(
        "files of something outside",
        "PUT",
        f"{REPORT_NODE}/external",
        422,
        OUTSIDE,
        body={"outputs": {"report": "/etc"}},
    ),
    Row(
        "answer above the root",
        "POST",
        f"{REPORT_NODE}/answers",
        422,
        OUTSIDE,
        body={"kind": "input", "name": "totals", "answer": "../outside/secret.txt"},
    ),
    Row(
        "workspace outside",
        "POST",
        "/api/v1/sessions",
        422,
        OUTSIDE,
        body={"pipeline": "pipeline.yaml", "workspaces": ["/tmp"], "name": "x"},
    ),
    Row(
        "pipeline outside",
        "POST",
        "/api/v1/sessions",
        422,
        OUTSIDE,
        body={"pipeline": "../outside/pipeline.yaml", "name": "x"},
    ),
    Row(
        "pipeline by a link",
        "POST",
        "/api/v1/sessions",
        422,
        OUTSIDE,
        body={"pipeline": "linked/pipeline.yaml", "name": "x"},
    ),
    Row(
        "pipeline from a pipe that nobody writes into",
        "POST",
        "/api/v1/sessions",
        422,
        "PIPELINE_FILE_INVALID",
        body={"pipeline": "pipe.yaml", "name": "x"},
    ),
    Row(
        "folder of a pipeline outside",
        "POST",
        "/api/v1/sessions",
        422,
        OUTSIDE,
        body={"pipeline": chain(1), "folder": "/etc", "name": "x"},
    ),
    Row(
        "scripts of a pipeline outside",
        "POST",
        "/api/v1/sessions",
        422,
        OUTSIDE,
        body={"pipeline": {**chain(1), "scripts": ["/etc"]}, "name": "x"},
    ),
    Row(
        "interpreter of one's own",
        "POST",
        "/api/v1/sessions",
        422,
        OUTSIDE,
        body={"pipeline": {**chain(1), "python": "../outside/python"}, "name": "x"},
    ),
    Row(
        "update from outside",
        "POST",
        f"{API}/update",
        422,
        OUTSIDE,
        body={"pipeline": "../outside/pipeline.yaml"},
    ),
    Row(
        "path of a megabyte",
        "PATCH",
        CONFIGURATION,
        422,
        "REQUEST_INVALID",
        body=inputs("a" * 1_000_000),
    ),
    Row(
        "path with half a pair",
        "PATCH",
        CONFIGURATION,
        400,
        "TEXT_INVALID",
        raw=b'{"input_paths": {"totals": "\\ud800"}}',
    ),
    Row(
        "path with NUL",
        "PATCH",
        CONFIGURATION,
        400,
        "TEXT_INVALID",
        raw=b'{"input_paths": {"totals": "a\\u0000b"}}',
    ),
    Row(
        "session id that climbs",
        "GET",
        "/api/v1/sessions/..%2f..%2fetc%2fpasswd/status",
        404,
        "NOT_FOUND",
    ),
    Row("node that climbs", "GET", f"{API}/nodes/..%2f..%2fsecret.txt/logs", 404, "NOT_FOUND"),
    Row("node of dots", "GET", f"{API}/nodes/%2e%2e/requirements", 404, "NODE_UNKNOWN"),
    Row(
        "attempt that climbs",
        "GET",
        f"{REPORT_NODE}/logs?attempt=../../../outside",
        404,
        "ATTEMPT_UNKNOWN",
    ),
    Row("run that climbs", "GET", f"{API}/runs/..%2f..%2foutside", 404, "NOT_FOUND"),
    Row("static above its folder", "GET", "/static/x/..%2f..%2fservice.py", 404, "NOT_FOUND"),
    Row("static by absolute path", "GET", "/static/x/%2fetc%2fpasswd", 404, "NOT_FOUND"),
    Row(
        "static of a template",
        "GET",
        "/static/x/..%5c..%5ctemplates%5csign_in.html",
        404,
        "NOT_FOUND",
    ),
)
BODIES = (
    Row(
        "two megabytes",
        "POST",
        "/api/v1/sessions",
        413,
        "BODY_TOO_LARGE",
        raw=b" " * (OPTIONS.body_bytes + 1),
    ),
    Row(
        "gzip bomb",
        "POST",
        "/api/v1/sessions",
        415,
        "BODY_KIND",
        raw=gzip.compress(b" " * 50_000_000),
        headers={"Content-Encoding": "gzip"},
    ),
    Row("no JSON", "POST", "/api/v1/sessions", 400, "JSON_INVALID", raw=b"{pipeline: 1}"),
    Row(
        "YAML in place of JSON",
        "POST",
        "/api/v1/sessions",
        415,
        "BODY_KIND",
        raw=b"!!python/object/apply:os.system [id]",
        kind="application/yaml",
    ),
    Row(
        "a form in place of JSON",
        "POST",
        "/api/v1/sessions",
        415,
        "BODY_KIND",
        raw=b"pipeline=pipeline.yaml",
        kind="application/x-www-form-urlencoded",
    ),
    Row(
        "JSON told to be text",
        "POST",
        f"{API}/notes",
        415,
        "BODY_KIND",
        raw=b'{"text": "a"}',
        kind="text/plain",
    ),
    Row(
        "a form in parts, which may hold anything",
        "POST",
        "/sessions/demo/note",
        415,
        "BODY_KIND",
        raw=b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na\0b\r\n--x--\r\n',
        kind="multipart/form-data; boundary=x",
    ),
    Row(
        "names twice",
        "POST",
        f"{API}/notes",
        400,
        "JSON_INVALID",
        raw=b'{"text": "a", "text": "b"}',
    ),
    Row("nesting without end", "PATCH", CONFIGURATION, 400, "JSON_INVALID", raw=b"[" * 100_000),
    Row("nesting as deep as it may be", "PATCH", CONFIGURATION, 200, body=arguments(nested(60))),
    Row(
        "a number that is none",
        "PATCH",
        CONFIGURATION,
        400,
        "JSON_INVALID",
        raw=b'{"job_args": {"top": NaN}}',
    ),
    Row(
        "a number without end",
        "PATCH",
        CONFIGURATION,
        400,
        "JSON_INVALID",
        raw=b'{"job_args": {"top": ' + b"1" * 10_000 + b"}}",
    ),
    Row(
        "an infinite time limit",
        "PATCH",
        CONFIGURATION,
        400,
        "JSON_INVALID",
        raw=b'{"timeout_s": 1e999}',
    ),
    Row(
        "a negative time limit",
        "PATCH",
        CONFIGURATION,
        422,
        "SETTING_INVALID",
        body={"timeout_s": -1},
    ),
    Row(
        "a time limit beyond all years",
        "PATCH",
        CONFIGURATION,
        200,
        body={"timeout_s": 1e300},
    ),
    Row(
        "wrong types",
        "PATCH",
        CONFIGURATION,
        422,
        "REQUEST_INVALID",
        body={"input_paths": [1, 2], "unset": {"a": 1}, "partial": "yes"},
    ),
    Row("a list in place of an object", "POST", f"{API}/notes", 422, "REQUEST_INVALID", body=[]),
    Row("a number in place of a name", "PATCH", API, 422, "REQUEST_INVALID", body={"name": 7}),
    Row(
        "fields of one's own",
        "POST",
        f"{API}/notes",
        422,
        "REQUEST_INVALID",
        body={"text": "a", "actor": "ada", "__proto__": {}},
    ),
    Row(
        "an actor in the body",
        "POST",
        f"{API}/notes",
        422,
        "REQUEST_INVALID",
        body={"text": "a", "actor": "ada"},
    ),
    Row(
        "a note of a megabyte",
        "POST",
        f"{API}/notes",
        422,
        "REQUEST_INVALID",
        body={"text": "a" * 1_000_000},
    ),
    Row(
        "a cycle",
        "POST",
        "/api/v1/sessions",
        422,
        "PIPELINE_CYCLE",
        body={"pipeline": chain(50, cycle=True), "name": "x"},
    ),
    Row(
        "a node below itself",
        "POST",
        "/api/v1/sessions",
        422,
        "PIPELINE_CYCLE",
        body={"pipeline": {"name": "x", "nodes": {"a": {}}, "edges": [["a", "a"]]}, "name": "x"},
    ),
    Row(
        "a name of lines",
        "PATCH",
        API,
        422,
        "COMMAND_INVALID",
        body={"name": "a\r\nSet-Cookie: a=b"},
    ),
    Row(
        "a name that turns around",
        "PATCH",
        API,
        422,
        "COMMAND_INVALID",
        body={"name": "demo\u202etxt.exe"},
    ),
    Row(
        "a name of nothing to be seen",
        "PATCH",
        API,
        422,
        "COMMAND_INVALID",
        body={"name": "\u200b"},
    ),
)
SENDERS = (
    Row("nobody", "GET", f"{API}/status", 401, "TOKEN_MISSING", actor=None),
    Row(
        "garbage",
        "GET",
        f"{API}/status",
        401,
        "TOKEN_UNKNOWN",
        actor=None,
        headers={"Authorization": "Bearer \u00e9\u00ff' OR 1=1--"},
    ),
    Row(
        "another scheme",
        "GET",
        f"{API}/status",
        401,
        "TOKEN_UNKNOWN",
        actor=None,
        headers={"Authorization": "Basic YWRhOmFkYQ=="},
    ),
    Row(
        "a token that never was",
        "GET",
        f"{API}/status",
        401,
        "TOKEN_UNKNOWN",
        actor=None,
        headers={"Authorization": f"Bearer rt_{'0' * 12}_{'a' * 43}"},
    ),
    Row("an expired token", "GET", f"{API}/status", 401, "TOKEN_UNKNOWN", actor="expired"),
    Row("a revoked token", "GET", f"{API}/status", 401, "TOKEN_UNKNOWN", actor="revoked"),
    Row(
        "a token in the address",
        "GET",
        f"{API}/status?token=ADA&access_token=ADA",
        401,
        "TOKEN_MISSING",
        actor=None,
    ),
    Row("another scope's session", "GET", f"{API}/status", 404, "SESSION_UNKNOWN", actor="scoped"),
    Row("another scope's log", "GET", "/api/v1/audit/export", 403, "ROLE_TOO_LOW", actor="scoped"),
    Row(
        "a viewer who writes",
        "POST",
        f"{API}/notes",
        403,
        "ROLE_TOO_LOW",
        actor="vera",
        body={"text": "a"},
    ),
    Row("a viewer who runs", "POST", f"{API}/runs", 403, "ROLE_TOO_LOW", actor="vera"),
    Row(
        "a tester who makes tokens",
        "POST",
        "/api/v1/tokens",
        403,
        "ROLE_TOO_LOW",
        body={"actor": "tim", "role": "admin"},
    ),
    Row("a forged host", "GET", f"{API}/status", 421, "HOST_UNKNOWN", headers={"Host": "evil"}),
    Row(
        "a host beside the host",
        "GET",
        f"{API}/status",
        421,
        "HOST_UNKNOWN",
        headers={"Host": f"{HOST}@evil.example"},
    ),
    Row(
        "a forged origin",
        "POST",
        f"{API}/notes",
        403,
        "ORIGIN_REFUSED",
        body={"text": "a"},
        headers={"Origin": EVIL},
    ),
    Row(
        "a page of another site",
        "POST",
        f"{API}/notes",
        403,
        "ORIGIN_REFUSED",
        body={"text": "a"},
        headers={"Sec-Fetch-Site": "cross-site"},
    ),
    Row(
        "a form of another site",
        "POST",
        "/sign-out",
        403,
        "ORIGIN_REFUSED",
        actor=None,
        form={"a": "b"},
        headers={"Origin": EVIL, "Cookie": "runthrough=ADA"},
    ),
    Row(
        "a form of nobody",
        "POST",
        "/sign-out",
        403,
        "ORIGIN_REFUSED",
        actor=None,
        form={"a": "b"},
        headers={"Cookie": "runthrough=ADA"},
    ),
    Row(
        "a sign-in of another site",
        "POST",
        "/sign-in",
        403,
        "ORIGIN_REFUSED",
        actor=None,
        form={"token": "ADA"},
        headers={"Origin": EVIL},
    ),
)
HEADS = (
    Row(
        "another method in a header",
        "GET",
        f"{API}/close",
        405,
        "METHOD_NOT_ALLOWED",
        headers={"X-HTTP-Method-Override": "POST"},
    ),
    Row(
        "another method in the address",
        "GET",
        f"{API}/close?_method=POST",
        405,
        "METHOD_NOT_ALLOWED",
    ),
    Row("TRACE", "TRACE", f"{API}/status", 405, "METHOD_NOT_ALLOWED"),
    Row("a method of one's own", "BREW", f"{API}/status", 405, "METHOD_NOT_ALLOWED"),
    Row(
        "asking as another origin",
        "OPTIONS",
        f"{API}/notes",
        405,
        "METHOD_NOT_ALLOWED",
        actor=None,
        headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"},
    ),
    Row(
        "lines in the address",
        "GET",
        "/api/v1/sessions/a%0d%0aSet-Cookie:%20a=b/status",
        400,
        "REQUEST_MALFORMED",
    ),
    Row("NUL in the address", "GET", "/api/v1/sessions/demo%00/status", 400, "REQUEST_MALFORMED"),
    Row(
        "no UTF-8 in the address",
        "GET",
        "/api/v1/sessions/%c0%ae%c0%ae/status",
        400,
        "REQUEST_MALFORMED",
    ),
    Row("an address of 60 kB", "GET", f"/api/v1/sessions/{'a' * 60_000}", 414, "URI_TOO_LONG"),
    Row(
        "a name of 300 signs",
        "GET",
        f"/api/v1/sessions/{'a' * 300}/status",
        422,
        "REQUEST_INVALID",
    ),
    Row(
        "quotes of SQL",
        "GET",
        "/api/v1/sessions/demo'%20OR%20'1'='1/status",
        404,
        "SESSION_UNKNOWN",
    ),
    Row(
        "a name that looks alike",
        "GET",
        "/api/v1/sessions/d%D0%B5mo/status",
        404,
        "SESSION_UNKNOWN",
    ),
    Row(
        "a version that is none",
        "PATCH",
        CONFIGURATION,
        400,
        "IF_MATCH_INVALID",
        body=arguments(1),
        headers={"If-Match": '"1"; DROP TABLE events'},
    ),
    Row(
        "a version of the future",
        "PATCH",
        CONFIGURATION,
        412,
        "VERSION_CONFLICT",
        body=arguments(1),
        headers={"If-Match": '"999999999999999999"'},
    ),
    Row(
        "a key of lines",
        "POST",
        f"{API}/notes",
        422,
        "REQUEST_INVALID",
        body={"text": "a"},
        headers={"Idempotency-Key": "a" * 256},
    ),
    Row(
        "an event id that is none",
        "GET",
        f"{API}/events/stream",
        422,
        "REQUEST_INVALID",
        headers={"Last-Event-ID": "1' OR 1=1"},
    ),
    Row(
        "an event id without end",
        "GET",
        "/api/v1/events/stream",
        422,
        "REQUEST_INVALID",
        headers={"Last-Event-ID": "9" * 400},
    ),
    Row(
        "a position without end", "GET", f"/api/v1/events?after={'9' * 40}", 422, "REQUEST_INVALID"
    ),
    Row("a page without end", "GET", "/api/v1/events?limit=1000000000", 422, "REQUEST_INVALID"),
    Row("a cursor of one's own", "GET", "/api/v1/sessions?cursor=Li4vLi4v", 422, "CURSOR_INVALID"),
    Row(
        "a log before its begin",
        "GET",
        f"{REPORT_NODE}/logs/stdout?after=-1",
        422,
        "REQUEST_INVALID",
    ),
    Row(
        "a log behind all files",
        "GET",
        f"{REPORT_NODE}/logs/stdout?after={2**63}",
        422,
        "REQUEST_INVALID",
    ),
    Row("a log of another name", "GET", f"{REPORT_NODE}/logs/%2e%2e", 422, "REQUEST_INVALID"),
    Row("all bytes at once", "GET", f"{REPORT_NODE}/logs?limit={2**40}", 422, "REQUEST_INVALID"),
    Row("a moment that is none", "GET", f"{API}/status?at=%F0%9F%92%A9", 422, "MOMENT_INVALID"),
    Row("a version before all", "GET", f"{API}/status?at=-1", 422, "MOMENT_INVALID"),
    Row("a way out after signing in", "GET", "/sign-in?next=//evil.example", 200, actor=None),
    Row(
        "a way out by lines",
        "GET",
        "/sign-in?next=/%0d%0aLocation:%20//evil.example",
        400,
        "REQUEST_MALFORMED",
        actor=None,
    ),
    Row("a page that is none", "GET", "/.env", 404, "NOT_FOUND", actor=None),
    Row(
        "a page above all pages", "GET", "/%2e%2e/%2e%2e/etc/passwd", 404, "NOT_FOUND", actor=None
    ),
)
UNREAD = (
    Row(
        "a stranger's key on a body that takes long to look at",
        "POST",
        "/api/v1/sessions",
        401,
        "TOKEN_MISSING",
        actor=None,
        body={"x": ";" + " " * 100_000},
        headers={"Idempotency-Key": "k"},
    ),
    Row(
        "a body without end that reads",
        "GET",
        "/api/v1/sessions",
        400,
        "REQUEST_MALFORMED",
        raw=b" " * 3_000_000,
        headers={"Idempotency-Key": "k"},
    ),
    Row(
        "a stranger's long body",
        "POST",
        "/api/v1/sessions",
        401,
        "TOKEN_MISSING",
        actor=None,
        raw=b" " * 1_990_000,
    ),
    Row(
        "a browser's token in a header",
        "GET",
        f"{API}/status",
        401,
        "TOKEN_UNKNOWN",
        actor="browser",
    ),
    Row(
        "a program's token in a cookie",
        "GET",
        f"{API}/status",
        401,
        "TOKEN_UNKNOWN",
        actor=None,
        headers={"Cookie": "runthrough=ADA"},
    ),
)
ROWS = (*PATHS, *BODIES, *SENDERS, *HEADS, *UNREAD)


@dataclass
class Besieged:
    """A service, and what lies around it."""

    counter: Any
    outside: Path
    before: dict[str, tuple[int, bytes]]

    def send(self, row):
        headers = dict(row.headers)
        ada = self.counter.tokens["ada"]
        if row.actor is not None:
            headers.setdefault("Authorization", f"Bearer {self.counter.tokens[row.actor]}")
        told = {
            name: value.replace("ADA", ada).encode("latin-1") for name, value in headers.items()
        }
        if row.body is not None:
            return self._sent(row, json.dumps(row.body).encode(), row.kind, told)
        if row.form is not None:
            filled = {name: value.replace("ADA", ada) for name, value in row.form.items()}
            return self.counter.client.request(
                row.method, row.path, data=filled, headers=told, follow_redirects=False
            )
        return self._sent(row, row.raw, row.kind, told)

    def _sent(self, row, content, kind, headers):
        if content is not None:
            headers = {**headers, "Content-Type": kind}
        path = row.path.replace("ADA", self.counter.tokens["ada"])
        return self.counter.client.request(
            row.method, path, content=content, headers=headers, follow_redirects=False
        )

    def untouched(self):
        return seen(self.outside) == self.before

    def log(self):
        with closing(sqlite3.connect(self.counter.desk.shell.database)) as database:
            return "\n".join(
                str(row) for row in database.execute("SELECT * FROM events ORDER BY position")
            )


def seen(folder):
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def besieged(tmp_path_factory):
    """The shop with its session; beside it lies what nobody may reach, and links lead there."""
    above = tmp_path_factory.mktemp("hostile")
    outside = above / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(SECRET)
    (outside / "evil.py").write_text(REPORT)
    (outside / "python").write_text("#!/bin/sh\ntouch started\n")
    (outside / "python").chmod(0o755)
    (outside / "pipeline.yaml").write_text("name: shop\nnodes: {report: {}}\n")
    with service(above / "shop") as counter:
        shop = counter.desk.folder
        (shop / "data/link.txt").symlink_to(outside / "secret.txt")
        (shop / "data/loop").symlink_to(shop / "data/loop")
        (shop / "scripts/linked.py").symlink_to(outside / "evil.py")
        (shop / "linked").symlink_to(outside)
        os.mkfifo(shop / "pipe.yaml")
        counter.begin()
        tokens, now = counter.application.tokens, clock.here()
        other = counter.begin(name="other").session_id

        def made(actor, **how):
            how = {"sessions": None, "expires_in_s": 3600, "created_by": "owner", **how}
            counter.tokens[actor] = tokens.create(actor, "tester", **how)[0]

        made("scoped", sessions=[other])
        made("revoked")
        kept = tokens.known(counter.tokens["ada"])
        counter.tokens["browser"] = tokens.browser(kept, kept.actor, kept.role, None)[0]
        tokens.revoke(counter.tokens["revoked"])
        made("expired", expires_in_s=1e-6)
        assert tokens.list()[-1].expires_at <= now + timedelta(seconds=60)
        yield Besieged(counter, outside, seen(outside))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_a_hostile_request_gets_its_answer(besieged, row):
    """Its status and its code are what they must be, and it is told what is wrong."""
    answer = besieged.send(row)
    told = answer.json() if answer.headers["content-type"] == MEDIA_TYPE else {}
    assert (answer.status_code, told.get("code")) == (row.status, row.code), answer.text[:500]
    assert row.code is None or told["detail"]
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    assert "evil.example" not in str(answer.headers)
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert besieged.untouched()


def test_no_hostile_request_left_a_trace_that_hurts(besieged):
    """After all of them the log holds no secret and no token, and its chain is whole."""
    for row in ROWS:
        besieged.send(row)
    log = besieged.log()
    assert SECRET not in log
    assert not any(token in log for token in besieged.counter.tokens.values())
    assert besieged.untouched()
    assert besieged.counter.application.auditing.verify().ok
    assert not (besieged.counter.desk.folder / "started").exists()


def test_a_key_is_not_used_for_another_request(besieged):
    """Who sends a key again with another body, or to another place, is refused."""
    counter = besieged.counter
    headers = {**counter.as_("tim"), "Idempotency-Key": "once"}
    first = counter.client.post(f"{API}/notes", json={"text": "one"}, headers=headers)
    assert first.status_code == 200
    again = counter.client.post(f"{API}/notes", json={"text": "one"}, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    for path, body in ((f"{API}/notes", {"text": "two"}), (f"{API}/approvals", {})):
        other = counter.client.post(path, json=body, headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "COMMAND_ID_REUSED")
    somebody = {**headers, **counter.as_("ada")}
    own = counter.client.post(f"{API}/notes", json={"text": "two"}, headers=somebody)
    assert own.status_code == 200, "keys of two people are not the same"


@pytest.mark.slow
def test_a_pipeline_of_ten_thousand_nodes_is_begun_within_bounds(besieged):
    """It is what the limit of a body leaves room for, and the service answers afterwards."""
    counter = besieged.counter
    body = {"pipeline": {**chain(WIDE), "scripts": ["scripts"]}, "name": "wide"}
    answer = counter.client.post("/api/v1/sessions", json=body, headers=counter.as_("tim"))
    assert answer.status_code == 201
    shown = counter.client.get("/api/v1/sessions/wide", headers=counter.as_("tim"))
    assert shown.status_code == 200
    assert counter.client.get("/readyz").status_code == 200


HEAD = b"POST /api/v1/sessions HTTP/1.1\r\nHost: HOST\r\n"
CUT = b"Transfer-Encoding: chunked\r\n"
JSON = b"Content-Type: application/json\r\n"
SECOND = b"GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"
LAST = b"Connection: close\r\n\r\n"
WIRE = {
    "no request at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    "two lengths": (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", b"400"),
    "a length that is none": (HEAD + b"Content-Length: -1\r\n\r\n", b"400"),
    "a length and pieces": (
        HEAD + b"Content-Length: 60\r\n" + CUT + JSON + b"\r\n2\r\n{}\r\n0\r\n\r\n" + SECOND,
        b"400",
    ),
    "pieces of another kind": (
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SECOND,
        b"400",
    ),
    "a piece of no size": (HEAD + CUT + b"\r\nXYZ\r\n{}\r\n0\r\n\r\n", b"400"),
    "pieces without end": (
        HEAD + CUT + JSON + b"\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 40,
        b"401",
    ),
    "a head without end": (
        b"GET /healthz HTTP/1.1\r\nHost: HOST\r\n" + b"X-A: " + b"a" * 40_000,
        b"400",
    ),
    "a header of no name": (
        b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: b\r\n\x00: d\r\n\r\n",
        b"400",
    ),
    "two hosts": (b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nHost: evil\r\n\r\n", b"400"),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", b"400"),
    "an address of another": (
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil\r\n" + LAST,
        b"421",
    ),
    "a proxy's request": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\n" + LAST, b"404"),
    "an old request": (b"GET /healthz HTTP/1.0\r\n\r\n", b"400"),
    "dots in the way": (b"GET /static/../../etc/passwd HTTP/1.1\r\nHost: HOST\r\n" + LAST, b"404"),
    "bytes in the way": (b"GET /\xff\xfe HTTP/1.1\r\nHost: HOST\r\n\r\n", b"400"),
}
"""What goes over the wire, and the status of its only answer."""


@pytest.mark.slow
def test_what_no_client_would_send_is_refused_on_the_wire(tmp_path):
    """Requests that break the rules end, without a fault, and smuggle no second one along."""
    with shop(tmp_path / "shop") as desk, served(desk.shell) as begun:
        host = "{}:{}".format(*begun.place).encode()
        found = {what: begun.raw(sent.replace(b"HOST", host)) for what, (sent, _) in WIRE.items()}
        with begun.client() as client:
            assert client.get("/healthz").status_code == 200
    for what, (_, status) in WIRE.items():
        told = found[what].split(b"\r\n", 1)[0]
        assert told.split()[1:2] == [status], (what, told)
        assert found[what].count(b"HTTP/1.1 ") <= 1, what
        assert b"root:" not in found[what]
    assert "Traceback" not in begun.told()


def test_there_are_as_many_as_were_promised():
    """Each is told by its own words."""
    names = [row.what for row in ROWS]
    assert len(names) == len(set(names)) >= 40
