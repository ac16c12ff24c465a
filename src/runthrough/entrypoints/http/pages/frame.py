"""What all screens share: the templates and their words, and errors as screens."""

import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import DictLoader, Environment, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException

from runthrough import __version__
from runthrough.bootstrap import now
from runthrough.core.views.advised import about_session
from runthrough.core.views.telling import ago, counted, one_line, short_id, utc
from runthrough.core.views.value_words import NOT_SET, value_words
from runthrough.core.views.worklist import drawn_word
from runthrough.entrypoints.drawing import look
from runthrough.entrypoints.http import problems
from runthrough.entrypoints.http.pages.assets import static_url
from runthrough.entrypoints.http.pages.mending import on_the_page
from runthrough.entrypoints.http.problems import AccessError, status_of
from runthrough.entrypoints.http.service import Service, service_of
from runthrough.entrypoints.http.visitor import Visitor
from runthrough.errors import RunthroughError, UnknownSessionError

SIGN_IN = "/sign-in"
"""Where a browser without a token that holds is sent; `next` names where it came from."""
SIGN_OUT = "/sign-out"
"""Where a browser ends what it signed in to."""
SIGN_OUT = "/sign-out"
"""Where the button that ends a sign-in leads."""
_TEMPLATE = ".html"
_NODE_LENGTH = 1_000
_TOLD_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?) UTC\b", re.ASCII)
_TITLES: Mapping[HTTPStatus, str] = {
    HTTPStatus.UNAUTHORIZED: "Sign in first",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not here",
    HTTPStatus.CONFLICT: "Not now",
    HTTPStatus.PRECONDITION_FAILED: "Somebody was faster",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Not taken",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something broke",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available just now",
}
"""What an error screen is headed by; else it is the phrase of the status."""
_WORDS: Mapping[HTTPStatus, tuple[str, str | None]] = {
    HTTPStatus.NOT_FOUND: ("There is nothing at this address.", None),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "This address takes no such request.",
        "go back, and use the buttons of the page",
    ),
}
"""What the framework says of addresses in a word, and what to do."""


@cache
def templates() -> Environment:
    """The templates; every value is escaped, and what is no sign to be seen is told as code.

    All are read at once, when the service starts: one process shows one version, also while
    another is installed.
    """
    folder = files("runthrough.entrypoints.http").joinpath("templates")
    found = Environment(
        loader=DictLoader(dict(_read_below(folder, ""))),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        advised=_advised,
        mended=_mended,
        ago=_ago,
        counted=counted,
        mark=lambda word: look(str(word))[0],
        tone=lambda word: look(str(word))[1],
        short_id=short_id,
        spoken=lambda word: str(word).replace("_", " "),
        stamp=_stamp,
        timed=_timed,
        standing=drawn_word,
        utc=lambda at: utc(_moment(at)),
        worded=lambda value: NOT_SET if value is None else value_words(value),
    )
    found.globals.update(static_url=static_url, session_url=session_url, version=__version__)
    return found


def _read_below(folder: Traversable, above: str) -> Iterator[tuple[str, str]]:
    for there in folder.iterdir():
        if there.is_dir():
            yield from _read_below(there, f"{above}{there.name}/")
        elif there.name.endswith(_TEMPLATE):
            yield f"{above}{there.name}", there.read_text("utf-8")


@pass_context
def _advised(context: Context, advice: str) -> str:
    """Advice whose commands name the session of the page: nobody knows where they are typed."""
    session = context.get("name") or context.get("session_id")
    about = session and context.get("session_id")
    return about_session(str(advice), str(session)) if about else str(advice)


@pass_context
def _mended(context: Context, fix: str) -> str:
    """What mends something: by the page where it can, else by a command."""
    return _advised(context, on_the_page(str(fix)))


def _seen(value: object) -> object:
    """A text line by line without what could turn its direction or hide; markup as it is."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "\n".join(
        "\t".join(one_line(part) for part in line.split("\t")) for line in value.split("\n")
    )


def _moment(at: datetime | str) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


def _ago(at: datetime | str) -> Markup:
    """How long ago, with the time itself for those who rest on it."""
    then = _moment(at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        then.isoformat(), utc(then), ago(then, now())
    )


def _stamp(at: datetime | str) -> Markup:
    """The time itself, in UTC."""
    then = _moment(at)
    return Markup('<time datetime="{}">{}</time>').format(then.isoformat(), utc(then))


def _timed(sentence: str) -> Markup:
    """A sentence whose times, such as `2026-11-29 02:49 UTC`, programs understand as well."""
    told = str(escape(_seen(sentence)))
    return Markup(_TOLD_TIME.sub(r'<time datetime="\1T\2Z">\1 \2 UTC</time>', told))  # noqa: S704 - escaped


def session_url(session: str, *rest: str, at: object = None, **query: object) -> str:
    """The address of a session's screen, or of something below it.

    A moment in the past, `at`, is kept wherever it leads; what is `None` or empty is left out.
    """
    path = "/".join(("/sessions", *(quote(str(part), safe="") for part in (session, *rest))))
    asked = {"at": at, **query}
    told = "&".join(
        f"{name}={quote(str(value), safe='')}"
        for name, value in asked.items()
        if value is not None and value != ""
    )
    return f"{path}?{told}" if told else path


def render(
    template: str,
    visitor: Visitor | None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A screen, or a part of one, for a visitor; `None` where nobody is known yet."""
    text = templates().get_template(template).render(visitor=visitor, **context)
    told = {"Cache-Control": "no-store", **(headers or {})}
    return HTMLResponse(text, int(status), headers=told)


def see_other(address: str) -> RedirectResponse:
    """Where a form that was taken leads; a reload does not send it again."""
    return RedirectResponse(address, int(HTTPStatus.SEE_OTHER))


def is_part(request: Request) -> bool:
    """Whether only a part of a screen is asked for, by the script of the page."""
    return request.headers.get("hx-request") == "true"


def is_browsing(request: Request) -> bool:
    """Whether a person's browser is to be answered, and no program."""
    accepts = request.headers.get("accept", "")
    return "text/html" in accepts and not request.scope["path"].startswith("/api/")


def http_error_screen(request: Request, refused: HTTPException) -> Response:
    """What the framework refuses, such as an address that there is not, as a screen."""
    status = HTTPStatus(refused.status_code)
    detail, fix = _WORDS.get(status, (str(refused.detail), None))
    return error_screen(request, status, detail, fix, headers=refused.headers)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses before there is a route: people by a screen."""
    if isinstance(error, HTTPException) and is_browsing(request):
        return http_error_screen(request, error)
    return await problems.on_http_error(request, error)


class PageRoute(APIRoute):
    """A route of the page: what is refused is told as a screen, and strangers sign in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, with errors as screens."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except AccessError as denied:
                if denied.status == HTTPStatus.UNAUTHORIZED and not is_part(request):
                    return await _to_sign_in(request)
                return error_screen(
                    request, denied.status, denied.detail, denied.fix, headers=denied.headers
                )
            except RunthroughError as refused:
                status = refusal_status(service_of(request), refused)
                lost = isinstance(refused, UnknownSessionError)
                return error_screen(request, status, refused.message, refused.fix, lost=lost)
            except RequestValidationError as invalid:
                told = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in invalid.errors())
                return error_screen(
                    request, HTTPStatus.UNPROCESSABLE_ENTITY, f"This cannot be read: {told}."
                )
            except HTTPException as refused:
                return http_error_screen(request, refused)

        return answer


def page_router() -> APIRouter:
    """A router for screens."""
    return APIRouter(route_class=PageRoute)


async def _to_sign_in(request: Request) -> Response:
    """To the sign-in, and back to what was asked for; of a form, to where it is filled in.

    What was typed is left behind: an address is no place for what may be a secret.
    """
    there = str(request.url.path)
    if request.method == "GET":
        asked = f"{there}?{request.url.query}" if request.url.query else there
        return see_other(f"{SIGN_IN}?next={quote(asked, safe='')}")
    session = request.path_params.get("session")
    if session is None:
        back = f"{there}/new?unsent=1" if there == "/sessions" else "/sessions"
    else:
        node = (await request.form()).get("node")
        chosen = node if isinstance(node, str) and len(node) <= _NODE_LENGTH else None
        back = session_url(session, node=chosen, unsent=1) + ("#node" if chosen else "")
    return see_other(f"{SIGN_IN}?next={quote(back, safe='')}")


def refusal_status(service: Service, refused: RunthroughError) -> HTTPStatus:
    """The status of a refusal that a screen tells; it is counted, as those of the API are."""
    service.metrics.count_refusal(refused.code)
    return status_of(refused)


def denial(request: Request, denied: AccessError) -> Response:
    """The answer to what is refused before there is a route: to people a screen."""
    status, told, fix, headers = denied.status, denied.detail, denied.fix, denied.headers
    if is_browsing(request):
        return error_screen(request, status, told, fix, headers=headers)
    return problems.problem(status, denied.code, told, fix=fix, headers=headers)


def error_screen(
    request: Request,
    status: HTTPStatus,
    detail: str,
    fix: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    lost: bool = False,
) -> Response:
    """What is wrong, why, and what to do next, as a screen; beside the others for the script.

    It leads back to the session that was asked about, unless that is `lost`.
    """
    told = dict(headers or {})
    session = None if lost else request.path_params.get("session")
    if is_part(request):
        told |= {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
    return render(
        "parts/notice.html" if is_part(request) else "error.html",
        None,
        status=status,
        headers=told,
        error=status,
        title=_TITLES.get(status, status.phrase),
        detail=detail,
        fix=fix,
        back=None if session is None else session_url(session),
        signed_out=status == HTTPStatus.UNAUTHORIZED,
    )
