"""What a body passes before a route reads it: whose it is, its length and kind, and its turn."""

from contextlib import ExitStack
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from anyio import CapacityLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runthrough.entrypoints.http.bodies import (
    GoneError,
    Held,
    looked_at,
    read_body,
    replayed,
    too_large,
)
from runthrough.entrypoints.http.keying import SAFE
from runthrough.entrypoints.http.pages.frame import (
    SIGN_IN,
    SIGN_OUT,
    denial,
    error_screen,
    is_browsing,
    refusal_status,
)
from runthrough.entrypoints.http.problems import AccessError, refused
from runthrough.entrypoints.http.service import Service
from runthrough.entrypoints.http.visitor import token_of
from runthrough.errors import RunthroughError

OPEN_FORMS = frozenset({SIGN_IN, SIGN_OUT})
"""What is filled in by people whom nobody knows yet."""
OPEN_FORM_BYTES = 16 * 1024
"""Of a stranger's form: a token, and an address of 2,000 signs, each written as three."""
CHANGES_AT_ONCE = 24
"""Of the 40 threads that answer requests: who waits for the writer lock leaves some to readers."""
SIGN_INS_AT_ONCE = 4
"""They write as well, and anybody may try."""
_OF_BODIES = frozenset({b"content-type", b"content-length", b"transfer-encoding"})
_JSON = "application/json"
_PLAIN_FORM = "application/x-www-form-urlencoded"


class BodyGuard:
    """Reads bodies within bounds, of known senders only, and lets them change things in turn."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._options = service.options
        self._service = service
        self._held = Held(service.options.held_bytes)
        self._changes = CapacityLimiter(CHANGES_AT_ONCE)
        self._sign_ins = CapacityLimiter(SIGN_INS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            if scope["method"] in SAFE:
                _without_body(headers)
            elif at_most := await self._bytes_of(scope, headers):
                await self._changing(scope, receive, send, at_most)
                return
            elif _tells_body(headers):
                receive, send = replayed(b"", receive), _hanging_up(send)
        except (AccessError, RunthroughError) as why:
            await self._refusal(scope, why)(scope, receive, send)
            return
        except GoneError:
            return
        await self._app(scope, receive, send)

    async def _bytes_of(self, scope: Scope, headers: Headers) -> int:
        """How many bytes of a body are read at most; none of a stranger's, whom the route refuses.

        But of a form: a screen that was signed out meanwhile is led back to where it was.
        """
        _soundly_told(headers, at_most=self._options.body_bytes)
        if scope["path"] in OPEN_FORMS:
            return OPEN_FORM_BYTES
        try:
            await token_of(Request(scope))
        except AccessError:
            length = int(headers.get("content-length", "0"))
            if not scope["path"].startswith("/api/") and 0 < length <= OPEN_FORM_BYTES:
                return OPEN_FORM_BYTES
            scope["headers"] = [one for one in scope["headers"] if one[0] not in _OF_BODIES]
            return 0
        return self._options.body_bytes

    async def _changing(self, scope: Scope, receive: Receive, send: Send, at_most: int) -> None:
        """Read the body, and go on when it is the request's turn; both end as it is answered."""
        turns = self._sign_ins if at_most == OPEN_FORM_BYTES else self._changes
        with ExitStack() as holding:
            take = holding.enter_context(self._held.share())
            body = await read_body(
                receive, at_most=at_most, within_s=self._options.body_s, take=take
            )
            await _look_at(body, Headers(scope=scope), scope["path"])
            await turns.acquire_on_behalf_of(holding)
            holding.callback(turns.release_on_behalf_of, holding)

            async def answered(message: Message) -> None:
                holding.close()  # whoever reads the answer slowly keeps nobody waiting
                await send(message)

            await self._app(scope, replayed(body, receive), answered)

    def _refusal(self, scope: Scope, why: AccessError | RunthroughError) -> Response:
        request = Request(scope)
        if isinstance(why, AccessError):
            return denial(request, why)
        status = refusal_status(self._service, why)
        if is_browsing(request):
            return error_screen(request, status, why.message, why.fix)
        return refused(why)


def _tells_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _without_body(headers: Headers) -> None:
    """Nothing is asked by the body of what changes nothing, so that none is read."""
    if _tells_body(headers):
        raise AccessError(
            HTTPStatus.BAD_REQUEST,
            "REQUEST_MALFORMED",
            "A request that changes nothing has no body.",
            fix="send what you ask in the address",
            headers={"Connection": "close"},  # it is not read
        )


def _hanging_up(send: Send) -> Send:
    """Answer, and read nothing more of this connection."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            headers["Connection"] = "close"
            message["headers"] = headers.raw
        await send(message)

    return sent


def _soundly_told(headers: Headers, *, at_most: int) -> None:
    """Look at what is said of a body before any of it is read."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise _wrong_kind("Compressed bodies are not taken.", "send it as it is")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or not length.isascii():
        raise AccessError(HTTPStatus.BAD_REQUEST, "LENGTH_INVALID", "Content-Length is no number.")
    if len(length) > len(str(at_most)) or int(length) > at_most:
        raise too_large(at_most)


async def _look_at(body: bytes, headers: Headers, path: str) -> None:
    """Look whether a body is of the kind that is taken there, and sound."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and path.startswith("/api/"):
        if kind != _JSON:
            raise _wrong_kind("The interface takes JSON.", f"send Content-Type: {_JSON}")
        await looked_at(body)
    elif body and kind != _PLAIN_FORM:
        raise _wrong_kind("The page takes forms.", f"send Content-Type: {_PLAIN_FORM}")
    elif b"\0" in unquote_to_bytes(body):
        raise AccessError(
            HTTPStatus.BAD_REQUEST, "REQUEST_MALFORMED", "The form holds the character NUL."
        )


def _wrong_kind(why: str, fix: str) -> AccessError:
    return AccessError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "BODY_KIND", why, fix=fix)
