"""Sessions as resources: listed, begun and looked at."""

import re
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from runthrough.application.session import Session
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.brief import brief_view, entry_view
from runthrough.entrypoints.drawing import svg
from runthrough.entrypoints.http.api.asked import (
    NAME_CHARACTERS,
    Cursor,
    Limit,
    Name,
    cursor_of,
    parts_of,
)
from runthrough.entrypoints.http.api.pipelines import (
    GivenPipeline,
    Places,
    definition_given,
    places_given,
)
from runthrough.entrypoints.http.api.shapes import answers, answers_text
from runthrough.entrypoints.http.etags import Unconditional, tag
from runthrough.entrypoints.http.moments import At, moment_asked
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer
from runthrough.errors import CommandInvalidError

router = APIRouter(tags=["sessions"])
HERE = "/api/v1/sessions"
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture brings its own style; there is nothing else in it that could be loaded or run."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
"""What no file name in a header may hold."""
ReportForm = Literal["json", "html", "junit", "markdown"]
_FORMS = {
    "html": ("text/html", "html"),
    "junit": ("application/xml", "xml"),
    "markdown": ("text/markdown", "md"),
}
"""Media type and suffix of each form of a report that is a file."""


class NewSession(GivenPipeline):
    """What a session is begun with."""

    name: Name | None = None
    workspaces: Places = Field(default_factory=list)
    like: Name | None = None


@router.get("/sessions", responses=answers("SessionsPage"))
def list_sessions(
    visitor: Viewer,
    limit: Limit = 100,
    cursor: Cursor = None,
    *,
    archived: Annotated[bool, Query(description="Whether archived ones are listed too.")] = False,
) -> JSONResponse:
    """List the sessions in the token's scope, the one begun last first.

    Who follows the cursors to the end misses none that was there at the beginning.
    """
    behind = None if cursor is None else tuple(parts_of(cursor, 2))
    known = [
        entry
        for entry in visitor.sessions.entries()
        if visitor.may_see(entry.session_id) and (archived or not entry.archived)
    ]
    listed = sorted(known, key=_begun, reverse=True)
    rest = [entry for entry in listed if behind is None or _begun(entry) < behind]
    page = rest[:limit]
    return JSONResponse(
        {
            "items": [entry_view(entry) for entry in page],
            "next_cursor": cursor_of(*_begun(page[-1])) if len(rest) > len(page) else None,
        }
    )


@router.post(
    "/sessions",
    status_code=HTTPStatus.CREATED,
    responses=answers("SessionName", HTTPStatus.CREATED, "The session has begun."),
    dependencies=[Unconditional],
)
def begin_session(wanted: NewSession, visitor: Tester) -> JSONResponse:
    """Begin a session on a pipeline file inside the roots, or on a pipeline in the body.

    Scripts are looked for in the workspaces; where none is named, in the pipeline's folder.
    """
    visitor.refuse_scoped("beginning a session")
    sessions = visitor.sessions
    workspaces = places_given(sessions, wanted.workspaces)
    definition = definition_given(wanted, sessions, workspaces)
    if definition is None:
        raise CommandInvalidError(
            "new", "no pipeline is given", fix='name a file: {"pipeline": "pipeline.yaml"}'
        )
    session = sessions.start(definition, name=wanted.name, workspaces=workspaces, like=wanted.like)
    return begun(session)


@router.get("/sessions/{session}", responses=answers("SessionBrief"))
def read_session(session: SessionAsked, visitor: Viewer) -> JSONResponse:
    """Tell a session in brief, as the log has it; no file is looked at, so that it is cheap."""
    with visitor.opened(session) as opened:
        opened.refresh()
        view = {**brief_view(opened.state), "at_home": opened.at_home}
        return tagged(view, opened)


@router.get("/sessions/{session}/status", responses=answers("SessionStatus"))
def read_status(session: SessionAsked, visitor: Viewer, at: At = None) -> JSONResponse:
    """Tell everything a status screen shows, with files as they are seen now; records nothing.

    With `at` it is as it was, and nothing of today is looked at.
    """
    if at is not None:
        then = visitor.opened_at(session, moment_asked("at", at, now=visitor.caller.clock()))
        return tagged(then.status(), then)
    with visitor.opened(session) as opened:
        return tagged(opened.status(), opened)


@router.get("/sessions/{session}/worklist", responses=answers("Worklist"))
def read_worklist(session: SessionAsked, visitor: Viewer) -> JSONResponse:
    """Tell what is to be done, node by node, as seen now, and the one next command."""
    with visitor.opened(session) as opened:
        status = opened.status()
        view = {"worklist": status["worklist"], "next_command": status["next_command"]}
        return tagged(view, opened)


@router.get("/sessions/{session}/picture", responses=answers("Picture"))
def read_picture(session: SessionAsked, visitor: Viewer) -> JSONResponse:
    """Tell the DAG as it stands now: nodes with their states, and edges with what feeds what."""
    with visitor.opened(session) as opened:
        return tagged(opened.picture(), opened)


@router.get(
    "/sessions/{session}/picture.svg",
    responses=answers_text("image/svg+xml"),
    response_class=Response,
)
def draw_picture(session: SessionAsked, visitor: Viewer) -> Response:
    """Draw the DAG as it stands now; many nodes are folded into groups."""
    with visitor.opened(session) as opened:
        view = opened.picture()
        drawn = svg(view["nodes"], view["edges"], title=str(view["title"]))  # type: ignore[arg-type]
        response = Response(drawn, media_type="image/svg+xml")
        response.headers["Content-Security-Policy"] = SVG_POLICY
        tag(response, opened.concerned_at)
        return response


@router.get("/sessions/{session}/check", responses=answers("check"))
def check_session(
    session: SessionAsked,
    visitor: Viewer,
    node: Annotated[
        str | None, Query(max_length=NAME_CHARACTERS, description="Only this node.")
    ] = None,
) -> JSONResponse:
    """Find every problem of all nodes, or of one, as the world is now; records nothing."""
    with visitor.opened(session) as opened:
        problems = opened.check(node)
        view = {
            "problems": [problem.model_dump(mode="json") for problem in problems],
            "next_command": opened.next_command(),
        }
        return tagged(view, opened)


@router.get(
    "/sessions/{session}/report",
    responses={
        200: {
            "description": "The report.",
            "content": answers("report")[200]["content"]
            | answers_text(*(media for media, _ in _FORMS.values()))[200]["content"],
        }
    },
    response_class=Response,
)
def read_report(
    session: SessionAsked,
    visitor: Viewer,
    form: Annotated[
        ReportForm, Query(alias="format", description="JSON, or a file to keep.")
    ] = "json",
) -> Response:
    """Tell the last run to others: as JSON, a page, JUnit XML or Markdown."""
    with visitor.opened(session) as opened:
        view = opened.report()
        if form == "json":
            return tagged(view, opened)
        media_type, suffix = _FORMS[form]
        response = Response(_drawn(form, view), media_type=f"{media_type}; charset=utf-8")
        name = f"{_UNSAFE.sub('_', opened.name)}.{suffix}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        tag(response, opened.concerned_at)
        return response


def named(session: Session) -> dict[str, Any]:
    """A session by its names, and its version."""
    return {"session_id": session.session_id, "name": session.name, "version": session.version}


def begun(session: Session, **more: Any) -> JSONResponse:
    """Tell a session that has begun, and where it is found."""
    response = JSONResponse({**named(session), **more}, HTTPStatus.CREATED)
    response.headers["Location"] = f"{HERE}/{session.session_id}"
    tag(response, session.concerned_at)
    return response


def tagged(view: Any, session: Session) -> JSONResponse:
    """What a session shows, with the version that it stands for."""
    response = JSONResponse(view)
    tag(response, session.concerned_at)
    return response


def _begun(entry: SessionEntry) -> tuple[str, str]:
    """What sessions are listed by; it never changes, so that pages fit together."""
    return entry.created_at.isoformat(timespec="microseconds"), entry.session_id


def _drawn(form: str, view: Any) -> str:
    from runthrough.entrypoints.reports.html import html_page  # noqa: PLC0415 - few ask for it
    from runthrough.entrypoints.reports.junit import junit_xml  # noqa: PLC0415 - as above
    from runthrough.entrypoints.reports.markdown import markdown  # noqa: PLC0415 - as above

    return {"html": html_page, "junit": junit_xml, "markdown": markdown}[form](view)
