"""Forks: sessions that go on from a version of another one."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from runthrough.core.events import (
    Event,
    EventEnvelope,
    SessionArchived,
    SessionClosed,
    SessionForked,
)
from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId, Version
from runthrough.core.values.store import Checkpoint
from runthrough.core.views.loaded import Loaded
from runthrough.entrypoints.store_suite.hashes import chained
from runthrough.entrypoints.store_suite.rule import (
    Rule,
    Stores,
    expect,
    expect_equal,
    expect_error,
    rule,
)
from runthrough.entrypoints.store_suite.writing import (
    AT,
    NOBODYS,
    A,
    B,
    C,
    Writer,
    numbered,
    said,
    started,
    versions,
)
from runthrough.errors import (
    SessionNameTakenError,
    UnknownVersionError,
    WrongExpectedVersionError,
)

RULES: list[Rule] = []
_OTHER_HASH = "f" * 64


@rule(RULES)
def fork_goes_on_with_the_parents_versions(stores: Stores) -> None:
    """The first event of a fork has the version behind the one that it was forked at."""
    writer = _parent(stores, "abcd")
    (first, second) = _fork(writer, B, A, 3, said("own"))
    found = [(first.session_id, first.version), (second.session_id, second.version)]
    expect_equal(found, [(B, 4), (B, 5)], "session and version of the fork's events")
    (later,) = writer.append(B, said("later"))
    expect_equal(later.version, 6, "version of what comes later")


@rule(RULES)
def fork_is_read_with_its_ancestors(stores: Stores) -> None:
    """A fork is read as its parent up to the fork, then itself; the parent is read alone."""
    writer = _parent(stores, "abcd")
    _fork(writer, B, A, 3, said("own"))
    writer.append(A, said("parents"))
    expect_equal(
        writer.texts(B), ["SessionStarted", "a", "b", "SessionForked", "own"], "the fork's events"
    )
    expect_equal(
        writer.texts(A), ["SessionStarted", "a", "b", "c", "d", "parents"], "the parent's events"
    )
    found = [(each.session_id, each.version) for each in stores.events.read(B)]
    expect_equal(found, [(A, 1), (A, 2), (A, 3), (B, 4), (B, 5)], "who recorded which version")


@rule(RULES)
def forks_of_forks_are_read_whole(stores: Stores) -> None:
    """However deep a fork lies, each of its ancestors is read up to where the next one begins."""
    line = numbered(6)
    writer = Writer(stores)
    writer.append(line[0], started("0"), said("0"))
    for depth, (parent, child) in enumerate(itertools.pairwise(line), 1):
        at = 2 * depth
        _fork(writer, child, parent, at, said(str(depth)), said("not taken over"))
    writer.append(line[2], said("later"))
    wanted = ["SessionStarted", "0"]
    for depth in range(1, len(line)):
        wanted += ["SessionForked", str(depth)]
    expect_equal(writer.texts(line[-1]), [*wanted, "not taken over"], "events of the deepest")
    found = versions(stores.events.read(line[-1]))
    expect_equal(found, list(range(1, len(found) + 1)), "versions of the deepest")


@rule(RULES)
def parts_of_forks_are_read(stores: Stores) -> None:
    """A part of a fork's versions is read from whichever sessions recorded them."""
    writer = _parent(stores, "abcd")
    _fork(writer, B, A, 3, said("own"))
    _fork(writer, C, B, 5, said("deep"))
    asked: Sequence[tuple[int, int | None]] = (
        (0, 2),
        (1, 4),
        (2, 3),
        (3, 4),
        (3, None),
        (4, 6),
        (5, 5),
        (6, None),
        (7, None),
        (9, 12),
    )
    found = [versions(stores.events.read(C, after=after, upto=upto)) for after, upto in asked]
    wanted = [list(range(after + 1, min(upto or 7, 7) + 1)) for after, upto in asked]
    expect_equal(found, wanted, f"versions of the fork in {asked}")


@rule(RULES)
def long_ancestors_are_read_whole(stores: Stores) -> None:
    """Thousands of events before a fork are read like a few."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.fill(A, 2600)
    _fork(writer, B, A, 2500, said("own"))
    writer.fill(B, 1200)
    found = versions(stores.events.read(B, after=40))
    expect_equal(found, list(range(41, 3703)), "versions of the fork")


@rule(RULES)
def fork_needs_a_version_of_its_parent(stores: Stores) -> None:
    """A fork of a version that its parent did not record is refused, and leaves nothing."""
    writer = _parent(stores, "ab")
    _fork(writer, B, A, 2, said("own"))
    for parent, at in ((A, 4), (NOBODYS, 1), (B, 2), (B, 1), (B, 5)):
        error = expect_error(
            UnknownVersionError,
            lambda parent=parent, at=at: _fork(writer, C, parent, at),  # type: ignore[misc]
        )
        expect(str(at) in str(error), f"the error does not tell the version: {error}")
    expect_equal((writer.texts(C), len(stores.directory.sessions())), ([], 2), "what is left")


@rule(RULES)
def fork_is_appended_at_the_version_it_names(stores: Stores) -> None:
    """A fork that is appended at another version than it names is refused."""
    writer = _parent(stores, "abc")
    event = SessionForked(parent=A, at=Version(2), name="owl")
    for at_version in (0, 1, 3):
        expect_error(
            WrongExpectedVersionError,
            lambda at=at_version: writer.append(B, event, at_version=at),  # type: ignore[misc]
        )
    expect_equal(writer.texts(B), [], "events of the fork")


@rule(RULES)
def session_does_not_become_a_fork(stores: Stores) -> None:
    """Only the first event of a session makes it a fork."""
    writer = _parent(stores, "abc")
    writer.append(B, started("owl"))
    event = SessionForked(parent=A, at=Version(1), name="crane")
    expect_error(ValueError, lambda: writer.append(B, event, at_version=1))
    late = SessionForked(parent=A, at=Version(0), name="crane")
    expect_error(ValueError, lambda: writer.append(C, said("x"), late, at_version=0))
    expect_equal((writer.texts(B), writer.texts(C)), (["SessionStarted"], []), "events")


@rule(RULES)
def appends_to_a_fork_expect_its_version(stores: Stores) -> None:
    """A fork that others appended to is refused like any session, with what was found."""
    writer = _parent(stores, "abcd")
    _fork(writer, B, A, 3)
    for at_version in (0, 1, 3, 5):
        error = expect_error(
            WrongExpectedVersionError,
            lambda at=at_version: writer.append(B, said("x"), at_version=at),  # type: ignore[misc]
        )
        expect_equal((error.expected, error.found), (at_version, 4), "expected and found")


@rule(RULES)
def retried_fork_is_made_once(stores: Stores) -> None:
    """A fork that is asked for again with its command's id is answered with what there is."""
    writer = _parent(stores, "abc")
    (first,) = _fork(writer, B, A, 2)
    again = _fork(writer, B, A, 2, command_id=first.metadata.command_id)
    expect_equal([*again], [first], "the answer")
    expect_equal(stores.audit.head().position, first.position, "the end of the log")


@rule(RULES)
def fork_is_listed(stores: Stores) -> None:
    """A fork is listed with its own name and begin, its parent's pipeline, and where it began."""
    writer = Writer(stores)
    writer.append(A, started("heron", "zoo"), said("a"))
    writer.append(A, said("b"))
    later = AT + timedelta(hours=1)
    _fork(writer, B, A, 2, name="owl", actor="bob", recorded_at=later)
    (found, parent) = stores.directory.sessions()
    told = (found.session_id, found.name, found.dag_name, found.phase, found.version)
    expect_equal(told, (B, "owl", "zoo", "open", 3), "the fork")
    made = (found.created_at, found.updated_at, found.last_actor)
    expect_equal(made, (later, later, "bob"), "when and by whom it was made")
    expect_equal((found.parent, found.forked_at, found.archived), (A, 2, False), "its origin")
    expect_equal((parent.parent, parent.forked_at, parent.version), (None, 0, 3), "the parent")


@rule(RULES)
def forks_of_put_away_sessions_are_open(stores: Stores) -> None:
    """A fork of a closed and archived session is open, and listed."""
    writer = _parent(stores, "ab")
    _close(writer, A)
    _archive(writer, A)
    _fork(writer, B, A, 5, name="owl")
    found = {each.name: (each.phase, each.archived) for each in stores.directory.sessions()}
    expect_equal(found, {"owl": ("open", False), "heron": ("closed", True)}, "phases")


@rule(RULES)
def fork_needs_a_free_name(stores: Stores) -> None:
    """A fork with the name of an open session is refused; that of a closed one is free."""
    writer = _parent(stores, "ab")
    expect_error(SessionNameTakenError, lambda: _fork(writer, B, A, 2, name="heron"))
    expect_equal(writer.texts(B), [], "events of the refused fork")
    _close(writer, A)
    _fork(writer, B, A, 2, name="heron")
    expect_equal([each.name for each in stores.directory.sessions()], ["heron"] * 2, "names")


@rule(RULES)
def log_with_forks_verifies(stores: Stores) -> None:
    """A log with forks of forks is whole, from its beginning and since any note of it."""
    writer, notes = _parent(stores, "abcd"), [_note(stores)]
    for session, parent, at in ((B, A, 3), (C, B, 5)):
        _fork(writer, session, parent, at, said("own"))
        writer.append(A, said("parents"))
        notes.append(_note(stores))
    head = stores.audit.head().position
    for note in (None, *notes):
        verdict = stores.audit.verify(since=note, against=notes)
        checked = head - (note.position if note else 0)
        expect_equal((verdict.ok, verdict.checked), (True, checked), "ok and checked")


@rule(RULES)
def fork_is_chained_to_its_parents_hash(stores: Stores) -> None:
    """A fork's first event hash follows the parent's at the fork, as the page says."""
    writer = _parent(stores, "abcd")
    _fork(writer, B, A, 3, said("own"))
    writer.append(A, said("parents"))
    _fork(writer, C, B, 4)
    rows = [*stores.audit.stored()]
    found = [(row.event_hash, row.log_hash) for row in rows]
    expect_equal(found, chained(rows), "event and log hashes")


@rule(RULES)
def stored_rows_of_a_fork_come_with_its_ancestors(stores: Stores) -> None:
    """Of a fork the rows of its ancestors are told first, each up to where it was forked."""
    writer = _parent(stores, "abcd")
    _fork(writer, B, A, 3, said("own"), said("not taken over"))
    writer.append(A, said("parents"))
    _fork(writer, C, B, 5)
    found = [(row.session_id, row.version) for row in stores.audit.stored(C)]
    wanted = [(A, 1), (A, 2), (A, 3), (B, 4), (B, 5), (C, 6)]
    expect_equal(found, wanted, "rows of the fork")
    found = [(row.session_id, row.version) for row in stores.audit.stored(A)]
    expect_equal(found, [(A, version) for version in range(1, 7)], "rows of the first")


@rule(RULES)
def fork_has_its_ancestors_snapshots(stores: Stores) -> None:
    """A fork without a snapshot is given the newest that its ancestors have of what they share."""
    writer = _parent(stores, "abcdef")
    _fork(writer, B, A, 4, said("own"), said("more"))
    _fork(writer, C, B, 6)
    for session, version in ((A, 2), (A, 6), (A, 3), (B, 7)):
        stores.snapshots.keep(_folded(stores, session, version))
    asked = (None, 6, 3, 2, 1)
    found = [_version(stores, C, upto) for upto in asked]
    expect_equal(found, [3, 3, 3, 2, None], f"versions of snapshots up to {asked}")
    stores.snapshots.keep(_folded(stores, B, 5))
    found = [_version(stores, C, upto) for upto in asked]
    expect_equal(found, [5, 5, 3, 2, None], "versions with one of the parent's own part")


@rule(RULES)
def forks_own_snapshot_goes_first(stores: Stores) -> None:
    """A fork's own snapshot is given, also at a version that its parent has one of."""
    writer = _parent(stores, "abcdef")
    _fork(writer, B, A, 4, said("own"))
    for session, version in ((A, 5), (A, 4), (B, 5)):
        stores.snapshots.keep(_folded(stores, session, version))
    found = stores.snapshots.latest(B)
    told = found and (found.state.session_id, found.state.version, found.state.name)
    expect_equal(told, (B, 5, f"fork {B}"), "the snapshot")
    expect_equal(_version(stores, B, 4), 4, "version of one before the fork")
    stores.snapshots.drop()
    stores.snapshots.keep(replace(_folded(stores, A, 5), event_hash=_OTHER_HASH))
    expect_equal(_version(stores, B, None), None, "one that no log confirms")


def _parent(stores: Stores, told: str) -> Writer:
    """A session `A`, called heron, with an event for each character."""
    writer = Writer(stores)
    writer.append(A, started("heron"), *map(said, told))
    return writer


def _fork(
    writer: Writer,
    session_id: SessionId,
    parent: SessionId,
    at: int,
    *events: Event,
    name: str | None = None,
    **columns: Any,
) -> tuple[EventEnvelope, ...]:
    """Fork a session and append further events in the same command."""
    forked = SessionForked(parent=parent, at=Version(at), name=name or f"fork {session_id}")
    return writer.append(session_id, forked, *events, at_version=at, **columns)


def _close(writer: Writer, session_id: SessionId) -> None:
    writer.append(session_id, SessionClosed())


def _archive(writer: Writer, session_id: SessionId) -> None:
    writer.append(session_id, SessionArchived())


def _note(stores: Stores) -> Checkpoint:
    head = stores.audit.head()
    return Checkpoint(head.position, head.log_hash, AT, "0.1.0")


def _folded(stores: Stores, session_id: SessionId, upto: int) -> Loaded:
    """A session as replaying its events gives it."""
    loaded = Loaded(SessionState(session_id))
    loaded.fold(stores.events.read(session_id, upto=upto))
    return loaded


def _version(stores: Stores, session_id: SessionId, upto: int | None) -> int | None:
    loaded = stores.snapshots.latest(session_id, upto=upto)
    return None if loaded is None else loaded.state.version
