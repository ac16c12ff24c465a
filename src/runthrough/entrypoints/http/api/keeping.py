"""What becomes of sessions: named, noted upon, approved, gone on with, and put away."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.bootstrap import load_either
from runthrough.core.views.resumed import going_on_view
from runthrough.entrypoints.http.api.asked import (
    MANY,
    TEXT_CHARACTERS,
    Body,
    Name,
    Place,
    refuse_below_admin,
)
from runthrough.entrypoints.http.api.pipelines import GivenPipeline, Places, definition_given
from runthrough.entrypoints.http.api.sessions import begun, named, tagged
from runthrough.entrypoints.http.api.shapes import answers
from runthrough.entrypoints.http.etags import BasedOn, Unconditional
from runthrough.entrypoints.http.moments import MOMENT_CHARACTERS, moment_asked
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.settling import once
from runthrough.entrypoints.http.visitor import Admin, SessionAsked, Tester, Visitor

router = APIRouter(tags=["sessions"])
VERSIONS = 2**53
"""No log is ever longer, and JSON's readers count exactly so far."""


class Renamed(Body):
    """Another name."""

    name: Name


class Reopened(Body):
    """Another name, where its own is taken by now."""

    name: Name | None = None


class Forked(Body):
    """Where a fork goes on from, and what it is called."""

    at: Annotated[
        int | Annotated[str, Field(max_length=MOMENT_CHARACTERS)] | None,
        Field(description="A version, or a time; default: the present version."),
    ] = None
    name: Name | None = None


class Noted(Body):
    """A remark."""

    text: Annotated[str, Field(max_length=TEXT_CHARACTERS)]


class Approved(Body):
    """The version that is signed off; left out, the present one."""

    version: Annotated[int | None, Field(ge=1, le=VERSIONS)] = None


class Resumed(Body):
    """How a session is gone on with; the rest goes with `here`, which moves it to this host."""

    here: bool = False
    workspaces: Places = Field(default_factory=list)
    pipeline: Place | None = None
    take_over: bool = False


class Updated(GivenPipeline):
    """Another pipeline, and nodes that are called otherwise in it."""

    renamed: Annotated[dict[Name, Name], Field(max_length=MANY)] = Field(
        default_factory=dict, description="Old name → new name."
    )


@router.patch("/sessions/{session}", responses=answers("rename"))
def rename_session(
    session: SessionAsked, wanted: Renamed, visitor: Tester, based_on: BasedOn
) -> JSONResponse:
    """Call a session otherwise; the name must be free among open sessions."""
    with visitor.opened(session) as opened:
        once(
            opened,
            lambda session: session.rename(wanted.name, based_on=based_on),
            based_on=based_on,
        )
        return tagged(named(opened), opened)


@router.post("/sessions/{session}/close", responses=answers("close"))
def close_session(session: SessionAsked, visitor: Tester, based_on: BasedOn) -> JSONResponse:
    """End a session's work; its history stays, and its name is free."""
    with visitor.opened(session) as opened:
        once(opened, lambda session: session.close(based_on=based_on), based_on=based_on)
        return tagged(named(opened), opened)


@router.post("/sessions/{session}/reopen", responses=answers("reopen"))
def reopen_session(
    session: SessionAsked, visitor: Tester, based_on: BasedOn, wanted: Reopened | None = None
) -> JSONResponse:
    """Go on with a closed session, under another name where its own is taken."""
    with visitor.opened(session) as opened:
        name = None if wanted is None else wanted.name
        once(
            opened,
            lambda session: session.reopen(name=name, based_on=based_on),
            based_on=based_on,
        )
        return tagged(named(opened), opened)


@router.post("/sessions/{session}/archive", responses=answers("SessionName"))
def archive_session(session: SessionAsked, visitor: Admin, based_on: BasedOn) -> JSONResponse:
    """Let a closed session no longer be listed; nothing of it is deleted.

    Unlike the command line it writes no export: `GET …/export` gives one.
    """
    with visitor.opened(session) as opened:
        once(opened, lambda session: session.archive(based_on=based_on), based_on=based_on)
        return tagged(named(opened), opened)


@router.post(
    "/sessions/{session}/fork",
    status_code=HTTPStatus.CREATED,
    responses=answers("fork", HTTPStatus.CREATED, "The fork has begun."),
    dependencies=[Unconditional],
)
def fork_session(
    session: SessionAsked, visitor: Tester, wanted: Forked | None = None
) -> JSONResponse:
    """Begin a session that goes on from a version of this one, in which nothing is recorded."""
    visitor.refuse_scoped("beginning a session")
    wanted = wanted or Forked()
    fork = visitor.sessions.fork(
        visitor.seen(session), at=_moment(visitor, wanted.at), name=wanted.name
    )
    state = fork.state
    return begun(fork, parent=state.parent, at=state.forked_at)


@router.post(
    "/sessions/{session}/resume", responses=answers("resume"), dependencies=[Unconditional]
)
def resume_session(
    session: SessionAsked, visitor: Tester, wanted: Resumed | None = None
) -> JSONResponse:
    """Go on with a session: record what the world has become, and tell it.

    With `here` it lives on the service's host from now on; only an admin may take over a run
    that a tester on another host drives.
    """
    wanted = wanted or Resumed()
    _refuse_without_here(wanted)
    if wanted.take_over:
        refuse_below_admin(visitor, "Taking over a run")
    with visitor.opened(session) as opened:
        opened.refresh()
        last = opened.state.last_actor, opened.state.last_at
        recorded = (
            opened.move_home(
                workspaces=wanted.workspaces,
                pipeline=wanted.pipeline,
                take_over=wanted.take_over,
            )
            if wanted.here
            else opened.resume()
        )
        view = going_on_view(
            opened.state,
            last=last,
            lives=(opened.at_home, opened.home_name),
            told=opened.resumed,
            recorded=recorded,
        )
        return tagged(view, opened)


@router.post("/sessions/{session}/update", responses=answers("update"))
def update_session(
    session: SessionAsked, visitor: Tester, based_on: BasedOn, wanted: Updated | None = None
) -> JSONResponse:
    """Take the pipeline as its file has it now, or another one; what people answered stays."""
    wanted = wanted or Updated()
    with visitor.opened(session) as opened:

        def update(session: Session) -> Recorded:
            scripts = session.workspaces()
            definition = definition_given(wanted, visitor.sessions, scripts)
            if definition is None:
                definition = load_either(session.pipeline_file(), scripts=scripts)
            return session.update(definition, renamed=wanted.renamed, based_on=based_on)

        recorded = once(opened, update, based_on=based_on)
        return tagged(opened.updated(recorded), opened)


@router.post("/sessions/{session}/notes", responses=answers("note"), dependencies=[Unconditional])
def note_session(session: SessionAsked, wanted: Noted, visitor: Tester) -> JSONResponse:
    """Write down a remark in a session's history; what looks like a secret in it is masked."""
    with visitor.opened(session) as opened:
        recorded = once(opened, lambda session: session.note(wanted.text))
        rows = [row.view() for row in opened.recorded(recorded)]
        return tagged({"version": recorded.version, "recorded": rows}, opened)


@router.post("/sessions/{session}/approvals", responses=answers("approve"))
def approve_session(
    session: SessionAsked, visitor: Tester, based_on: BasedOn, wanted: Approved | None = None
) -> JSONResponse:
    """Sign off what had passed at a version; the status tells when something is another one."""
    with visitor.opened(session) as opened:
        version = None if wanted is None else wanted.version
        recorded = once(
            opened,
            lambda session: session.approve(version, based_on=based_on),
            based_on=based_on,
        )
        approval = opened.status()["approval"]
        return tagged({"version": recorded.version, "approval": approval}, opened)


def _moment(visitor: Visitor, at: int | str | None) -> Any:
    if not isinstance(at, str):
        return at
    return moment_asked("at", at, now=visitor.caller.clock())


def _refuse_without_here(wanted: Resumed) -> None:
    if not wanted.here and (wanted.workspaces or wanted.pipeline or wanted.take_over):
        raise AccessError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "REQUEST_INVALID",
            "workspaces, pipeline and take_over go with here.",
            fix='send {"here": true, …}, or leave them out',
        )
