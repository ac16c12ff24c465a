"""What a node's script wrote, and why it did not pass."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import Response, StreamingResponse

from runthrough.application.log_reading import PART_BYTES, LogPart, LogStream
from runthrough.core.events import ScriptExecuted
from runthrough.core.state import LastAttempt
from runthrough.core.views.ended import exit_words
from runthrough.entrypoints.http.api.asked import NAME_CHARACTERS
from runthrough.entrypoints.http.api.logs import ENDED, LONGEST, NEXT, SIZE
from runthrough.entrypoints.http.pages.attempts import attempt_rows, failure_of
from runthrough.entrypoints.http.pages.frame import page_router, render, session_url
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer
from runthrough.entrypoints.reports.words import readable

SHOWN_BYTES = 256 * 1024
"""Of the end of each log; the whole is a link away."""
NAMES: dict[LogStream, str] = {"stdout": "Standard output", "stderr": "Standard error"}
_OPEN_ORDER = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b\n]*)?\Z")
"""An order to a terminal that is cut off at the end of a piece."""
_LINE_ENDS = re.compile(r"\r\n?")
NodeAsked = Annotated[str, Path(max_length=1_000)]
AttemptAsked = Annotated[str | None, Query(max_length=NAME_CHARACTERS)]
router = page_router()


@dataclass(frozen=True, slots=True)
class ShownLog:
    """The end of one log."""

    stream: LogStream
    name: str
    text: str
    cut: int
    """Bytes before it that are not shown."""
    size_bytes: int
    next: int
    """Byte to go on from."""
    ended: bool
    whole: str
    """Where all of it is."""
    more: str
    """Where it goes on."""


@router.get("/sessions/{session}/nodes/{node:path}/logs")
def show_logs(
    session: SessionAsked, node: NodeAsked, visitor: Viewer, attempt: AttemptAsked = None
) -> Response:
    """The ends of both logs of an attempt, the latest one's, and why it did not pass."""
    with visitor.opened(session) as opened:
        attempted, parts = opened.log_endings(node, attempt=attempt, limit=SHOWN_BYTES)
        name = opened.node_named(node)
        ended = opened.ended_attempts(name)
        last = opened.state.nodes[name].last
        chosen = attempted.attempt if attempted else None
        told: LastAttempt | ScriptExecuted | None = next(
            (event for _, event in ended if event.attempt == chosen), None
        )
        if told is None and last is not None and last.attempt == chosen:
            told = last
        logs = [
            _shown(part, stream, (opened.session_id, name, chosen))
            for stream, part in parts.items()
        ]
        return render(
            "logs.html",
            visitor,
            session_id=opened.session_id,
            name=opened.name,
            node=name,
            attempted=attempted,
            told=told,
            exit=exit_words(told.exit_code, told.error) if told else "",
            failure=failure_of(told) if told else None,
            attempts=attempt_rows(ended),
            logs=logs,
        )


@router.get("/sessions/{session}/nodes/{node:path}/logs/{stream}")
def read_whole(
    session: SessionAsked,
    node: NodeAsked,
    stream: LogStream,
    visitor: Viewer,
    attempt: AttemptAsked = None,
) -> Response:
    """One log from its begin, as plain text."""
    # It is read while it is sent: the session is this request's own, and goes into no pool.
    opened = visitor.sessions.open(visitor.seen(session))
    pieces = opened.log_pieces(node, stream, attempt=attempt)
    return StreamingResponse(
        (piece.encode() for piece in pieces),
        media_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


@router.get("/sessions/{session}/nodes/{node:path}/logs/{stream}/more")
def read_more(
    session: SessionAsked,
    node: NodeAsked,
    stream: LogStream,
    visitor: Viewer,
    *,
    attempt: AttemptAsked = None,
    after: Annotated[int, Query(ge=0, le=LONGEST)] = 0,
) -> Response:
    """What came behind a byte of a log, as it is shown, for the script of the page."""
    with visitor.opened(session) as opened:
        part = opened.log_part(node, stream, attempt=attempt, after=after, limit=PART_BYTES)
    text, held = _calm(part)
    return Response(
        text,
        media_type="text/plain; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            NEXT: str(part.next - held),
            SIZE: str(part.size_bytes),
            ENDED: "true" if part.ended else "false",
        },
    )


def _shown(part: LogPart, stream: LogStream, place: tuple[str, str, str | None]) -> ShownLog:
    session_id, node, attempt = place
    text, held = _calm(part)
    there = ("nodes", node, "logs", stream)
    return ShownLog(
        stream=stream,
        name=NAMES[stream],
        text=text,
        cut=part.start,
        size_bytes=part.size_bytes,
        next=part.next - held,
        ended=part.ended,
        whole=session_url(session_id, *there, attempt=attempt),
        more=session_url(session_id, *there, "more", attempt=attempt),
    )


def _calm(part: LogPart) -> tuple[str, int]:
    """The text as it is shown, without orders to a terminal, and how many bytes of it wait.

    What waits is the begin of an order whose rest is not written yet.
    """
    text, held = part.text, 0
    cut = None if part.ended else _OPEN_ORDER.search(text)
    if cut is not None:
        text, held = text[: cut.start()], len(text[cut.start() :].encode())
    return "\n".join(_lines(text)), held


def _lines(text: str) -> Iterator[str]:
    """Each line readable; what a progress bar drew over a line follows it as another one."""
    for line in _LINE_ENDS.sub("\n", text).split("\n"):
        yield readable(line)
