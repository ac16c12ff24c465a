"""Two sides of a comparison: found by what a person calls them, and compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from runthrough.application.session import Session
from runthrough.core.values.ids import NodeName, SessionId, Version
from runthrough.core.views.diff import SCRIPT, Difference, Side, differences_of, source_diff
from runthrough.errors import SessionError

if TYPE_CHECKING:
    from runthrough.application.sessions import Sessions

_VERSION = re.compile(r"[0-9]{1,18}")
"""No log will ever be longer."""
NOW = "now"
"""Stands for the session as it is now, with its files where it is at home."""


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """What was compared, for people."""

    session_id: SessionId
    name: str
    version: Version
    at: datetime | None
    """When the last event of that version was recorded."""
    now: bool
    """Whether it is the session as it is now, and not as it was at that version."""
    looked: bool
    """Whether its files were looked at."""
    unseen: str
    """Why its files cannot be looked at from here, in words; else empty."""

    def told(self, *, beside: "ComparedSide") -> str:
        """How people call it beside the other side."""
        version = "now" if self.now else f"version {self.version}"
        return version if self.session_id == beside.session_id else f"{self.name}, {version}"

    def without_script(self, *, beside: "ComparedSide") -> str:
        """That it has no script, in words beside the other side."""
        place = "" if self.session_id == beside.session_id else f" in {self.name}"
        return f"there is no script{place} {'now' if self.now else f'at version {self.version}'}"

    def without_source(self, *, beside: "ComparedSide") -> str:
        """That the text of its script is not there, in words beside the other side."""
        place = "" if self.session_id == beside.session_id else f" in {self.name}"
        now = f"as it is now{place}"
        source = f"the source {now if self.now else f'of {self.told(beside=beside)}'}"
        if self.unseen:
            return f"{source} was not looked at: {self.unseen}"
        return f"{source} cannot be read" if self.now else f"{source} was not kept"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sides, and all that differs between them."""

    one: ComparedSide
    other: ComparedSide
    rows: tuple[Difference, ...]


def compare(sessions: "Sessions", session: Session, one: object, other: object) -> Compared:
    """Compare two sides, each named from where `session` stands.

    A side is a version, an aware time, `now`, `SESSION`, `SESSION@VERSION`, or a session. Left
    out, `one` is where the last run of `session` that passed ended, and `other` is `session`.

    Raises:
        SessionError: One of them never was, or no run has passed.
        UnknownSessionError: There is no such session.
    """
    old = _last_green(sessions, session) if one is None else _side(sessions, session, one)
    new = session if other is None else _side(sessions, session, other)
    sides = old.side(), new.side()
    ends = _told(old), _told(new)
    names = _new_names(old, new)
    told = differences_of(*sides, names)
    rows = tuple(
        row if row.part != SCRIPT else _with_source(row, (old, new), sides, ends, names)
        for row in told
    )
    return Compared(*ends, rows)


def _last_green(sessions: "Sessions", session: Session) -> Session:
    session.refresh()
    green_at = session.state.green_at
    if green_at is None:
        raise SessionError(
            f"No run of session {session.name} has passed yet, so there is no last green one.",
            fix="runthrough run",
        )
    return sessions.open_at(session.session_id, green_at)


def _side(sessions: "Sessions", session: Session, asked: object) -> Session:
    if isinstance(asked, Session):
        return asked
    if not isinstance(asked, str):
        moment = asked if isinstance(asked, int | datetime) else None
        if moment is None:
            raise SessionError(
                f"A side of a comparison is a version, an aware time, or a text, not {asked!r}.",
                fix=_FORMS,
            )
        return sessions.open_at(session.session_id, moment)
    if not asked.strip():
        raise SessionError("A side of the comparison is empty.", fix=_FORMS)
    if asked == NOW:
        return sessions.open_at(session.session_id)
    if _VERSION.fullmatch(asked):
        return sessions.open_at(session.session_id, int(asked))
    name, at, version = asked.rpartition("@")
    if at and name and _VERSION.fullmatch(version):
        return sessions.open_at(name, int(version))
    if at and name and version == NOW:
        return sessions.open_at(name)
    return sessions.open_at(asked)


_FORMS = "name each side as VERSION, SESSION, SESSION@VERSION or now"


def _told(session: Session) -> ComparedSide:
    return ComparedSide(
        session.session_id,
        session.name,
        session.version,
        session.state.last_at,
        now=not session.past,
        looked=not session.past and session.at_home,
        unseen="" if session.at_home else session.away_words,
    )


def _new_names(one: Session, other: Session) -> dict[NodeName, NodeName]:
    """What nodes of one side are called on the other, where updates gave them other names.

    A node is known by where it came into being, which forks share with what they go on from.
    """
    if one.state.pipeline == other.state.pipeline:
        return {}
    called = {origin: name for name, origin in other.origins().items()}
    names = {name: called[origin] for name, origin in one.origins().items() if origin in called}
    return {name: new for name, new in names.items() if name != new}


def _with_source(
    row: Difference,
    sessions: tuple[Session, Session],
    sides: tuple[Side, Side],
    ends: tuple[ComparedSide, ComparedSide],
    names: Mapping[NodeName, NodeName],
) -> Difference:
    texts: list[str] = []
    old_name = next((old for old, new in names.items() if new == row.node), row.node)
    for session, side, node, digest, end, beside in zip(
        sessions,
        sides,
        (old_name, row.node),
        (row.old, row.new),
        ends,
        reversed(ends),
        strict=True,
    ):
        if digest is None:
            return replace(row, reason=end.without_script(beside=beside))
        text = _source(session, side, node, str(digest))
        if text is None:
            return replace(row, reason=end.without_source(beside=beside))
        texts.append(text)
    labels = ends[0].told(beside=ends[1]), ends[1].told(beside=ends[0])
    told = source_diff(*texts, name=row.name, labels=labels)
    return replace(row, diff=told) if told else replace(row, reason="the texts are the same")


def _source(session: Session, side: Side, node: NodeName, digest: str) -> str | None:
    seen = side.world.get(node)
    if seen is not None and seen.checked_here:
        return session.present_source(node)
    return session.kept_source(node, digest)
