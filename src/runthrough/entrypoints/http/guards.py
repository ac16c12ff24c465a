"""What every request passes before it reaches a route, and every answer on its way out.

All of it is plain ASGI: streams pass without being held up, and only long bodies cost a thread.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter
from urllib.parse import unquote_to_bytes

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runthrough.entrypoints.http.body_guard import BodyGuard
from runthrough.entrypoints.http.heads import Heads
from runthrough.entrypoints.http.keying import SAFE
from runthrough.entrypoints.http.pages.frame import denial
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.service import Service

PROBES = frozenset({"/healthz", "/readyz"})
"""Asked by what watches over processes, under whatever name it knows them; they tell nothing."""
TARGET_BYTES = 8 * 1024
HEADER_BYTES = 16 * 1024
HEADERS_AT_MOST = 100
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # `no-referrer` would make browsers send forms of our own pages with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Headers of every answer."""
WITH_TLS = {"Strict-Transport-Security": "max-age=31536000"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OWN_PAGE = frozenset({"same-origin", "none"})
"""What browsers say of requests that no other site sent."""
_SHOWN = 200


def guard(app: FastAPI, service: Service) -> None:
    """Put the guards around an application; the last one added is met first."""
    app.add_middleware(BodyGuard, service=service)
    app.add_middleware(Gate, service=service)
    app.add_middleware(Heads)
    app.add_middleware(Frame, service=service)


class Frame:
    """Numbers requests, and tells, counts and seals their answers, whoever gives them."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._headers = ALWAYS | (WITH_TLS if service.options.secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and answer it where nobody else does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Its own, so that no sender marks events with the number of another request.
        request_id = self._service.application.caller.new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        began, status, streamed = perf_counter(), 0, False

        async def seal(message: Message) -> None:
            nonlocal status, streamed
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=list(message["headers"]))
                for name, value in self._headers.items():
                    headers.setdefault(name, value)  # a picture brings a policy of its own
                headers["X-Request-ID"] = request_id
                headers.setdefault("Cache-Control", "no-store")
                streamed = headers.get("content-type", "").startswith("text/event-stream")
                message["headers"] = headers.raw
            await send(message)

        try:
            await self._app(scope, receive, seal)
        except Exception:
            if not status:
                await _internal(scope, request_id)(scope, receive, seal)
            raise  # whoever runs the application tells it
        finally:
            taken_s = perf_counter() - began
            self._tell(scope, status, taken_s, streamed=streamed)

    def _tell(self, scope: Scope, status: int, taken_s: float, *, streamed: bool) -> None:
        method, route = scope["method"], route_of(scope)
        self._service.metrics.count(method, route, status, taken_s=None if streamed else taken_s)
        self._service.application.log(
            "request",
            method=method,
            # As it came, in ASCII, and without the query, which may hold what signs in.
            path=scope.get("raw_path", b"").decode("ascii", "backslashreplace")[:_SHOWN],
            status=status,
            duration_ms=round(taken_s * 1000, 1),
            request_id=scope["state"]["request_id"],
            **_number_of_sender(scope),
        )


def _number_of_sender(scope: Scope) -> dict[str, str]:
    """What the sender calls the request, such as a proxy that tells its own log by it."""
    given = Headers(scope=scope).get("x-request-id", "")
    return {"sender_request_id": given} if _REQUEST_ID.fullmatch(given) else {}


class Gate:
    """Refuses requests by where they come from and where they go, before anything is read."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            try:
                for check in CHECKS:
                    check(scope, headers, self._service)
            except AccessError as refused:
                await denial(Request(scope), refused)(scope, receive, send)
                return
        await self._app(scope, receive, send)


# ---- what is looked at before anything is read


def _open(_scope: Scope, _headers: Headers, service: Service) -> None:
    if service.stopping:
        raise AccessError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "STOPPING",
            "The service is stopping.",
            fix="try again when it runs again",
            headers={"Connection": "close", "Retry-After": "5"},
        )


def _sized(scope: Scope, headers: Headers, _service: Service) -> None:
    if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > TARGET_BYTES:
        raise AccessError(
            HTTPStatus.REQUEST_URI_TOO_LONG, "URI_TOO_LONG", "The address is too long."
        )
    size = sum(len(name) + len(value) for name, value in headers.raw)
    if size > HEADER_BYTES or len(headers.raw) > HEADERS_AT_MOST:
        raise AccessError(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "HEADERS_TOO_LARGE",
            "The headers are too long.",
        )


def _sound(scope: Scope, _headers: Headers, _service: Service) -> None:
    """Control characters in addresses end in headers, logs and databases that take none."""
    asked = unquote_to_bytes(scope.get("raw_path", b"")) + unquote_to_bytes(scope["query_string"])
    if any(sign < 0x20 or sign == 0x7F for sign in asked):  # noqa: PLR2004 - ASCII's controls
        raise _malformed("The address holds a control character.")
    try:
        asked.decode()
    except UnicodeDecodeError:
        raise _malformed("The address is not UTF-8.") from None


def _one_length(_scope: Scope, headers: Headers, _service: Service) -> None:
    """Of two lengths a proxy may believe the other one, and take a part for the next request."""
    if "content-length" in headers and "transfer-encoding" in headers:
        raise AccessError(
            HTTPStatus.BAD_REQUEST,
            "REQUEST_MALFORMED",
            "The request tells its length in two ways.",
            headers={"Connection": "close"},
        )


def _known_host(scope: Scope, headers: Headers, service: Service) -> None:
    """Else a name of somebody else's could lead browsers here, as if we were theirs."""
    hosts = headers.getlist("host")
    if len(hosts) != 1:
        raise _malformed("Exactly one Host is needed.")
    known = service.options.hosts
    if hosts[0].lower() in known or "*" in known or scope["path"] in PROBES:
        return
    raise AccessError(
        HTTPStatus.MISDIRECTED_REQUEST,
        "HOST_UNKNOWN",
        "This service is not known by that name.",
        fix="name the address that browsers use: runthrough serve --public-url URL",
    )


def _own_origin(scope: Scope, headers: Headers, service: Service) -> None:
    """What changes something is taken from our own pages, or from what is no browser's page.

    Cookies come along with whatever page sends a request. Browsers say which page it was.
    """
    if scope["method"] in SAFE:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site.lower() not in _OWN_PAGE:
        raise _foreign("Another site sent this request.")
    known = service.options.origins
    own = origin is not None and origin.lower() in known
    if origin is not None and not own and (origin != "null" or site is None):
        raise _foreign("A page of another origin sent this request.")
    bearer = "authorization" in headers
    if origin is None and site is None and "cookie" in headers and not bearer:
        raise _foreign("The request does not say which page sent it.")


CHECKS: tuple[Callable[[Scope, Headers, Service], None], ...] = (
    _open,
    _sized,
    _sound,
    _one_length,
    _known_host,
    _own_origin,
)


def route_of(scope: Scope) -> str:
    """The template of the route that took a request; one word for all that none took."""
    path: str | None = getattr(scope.get("route"), "path", None)
    if path is None:
        return "none"
    prefix = "/api/v1"
    outside = path.startswith(prefix) or not scope["path"].startswith(f"{prefix}/")
    return path if outside else prefix + path


def _internal(scope: Scope, request_id: str) -> Response:
    return denial(
        Request(scope),
        AccessError(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "INTERNAL",
            "The service failed at this request.",
            fix=f"tell whoever runs it; its log names the request {request_id}",
        ),
    )


def _malformed(why: str) -> AccessError:
    return AccessError(HTTPStatus.BAD_REQUEST, "REQUEST_MALFORMED", why)


def _foreign(why: str) -> AccessError:
    return AccessError(
        HTTPStatus.FORBIDDEN,
        "ORIGIN_REFUSED",
        why,
        fix="use the service's own page, or a program that sends Authorization: Bearer TOKEN",
    )
