"""Runs as resources: planned, begun, looked at and ended."""

import re
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from runthrough.application.wishes import RunWish
from runthrough.core.views.runs import rows_of
from runthrough.entrypoints.http.api.asked import (
    MANY,
    NAME_CHARACTERS,
    Body,
    Cursor,
    Limit,
    bad_cursor,
    cursor_of,
    parts_of,
)
from runthrough.entrypoints.http.api.sessions import HERE
from runthrough.entrypoints.http.api.shapes import answers
from runthrough.entrypoints.http.driving import JOBS_AT_MOST, drive
from runthrough.entrypoints.http.etags import BasedOn, Unconditional, tag
from runthrough.entrypoints.http.settling import once
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer, Visitor

router = APIRouter(tags=["runs"])
Pattern = Annotated[str, Field(max_length=NAME_CHARACTERS)]
Jobs = Annotated[
    int | None,
    Field(ge=1, le=JOBS_AT_MOST, description="Scripts at once; default: as the service has it."),
]
RunAsked = Annotated[str, Path(max_length=NAME_CHARACTERS, description="Id of a run.")]
Selected = Annotated[
    list[Pattern],
    Query(
        max_length=MANY,
        description="NODE, NODE+ (and below), +NODE (and above), state:failed or state:stale; may "
        "be repeated; default: all nodes.",
    ),
]


class RetryWanted(Body):
    """How what did not pass is run again."""

    jobs: Jobs = None
    fail_fast: bool = False
    sagemaker: bool = False
    take_over: Annotated[
        bool,
        Field(description="Take a run from a tester on another host; only an admin may."),
    ] = False

    def wish(self, jobs: int) -> RunWish:
        """The same as a session takes it; `jobs` where nothing is said."""
        return RunWish(
            jobs=self.jobs or jobs,
            fail_fast=self.fail_fast,
            sagemaker=self.sagemaker,
            take_over=self.take_over,
            retry=True,
        )


class RunWanted(RetryWanted):
    """How a run is wanted."""

    select: list[Pattern] = Field(default_factory=list, max_length=MANY)
    reuse: Annotated[bool, Field(description="Whether what passed and is unchanged serves.")] = (
        True
    )

    def wish(self, jobs: int) -> RunWish:
        """The same as a session takes it; `jobs` where nothing is said."""
        told = super().wish(jobs)
        return replace(told, select=tuple(self.select), reuse=self.reuse, retry=False)


@router.get("/sessions/{session}/plan", responses=answers("plan"))
def read_plan(
    session: SessionAsked,
    visitor: Viewer,
    select: Selected = [],  # noqa: B006 - FastAPI copies it
    *,
    reuse: Annotated[bool, Query(description="Whether what passed unchanged serves.")] = True,
    sagemaker: Annotated[bool, Query(description="With SageMaker's variables.")] = False,
) -> JSONResponse:
    """Tell what a run would run, reuse and block, each with its reason; records nothing."""
    with visitor.opened(session) as opened:
        view = opened.plan(select, reuse=reuse, sagemaker=sagemaker)
        response = JSONResponse(view)
        tag(response, opened.concerned_at)
        return response


@router.get("/sessions/{session}/runs", responses=answers("RunsPage"))
def list_runs(
    session: SessionAsked, visitor: Viewer, limit: Limit = 100, cursor: Cursor = None
) -> JSONResponse:
    """List the runs of a session, the latest one first; those before a fork too."""
    before = None if cursor is None else _version_in(cursor)
    with visitor.opened(session) as opened:
        runs = [run for run in opened.runs() if before is None or run.begun < before]
        page = runs[:limit]
        more = len(runs) > len(page)
        view = {
            "items": rows_of(page),
            "next_cursor": cursor_of("run", str(page[-1].begun)) if more else None,
        }
        response = JSONResponse(view)
        tag(response, opened.concerned_at)
        return response


@router.get("/sessions/{session}/runs/{run}", responses=answers("RunResults"))
def read_run(session: SessionAsked, run: RunAsked, visitor: Viewer) -> JSONResponse:
    """Tell the results of a run; while it is on, what it has come to."""
    with visitor.opened(session) as opened:
        view = opened.run_results(run)
        response = JSONResponse(view)
        tag(response, int(str(view["version"])))
        return response


@router.post(
    "/sessions/{session}/runs",
    status_code=HTTPStatus.ACCEPTED,
    responses=answers("RunBegun", HTTPStatus.ACCEPTED, "The run has begun."),
)
def begin_run(
    session: SessionAsked, visitor: Tester, based_on: BasedOn, wanted: RunWanted | None = None
) -> JSONResponse:
    """Begin a run in this service; it goes on whether or not anybody waits for it."""
    return _begin(visitor, session, wanted or RunWanted(), based_on)


@router.post(
    "/sessions/{session}/retry",
    status_code=HTTPStatus.ACCEPTED,
    responses=answers("RunBegun", HTTPStatus.ACCEPTED, "The run has begun."),
)
def begin_retry(
    session: SessionAsked, visitor: Tester, based_on: BasedOn, wanted: RetryWanted | None = None
) -> JSONResponse:
    """Begin a run of what did not pass, and of what that blocked, as it is configured now."""
    return _begin(visitor, session, wanted or RetryWanted(), based_on)


@router.post(
    "/sessions/{session}/runs/{run}/cancel",
    responses=answers("cancel"),
    dependencies=[Unconditional],
)
def cancel_run(session: SessionAsked, run: RunAsked, visitor: Tester) -> JSONResponse:
    """Ask the tester that drives a run to end it, wherever it is; that takes about a second."""
    with visitor.opened(session) as opened:
        recorded = once(opened, lambda session: session.cancel(run))
        response = JSONResponse({"run": run, "version": recorded.version})
        tag(response, recorded.version)
        return response


def _begin(
    visitor: Visitor, asked: str, wanted: RetryWanted, based_on: int | None
) -> JSONResponse:
    wish = wanted.wish(visitor.service.options.jobs)
    session_id, run = drive(visitor, asked, wish, based_on=based_on)
    return JSONResponse(
        {"session_id": session_id, "run": run},
        HTTPStatus.ACCEPTED,
        {"Location": f"{HERE}/{session_id}/runs/{run}"},
    )


def _version_in(cursor: str) -> int:
    """The version before which the next page goes on.

    Raises:
        AccessError: The cursor is none that was given out.
    """
    kind, version = parts_of(cursor, 2)
    if kind != "run" or not re.fullmatch(r"[0-9]{1,18}", version):
        raise bad_cursor()
    return int(version)
