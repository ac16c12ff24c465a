"""A session's whole history on the page, narrowed by what occurs in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import Response

from runthrough.application.session import Session
from runthrough.core.names import nearest
from runthrough.core.values.ids import NodeName
from runthrough.core.views.history import HistoryRow, event_types
from runthrough.core.views.kinds import kind_words
from runthrough.core.views.occurring import Occurring
from runthrough.core.views.value_words import changed_words, differing
from runthrough.entrypoints.http.api.keeping import VERSIONS
from runthrough.entrypoints.http.moments import MOMENT_CHARACTERS, moment_asked
from runthrough.entrypoints.http.pages.fields import Wrong
from runthrough.entrypoints.http.pages.frame import (
    page_router,
    refusal_status,
    render,
    session_url,
)
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer, Visitor
from runthrough.errors import RunthroughError, StoreError

router = page_router()
PAGE_SIZE = 50
"""Events of one screen of the history."""
VALUES_SHOWN = 12
"""Changed values of one event that are seen at once; a start of a session has hundreds."""
CHOSEN_FROM = 1_000
"""Nodes that are chosen from a list; the names of more are typed."""
Text = Annotated[str, Query(max_length=1_000)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the history is narrowed by, as the address has it; an empty text narrows nothing."""

    node: str
    actor: str
    kind: str
    """The name of a type of events."""
    since: str

    @property
    def any(self) -> bool:
        """Whether something is asked for."""
        return bool(self.node or self.actor or self.kind or self.since)

    @property
    def query(self) -> dict[str, str]:
        """The same as parameters of an address."""
        return {"node": self.node, "actor": self.actor, "type": self.kind, "since": self.since}

    @property
    def words(self) -> str:
        """The same for people: `about Train, by ann, of the kind “note”, from 41 on`."""
        parts = (
            f"about {self.node}" if self.node else "",
            f"by {self.actor}" if self.actor else "",
            f"of the kind “{kind_words(self.kind)}”" if self.kind else "",
            f"from {self.since} on" if self.since else "",
        )
        return ", ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form offers: what occurs in the session, and what was asked for."""

    nodes: Sequence[str]
    """In the order of the pipeline."""
    left: Sequence[str]
    """Names that no node has any more, the last one first."""
    actors: Sequence[str]
    kinds: Sequence[tuple[str, str]]
    """Types of events, each with its words."""
    typed: bool
    """Whether the name of a node is typed: there are too many for a list."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the history."""

    version: int
    at: datetime
    actor: str
    door: str
    node: NodeName | None
    sentence: str
    changes: Sequence[str]
    rest: Sequence[str]
    """More of the same, folded away."""


@router.get("/sessions/{session}/history")
def show_history(  # noqa: PLR0917 - the parameters are the query's
    session: SessionAsked,
    visitor: Viewer,
    node: Text = "",
    actor: Text = "",
    kind: Annotated[str, Query(alias="type", max_length=200)] = "",
    since: Annotated[str, Query(max_length=MOMENT_CHARACTERS)] = "",
    before: Annotated[int | None, Query(ge=1, le=VERSIONS)] = None,
    called: Text = "",
) -> Response:
    """What happened, the newest first, with every value as it was and as it is."""
    asked = Asked(node.strip(), actor.strip(), kind.strip(), since.strip())
    with visitor.opened(session) as opened:
        occurring = visitor.service.gathered.of(opened)
        context: dict[str, Any] = {
            "session_id": opened.session_id,
            "name": opened.name,
            "version": opened.version,
            "asked": asked,
            "offered": _offered(opened, occurring, asked),
            "before": before,
            "rows": (),
            "older": None,
            "wrong": None,
        }
        try:
            _refuse_unknown(asked, occurring)
            first = _first(visitor, asked.since)
            found = opened.latest(
                asked.node or None,
                actor=asked.actor or None,
                type=asked.kind or None,
                since=first,
                before=before,
                called=called or None,
                at_most=PAGE_SIZE,
            )
        except StoreError:
            raise
        except (RunthroughError, AccessError) as refused:
            told, status = _why(visitor, refused)
            return render("history.html", visitor, status=status, **context | {"wrong": told})
        older = None
        if found.before is not None:
            called = found.node if found.node and found.node != asked.node else ""
            query = {**asked.query, "before": found.before, "called": called}
            older = session_url(opened.session_id, "history", **query)
        return render(
            "history.html",
            visitor,
            **context | {"rows": [_told(row) for row in found.rows], "older": older},
        )


def _offered(session: Session, occurring: Occurring, asked: Asked) -> Offered:
    """What occurs in a session; what was asked for stays chosen, though it does not."""
    nodes = list(session.state.nodes)
    left = [node for node in reversed(occurring.left) if node not in session.state.nodes]
    if asked.node and asked.node not in {*nodes, *left}:
        nodes.append(NodeName(asked.node))
    kinds = [kind for kind in event_types() if kind in occurring.types | {asked.kind}]
    words = {kind: kind_words(kind) for kind in kinds}
    if asked.kind:
        words.setdefault(asked.kind, asked.kind)
    return Offered(
        nodes=nodes,
        left=left,
        actors=sorted(occurring.actors | set(filter(None, [asked.actor])), key=str.casefold),
        kinds=list(words.items()),
        typed=len(nodes) > CHOSEN_FROM,
    )


def _refuse_unknown(asked: Asked, occurring: Occurring) -> None:
    """Refuse a person who did nothing here, and a kind that there is not.

    Raises:
        AccessError: There is none of that name.
    """
    if asked.actor and asked.actor not in occurring.actors:
        raise _unknown(
            HTTPStatus.NOT_FOUND,
            f"Nobody called {asked.actor!r} has done anything in this session",
            near=nearest(asked.actor, occurring.actors),
            fix="choose one of those who have",
        )
    if asked.kind and asked.kind not in event_types():
        near = [kind_words(kind) for kind in nearest(asked.kind, event_types())]
        raise _unknown(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"There is no kind of event called {asked.kind!r}",
            near=near,
            fix="choose one of those that occur in this session",
        )


def _unknown(status: HTTPStatus, what: str, *, near: Iterable[str], fix: str) -> AccessError:
    meant = " or ".join(map(repr, near))
    told = f"{what}; did you mean {meant}?" if meant else f"{what}."
    return AccessError(status, "REQUEST_INVALID", told, fix=fix)


def _why(visitor: Visitor, refused: RunthroughError | AccessError) -> tuple[Wrong, HTTPStatus]:
    if isinstance(refused, AccessError):
        return Wrong(refused.detail, refused.fix or ""), refused.status
    return Wrong(refused.message, refused.fix or ""), refusal_status(visitor.service, refused)


def _first(visitor: Visitor, since: str) -> int | datetime | None:
    if not since:
        return None
    return moment_asked("since", since, now=visitor.caller.clock())


def _told(row: HistoryRow) -> Told:
    if row.before:
        changes = changed_words(row.before, row.after)
    elif row.node is not None:  # what a session begins with is told by the sentence
        changes = changed_words({}, {n: row.after[n] for n in differing({}, row.after)})
    else:
        changes = []
    return Told(
        version=row.version,
        at=row.recorded_at,
        actor=row.actor,
        door=row.door,
        node=row.node,
        sentence=row.sentence,
        changes=changes[:VALUES_SHOWN],
        rest=changes[VALUES_SHOWN:],
    )
