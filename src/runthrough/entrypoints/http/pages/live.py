"""That something happened in a session, told to those who look at its screen."""

from fastapi import Request
from fastapi.responses import Response
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool

from runthrough.application.told import Told
from runthrough.entrypoints.http.api.events import LastEventId, Since, begin_at, followed
from runthrough.entrypoints.http.pages.frame import page_router
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer

EVENT = "changed"
"""What the screen listens for; then it asks for its parts."""
router = page_router()


def changed(event: Told) -> bytes:
    """That there is a new version; what it is, the screen asks for itself."""
    return format_sse_event(data_str=str(event.version), event=EVENT, id=str(event.position))


@router.get("/sessions/{session}/live")
async def follow(
    request: Request,
    session: SessionAsked,
    visitor: Viewer,
    after: Since = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Tell that something was recorded in a session, as it happens."""
    session_id = await run_in_threadpool(visitor.seen, session)
    begin = begin_at(after, last_event_id)
    return await followed(request, visitor, session_id, begin, frame=changed)
