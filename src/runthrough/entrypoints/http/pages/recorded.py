"""What a form recorded, told on the screen that comes after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.problems import Place, Problem
from runthrough.core.views.history import HistoryRow
from runthrough.core.views.nodes import View
from runthrough.core.views.telling import counted, short_id
from runthrough.core.views.value_words import changed_words
from runthrough.entrypoints.http.pages.fields import PREFIXES
from runthrough.entrypoints.http.pages.frame import session_url
from runthrough.entrypoints.http.visitor import Visitor
from runthrough.errors import UnknownSessionError

_SAVED_AT_MOST = 50
"""Events of one command that are told after it; a person does fewer at once."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of beginning a session, as the command line tells it."""

    found: str
    taken: str = ""
    """How many answers of another session were taken."""
    differing: Sequence[str] = ()
    """Where the pipeline says otherwise than those who answered."""


def begun_words(
    visitor: Visitor, session: Session, version: int | None, like: str | None
) -> Begun | None:
    """What a session found when it began; `None` once something else happened in it."""
    if version is None:
        return None
    session.refresh()
    if version != session.version:
        return None
    found = _found_words(session.status())
    if like is None:
        return Begun(found)
    try:
        taken = visitor.sessions.likeness(session, visitor.seen(like))
    except UnknownSessionError:  # an address that somebody wrote
        return Begun(found)
    told = f"{counted(taken.answers, 'answer')} of {taken.name} taken."
    return Begun(found, told, taken.told)


@dataclass(frozen=True, slots=True)
class Origin:
    """The session that another one is a fork of."""

    name: str
    at: int
    """Its version that the fork goes on from."""
    address: str | None
    """Where that version is shown; `None` where the visitor does not see it."""
    side: str
    """How a comparison names it."""


def origin_of(visitor: Visitor, session: Session) -> Origin | None:
    """What a session is a fork of; `None` where it is none."""
    parent, at = session.state.parent, int(session.state.forked_at)
    if parent is None:
        return None
    try:
        name = visitor.sessions.found(parent).name
    except UnknownSessionError:  # only that part of it is here which the fork needs
        return Origin(short_id(parent), at, None, "")
    seen = visitor.may_see(parent)
    address = session_url(parent, at=at) if seen else None
    return Origin(name, at, address, f"{parent}@{at}" if seen else "")


def _found_words(status: View) -> str:
    total, auto = _number(status["total_scripts"]), _number(status["auto_configured_scripts"])
    by_themselves = f"{auto} configured by {'itself' if auto == 1 else 'themselves'}"
    pending = f"{status['pending_scripts']} pending"
    return (
        f"Begun on {status['dag_name']}: {counted(total, 'script')}, {by_themselves}, {pending}."
    )


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


_ASKING = frozenset({"ScriptMarkedPending", "ConnectionProposed"})
"""Events that are nobody's success: they ask for something."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What the form before this screen recorded."""

    after: int
    """The version before it."""
    version: int
    told: Sequence[tuple[str, str, Sequence[str]]]
    """For each event its mark, a sentence, and what it changed, as `name  old → new`."""
    undoable: bool
    """Whether it is among what may be taken back."""
    node: str | None = None
    """The one node that it is about."""
    warnings: Sequence[Problem] = ()
    """What looks wrong with what was recorded, and yet forbids nothing."""


def saved_by(session: Session, saved: str | None) -> Saved | None:
    """What was recorded between two versions, `12-13`; `None` where they are none to be told."""
    if saved is None:
        return None
    after, version = (Version(int(told)) for told in saved.split("-"))
    if not 0 <= after < version <= session.version or version - after > _SAVED_AT_MOST:
        return None
    rows = session.recorded(Recorded(after, version))
    return Saved(
        after,
        version,
        [
            (
                "?" if row.type in _ASKING else "✓",
                row.sentence,
                changed_words(but_state(row.before), but_state(row.after)),
            )
            for row in rows
        ],
        any(after < action.version <= version for action in session.state.actions),
        rows[0].node if len({row.node for row in rows}) == 1 else None,
        _warnings(session, rows),
    )


def _warnings(session: Session, rows: Sequence[HistoryRow]) -> list[Problem]:
    """What looks wrong with values that were just given, as it is seen now."""
    given: dict[NodeName, set[str]] = {}
    for row in rows:
        if row.node is not None and row.node in session.state.nodes:
            given.setdefault(row.node, set()).update(row.after)
    return [
        problem
        for node, names in given.items()
        for problem in session.check(node)
        if problem.severity == "warning" and _named(problem.where) in names
    ]


def _named(where: Place) -> str:
    """What a problem is about, as `show` names its value."""
    if where.kind == "note":
        return "user_notes"
    return f"{PREFIXES.get(where.kind, where.kind)}.{where.name}"


def but_state(values: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """The values without the state, which the sentence tells."""
    return {name: value for name, value in values.items() if name != "state"}
