"""Importing: events of another log, with their own hashes at places of this one."""

from contextlib import suppress
from dataclasses import replace

from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import ZERO_HASH, LogHead, SessionEntry, StoredEvent
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
    METADATA,
    NOBODYS,
    REQUEST,
    A,
    B,
    Writer,
    said,
    started,
)
from runthrough.errors import CommandIdReusedError, SessionNameTakenError

RULES: list[Rule] = []
_TEXTS = ("1", "größe", "3")


@rule(RULES)
def imported_events_keep_their_hashes(stores: Stores) -> None:
    """Rows of another log stand behind what is there, with the event hashes that they had."""
    Writer(stores).append(A, said("x"), said("y"))
    rows = _rows(B)
    _take(stores, rows)
    found = [*stores.audit.stored()][2:]
    wanted = [(B, row.version, row.payload, row.event_hash) for row in rows]
    told = [(row.session_id, row.version, row.payload, row.event_hash) for row in found]
    expect_equal(told, wanted, "session, version, payload and event hash")
    expect_equal([row.position for row in found], [3, 4, 5], "positions")


@rule(RULES)
def log_verifies_with_imported_events(stores: Stores) -> None:
    """Log hashes are made anew, so that the whole log verifies, its head included."""
    Writer(stores).append(A, said("x"))
    _take(stores, _rows(B))
    rows = [*stores.audit.stored()]
    expect_equal([(row.event_hash, row.log_hash) for row in rows], chained(rows), "hashes")
    expect_equal(stores.audit.head(), LogHead(4, rows[-1].log_hash), "head")
    expect(stores.audit.verify().ok, "the log does not verify")


@rule(RULES)
def imported_session_goes_on(stores: Stores) -> None:
    """What is appended to an imported session follows its last event, in order and by hash."""
    writer = Writer(stores)
    _take(stores, _rows(B))
    writer.append(B, said("here"), at_version=3)
    writer.append(A, said("another"))
    expect_equal(writer.texts(B), [*_TEXTS, "here"], "texts of the session")
    expect(stores.audit.verify().ok, "the log does not verify")


@rule(RULES)
def empty_log_takes_events(stores: Stores) -> None:
    """Into an empty log events come with the positions from 1 on."""
    _take(stores, _rows(B))
    expect_equal([row.position for row in stores.audit.stored()], [1, 2, 3], "positions")
    expect(stores.audit.verify().ok, "the log does not verify")


@rule(RULES)
def many_imported_events_arrive(stores: Stores) -> None:
    """Thousands of rows in several portions come in their order, in one commit."""
    rows = _rows(B, texts=tuple(map(str, range(2500))))
    with stores.events.exclusive():
        for begin in range(0, len(rows), 1000):
            stores.imports.take(rows[begin : begin + 1000])
        stores.imports.take([])
    expect_equal([row.version for row in stores.audit.stored(B)], [*range(1, 2501)], "versions")
    expect(stores.audit.verify().ok, "the log does not verify")


@rule(RULES)
def interrupted_import_leaves_nothing(stores: Stores) -> None:
    """Where an import ends with an error, neither its events nor its session are there."""
    Writer(stores).append(A, started("heron"))
    head = stores.audit.head()
    with suppress(_InterruptedError), stores.events.exclusive():
        stores.imports.take(_rows(B))
        stores.imports.enter(_entry(B, "owl"))
        raise _InterruptedError
    names = [entry.name for entry in stores.directory.sessions()]
    found = (stores.audit.head(), [*stores.audit.stored(B)], names)
    expect_equal(found, (head, [], ["heron"]), "head, rows of the session, and names")


@rule(RULES)
def hash_of_an_event_is_told(stores: Stores) -> None:
    """The hash of a session's event is told by its version, that of the last without one."""
    Writer(stores).append(A, said("x"))
    rows = _rows(B)
    _take(stores, rows)
    told = [stores.imports.event_hash(B, version=n) for n in (1, 3, 4)]
    expect_equal(told, [rows[0].event_hash, rows[2].event_hash, None], "hashes by version")
    last = [stores.imports.event_hash(session) for session in (B, NOBODYS)]
    expect_equal(last, [rows[2].event_hash, None], "hashes of the last events")


@rule(RULES)
def import_sees_what_it_wrote(stores: Stores) -> None:
    """Before the commit the importer reads what it has taken, and others do not see it later."""
    with stores.events.exclusive():
        stores.imports.take(_rows(B))
        expect_equal(len([*stores.events.read(B)]), len(_TEXTS), "events inside the commit")
        expect(stores.imports.event_hash(B) is not None, "the session is not known inside")


@rule(RULES)
def entered_session_is_listed(stores: Stores) -> None:
    """A session is listed as it was entered: name, pipeline, phase, begin, parent and archive."""
    _take(stores, _rows(B))
    entry = replace(_entry(B, "owl"), parent=A, forked_at=2, archived=True, phase="closed")
    stores.imports.enter(entry)
    expect_equal(stores.directory.find(B), entry, "the session")


@rule(RULES)
def entering_again_replaces(stores: Stores) -> None:
    """A session that is entered twice is listed once, as it was entered last."""
    _take(stores, _rows(B))
    for name in ("owl", "crane"):
        stores.imports.enter(_entry(B, name))
    expect_equal([e.name for e in stores.directory.sessions()], ["crane"], "names")


@rule(RULES)
def entered_name_is_taken(stores: Stores) -> None:
    """The name of an open session that was entered cannot be given to another one."""
    _take(stores, _rows(B))
    stores.imports.enter(_entry(B, "owl"))
    expect_error(SessionNameTakenError, lambda: Writer(stores).append(A, started("owl")))


@rule(RULES)
def imported_commands_answer_nobody(stores: Stores) -> None:
    """The id of an imported command is known, and no request here is the one it came with."""
    (first, *_) = rows = _rows(B)
    _take(stores, rows)
    expect_error(
        CommandIdReusedError,
        lambda: Writer(stores).append(A, said("x"), command_id=first.command_id),
    )


class _InterruptedError(Exception):
    """Ends an import before its commit."""


def _take(stores: Stores, rows: list[StoredEvent]) -> None:
    with stores.events.exclusive():
        stores.imports.take(rows)


def _entry(session_id: SessionId, name: str) -> SessionEntry:
    return SessionEntry(
        session_id=session_id,
        name=name,
        dag_name="zoo",
        phase="open",
        created_at=AT,
        version=len(_TEXTS),
        last_actor=METADATA.actor,
        updated_at=AT,
    )


def _rows(session_id: SessionId, texts: tuple[str, ...] = _TEXTS) -> list[StoredEvent]:
    """Rows as another log holds them, at other positions, each of a command of its own."""
    drafts = [
        StoredEvent(
            position=1,
            session_id=session_id,
            version=version,
            type="CommandRefused",
            schema_version=1,
            subject=None,
            actor=METADATA.actor,
            actor_source=METADATA.actor_source,
            door=METADATA.door,
            host=METADATA.host,
            app_version=METADATA.app_version,
            command_id=f"019e0000-0000-7000-8000-{version:012x}",
            request_hash=REQUEST,
            correlation_id=None,
            causation_id=None,
            recorded_at="2026-11-22T12:44:05.123456Z",
            payload=said(text).model_dump_json(exclude={"type"}),
            event_hash=ZERO_HASH,
            log_hash=ZERO_HASH,
        )
        for version, text in enumerate(texts, start=1)
    ]
    hashes = chained([row._replace(position=row.version) for row in drafts])
    return [
        row._replace(position=row.version + 70, event_hash=event)
        for row, (event, _) in zip(drafts, hashes, strict=True)
    ]
