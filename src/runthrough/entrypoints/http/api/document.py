"""The OpenAPI document: what FastAPI finds, with our shapes, errors, roles and the token."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from runthrough.core.values.tokens import ROLES, Role, is_role
from runthrough.entrypoints.http.api.shapes import COMPONENTS, Schema, components
from runthrough.entrypoints.http.problems import MEDIA_TYPE

DOCUMENT = "/api/v1/openapi.json"
SCHEME = "bearer"
_KEPT = "public, max-age=300"
"""It changes with the version of the service only, and tells what the documentation does."""
_REFERENCE = re.compile(rf'"{COMPONENTS}(\w+)"')
_PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": f"{COMPONENTS}ProblemDocument"}}}}
_DETAIL = {
    "title": "ProblemDocument",
    "description": "A problem document (RFC 9457); `code` is stable, and `fix` says what to do.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "fix": {"type": ["string", "null"]},
    },
    "required": ["type", "title", "status", "code", "detail", "fix"],
}
_ALWAYS = {
    "400": "The request is none that can be read.",
    "401": "There is no token, or none that lets in.",
    "403": "The token's role or scope does not allow it.",
    "404": "There is no such thing, or none in the token's scope.",
    "405": "There is no such method here.",
    "413": "The request's body is too large.",
    "414": "The address is too long.",
    "415": "The body is of another kind than JSON.",
    "421": "The service does not go by that name.",
    "422": "What is asked for cannot be done so.",
    "429": "Too many requests; `Retry-After` says when to come again.",
    "431": "The headers are too long.",
    "500": "The service failed.",
    "503": "The database or the runner cannot be used now.",
}
_CHANGING = {
    "409": "The state does not allow it.",
    "412": "Somebody changed it after the version of `If-Match`.",
}
_KEY = "idempotency-key"
_READING = frozenset({"get", "head"})


class Published:
    """The document as it is sent to anybody: made once, by a thread, and known by its tag."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._lock = anyio.Lock()
        self._made: tuple[bytes, str] | None = None

    async def read(self, request: Request) -> Response:
        """The document, or that the one with a tag that is known already is still the one."""
        async with self._lock:
            if self._made is None:
                self._made = await run_in_threadpool(self._make)
        content, tag = self._made
        headers = {"ETag": tag, "Cache-Control": _KEPT}
        if tag in map(str.strip, request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="application/json", headers=headers)

    def _make(self) -> tuple[bytes, str]:
        told = json.dumps(document(self._app), ensure_ascii=False, separators=(",", ":"))
        content = told.encode()
        return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once for an application."""
    if app.openapi_schema:
        return app.openapi_schema
    told = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description="The same sessions as in the command line, the notebook and the page; see "
        "docs/reference/http.md.",
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    told["components"] = {
        **told.get("components", {}),
        "securitySchemes": {SCHEME: {"type": "http", "scheme": "bearer"}},
    }
    schemas = told["components"].setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["ProblemDocument"] = _DETAIL
    roles = {
        (route.path, method.lower()): role_of(route)
        for route in routes_of(app)
        for method in route.methods or ()
    }
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method, roles.get((path, method)))
    told["components"]["schemas"] = dict(sorted(_with_shapes(told, schemas).items()))
    app.openapi_schema = told
    return told


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of the service, with the path at which it is found."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            yield route


def role_of(route: RouteContext) -> Role | None:
    """The role that a route asks for; `None` where it asks for no token."""
    asked = [name for name in _dependencies(route.dependant) if is_role(name)]
    return max(asked, key=ROLES.index, default=None)


def _dependencies(dependant: Dependant) -> Iterator[str]:
    for each in dependant.dependencies:
        yield getattr(each.call, "__name__", "")
        yield from _dependencies(each)


def _with_shapes(told: Schema, schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """All schemas that the document refers to, ours among them; bodies are FastAPI's."""
    found, waiting = dict(schemas), _referred(told["paths"])
    for name in waiting:
        if name not in found:
            found[name] = components()[name]
            waiting.extend(_referred(found[name]))
    return found


def _referred(part: Any) -> list[str]:
    """The names of the schemas that a part of the document refers to."""
    return _REFERENCE.findall(json.dumps(part))


def _complete(operation: dict[str, Any], method: str, role: Role | None) -> None:
    """Tell the errors that every route has, and who may use this one."""
    wrong = _ALWAYS if method in _READING else {**_ALWAYS, **_CHANGING}
    if method in _READING:  # doing it once is about what changes something
        asked = [one for one in operation.get("parameters", ()) if one["name"] != _KEY]
        operation.pop("parameters", None)
        operation |= {"parameters": asked} if asked else {}
    answers = operation["responses"]
    for status, what in wrong.items():
        answers[status] = {"description": what, **_PROBLEM}
    operation["responses"] = dict(sorted(answers.items()))
    operation["security"] = [] if role is None else [{SCHEME: []}]
    if role is not None:
        operation["x-role"] = role
