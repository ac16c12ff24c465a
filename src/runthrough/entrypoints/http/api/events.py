"""The log as events: read in pages, and followed as it grows."""

import json
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from runthrough.application.broadcasting import PAGE, Wanted
from runthrough.application.told import Told, Unreadable
from runthrough.entrypoints.http.api.asked import Limit
from runthrough.entrypoints.http.api.keeping import VERSIONS
from runthrough.entrypoints.http.api.shapes import Responses, answers
from runthrough.entrypoints.http.etags import tag
from runthrough.entrypoints.http.stream import EventStream, Frame, frame_of
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer, Visitor, text_given

router = APIRouter(tags=["events"])
PAGES_READ = 20
"""Of a log in which nothing is for a token so many pages are read for one request."""
After = Annotated[
    int, Query(ge=0, le=VERSIONS, description="Only what stands behind this position.")
]
Since = Annotated[
    int | None,
    Query(
        ge=0,
        le=VERSIONS,
        description="Begin behind this position; default: with what comes from now on.",
    ),
]
LastEventId = Annotated[
    str | None,
    Header(
        pattern="^[0-9]{1,16}$",
        description="The last `id` that was received; goes on behind it, whatever `after` says.",
    ),
]
STREAM: Responses = {
    200: {
        "description": "Server-sent events; `id` is the position, `data` an Event.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/events", responses=answers("EventsPage"))
def list_events(visitor: Viewer, after: After = 0, limit: Limit = 100) -> Response:
    """List the events of all sessions in the token's scope, in the order of the log.

    `next_after` goes on where this page ends, also while `more` is false: what comes later is
    behind it.
    """
    wanted = _wanted(visitor, None)
    broadcast = visitor.service.application.broadcast
    found: list[Told] = []
    seen = after
    for _ in range(PAGES_READ):
        page = broadcast.since(seen, limit - len(found) if wanted is None else PAGE)
        for event in page:
            if wanted is None or wanted(event):
                if isinstance(event, Unreadable):
                    return _page_before(event, found, next_after=seen)
                found.append(event)
            seen = event.position
            if len(found) == limit:
                break
        if not page or len(found) == limit:
            break
    return _page(found, next_after=seen, more=seen < broadcast.head())


@router.get("/sessions/{session}/events", responses=answers("EventsPage"))
def list_session_events(
    session: SessionAsked, visitor: Viewer, after: After = 0, limit: Limit = 100
) -> Response:
    """List the events of a session in its order; those of a fork begin with its ancestors'."""
    with visitor.opened(session) as opened:
        envelopes = opened.events(after=after, at_most=limit + 1)
        found = [Told(envelope) for envelope in envelopes[:limit]]
        response = _page(
            found,
            next_after=found[-1].position if found else after,
            more=len(envelopes) > limit,
        )
        tag(response, opened.concerned_at)
        return response


@router.get("/events/stream", responses=STREAM, response_class=Response)
async def follow_events(
    request: Request,
    visitor: Viewer,
    after: Since = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Follow the events of all sessions in the token's scope, as they are recorded.

    The stream ends when the token does, and when the service stops. Who reads too slowly is
    disconnected, and goes on behind the last `id`.
    """
    return await followed(request, visitor, None, begin_at(after, last_event_id))


@router.get("/sessions/{session}/events/stream", responses=STREAM, response_class=Response)
async def follow_session_events(
    request: Request,
    session: SessionAsked,
    visitor: Viewer,
    after: Since = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Follow what is recorded in one session, as `/events/stream` does for all."""
    session_id = await run_in_threadpool(visitor.seen, session)
    return await followed(request, visitor, session_id, begin_at(after, last_event_id))


async def followed(
    request: Request,
    visitor: Visitor,
    session_id: str | None,
    begin: int | None,
    *,
    frame: Frame = frame_of,
) -> Response:
    """The stream of what is recorded in a session, or in all that the token reaches.

    It begins behind a position, or with what comes; `frame` says what an event looks like on the
    wire.
    """
    broadcast = visitor.service.application.broadcast
    after = await run_in_threadpool(broadcast.head) if begin is None else begin
    return EventStream(
        broadcast,
        visitor.service.streams,
        visitor.token,
        tokens=visitor.service.application.tokens,
        text=text_given(request) or "",
        after=after,
        wanted=_wanted(visitor, session_id),
        frame=frame,
    )


def begin_at(after: int | None, last_event_id: str | None) -> int | None:
    """Behind which position a stream begins; `None` for with what comes."""
    return after if last_event_id is None else int(last_event_id)


def _wanted(visitor: Visitor, session_id: str | None) -> Wanted | None:
    if session_id is not None:
        return lambda event: event.session_id == session_id
    if visitor.token.sessions is None:
        return None
    return lambda event: visitor.may_see(event.session_id)


def _page_before(bad: Unreadable, found: list[Told], *, next_after: int) -> Response:
    """What comes before an event that cannot be read; the next request is told of it.

    Raises:
        StoreError: Nothing does.
    """
    if not found:
        raise bad.fault
    return _page(found, next_after=next_after, more=True)


def _page(found: list[Told], *, next_after: int, more: bool) -> Response:
    # Their texts are made already; parsing them to make them again would cost the most.
    items = ", ".join(event.text for event in found)
    content = f'{{"items": [{items}], "next_after": {next_after}, "more": {json.dumps(more)}}}'
    return Response(content, media_type="application/json")
