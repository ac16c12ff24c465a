"""A session's past: what happened, what differs, and taking back."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from runthrough.entrypoints.http.api.asked import (
    NAME_CHARACTERS,
    Body,
    Cursor,
    Limit,
    bad_cursor,
    cursor_of,
    parts_of,
    refuse_below_admin,
    side_asked,
)
from runthrough.entrypoints.http.api.keeping import VERSIONS
from runthrough.entrypoints.http.api.sessions import tagged
from runthrough.entrypoints.http.api.shapes import answers
from runthrough.entrypoints.http.etags import BasedOn
from runthrough.entrypoints.http.moments import MOMENT_CHARACTERS, moment_asked
from runthrough.entrypoints.http.settling import once
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer

router = APIRouter(tags=["history"])
Text = Annotated[str | None, Query(max_length=NAME_CHARACTERS)]
Side = Annotated[
    str | None,
    Query(
        max_length=NAME_CHARACTERS,
        description="VERSION, SESSION, SESSION@VERSION or `now`.",
    ),
]


class UndoWish(Body):
    """What is taken back: the last action, or all since a version or time."""

    to: Annotated[
        Annotated[int, Field(ge=0, le=VERSIONS)]
        | Annotated[str, Field(max_length=MOMENT_CHARACTERS)]
        | None,
        Field(description="A version or a time; default: the last action only."),
    ] = None
    anyone: Annotated[
        bool, Field(description="Whether also what others did; needs the role admin.")
    ] = False


@router.get("/sessions/{session}/history", responses=answers("HistoryPage"))
def read_history(  # noqa: PLR0917 - the parameters are the query's
    session: SessionAsked,
    visitor: Viewer,
    node: Text = None,
    actor: Text = None,
    kind: Annotated[
        str | None, Query(alias="type", max_length=NAME_CHARACTERS, description="Of event.")
    ] = None,
    since: Annotated[
        str | None,
        Query(max_length=MOMENT_CHARACTERS, description="First version, or first moment."),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """Tell what happened, the oldest first, with every value as it was and as it is."""
    now = visitor.caller.clock()
    first = None if since is None else moment_asked("since", since, now=now)
    start, moment = _start(first, cursor)
    with visitor.opened(session) as opened:
        rows = opened.history(
            node, actor=actor, type=kind, since=start, at_most=None if moment else limit + 1
        )
        if moment is not None:
            rows = [row for row in rows if row.recorded_at >= moment]
        more = len(rows) > limit
        view = {
            "items": [row.view() for row in rows[:limit]],
            "next_cursor": cursor_of(str(rows[limit].version)) if more else None,
        }
        return tagged(view, opened)


@router.get("/sessions/{session}/diff", responses=answers("Comparison"))
def read_diff(
    session: SessionAsked, visitor: Viewer, one: Side = None, other: Side = None
) -> JSONResponse:
    """Tell what differs between two sides, and nothing else.

    Left out, `one` is where the last run ended that passed, and `other` is now.
    """
    sides = side_asked(visitor, one), side_asked(visitor, other)
    with visitor.opened(session) as opened:
        compared = visitor.sessions.diff(opened, *sides)
        ends = [
            {
                "session_id": side.session_id,
                "name": side.name,
                "version": side.version,
                "at": side.at.isoformat() if side.at else None,
                "now": side.now,
                "looked": side.looked,
            }
            for side in (compared.one, compared.other)
        ]
        view = {
            "one": ends[0],
            "other": ends[1],
            "differences": [row.view() for row in compared.rows],
        }
        return JSONResponse(view)


@router.post("/sessions/{session}/undo", responses=answers("undo"))
def undo(
    session: SessionAsked, visitor: Tester, based_on: BasedOn, wanted: UndoWish | None = None
) -> JSONResponse:
    """Take back the last thing done to the configuration, or all since a version or time.

    Runs and notes stay. What others did is taken back by an admin only.
    """
    wanted = wanted or UndoWish()
    if wanted.anyone:
        refuse_below_admin(visitor, "Taking back what others did")
    now = visitor.caller.clock()
    to = moment_asked("to", wanted.to, now=now) if isinstance(wanted.to, str) else wanted.to
    with visitor.opened(session) as opened:
        version = None if to is None else visitor.sessions.version_at(opened, to)
        recorded = once(
            opened,
            lambda session: session.undo(to=version, anyone=wanted.anyone, based_on=based_on),
            based_on=based_on,
        )
        return tagged(opened.taken_back(recorded), opened)


@router.post("/sessions/{session}/redo", responses=answers("redo"))
def redo(session: SessionAsked, visitor: Tester, based_on: BasedOn) -> JSONResponse:
    """Do again what the last undo took back, while nothing else was done."""
    with visitor.opened(session) as opened:
        recorded = once(opened, lambda session: session.redo(based_on=based_on), based_on=based_on)
        return tagged(opened.taken_back(recorded), opened)


def _start(
    since: int | datetime | None, cursor: str | None
) -> tuple[int | datetime | None, datetime | None]:
    """Where a page begins, and the first moment where that is to be kept to as well."""
    if cursor is None:
        return since, None
    (version,) = parts_of(cursor, 1)
    if not version.isdecimal() or int(version) > VERSIONS:
        raise bad_cursor()
    if isinstance(since, datetime):
        return int(version), since
    return max(int(version), since or 1), None
