"""The log as evidence: how far it is verified, and exports of it."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from runthrough.bootstrap import export_lines, naming_for, table_lines
from runthrough.core.names import nearest
from runthrough.core.values.ids import SessionId
from runthrough.core.values.secrets import masked_text
from runthrough.core.values.store import Checkpoint, EventFilter
from runthrough.core.views.history import event_types
from runthrough.core.views.verdicts import Found, HeldNote, found_view
from runthrough.entrypoints.http.api.asked import NAME_CHARACTERS, refuse_below_admin
from runthrough.entrypoints.http.api.shapes import answers, answers_text
from runthrough.entrypoints.http.moments import MOMENT_CHARACTERS, time_asked
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.visitor import Admin, SessionAsked, Tester, Viewer, Visitor
from runthrough.errors import CommandInvalidError

router = APIRouter(tags=["audit"])
PIECE_CHARACTERS = 64 * 1024
"""An export goes out in pieces: one a line would cost more than the lines."""
_verifying = threading.Lock()
"""One verification at a time: each reads the log as fast as the database gives it."""
Names = Annotated[list[Annotated[str, Query(max_length=NAME_CHARACTERS)]], Query(max_length=100)]
Form = Annotated[
    Literal["jsonl", "csv"], Query(alias="format", description="JSON Lines, or a table.")
]
Moment = Annotated[str | None, Query(max_length=MOMENT_CHARACTERS)]
_MEDIA_TYPES = {"jsonl": "application/jsonl", "csv": "text/csv"}
_EXPORT = answers_text(*_MEDIA_TYPES.values(), what="The export, in pieces.")


class Filter(NamedTuple):
    """Which events an export is of, as the query asks."""

    node: list[str]
    actor: list[str]
    type: list[str]
    since: str | None
    until: str | None
    form: Literal["jsonl", "csv"]


def _filter(  # noqa: PLR0917 - the parameters are the query's
    node: Names = [],  # noqa: B006 - FastAPI copies it
    actor: Names = [],  # noqa: B006 - as above
    type: Names = [],  # noqa: A002, B006 - as above
    since: Moment = None,
    until: Moment = None,
    form: Form = "jsonl",
) -> Filter:
    return Filter(node, actor, type, since, until, form)


Filtered = Annotated[Filter, Depends(_filter)]


@router.get("/audit", responses=answers("AuditStanding"))
def read_audit(visitor: Viewer) -> JSONResponse:
    """Tell where the log ends, up to where it was found whole, and its last checkpoint."""
    auditing, verified = visitor.service.application.auditing, visitor.service.watch.verified
    head, checkpoint, bad = auditing.head(), auditing.last_checkpoint(), verified.first_bad
    return JSONResponse(
        {
            "head": None if head is None else asdict(head),
            "last_checkpoint": None if checkpoint is None else _checkpoint_view(checkpoint),
            "verified": {
                "position": verified.position,
                "at": verified.at.isoformat() if verified.at else None,
                "ok": verified.ok,
                "first_bad": None if bad is None else {"position": bad.position, "kind": bad.kind},
            },
        }
    )


@router.get("/audit/verify", responses=answers("audit verify"))
def verify_log(
    visitor: Tester,
    *,
    whole: Annotated[
        bool, Query(description="All of it, not only since the last checkpoint; for admins.")
    ] = False,
) -> JSONResponse:
    """Recompute the chain of hashes since the last checkpoint, or of the whole log.

    A broken chain is no error of the request: `ok` is false, and `first_bad` tells where.
    """
    visitor.refuse_scoped("verifying the whole log")
    if whole:
        refuse_below_admin(visitor, "Verifying the whole log")
    if not _verifying.acquire(blocking=False):
        raise AccessError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "VERIFYING_ALREADY",
            "The log is being verified already, for another request.",
            fix="come again in a while",
            headers={"Retry-After": "10"},
        )
    try:
        auditing = visitor.service.application.auditing
        trusted = None if whole else auditing.last_checkpoint()
        verdict = auditing.verify(since=trusted)
        ends_at: int | None = verdict.head_position
        if not verdict.ok and not ends_at:
            head = auditing.head()
            ends_at = None if head is None else head.position
    finally:
        _verifying.release()
    held = [] if trusted is None else [_held(trusted)]
    return JSONResponse(found_view(Found(verdict, ends_at, held)))


@router.get("/audit/export", responses=_EXPORT, response_class=Response)
def export_log(visitor: Admin, wanted: Filtered) -> Response:
    """Export the whole log, or what passes filters, in JSON Lines or as a table."""
    visitor.refuse_scoped("exporting the whole log")
    return _exported(visitor, None, wanted)


@router.get("/sessions/{session}/export", responses=_EXPORT, response_class=Response)
def export_session(session: SessionAsked, visitor: Viewer, wanted: Filtered) -> Response:
    """Export one session with what it goes on from, or what of it passes filters.

    Without filters the JSON Lines prove themselves: `runthrough audit verify FILE`.
    """
    return _exported(visitor, SessionId(visitor.seen(session)), wanted)


def _exported(visitor: Visitor, session_id: SessionId | None, asked: Filter) -> Response:
    auditing, now = visitor.service.application.auditing, visitor.caller.clock()
    wanted = EventFilter(
        tuple(map(masked_text, asked.node)),
        tuple(map(masked_text, asked.actor)),
        tuple(map(_type_named, asked.type)),
        None if asked.since is None else time_asked("since", asked.since, now=now),
        None
        if asked.until is None
        else time_asked("until", asked.until, now=now, end_of_day=True),
    )
    naming, upto = naming_for(auditing, session_id, wanted)
    write = table_lines if asked.form == "csv" else export_lines
    rows = auditing.stored(session_id, upto=upto)
    lines = write(rows, session_id=session_id, wanted=wanted, naming=naming)
    name = f"{session_id or 'log'}.{asked.form}"
    return StreamingResponse(
        _in_pieces(lines),
        media_type=f"{_MEDIA_TYPES[asked.form]}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _in_pieces(lines: Iterable[str]) -> Iterator[bytes]:
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= PIECE_CHARACTERS:
            yield "".join(held).encode()
            held.clear()
            size = 0
    yield "".join(held).encode()


def _type_named(name: str) -> str:
    if name not in event_types():
        close = nearest(name, event_types())
        meant = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise CommandInvalidError(
            "audit export",
            f"there is no type of event called {name!r}{meant}",
            fix="docs/reference/events.md lists the types",
        )
    return name


def _checkpoint_view(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "position": checkpoint.position,
        "log_hash": checkpoint.log_hash,
        "taken_at": checkpoint.taken_at.isoformat(),
        "signed": checkpoint.signature is not None,
    }


def _held(kept: Checkpoint) -> HeldNote:
    return HeldNote(None, kept, "none" if kept.signature is None else "not_checked")
