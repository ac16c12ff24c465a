"""A session's past on the page: its moments, what is taken back, and forks from a version."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from runthrough.application.session import Session
from runthrough.core.views.value_words import changed_words
from runthrough.entrypoints.http.api.asked import refuse_below_admin
from runthrough.entrypoints.http.api.keeping import VERSIONS
from runthrough.entrypoints.http.moments import MOMENT_CHARACTERS, moment_asked
from runthrough.entrypoints.http.pages.acting import Form
from runthrough.entrypoints.http.pages.fields import Wrong
from runthrough.entrypoints.http.pages.frame import (
    page_router,
    refusal_status,
    render,
    see_other,
    session_url,
)
from runthrough.entrypoints.http.pages.recorded import but_state
from runthrough.entrypoints.http.pages.session import Answered, screen
from runthrough.entrypoints.http.pages.timeline import moment_of
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer, Visitor
from runthrough.errors import RunthroughError, StoreError

router = page_router()
_VERSION = re.compile(r"[0-9]{1,18}")


@router.get("/sessions/{session}/parts/moment")
def show_moment(
    session: SessionAsked, visitor: Viewer, at: Annotated[int, Query(ge=1, le=VERSIONS)] = 1
) -> Response:
    """What happened at one version, for the script of the page."""
    with visitor.opened(session) as opened:
        opened.refresh()
        version = min(at, opened.version)
        moment = moment_of(opened, version, latest=opened.version)
        return render("parts/moment.html", visitor, moment=moment)


# ---- taking back


@router.get("/sessions/{session}/take-back")
def ask_undo(
    session: SessionAsked,
    visitor: Tester,
    to: Annotated[str | None, Query(max_length=MOMENT_CHARACTERS)] = None,
) -> Response:
    """What an undo would take back: the last thing done, or all since a version or time."""
    with visitor.opened(session) as opened:
        opened.refresh()
        asked = None if to is None else moment_asked("to", to, now=visitor.caller.clock())
        version = None if asked is None else visitor.sessions.version_at(opened, asked)
        return _asking(visitor, opened, to=version)


def _asking(
    visitor: Visitor,
    session: Session,
    *,
    to: int | None,
    wrong: Wrong | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    actions = session.to_undo(to)
    others = [action for action in actions if action.actor != visitor.actor]
    return render(
        "undo.html",
        visitor,
        status=status,
        session_id=session.session_id,
        name=session.name,
        version=session.version,
        to=to,
        actions=list(reversed(actions)),
        changes=_changes(session, to),
        others=others,
        may=not others or visitor.may("admin"),
        wrong=wrong,
    )


def _changes(session: Session, to: int | None) -> list[tuple[str, Sequence[str]]]:
    """What would be another value, node by node, as `name  old → new`."""
    told = (
        (node, changed_words(*(but_state(values) for values in sides)))
        for node, sides in session.values_to_undo(to).items()
    )
    return [(node, words) for node, words in told if words]


@router.post("/sessions/{session}/undo-to")
def undo(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Take back what was shown; what somebody did since is not among it."""
    to, seen, anyone = form.get("to", ""), form.get("version", ""), "anyone" in form
    if anyone:
        refuse_below_admin(visitor, "Taking back what others did")
    with visitor.opened(session) as opened:
        if (to and not _VERSION.fullmatch(to)) or not _VERSION.fullmatch(seen):
            raise AccessError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "REQUEST_INVALID",
                "The form names no version to go back to.",
                fix="load the page anew, and send its form",
            )
        back = int(to) if to else None
        try:
            recorded = opened.undo(
                to=back, anyone=anyone, seen=lambda action: action.version <= int(seen)
            )
        except StoreError:
            raise
        except RunthroughError as refused:
            wrong = Wrong(refused.message, refused.fix or "")
            return _asking(
                visitor,
                opened,
                to=back,
                wrong=wrong,
                status=refusal_status(visitor.service, refused),
            )
        saved = f"{recorded.after}-{recorded.version}"
        return see_other(session_url(opened.session_id, saved=saved))


# ---- going on from there


@router.post("/sessions/{session}/fork")
def fork(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Begin a session that goes on from a version of this one."""
    visitor.refuse_scoped("beginning a session")
    session_id = visitor.seen(session)
    at = form.get("at", "").strip()
    asked = moment_asked("at", at, now=visitor.caller.clock()) if at else None
    sessions = visitor.sessions
    try:
        begun = sessions.fork(session_id, at=asked, name=form.get("name", "").strip() or None)
    except StoreError:
        raise
    except RunthroughError as refused:
        return _not_forked(visitor, session_id, at, form, refused)
    address = session_url(begun.session_id)
    sessions.give_back(begun)
    return see_other(address)


def _not_forked(
    visitor: Visitor, session_id: str, at: str, form: Mapping[str, str], refused: RunthroughError
) -> Response:
    then = visitor.opened_at(
        session_id, moment_asked("at", at, now=visitor.caller.clock()) if at else None
    )
    answered = Answered(
        typed=form,
        wrong=Wrong(refused.message, refused.fix or ""),
        status=refusal_status(visitor.service, refused),
    )
    return screen(visitor, then, at=at or None, answered=answered)
