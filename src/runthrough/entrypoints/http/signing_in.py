"""Signing in: a browser shows a token, or the code of the printed link, and gets a cookie.

The cookie is `SameSite=Lax`, so that a link to a session, followed from a chat, finds one signed
in; `Strict` would show the form then. What changes something is taken from our own pages only
(`guards`), which also holds against pages of other ports of the same machine, as `SameSite` does
not. Other services of the machine are shown the cookie by browsers, so what it holds is no token
for programs (`visitor`), and ends when its browser signs in anew.
"""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from runthrough.core.values.tokens import Token
from runthrough.entrypoints.http.limits import (
    SIGN_INS,
    SIGN_INS_FAILED,
    network_of,
    too_often,
)
from runthrough.entrypoints.http.pages.frame import (
    SIGN_IN,
    SIGN_OUT,
    PageRoute,
    render,
    see_other,
)
from runthrough.entrypoints.http.service import Service, service_of

TARGET_LENGTH = 2_000
_TEXT_LENGTH = 200

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def local_target(asked: str | None) -> str:
    """Where to go after signing in: a path of this service, whatever was asked for."""
    if not asked or len(asked) > TARGET_LENGTH or not asked.isprintable():
        return "/"
    # Browsers read `/\` as `//`, behind which another host stands.
    if not asked.startswith("/") or asked.startswith("//") or "\\" in asked:
        return "/"
    try:
        parts = urlsplit(asked)
    except ValueError:
        return "/"
    own = parts.path in {SIGN_IN, SIGN_OUT}
    return "/" if parts.scheme or parts.netloc or own else asked


@router.get(SIGN_IN)
def show_form(
    request: Request,
    next: str | None = None,  # noqa: A002 - in the URL
    code: str | None = None,
) -> Response:
    """The form; a link with a code shows one button, so that a preview does not use it up."""
    service, target = service_of(request), local_target(next)
    if code is None and _signed_in(service, request) is not None:
        return see_other(target)
    ended = code is None and service.options.cookie in request.cookies
    return _page(target, code=None if code is None else code[:_TEXT_LENGTH], ended=ended)


@router.post(SIGN_IN)
def sign_in(
    request: Request,
    token: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the name of its field
) -> Response:
    """Let a browser in that shows a token or the code; it gets a token of its own."""
    service, target = service_of(request), local_target(next)
    address = network_of(request.client.host if request.client else "unknown")
    wait_s = service.limits.left(SIGN_INS_FAILED, address)
    if wait_s is None:
        wait_s = service.limits.take(SIGN_INS, address)
    if wait_s is not None:
        refused = too_often("tries to sign in", wait_s)
        wrong = f"{refused.detail} Wait {wait_s} s and try again."
        return _page(target, wrong=wrong, status=refused.status, headers=refused.headers)
    made = _made_of_code(service, code) if code else _made_of_token(service, token.strip())
    if made is None:
        service.limits.take(SIGN_INS_FAILED, address)
        way = "code" if code else "token"
        service.application.log(
            "sign_in_refused", address=address, way=way, failed="unknown, expired or revoked"
        )
        wrong = (
            "The link was used, or is older than 10 minutes. Start the service anew for another."
            if code
            else "The token is unknown, has expired or was revoked."
        )
        return _page(target, wrong=wrong, status=HTTPStatus.UNAUTHORIZED)
    text, kept = made
    _end_sign_in(service, request)
    service.application.log("signed_in", address=address, actor=kept.actor)
    answer = see_other(target)
    _give(answer, service, text, kept)
    return answer


@router.post(SIGN_OUT)
def sign_out(request: Request) -> Response:
    """End what a browser signed in to; its token lets nobody in any more."""
    service = service_of(request)
    _end_sign_in(service, request)
    answer = see_other(SIGN_IN)
    answer.delete_cookie(
        service.options.cookie, secure=service.options.secure, httponly=True, samesite="lax"
    )
    return answer


def _made_of_token(service: Service, text: str) -> tuple[str, Token] | None:
    tokens = service.application.tokens
    parent = tokens.known(text) if text else None
    if parent is None or parent.kind != "api":  # a cookie's token ends with its sign-in
        return None
    return tokens.browser(parent, parent.actor, parent.role, parent.sessions)


def _made_of_code(service: Service, code: str) -> tuple[str, Token] | None:
    if not service.code.use(code):
        return None
    application = service.application
    return application.tokens.browser(None, application.caller.actor, "admin", None)


def _signed_in(service: Service, request: Request) -> Token | None:
    text = request.cookies.get(service.options.cookie)
    token = service.application.tokens.known(text) if text else None
    return token if token is not None and token.kind == "browser" else None


def _end_sign_in(service: Service, request: Request) -> None:
    """Let nobody in any more with what the browser's cookie holds."""
    token = _signed_in(service, request)
    if token is not None:
        service.application.tokens.revoke(token.token_id)


def _give(answer: Response, service: Service, text: str, token: Token) -> None:
    answer.set_cookie(
        service.options.cookie,
        text,
        expires=token.expires_at,
        path="/",
        secure=service.options.secure,
        httponly=True,
        samesite="lax",
    )


def _page(
    target: str,
    *,
    code: str | None = None,
    ended: bool = False,
    wrong: str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> Response:
    return render(
        "sign_in.html",
        None,
        status=status,
        headers=headers,
        target=target,
        code=code,
        ended=ended,
        wrong=wrong,
    )
