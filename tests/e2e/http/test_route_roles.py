"""Every route of the service, and who is let in at it: nobody is by accident."""

import asyncio
from collections import Counter

import pytest
from starlette.routing import Route
from tests.support.api import token_for
from tests.support.desk import top
from tests.support.listening import listening
from tests.support.service import HOST, service

from runthrough.entrypoints.http.api.document import role_of, routes_of

S = "/api/v1/sessions/{session}"
N = f"{S}/nodes/{{node}}"
ROLES = {
    "GET /api/v1/openapi.json": "none",
    "GET /api/v1/sessions": "viewer",
    "POST /api/v1/sessions": "tester",
    f"GET {S}": "viewer",
    f"GET {S}/status": "viewer",
    f"GET {S}/worklist": "viewer",
    f"GET {S}/picture": "viewer",
    f"GET {S}/picture.svg": "viewer",
    f"GET {S}/check": "viewer",
    f"GET {S}/report": "viewer",
    f"PATCH {S}": "tester",
    f"POST {S}/close": "tester",
    f"POST {S}/reopen": "tester",
    f"POST {S}/archive": "admin",
    f"POST {S}/fork": "tester",
    f"POST {S}/resume": "tester",
    f"POST {S}/update": "tester",
    f"POST {S}/notes": "tester",
    f"POST {S}/approvals": "tester",
    f"GET {S}/nodes": "viewer",
    f"GET {N}": "viewer",
    f"GET {N}/requirements": "viewer",
    f"GET {N}/questions": "viewer",
    f"GET {N}/why": "viewer",
    f"PUT {N}/script": "tester",
    f"PUT {N}/external": "tester",
    f"DELETE {N}/external": "tester",
    f"POST {N}/acceptance": "tester",
    f"PUT {N}/configuration": "tester",
    f"PATCH {N}/configuration": "tester",
    f"DELETE {N}/configuration": "tester",
    f"POST {N}/configuration/preview": "tester",
    f"POST {N}/answers": "tester",
    f"GET {S}/connections": "viewer",
    f"PUT {N}/inputs/{{name}}/connection": "tester",
    f"DELETE {N}/inputs/{{name}}/connection": "tester",
    f"POST {S}/connections/confirm": "tester",
    f"POST {S}/connections/reject": "tester",
    f"GET {S}/plan": "viewer",
    f"GET {S}/runs": "viewer",
    f"GET {S}/runs/{{run}}": "viewer",
    f"POST {S}/runs": "tester",
    f"POST {S}/retry": "tester",
    f"POST {S}/runs/{{run}}/cancel": "tester",
    f"GET {N}/logs": "viewer",
    f"GET {N}/logs/{{stream}}": "viewer",
    f"GET {S}/history": "viewer",
    f"GET {S}/diff": "viewer",
    f"POST {S}/undo": "tester",
    f"POST {S}/redo": "tester",
    "GET /api/v1/events": "viewer",
    f"GET {S}/events": "viewer",
    "GET /api/v1/events/stream": "viewer",
    f"GET {S}/events/stream": "viewer",
    "GET /api/v1/audit": "viewer",
    "GET /api/v1/audit/verify": "tester",
    "GET /api/v1/audit/export": "admin",
    f"GET {S}/export": "viewer",
    "GET /api/v1/me": "viewer",
    "GET /api/v1/tokens": "admin",
    "POST /api/v1/tokens": "admin",
    "GET /api/v1/tokens/{token}": "admin",
    "DELETE /api/v1/tokens/{token}": "admin",
    "GET /favicon.ico": "none",
    "GET /static/{digest}/{path:path}": "none",
    "GET /": "viewer",
    "GET /sessions": "viewer",
    "GET /sessions/new": "tester",
    "POST /sessions": "tester",
    "GET /sessions/{session}": "viewer",
    "GET /sessions/{session}/parts/screen": "viewer",
    "POST /sessions/{session}/answers": "tester",
    "POST /sessions/{session}/connections": "tester",
    "POST /sessions/{session}/script": "tester",
    "POST /sessions/{session}/external": "tester",
    "POST /sessions/{session}/internal": "tester",
    "POST /sessions/{session}/clear": "tester",
    "POST /sessions/{session}/undo": "tester",
    **{
        f"GET /sessions/{{session}}/{form}": "viewer"
        for form in ("answers", "connections", "script", "external", "internal", "clear", "undo")
    },
    "GET /sessions/{session}/live": "viewer",
    "GET /sessions/{session}/accept": "viewer",
    "POST /sessions/{session}/accept": "tester",
    "GET /sessions/{session}/runs": "viewer",
    "POST /sessions/{session}/runs": "tester",
    "GET /sessions/{session}/retry": "viewer",
    "POST /sessions/{session}/retry": "tester",
    "GET /sessions/{session}/cancel": "viewer",
    "POST /sessions/{session}/cancel": "tester",
    "GET /sessions/{session}/plan": "viewer",
    "GET /sessions/{session}/report": "viewer",
    "GET /sessions/{session}/nodes/{node:path}/logs": "viewer",
    "GET /sessions/{session}/nodes/{node:path}/logs/{stream}": "viewer",
    "GET /sessions/{session}/nodes/{node:path}/logs/{stream}/more": "viewer",
    "GET /sessions/{session}/history": "viewer",
    "GET /sessions/{session}/parts/moment": "viewer",
    "GET /sessions/{session}/parts/badge": "viewer",
    "GET /sessions/{session}/take-back": "tester",
    "GET /sessions/{session}/undo-to": "viewer",
    "POST /sessions/{session}/undo-to": "tester",
    "GET /sessions/{session}/fork": "viewer",
    "POST /sessions/{session}/fork": "tester",
    "GET /sessions/{session}/diff": "viewer",
    "GET /sessions/{session}/note": "viewer",
    "POST /sessions/{session}/note": "tester",
    "GET /sessions/{session}/approve": "viewer",
    "POST /sessions/{session}/approve": "tester",
    "GET /sessions/{session}/rename": "viewer",
    "POST /sessions/{session}/rename": "tester",
    "GET /sessions/{session}/close": "viewer",
    "POST /sessions/{session}/close": "tester",
    "GET /sessions/{session}/reopen": "viewer",
    "POST /sessions/{session}/reopen": "tester",
    "GET /sessions/{session}/archive": "viewer",
    "POST /sessions/{session}/archive": "admin",
    "GET /sessions/{session}/redo": "viewer",
    "POST /sessions/{session}/redo": "tester",
    "GET /sessions/{session}/resume": "viewer",
    "POST /sessions/{session}/resume": "tester",
    "GET /sessions/{session}/home": "viewer",
    "POST /sessions/{session}/home": "tester",
    "GET /sign-in": "none",
    "POST /sign-in": "none",
    "POST /sign-out": "none",
    "GET /healthz": "none",
    "GET /readyz": "none",
    "GET /metrics": "viewer",
}
"""Route → the least role that is let in; a new route has its row here before it is one."""
ABOUT_ALL = {
    "POST /api/v1/sessions",
    f"POST {S}/fork",
    "GET /api/v1/audit/verify",
    "GET /api/v1/audit/export",
    "GET /api/v1/tokens",
    "POST /api/v1/tokens",
    "GET /api/v1/tokens/{token}",
    "DELETE /api/v1/tokens/{token}",
    "GET /sessions/new",
    "POST /sessions",
    "POST /sessions/{session}/fork",
}
"""Refused to a token that is for some sessions only, whatever its role."""
BODIES = {
    "POST /api/v1/sessions": {"pipeline": "none.yaml"},
    f"PATCH {S}": {"name": ""},
    f"POST {S}/notes": {"text": "x"},
    f"POST {S}/runs": {"select": ["nobody"]},
    f"PUT {N}/script": {"path": "scripts/clean.py"},
    f"PUT {N}/external": {"outputs": {}},
    f"PUT {N}/configuration": {"job_args": {"top": 1}},
    f"PATCH {N}/configuration": {"job_args": {"top": 1}},
    f"POST {N}/configuration/preview": {"job_args": {"top": 1}},
    f"POST {N}/answers": {"kind": "job_arg", "name": "top", "answer": "1"},
    f"PUT {N}/inputs/{{name}}/connection": {"from": "total.totals"},
    "POST /api/v1/tokens": {"actor": ""},
}
"""What is asked where something must be; none of it begins or makes anything."""
FILLED = {
    "session": "demo",
    "node": "report",
    "node:path": "report",
    "run": "none",
    "name": "totals",
    "token": "0" * 12,
    "digest": "0",
    "path:path": "none.css",
    "stream": "stdout",
}
ORDER = ("none", "viewer", "tester", "admin")
STRANGERS = ("nobody", "late", "gone")
"""Who has no token, one that has expired, and one that was revoked."""


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service with a session, and a token of every standing."""
    with service(tmp_path_factory.mktemp("roles") / "shop") as begun:
        begun.desk.begin(name="demo", report=top())
        begun.desk.begin(name="other")
        tokens = begun.application.tokens
        for actor, lasts_s in (("late", 1e-6), ("gone", 60)):
            begun.tokens[actor], token = tokens.create(
                actor, "admin", sessions=None, expires_in_s=lasts_s, created_by="owner"
            )
        tokens.revoke(token.token_id)
        token_for(begun, "sue", "admin", "other")
        yield begun


def status(counter, route, actor):
    """What a request is answered with, and where it is sent on."""
    method, _, path = route.partition(" ")
    for name, value in FILLED.items():
        path = path.replace(f"{{{name}}}", value)
    headers = {} if actor == "nobody" else counter.as_(actor)
    if path.endswith(("/stream", "/live")):
        return asyncio.run(first_answer(counter.client.app, path, headers))
    more = {"json": BODIES[route]} if route in BODIES else {}
    answer = counter.client.request(
        method,
        path,
        headers={**headers, "Origin": f"http://{HOST}"},
        follow_redirects=False,
        **more,
    )
    return answer.status_code, answer.headers.get("location", "")


async def first_answer(app, path, headers):
    async with listening(app, path, headers) as listener:
        start = await listener.messages.get()
        return start["status"], dict(start["headers"]).get(b"location", b"").decode()


def is_let_in(code, location):
    return code not in {401, 403} and not location.startswith("/sign-in")


def test_every_route_has_its_row(counter):
    """The table holds exactly the routes that there are, with the role that each asks for."""
    app = counter.client.app
    found = {f"{m} {r.path}": role_of(r) or "none" for r in routes_of(app) for m in r.methods}
    plain = [route for route in app.routes if isinstance(route, Route)]
    found |= {f"{m} {r.path}": "none" for r in plain for m in r.methods if m != "HEAD"}
    assert found == ROLES


def test_no_route_stands_before_another_of_its_address(counter):
    """The second one would never be met, and its role would guard nothing."""
    routes = routes_of(counter.client.app)
    counted = Counter(f"{method} {route.path}" for route in routes for method in route.methods)
    assert {name: count for name, count in counted.items() if count > 1} == {}


@pytest.mark.parametrize("route", ROLES)
def test_who_is_let_in(counter, route):
    """Those with the role or a higher one, and nobody else: neither strangers nor lower roles.

    Where no role is asked for, everybody is answered the same.
    """
    needed = ROLES[route]
    if needed == "none":
        everybody = {status(counter, route, actor) for actor in ("vera", "tim", "ada", *STRANGERS)}
        assert len(everybody) == 1
        return
    for actor, role in (("vera", "viewer"), ("tim", "tester"), ("ada", "admin")):
        allowed = ORDER.index(role) >= ORDER.index(needed)
        code, location = status(counter, route, actor)
        assert is_let_in(code, location) is allowed, (actor, code, location)
        assert allowed or code == 403, (actor, code)
    for stranger in STRANGERS:
        code, location = status(counter, route, stranger)
        assert not is_let_in(code, location), (stranger, code, location)


@pytest.mark.parametrize("route", [route for route in ROLES if ROLES[route] != "none"])
def test_a_token_for_other_sessions_finds_nothing(counter, route):
    """A session outside its scope is one that there is not; what is about all is refused."""
    code, _ = status(counter, route, "sue")
    if route in ABOUT_ALL:
        assert code == 403
    elif "{session}" in route:
        assert code == 404
    else:
        assert code == 200 or (code, route) == (303, "GET /")
