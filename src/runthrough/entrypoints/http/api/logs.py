"""What scripts wrote, whole or as it grows."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from runthrough.application.log_reading import PART_BYTES, LogStream
from runthrough.entrypoints.http.api.asked import NAME_CHARACTERS
from runthrough.entrypoints.http.api.nodes import NodeAsked
from runthrough.entrypoints.http.api.shapes import answers, answers_text
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer

router = APIRouter(tags=["logs"])
LEAST_BYTES = 16
"""Less might not hold one whole character."""
LONGEST = 2**53
NEXT, SIZE, ENDED = "X-Log-Next", "X-Log-Size", "X-Log-Ended"
AttemptAsked = Annotated[
    str | None,
    Query(max_length=NAME_CHARACTERS, description="Id of an attempt; default: the latest one."),
]
_HEADERS = {
    NEXT: {"description": "Byte to go on from, as `after`.", "schema": {"type": "integer"}},
    SIZE: {"description": "Bytes of the log so far.", "schema": {"type": "integer"}},
    ENDED: {
        "description": "`true` where nothing comes behind what was told.",
        "schema": {"type": "boolean"},
    },
}


@router.get("/sessions/{session}/nodes/{node}/logs", responses=answers("LogTails"))
def read_logs(
    session: SessionAsked,
    node: NodeAsked,
    visitor: Viewer,
    attempt: AttemptAsked = None,
    limit: Annotated[
        int, Query(ge=LEAST_BYTES, le=PART_BYTES, description="At most so many bytes of each.")
    ] = 16_384,
) -> JSONResponse:
    """Tell the ends of what an attempt wrote to standard output and standard error."""
    with visitor.opened(session) as opened:
        return JSONResponse(opened.log_tails(node, attempt=attempt, limit=limit))


@router.get(
    "/sessions/{session}/nodes/{node}/logs/{stream}",
    responses={
        200: {
            **answers_text("text/plain", what="A piece of the log.")[200],
            "headers": _HEADERS,
        }
    },
    response_class=Response,
)
def read_log(
    session: SessionAsked,
    node: NodeAsked,
    stream: LogStream,
    visitor: Viewer,
    *,
    attempt: AttemptAsked = None,
    after: Annotated[
        int,
        Query(ge=0, le=LONGEST, description="Byte to begin at; `X-Log-Next` of the last piece."),
    ] = 0,
    limit: Annotated[
        int, Query(ge=LEAST_BYTES, le=PART_BYTES, description="At most so many bytes.")
    ] = PART_BYTES,
) -> Response:
    """Tell a piece of a log, also while its script runs; no secret stands in it.

    Who asks again from `X-Log-Next` on until `X-Log-Ended` is `true` has had all of it, once.
    """
    with visitor.opened(session) as opened:
        part = opened.log_part(node, stream, attempt=attempt, after=after, limit=limit)
        response = Response(part.text, media_type="text/plain; charset=utf-8")
        response.headers[NEXT] = str(part.next)
        response.headers[SIZE] = str(part.size_bytes)
        response.headers[ENDED] = "true" if part.ended else "false"
        return response
