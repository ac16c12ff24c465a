"""Two versions or sessions beside each other: only what differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from runthrough.application.comparing import Compared
from runthrough.core.views.diff import Difference, difference_parts
from runthrough.entrypoints.http.api.asked import NAME_CHARACTERS, side_asked
from runthrough.entrypoints.http.pages.fields import Wrong
from runthrough.entrypoints.http.pages.frame import page_router, refusal_status, render
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer
from runthrough.errors import RunthroughError, StoreError

router = page_router()
NAMES_OFFERED = 50
Side = Annotated[str, Query(max_length=NAME_CHARACTERS)]
_LINES = {"+": "added", "-": "removed", "@": "place"}


@dataclass(frozen=True, slots=True)
class SideTold:
    """One of the two, in words."""

    label: str
    session_id: str
    version: int
    now: bool
    unseen: str
    """Why its files as they are now were not looked at."""


@dataclass(frozen=True, slots=True)
class RowTold:
    """One part of a node that is another one."""

    label: str
    old: str
    new: str
    reason: str
    lines: Sequence[tuple[str, str]]
    """Of a script what differs in its text: what a line is, and the line."""


@router.get("/sessions/{session}/diff")
def show_diff(
    session: SessionAsked, visitor: Viewer, one: Side = "", other: Side = ""
) -> Response:
    """What differs between two sides; left out, between the last run that passed and now."""
    with visitor.opened(session) as opened:
        opened.refresh()
        compared, wrong, status = None, None, HTTPStatus.OK
        asked = one.strip(), other.strip()
        try:
            if any(asked) or opened.state.green_at is not None:
                sides = (side_asked(visitor, side or None) for side in asked)
                compared = visitor.sessions.diff(opened, *sides)
        except StoreError:
            raise
        except RunthroughError as refused:
            wrong, status = (
                Wrong(refused.message, refused.fix or ""),
                refusal_status(visitor.service, refused),
            )
        entries = visitor.sessions.entries()
        names = [e.name for e in entries if visitor.may_see(e.session_id) and not e.archived]
        return render(
            "diff.html",
            visitor,
            status=status,
            session_id=opened.session_id,
            name=opened.name,
            version=opened.version,
            green_at=opened.state.green_at,
            asked=asked,
            names=names[:NAMES_OFFERED],
            sides=_sides(compared) if compared else (),
            nodes=_nodes(compared) if compared else (),
            wrong=wrong,
        )


def _sides(compared: Compared) -> list[SideTold]:
    ends = compared.one, compared.other
    return [
        SideTold(
            label=side.told(beside=beside),
            session_id=side.session_id,
            version=side.version,
            now=side.now,
            unseen=side.unseen if side.now and not side.looked else "",
        )
        for side, beside in zip(ends, reversed(ends), strict=True)
    ]


def _nodes(compared: Compared) -> list[tuple[str, list[RowTold]]]:
    return [
        (node, [_row(row) for row in rows])
        for node, rows in groupby(compared.rows, key=lambda row: row.node)
    ]


def _row(row: Difference) -> RowTold:
    label, old, new = difference_parts(row)
    lines = [(_LINES.get(line[:1], "same"), line) for line in (row.diff or "").splitlines()]
    return RowTold(label, old, new, row.reason or "", lines)
