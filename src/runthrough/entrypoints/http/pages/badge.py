"""Up to where the log is verified, as a sign on every session's screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi.responses import Response

from runthrough.bootstrap import now
from runthrough.core.views.telling import MINUTE_S, ago
from runthrough.entrypoints.http.pages.frame import page_router, render
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer, Visitor

if TYPE_CHECKING:
    from runthrough.entrypoints.http.pages.session import Screen

router = page_router()


@dataclass(frozen=True, slots=True)
class Badge:
    """What is known of the log."""

    tone: str
    """`good`, `bad` or `calm`."""
    text: str
    at: datetime | None
    when: str
    """How long ago it was looked at, in words."""


def badge_of(visitor: Visitor) -> Badge:
    """The badge by the last verification of this service."""
    verified = visitor.service.watch.verified
    when = "" if verified.at is None else _since(verified.at, now())
    if not verified.ok:
        bad = verified.first_bad
        where = f"from position {bad.position} on ({bad.kind})" if bad else "at its end"
        return Badge("bad", f"log broken {where}", verified.at, when)
    if not verified.position:  # what this screen shows came behind a look at an empty log
        return Badge("calm", "log is being verified", None, "")
    return Badge("good", f"log verified up to position {verified.position}", verified.at, when)


def _since(then: datetime, moment: datetime) -> str:
    """As `ago`, and to the second within the last minute: so long is what is not verified yet."""
    seconds = max(0, int((moment - then).total_seconds()))
    return f"{seconds} s ago" if seconds < MINUTE_S else ago(then, moment)


def badge_names(shown: "Screen") -> Mapping[str, object]:
    """What the template of the badge is given."""
    return {"badge": badge_of(shown.visitor)}


@router.get("/sessions/{session}/parts/badge")
def show_badge(session: SessionAsked, visitor: Viewer) -> Response:
    """The badge alone, for the script of the page, which asks now and then."""
    session_id = visitor.seen(session)
    return render("parts/badge.html", visitor, badge=badge_of(visitor), session_id=session_id)
