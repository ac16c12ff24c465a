"""What is done with a session as a whole: noted, approved, named, gone on with, and put away."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastapi.responses import Response

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.entrypoints.http.api.asked import refuse_below_admin
from runthrough.entrypoints.http.pages.acting import Form, version_in
from runthrough.entrypoints.http.pages.fields import Wrong
from runthrough.entrypoints.http.pages.frame import (
    page_router,
    refusal_status,
    see_other,
    session_url,
)
from runthrough.entrypoints.http.pages.session import Answered, screen
from runthrough.entrypoints.http.visitor import Admin, SessionAsked, Tester, Viewer, Visitor
from runthrough.errors import (
    CommandInvalidError,
    RunInProgressError,
    RunthroughError,
    StoreError,
)

if TYPE_CHECKING:
    from runthrough.core.views.history import HistoryRow

router = page_router()
Act = Callable[[Session], "Recorded | list[HistoryRow]"]
_RUN_ON = (
    "wait until it ends, or stop it; where its tester is gone, wait until that has given no sign "
    "of life for a minute, or let an admin take the run over"
)
"""What is done about a run that is on, in the words of the page."""
_SHOWN_AT_MOST = 50
"""Events of what was recorded that the next screen tells."""


@router.get("/sessions/{session}/runs")
@router.get("/sessions/{session}/retry")
@router.get("/sessions/{session}/cancel")
@router.get("/sessions/{session}/accept")
@router.get("/sessions/{session}/undo-to")
@router.get("/sessions/{session}/fork")
@router.get("/sessions/{session}/note")
@router.get("/sessions/{session}/approve")
@router.get("/sessions/{session}/rename")
@router.get("/sessions/{session}/close")
@router.get("/sessions/{session}/reopen")
@router.get("/sessions/{session}/archive")
@router.get("/sessions/{session}/redo")
@router.get("/sessions/{session}/resume")
@router.get("/sessions/{session}/home")
def go_back(session: SessionAsked, visitor: Viewer) -> Response:
    """Where a form that was not taken came from, for who loads its address again."""
    return see_other(session_url(visitor.seen(session)))


@router.post("/sessions/{session}/note")
def note(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Write down a remark; what looks like a secret in it is masked."""
    return _done(visitor, session, form, lambda opened: opened.note(form.get("text", "")))


@router.post("/sessions/{session}/approve")
def approve(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Sign off what had passed at the version that was shown."""
    return _done(visitor, session, form, lambda opened: opened.approve(version_in(form)))


@router.post("/sessions/{session}/rename")
def rename(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Call a session otherwise, unless somebody else has since the form was shown."""
    name, seen = form.get("name", "").strip(), form.get("seen")
    return _done(visitor, session, form, lambda opened: opened.rename(name, seen=seen))


@router.post("/sessions/{session}/close")
def close(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """End a session's work; its history stays, and its name is free."""
    return _done(visitor, session, form, Session.close)


@router.post("/sessions/{session}/reopen")
def reopen(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Go on with a closed session, under another name where one is given."""
    name = form.get("name", "").strip() or None
    return _done(visitor, session, form, lambda opened: opened.reopen(name=name))


@router.post("/sessions/{session}/archive")
def archive(session: SessionAsked, visitor: Admin, form: Form) -> Response:
    """Let a closed session no longer be listed; nothing of it is deleted."""

    def act(opened: Session) -> Recorded:
        _sure(form, "archive", "that it is no longer listed")
        return opened.archive()

    return _done(visitor, session, form, act)


@router.post("/sessions/{session}/redo")
def redo(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Do again what the last undo took back, while nothing else was done."""
    return _done(visitor, session, form, Session.redo)


@router.post("/sessions/{session}/resume")
def resume(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Close what a dead tester left open, and record what the world has become."""
    return _done(visitor, session, form, Session.resume)


@router.post("/sessions/{session}/home")
def move_home(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Let a session live on this service's host from now on."""
    take_over = "take_over" in form
    if take_over:
        refuse_below_admin(visitor, "Taking over a run")
    workspace, pipeline = (form.get(name, "").strip() for name in ("workspace", "pipeline"))

    def act(opened: Session) -> "list[HistoryRow]":
        return opened.move_home(
            workspaces=[workspace] if workspace else [],
            pipeline=pipeline or None,
            take_over=take_over,
        )

    return _done(visitor, session, form, act)


def _sure(form: Mapping[str, str], verb: str, what: str) -> None:
    """Refuse what was not confirmed.

    Raises:
        CommandInvalidError: The box is not ticked.
    """
    if "sure" not in form:
        raise CommandInvalidError(
            verb, f"it is not confirmed {what}", fix="tick the box, and send the form again"
        )


def _fix(refused: RunthroughError) -> str:
    return _RUN_ON if isinstance(refused, RunInProgressError) else refused.fix or ""


def _done(visitor: Visitor, asked: str, form: Mapping[str, str], act: Act) -> Response:
    """Do it, and tell what it recorded; or tell on the screen why it was not done."""
    with visitor.opened(asked) as opened:
        opened.refresh()
        before = opened.version
        try:
            act(opened)
        except StoreError:
            raise
        except RunthroughError as refused:
            answered = Answered(
                typed=form,
                wrong=Wrong(refused.message, _fix(refused)),
                status=refusal_status(visitor.service, refused),
            )
            return screen(visitor, opened, node=form.get("node") or None, answered=answered)
        told = 0 < opened.version - before <= _SHOWN_AT_MOST
        saved = f"{before}-{opened.version}" if told else None
        return see_other(session_url(opened.session_id, node=form.get("node"), saved=saved))
