"""Whoever changes the log behind the program's back is found, on both back ends."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import make_url
from tests.support.servers import connectable
from tests.support.stored import AT, A, B, Writer, said, sql_stores, started

from runthrough.adapters.store import chain
from runthrough.adapters.store.opening import open_database
from runthrough.core.events import SessionForked
from runthrough.core.values.store import Checkpoint, FirstBad
from runthrough.errors import LogCorruptError, StoreError, StoreUnavailableError

COUNT = 8
"""Events in the log: two sessions take turns, of A the odd positions."""


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request):
    return request.getfixturevalue("url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture
def filled(store_url):
    with open_database(store_url) as database:
        stores = sql_stores(database)
        writer = Writer(stores.events)
        for number in range(COUNT):
            writer.append((A, B)[number % 2], said(f"text {number}"))
        yield stores


@pytest.fixture
def alter(store_url):
    """Changes the tables as their owner can: triggers taken off first."""

    def alter(*statements, guarded=False):
        url = make_url(store_url)
        if url.get_backend_name() == "sqlite":
            with closing(sqlite3.connect(url.database, isolation_level=None)) as connection:
                for verb in () if guarded else ("update", "delete", "replace"):
                    connection.execute(f"DROP TRIGGER IF EXISTS events_no_{verb}")
                for statement in statements:
                    connection.execute(statement)
        else:
            with psycopg.connect(connectable(url), autocommit=True) as connection:
                if not guarded:
                    connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
                for statement in statements:
                    connection.execute(statement)

    return alter


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET actor = 'eve'", "DELETE FROM events WHERE position = 8"]
)
def test_events_can_be_neither_changed_nor_deleted(filled, alter, statement):
    """The tables themselves refuse what would change history."""
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match="never changed"):
        alter(statement, guarded=True)
    assert filled.audit.verify().checked == COUNT


@pytest.mark.parametrize(
    "where", ["position = 3", "position = 99, version = 1", "position = 99, version = 4"]
)
def test_sqlite_replaces_no_event(url, where):
    """`INSERT OR REPLACE`, which deletes without asking, is refused by position and by version."""
    with open_database(url) as database:
        writer = Writer(sql_stores(database).events)
        for number in range(4):
            writer.append(A, said(str(number)))
    with closing(sqlite3.connect(make_url(url).database)) as connection:
        connection.execute("CREATE TEMP TABLE added AS SELECT * FROM events WHERE position = 3")
        connection.execute(f"UPDATE added SET {where}")
        with pytest.raises(sqlite3.IntegrityError, match="never changed: REPLACE refused"):
            connection.execute("INSERT OR REPLACE INTO events SELECT * FROM added")


def test_postgresql_truncates_no_events(postgres_url):
    """The way to empty a table that asks no row's trigger is refused as well."""
    open_database(postgres_url).close()
    with (
        psycopg.connect(connectable(postgres_url)) as connection,
        pytest.raises(psycopg.IntegrityError, match="never changed: TRUNCATE refused"),
    ):
        connection.execute("TRUNCATE events")


SWAP = [
    "UPDATE events SET position = 99 WHERE position = 3",
    "UPDATE events SET position = 3 WHERE position = {other}",
    "UPDATE events SET position = {other} WHERE position = 99",
]
THIRD = "UPDATE events SET {} WHERE position = 3".format
ADDED = "CREATE TABLE added AS SELECT * FROM events WHERE position = {}".format
INSERTED = "INSERT INTO events SELECT * FROM added"
SHIFTED = [
    "UPDATE events SET position = position + 100 WHERE position > 2",
    ADDED(2),
    "UPDATE added SET position = 3, session_id = 'new', version = 1",
    INSERTED,
    "UPDATE events SET position = position - 99 WHERE position > 100",
]
TAMPERING = {
    "payload": ([THIRD("payload = replace(payload, '2', '7')")], (3, "event_hash")),
    "actor": ([THIRD("actor = 'eve'")], (3, "event_hash")),
    "time": ([THIRD("recorded_at = '2026-11-22T12:44:05.123457Z'")], (3, "event_hash")),
    "type": ([THIRD("type = 'SessionClosed'")], (3, "event_hash")),
    "case of the hash": ([THIRD("event_hash = upper(event_hash)")], (3, "event_hash")),
    "hash of the log": ([THIRD("log_hash = event_hash")], (3, "log_hash")),
    "version": ([THIRD("version = 9")], (3, "version")),
    "one dropped": (["DELETE FROM events WHERE position = 3"], (3, "position")),
    "first dropped": (["DELETE FROM events WHERE position = 1"], (1, "position")),
    "tail dropped": (["DELETE FROM events WHERE position > 6"], (7, "head")),
    "all dropped": (["DELETE FROM events"], (1, "head")),
    "head moved back": (["UPDATE log_head SET position = 6"], (7, "head")),
    "head's hash": (["UPDATE log_head SET log_hash = upper(log_hash)"], (8, "head")),
    "head dropped": (["DELETE FROM log_head"], (9, "head")),
    "two swapped": ([line.format(other=4) for line in SWAP], (3, "log_hash")),
    "two of one session swapped": ([line.format(other=5) for line in SWAP], (3, "version")),
    "one added": (
        [ADDED(8), "UPDATE added SET position = 9, version = 5", INSERTED],
        (9, "event_hash"),
    ),
    "one inserted": (SHIFTED, (3, "event_hash")),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_where_it_begins(filled, alter, how):
    """The first bad position and what is wrong with it are named; all before it is counted."""
    statements, first_bad = TAMPERING[how]
    alter(*statements)
    verdict = filled.audit.verify()
    assert not verdict.ok
    assert verdict.first_bad == FirstBad(*first_bad)
    if verdict.first_bad.kind != "head":
        assert verdict.checked == verdict.first_bad.position - 1


@pytest.mark.parametrize(
    ("value", "kind"), [("CAST(x'7bff7d' AS TEXT)", "payload"), ("x'7b7d'", "event_hash")]
)
def test_payload_that_is_no_text_is_found(url, value, kind):
    """SQLite keeps bytes where text belongs, and verification names them."""
    with open_database(url) as database:
        stores = sql_stores(database)
        for number in range(4):
            Writer(stores.events, prefix=str(number)).append(A, said(str(number)))
        with closing(sqlite3.connect(make_url(url).database, isolation_level=None)) as connection:
            connection.execute("DROP TRIGGER events_no_update")
            connection.execute(f"UPDATE events SET payload = {value} WHERE position = 3")
        assert stores.audit.verify().first_bad == FirstBad(3, kind)
        reading = stores.events.read(A)
        with pytest.raises((StoreUnavailableError, LogCorruptError), match="audit verify"):
            list(reading)


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE events SET subject = x'' WHERE position = 3", (3, "event_hash")),
        ("UPDATE events SET version = 'three' WHERE position = 3", (3, "version")),
        ("UPDATE log_head SET position = 'eight'", (5, "head")),
    ],
)
def test_value_that_sqlite_keeps_in_a_column_of_another_kind_is_found(url, statement, first_bad):
    """SQLite keeps anything anywhere, and what was never written there is a verdict, no crash."""
    with open_database(url) as database:
        stores = sql_stores(database)
        for number in range(4):
            Writer(stores.events, prefix=str(number)).append(A, said(str(number)))
        with closing(sqlite3.connect(make_url(url).database, isolation_level=None)) as connection:
            connection.execute("DROP TRIGGER events_no_update")
            connection.execute(statement)
        assert stores.audit.verify().first_bad == FirstBad(*first_bad)


# ---- forks


@pytest.fixture
def forked(filled):
    """The log, and behind it a fork of A at its third version, then a fork of that one."""
    writer = Writer(filled.events, prefix="fork")
    writer.append(C, started("owl"))
    for session, parent, at in ((FORK, C, 1), (DEEP, FORK, 2)):
        fork = SessionForked(parent=parent, at=at, name=f"of {parent}")
        writer.append(session, fork, at_version=at)
    return filled


C, FORK, DEEP = (f"019d0000-0000-7000-8000-00000000000{last}" for last in "cde")
BEGIN, OF_FORK, OF_DEEP = COUNT + 1, COUNT + 2, COUNT + 3
"""Positions of the session that is forked, of its fork, and of the fork's fork."""
PAYLOAD = "UPDATE events SET payload = replace(payload, '{}', '{}') WHERE position = {}".format
FORKING = {
    "another parent": (PAYLOAD(C, A, OF_FORK), (OF_FORK, "event_hash")),
    "unknown parent": (PAYLOAD(C, "nobody", OF_FORK), (OF_FORK, "lineage")),
    "another version": (PAYLOAD('"at":2', '"at":1', OF_DEEP), (OF_DEEP, "lineage")),
    "name": (PAYLOAD("of ", "off ", OF_FORK), (OF_FORK, "event_hash")),
    "type": (
        f"UPDATE events SET type = 'SessionStarted' WHERE position = {OF_FORK}",
        (OF_FORK, "version"),
    ),
    "what the parent did": (PAYLOAD("owl", "elk", BEGIN), (BEGIN, "event_hash")),
    "whose the parent was": (
        f"UPDATE events SET session_id = 'x' WHERE position = {BEGIN}",
        (BEGIN, "event_hash"),
    ),
}


@pytest.mark.parametrize("how", FORKING)
def test_tampering_with_a_fork_or_its_parent_is_found(forked, alter, how):
    """What a fork says of its parent is covered by hashes, and so is what it stands on."""
    assert forked.audit.verify().ok
    statement, first_bad = FORKING[how]
    alter(statement)
    assert forked.audit.verify().first_bad == FirstBad(*first_bad)
    note = Checkpoint(BEGIN - 1, [*forked.audit.stored()][BEGIN - 2].log_hash, AT, "0.1.0")
    assert forked.audit.verify(since=note).first_bad == FirstBad(*first_bad)


@pytest.mark.parametrize(
    "statement",
    [
        PAYLOAD(C, "nobody", OF_FORK),
        PAYLOAD(C, FORK, OF_FORK),
        PAYLOAD(C, DEEP, OF_FORK),
        PAYLOAD('"at":1', '"at":7', OF_FORK),
        f"DELETE FROM events WHERE position = {BEGIN}",
    ],
    ids=["unknown", "itself", "its own fork", "other version", "deleted"],
)
def test_a_fork_that_does_not_go_on_from_its_parent_is_not_read(
    forked, alter, store_url, statement
):
    """Half of a session would be a false one: the error names the event and what to type."""
    assert len([*forked.events.read(DEEP)]) == 3
    alter(statement)
    with open_database(store_url) as database:
        stores = sql_stores(database)
        for read in (
            lambda: [*stores.events.read(DEEP)],
            lambda: [*stores.audit.stored(DEEP)],
            lambda: stores.snapshots.latest(DEEP),
            lambda: stores.events.version_at(DEEP, at=AT),
        ):
            with pytest.raises(LogCorruptError, match="at position") as caught:
                read()
            assert caught.value.fix == "runthrough audit verify names what was changed"


# ---- a rewrite that leaves a whole chain


def note_of(stores):
    """What `audit checkpoint` would note now."""
    head = stores.audit.head()
    return Checkpoint(head.position, head.log_hash, datetime(2026, 11, 28, tzinfo=UTC), "0.1.0")


def rewritten(rows, **changes):
    """The rows with another third event, and every hash from there on computed anew."""
    log, last, written = bytes(32), {}, []
    for row in rows:
        changed = row._replace(**changes) if row.position == 3 else row
        event = chain.event_hash(last.get(row.session_id, bytes(32)), chain.content_hash(changed))
        log = chain.log_hash(log, row.position, event)
        last[row.session_id] = event
        written.append(changed._replace(event_hash=event.hex(), log_hash=log.hex()))
    return written


def rewrite_all(stores, alter):
    """As an administrator with time would: a consistent log with another past."""
    rows = rewritten(stores.audit.stored(), actor="eve")
    alter(
        *(
            f"UPDATE events SET actor = '{row.actor}', event_hash = '{row.event_hash}', "
            f"log_hash = '{row.log_hash}' WHERE position = {row.position}"
            for row in rows
        ),
        f"UPDATE log_head SET log_hash = '{rows[-1].log_hash}'",
    )


def test_rewrite_of_the_whole_log_is_found_by_a_note(filled, alter):
    """A chain that was computed anew is whole in itself, and yet not the one that was noted."""
    note = note_of(filled)
    Writer(filled.events, prefix="later").append(A, said("later"))
    rewrite_all(filled, alter)
    assert filled.audit.verify().ok
    verdict = filled.audit.verify(against=[note])
    assert verdict.first_bad == FirstBad(COUNT, "checkpoint")
    assert filled.audit.verify(since=note).first_bad == FirstBad(COUNT, "checkpoint")


def test_notes_narrow_down_where_a_rewrite_begins(filled, alter, store_url):
    """Of several notes the first that does not fit names the stretch that was rewritten."""
    rows = list(filled.audit.stored())
    at = datetime(2026, 11, 28, tzinfo=UTC)
    notes = [Checkpoint(p, rows[p - 1].log_hash, at, "0.1.0") for p in (2, 5, 8)]
    rewrite_all(filled, alter)
    verdict = filled.audit.verify(against=notes)
    assert (verdict.first_bad, verdict.checked) == (FirstBad(5, "checkpoint"), 5)


def test_log_that_was_cut_with_its_head_is_found_by_a_note(filled, alter):
    """A dropped tail whose head was moved along is shorter than what was noted."""
    note = note_of(filled)
    sixth = list(filled.audit.stored())[5]
    alter(
        "DELETE FROM events WHERE position > 6",
        f"UPDATE log_head SET position = 6, log_hash = '{sixth.log_hash}'",
    )
    assert filled.audit.verify().ok
    assert filled.audit.verify(against=[note]).first_bad == FirstBad(7, "head")
    assert not filled.audit.verify(since=note).ok


def test_checkpoint_in_the_database_that_was_changed_is_told(filled, alter):
    """Another hash is a rewrite of the log or of the checkpoint; what is no time is said."""
    filled.audit.keep(note_of(filled))
    alter("UPDATE checkpoints SET log_hash = 'zz'")
    (kept,) = filled.audit.checkpoints()
    assert filled.audit.verify(since=kept).first_bad == FirstBad(COUNT, "checkpoint")
    alter("UPDATE checkpoints SET taken_at = 'noon'")
    with pytest.raises(StoreError, match=r"position 8 was changed: 'noon' is no time"):
        filled.audit.checkpoints()


def test_trusted_event_whose_hash_was_changed_is_found_by_the_next(filled, alter):
    """What is trusted is not recomputed, but the session's next event must follow from it."""
    note = note_of(filled)
    Writer(filled.events, prefix="later").append(B, said("later"))
    alter("UPDATE events SET event_hash = 'zz' WHERE position = 8")
    assert filled.audit.verify(since=note).first_bad == FirstBad(9, "event_hash")


def test_incremental_verification_finds_what_was_changed_since(filled, alter):
    """What came after the checkpoint is checked in full; what lay before is trusted."""
    note = note_of(filled)
    writer = Writer(filled.events, prefix="later")
    for number in range(4):
        writer.append((A, B)[number % 2], said(f"later {number}"))
    verdict = filled.audit.verify(since=note)
    assert (verdict.ok, verdict.checked, verdict.since) == (True, 4, COUNT)
    alter("UPDATE events SET actor = 'eve' WHERE position = 3")
    assert filled.audit.verify(since=note).ok
    assert not filled.audit.verify().ok
    alter("UPDATE events SET actor = 'eve' WHERE position = 11")
    assert filled.audit.verify(since=note).first_bad == FirstBad(11, "event_hash")


# ---- reading a log that was changed


def test_request_hash_is_not_part_of_history(filled, alter):
    """What only serves retries may be rewritten without breaking the chain."""
    alter("UPDATE events SET request_hash = ''")
    assert filled.audit.verify().ok


@pytest.mark.parametrize("payload", ["'{'", "'{\"command\":1}'", "''"])
def test_altered_event_is_not_read_as_if_it_were_one(filled, alter, payload):
    """Reading stops at a payload that no longer holds the event, and names its position."""
    alter(f"UPDATE events SET payload = {payload} WHERE position = 3")
    with pytest.raises(LogCorruptError, match="position 3"):
        list(filled.events.read(A))


def test_log_without_its_table_is_not_called_whole(filled, alter):
    """Where the events cannot be read at all, verification says so instead of a verdict."""
    alter("DROP TABLE events")
    with pytest.raises(StoreUnavailableError, match=r"no such table|does not exist"):
        filled.audit.verify()


def test_append_over_a_lost_head_is_refused(store_url, alter):
    """Without its head, or with one that is behind, the log is not written to."""
    with open_database(store_url) as database:
        stores = sql_stores(database)
        for number in range(2):
            Writer(stores.events, prefix=str(number)).append(A, said(str(number)))
    alter("UPDATE log_head SET position = 1")
    with open_database(store_url) as database:
        writer = Writer(sql_stores(database).events, prefix="next")
        with pytest.raises(StoreUnavailableError, match="does not fit its head"):
            writer.append(B, said("x"))
        alter("DELETE FROM log_head")
        with pytest.raises(LogCorruptError, match="head of the log is missing"):
            writer.append(B, said("x"))
