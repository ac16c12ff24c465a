"""One screen a session: the picture, the work list, the next thing, and a node's form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any
from xml.etree import ElementTree as ET

from fastapi import Query
from fastapi.responses import Response
from markupsafe import Markup

from runthrough.application.asking import Overview
from runthrough.application.session import Session
from runthrough.bootstrap import now
from runthrough.core.lifecycle import Phase
from runthrough.core.values.problems import Problem
from runthrough.core.views.approval import approval_words
from runthrough.core.views.nodes import View
from runthrough.core.views.rows import rows_of
from runthrough.core.views.telling import counted
from runthrough.core.views.telling_seen import seen_words
from runthrough.core.views.worklist import CATEGORIES, decides, drawn_word
from runthrough.entrypoints.drawing import Links, picture
from runthrough.entrypoints.http.moments import At, moment_asked
from runthrough.entrypoints.http.pages.conflicts import Clash
from runthrough.entrypoints.http.pages.fields import Wrong, anchor
from runthrough.entrypoints.http.pages.forms import node_form
from runthrough.entrypoints.http.pages.frame import page_router, render, session_url
from runthrough.entrypoints.http.pages.parts import EXTRAS
from runthrough.entrypoints.http.pages.proposals import proposals
from runthrough.entrypoints.http.pages.recorded import begun_words, origin_of, saved_by
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer, Visitor
from runthrough.errors import AmbiguousScriptError, UnknownNodeError

FOLDED_FROM = 8
"""Rows of a category that nobody waits for, from which on they are folded away."""
LISTED_AT_MOST = 200
"""Nodes of a category that are listed: of thousands a browser makes no page to be read."""
SOUGHT_FROM = 30
"""Nodes from which on one is looked for by its name."""
_WARNINGS_AT_MOST = 3
"""More would hide the one thing to do next; the plan tells all."""
URGENT = frozenset({"running", "needs_you", "failed"})
_FITTED_PX = 1_100
"""A wider picture would be too small to read where it is shrunk to its frame."""
Chosen = Annotated[str | None, Query(max_length=1_000)]
Versions = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}-[0-9]{1,18}$")]
router = page_router()


@dataclass(slots=True)
class Answered:
    """What came of a form that was not taken as it is."""

    node: str = ""
    """The node that the form was about."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What stood in its fields."""
    problems: Sequence[View] = ()
    wrong: Wrong | None = None
    """What is wrong with the whole."""
    kept: Sequence[str] = ()
    """What holds, and was kept."""
    clash: Clash | None = None
    """What somebody else did meanwhile."""
    status: HTTPStatus = HTTPStatus.OK
    more: Mapping[str, object] = field(default_factory=dict)
    """Names for the templates of other parts of the screen that a form was in."""

    @property
    def told(self) -> bool:
        """Whether there is something to be told of it."""
        return bool(self.wrong or self.problems or self.clash)

    @property
    def rescued(self) -> list[tuple[str, str]]:
        """What was typed anew, for where there is no field any more that could show it."""
        shown = {name: self.typed.get(f"was:{name}") for name in self.typed}
        return [
            (name.partition(":")[2] or name, text)
            for name, text in self.typed.items()
            if text and shown[name] is not None and text != shown[name]
        ]


@dataclass(frozen=True, slots=True)
class Screen:
    """A session in front of a visitor."""

    visitor: Visitor
    session: Session
    overview: Overview
    at: str | None
    """The moment that is shown, as it was asked for; `None` for now."""

    @property
    def status(self) -> View:
        """See `Session.status`."""
        return self.overview.status

    @property
    def may_act(self) -> bool:
        """Whether there are forms and buttons for this visitor."""
        return (
            self.at is None
            and self.visitor.may("tester")
            and self.session.state.phase is not Phase.CLOSED
        )

    def url(self, *rest: str, **query: object) -> str:
        """An address below the session's, in the moment that is shown."""
        return session_url(self.session.session_id, *rest, at=self.at, **query)


@router.get("/sessions/{session}")
def show_session(
    session: SessionAsked,
    visitor: Viewer,
    *,
    node: Chosen = None,
    at: At = None,
    saved: Versions = None,
    begun: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
    like: Annotated[str | None, Query(max_length=200)] = None,
    unsent: bool = False,
) -> Response:
    """One session, as it is or as it was."""
    if at is not None:
        then = visitor.opened_at(session, moment_asked("at", at, now=now()))
        return screen(visitor, then, node=node, at=at, answered=_missing(then, node))
    with visitor.opened(session) as opened:
        told = _missing(opened, node) or Answered()
        told.more = {
            "begun": begun_words(visitor, opened, begun, like),
            "unsent": unsent,
        }
        return screen(visitor, opened, node=node, saved=saved, answered=told)


@router.get("/sessions/{session}/parts/screen")
def show_parts(
    session: SessionAsked, visitor: Viewer, node: Chosen = None, saved: Versions = None
) -> Response:
    """What changes on the screen, for the script of the page."""
    with visitor.opened(session) as opened:
        return screen(visitor, opened, node=node, saved=saved, template="parts/screen.html")


def screen(
    visitor: Visitor,
    session: Session,
    *,
    node: str | None = None,
    at: str | None = None,
    saved: str | None = None,
    answered: Answered | None = None,
    template: str = "session.html",
) -> Response:
    """The screen, or the part of it that a template makes."""
    told = answered or Answered()
    # Before the look: what comes in between is told once more rather than never.
    position = visitor.service.application.broadcast.head() if at is None else 0
    shown = Screen(visitor, session, session.overview(node), at)
    status = shown.status
    form = node_form(shown.session, shown.overview, told.typed, told.problems)
    context: dict[str, Any] = {
        "screen": shown,
        "position": position,
        "session_id": session.session_id,
        "name": session.name,
        "view": status,
        "at": at,
        "may_act": shown.may_act,
        "groups": _groups(status),
        "sought": len(session.state.nodes) >= SOUGHT_FROM,
        "standing": standing_words(status),
        "beside": _beside(session, status),
        "approval": _approval(status),
        "next": next_thing(shown),
        "proposals": proposals(shown.session.state, rows_of(status["connections"])),
        "drawn": _drawn(shown),
        "form": form,
        "answered": told,
        "saved": saved_by(session, saved),
        "begun": None,
        "unsent": False,
        "origin": origin_of(visitor, session),
        "concerned_at": session.node_concerned_at(form.node) if form else 0,
        "anchor": anchor,
    }
    for extra in EXTRAS:
        context |= extra(shown)
    context |= told.more
    return render(template, visitor, status=told.status, **context)


# ---- what stands in it


def _missing(session: Session, node: str | None) -> Answered | None:
    """That there is no node of the name that was asked for, with the nearest names."""
    if node is None:
        return None
    session.refresh()
    try:
        session.node_named(node)
    except (UnknownNodeError, AmbiguousScriptError) as unknown:
        return Answered(node, wrong=Wrong(unknown.message))
    return None


@dataclass(frozen=True, slots=True)
class Group:
    """The nodes of one category."""

    category: str
    """Told by the word that it is drawn with."""
    count: int
    rows: Sequence[View]
    """The first of them."""
    folded: bool
    """Whether they are seen only when they are asked for."""


def _groups(status: View) -> list[Group]:
    """The work list by category."""
    rows = rows_of(status["worklist"])
    found = ((c, [row for row in rows if row["category"] == c]) for c in CATEGORIES)
    return [
        Group(
            drawn_word(listed[0]),
            len(listed),
            listed[:LISTED_AT_MOST],
            category not in URGENT and len(listed) > FOLDED_FROM,
        )
        for category, listed in found
        if listed
    ]


def standing_words(status: View) -> list[tuple[str, str]]:
    """How many nodes there are of each category: the category, and the words."""
    return [
        (group.category, f"{group.count} {_category_words(group.category, group.count)}")
        for group in _groups(status)
    ]


def _category_words(category: str, count: int) -> str:
    if category == "needs_you":
        return "needs you" if count == 1 else "need you"
    return category.replace("_", " ")


def _beside(session: Session, status: View) -> str:
    """What the work list does not tell: what was not looked at, or is not recorded yet."""
    if not status["at_home"]:
        away, paths = session.away_words, counted(session.paths_elsewhere, "path")
        return f"{away[:1].upper()}{away[1:]}: {paths} not looked at, nothing run from here."
    seen = status["unrecorded"]
    told = list(seen_words(seen)) if isinstance(seen, dict) else []
    return f"seen now, not recorded: {', '.join(told)}" if told else ""


def _approval(status: View) -> tuple[str, bool] | None:
    """The sign-off in words, and whether something changed since."""
    approval = status["approval"]
    if not isinstance(approval, dict):
        return None
    return approval_words(approval), bool(approval["stale"])


@dataclass(frozen=True, slots=True)
class Next:
    """The one thing to do next."""

    text: str
    word: str
    """A category or an outcome, for its mark and colour."""
    typed: str
    """The same as a command."""
    address: str | None = None
    """Where it is done on this page."""
    label: str = ""
    node: str | None = None
    warnings: Sequence[Problem] = ()
    """What forbids nothing, and yet would let it fail."""
    passed: bool = False
    """Whether all has passed, so that it may be signed off and told to others."""


_TOLD = {
    "run": ("Nothing is missing. Run it.", "ready"),
    "retry": ("Try again what failed.", "failed"),
    "logs": ("Look at what went wrong.", "failed"),
    "report": ("All has passed.", "passed"),
}
"""What the verb of the next command means where it is not typed."""


def next_thing(shown: Screen) -> Next | None:
    """The one next thing, in the words of the page; `None` where all is to be read only."""
    status = shown.status
    typed = str(status["next_command"])
    rows = rows_of(status["worklist"])
    needing = [row for row in rows if row["category"] == "needs_you"]
    verb = typed.split()[1] if len(typed.split()) > 1 else ""
    if shown.at is not None or shown.session.state.phase is Phase.CLOSED:
        return None
    running = shown.session.state.running is not None
    if running or any(row["category"] == "running" for row in rows):
        if shown.session.tester_gone:
            return Next("It was interrupted. Run it again.", "waiting", typed)
        return Next("It is running; what comes of it shows here.", "running", typed)
    if needing:
        first = _first_asked(needing, typed)
        name, label = str(first["node"]), "Decide" if decides(typed) else "Answer"
        address = f"{shown.url(node=name)}#node"
        return Next(str(first["text"]), "needs_you", typed, address, label, name)
    if verb == "resume":
        why = shown.session.away_words
        return Next(f"{why[:1].upper()}{why[1:]}.", "waiting", typed)
    text, word = _TOLD.get(verb, ("Nothing waits for anybody.", "passed"))
    if verb == "run" and any(row["category"] == "stale" for row in rows):
        text = "Something changed since it passed. Run it again."
    failed = next((str(row["node"]) for row in rows if row["category"] == "failed"), None)
    warnings = _unset_secrets(shown) if verb in {"run", "retry"} else ()
    if word == "failed" and failed is not None:
        address = f"{shown.url(node=failed)}#node"
        return Next(text, word, typed, address, "Show", failed, warnings)
    return Next(text, word, typed, warnings=warnings, passed=verb == "report")


def _unset_secrets(shown: Screen) -> Sequence[Problem]:
    """Secrets that scripts are to get and that this machine does not know, the first few."""
    session = shown.session
    return session.unset_secrets(session.state.nodes)[:_WARNINGS_AT_MOST]


def _first_asked(needing: Sequence[View], typed: str) -> View:
    """The row that the next command is about."""
    return next((row for row in needing if row["next"] == typed), needing[0])


def _drawn(shown: Screen) -> Markup:
    """The picture, without a style of its own, its nodes leading to their forms."""
    view = shown.overview.picture
    nodes = view["nodes"] if isinstance(view["nodes"], dict) else {}
    addresses = {name: f"{shown.url(node=name)}#node" for name in nodes}
    root = picture(
        {name: there for name, there in nodes.items() if isinstance(there, dict)},
        rows_of(view["edges"]),
        title=str(view["title"]),
        styled=False,
        links=Links(
            node=addresses.__getitem__,
            asked=lambda above, node: f"#{anchor('asked', above, node)}",
        ),
    )
    if float(root.get("width", "0")) <= _FITTED_PX:
        root.set("class", "rt-dag fits")
    chosen = addresses.get(shown.overview.node or "")
    for link in root.iter("a"):
        if link.get("href") == chosen:
            link.set("aria-current", "true")
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree escapes
