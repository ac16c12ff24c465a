"""Audit: the chain of hashes, its head, and the rows as they are stored."""

import json
from dataclasses import replace

from runthrough.core.events import NodeMarkedExternal
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.store import ZERO_HASH, Checkpoint, LogHead, StoredEvent
from runthrough.entrypoints.store_suite.examples import EVERY_EVENT
from runthrough.entrypoints.store_suite.hashes import chained
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect, expect_equal, rule
from runthrough.entrypoints.store_suite.writing import (
    AT,
    METADATA,
    NOBODYS,
    REQUEST,
    A,
    B,
    Writer,
    new_command,
    said,
)

RULES: list[Rule] = []
_FALSE_HASH = "f" * 64


@rule(RULES)
def empty_log_has_a_head(stores: Stores) -> None:
    """The head of an empty log has position 0 and the hash of 64 zeros."""
    expect_equal(stores.audit.head(), LogHead(0, ZERO_HASH), "head")


@rule(RULES)
def empty_log_verifies(stores: Stores) -> None:
    """A log in which nothing happened is whole, and nothing of it was checked."""
    verdict = stores.audit.verify()
    found = (verdict.ok, verdict.checked, verdict.head_position, verdict.first_bad)
    expect_equal(found, (True, 0, 0, None), "ok, checked, head and first bad position")


@rule(RULES)
def untouched_log_verifies(stores: Stores) -> None:
    """A log that nobody changed is whole, with events of every type and of two sessions."""
    writer = Writer(stores)
    writer.append(A, *EVERY_EVENT)
    writer.append(B, said("größe"), actor="ännchen")
    writer.append(A, said("x"), correlation_id=None, causation_id=None)
    verdict = stores.audit.verify()
    count = len(EVERY_EVENT) + 2
    found = (verdict.ok, verdict.checked, verdict.head_position, verdict.first_bad, verdict.since)
    expect_equal(found, (True, count, count, None, 0), "verdict")


@rule(RULES)
def head_is_the_last_event(stores: Stores) -> None:
    """The head has the position and the log hash of the last event, after every append."""
    writer = Writer(stores)
    for session in (A, B, A):
        writer.append(session, said("x"), said("y"))
        last = [*stores.audit.stored()][-1]
        expect_equal(stores.audit.head(), LogHead(last.position, last.log_hash), "head")
    expect_equal(stores.audit.head().position, 6, "position of the head")


@rule(RULES)
def hashes_are_those_of_the_page(stores: Stores) -> None:
    """Event and log hashes are computed as docs/reference/database.md says."""
    writer = Writer(stores)
    writer.append(A, said("größe"), NodeMarkedExternal(node=NodeName("größe"), outputs={}))
    writer.append(B, said("x"), correlation_id=None, causation_id=None)
    writer.append(A, said("y"))
    rows = [*stores.audit.stored()]
    found = [(row.event_hash, row.log_hash) for row in rows]
    expect_equal(found, chained(rows), "event and log hashes")


@rule(RULES)
def envelopes_carry_the_stored_hash(stores: Stores) -> None:
    """The hash in an envelope is that of the stored row, as answered, as read and in the feed."""
    answer = Writer(stores).append(A, said("x"), said("y"))
    wanted = [row.event_hash for row in stores.audit.stored()]
    for envelopes in (answer, stores.events.read(A), stores.feed.read()):
        expect_equal([e.event_hash for e in envelopes], wanted, "event hashes")


@rule(RULES)
def stored_rows_hold_what_was_appended(stores: Stores) -> None:
    """A stored row has every column, its time as text in UTC, and nothing twice in its payload."""
    command = new_command()
    event = NodeMarkedExternal(node=NodeName("n"), outputs={"a": RecordedPath("abs:/x")})
    Writer(stores).append(A, event, command_id=command)
    (row,) = stores.audit.stored()
    wanted = StoredEvent(
        position=1,
        session_id=A,
        version=1,
        type="NodeMarkedExternal",
        schema_version=1,
        subject="n",
        actor=METADATA.actor,
        actor_source=METADATA.actor_source,
        door=METADATA.door,
        host=METADATA.host,
        app_version=METADATA.app_version,
        command_id=command,
        request_hash=REQUEST,
        correlation_id=METADATA.correlation_id,
        causation_id=METADATA.causation_id,
        recorded_at="2026-11-22T12:44:05.123456Z",
        payload=row.payload,
        event_hash=row.event_hash,
        log_hash=row.log_hash,
    )
    expect_equal(row, wanted, "the stored row")
    expect_equal(json.loads(row.payload), {"outputs": {"a": "abs:/x"}}, "payload")


@rule(RULES)
def stored_rows_come_in_the_order_of_the_log(stores: Stores) -> None:
    """All rows are told from the first position to the last, thousands of them too."""
    writer = Writer(stores)
    for session in (B, A, B):
        writer.append(session, said("x"))
    writer.append(A, *map(said, map(str, range(2500))))
    found = [row.position for row in stores.audit.stored()]
    expect_equal(found, list(range(1, 2504)), "positions")
    of_one = [row.version for row in stores.audit.stored(A)]
    expect_equal(of_one, list(range(1, 2502)), "versions of one session")


@rule(RULES)
def stored_rows_of_one_session(stores: Stores) -> None:
    """Of one session its own rows are told, of an unknown one none."""
    writer = Writer(stores)
    for session in (A, B, A):
        writer.append(session, said("x"))
    found = [[row.position for row in stores.audit.stored(asked)] for asked in (A, B, NOBODYS)]
    expect_equal(found, [[1, 3], [2], []], "positions of two sessions and an unknown one")


@rule(RULES)
def verifying_since_a_checkpoint_checks_what_came_later(stores: Stores) -> None:
    """What a checkpoint vouches for is trusted, and only later events are counted."""
    writer, note = _noted_after_three(stores)
    writer.append(A, said("4"))
    writer.append(B, said("5"))
    verdict = stores.audit.verify(since=note)
    found = (verdict.ok, verdict.checked, verdict.head_position, verdict.since)
    expect_equal(found, (True, 2, 5, 3), "ok, checked, head and trusted position")


@rule(RULES)
def verifying_since_the_head_checks_nothing(stores: Stores) -> None:
    """Since a checkpoint of the last event there is nothing to check, and all is well."""
    _, note = _noted_after_three(stores)
    verdict = stores.audit.verify(since=note)
    expect_equal((verdict.ok, verdict.checked), (True, 0), "ok and checked")


@rule(RULES)
def verifying_since_the_beginning_checks_all(stores: Stores) -> None:
    """A checkpoint of the empty log trusts nothing."""
    _noted_after_three(stores)
    note = Checkpoint(0, ZERO_HASH, AT, "0.1.0")
    verdict = stores.audit.verify(since=note, against=[note])
    expect_equal((verdict.ok, verdict.checked, verdict.since), (True, 3, 0), "verdict")


@rule(RULES)
def false_checkpoint_is_not_trusted(stores: Stores) -> None:
    """A checkpoint that the log does not pass through is told, with its position."""
    _, note = _noted_after_three(stores)
    verdict = stores.audit.verify(since=replace(note, log_hash=_FALSE_HASH))
    found = (verdict.ok, verdict.first_bad and verdict.first_bad.position)
    expect_equal(found, (False, 3), "ok and first bad position")


@rule(RULES)
def log_agrees_with_true_notes(stores: Stores) -> None:
    """Every note that was taken of the log as it grew is confirmed, alone or with others."""
    writer, notes = Writer(stores), [_note(stores)]
    for session in (A, B, A):
        writer.append(session, said("x"), said("y"))
        notes.append(_note(stores))
    for against in (notes, notes[1:2], notes[::-1]):
        expect(stores.audit.verify(against=against).ok, f"true notes are refused: {against}")
    verdict = stores.audit.verify(since=notes[2], against=notes)
    expect_equal((verdict.ok, verdict.checked), (True, 2), "ok and checked since the third")


@rule(RULES)
def log_disagrees_with_a_false_note(stores: Stores) -> None:
    """A note with another hash is told as a bad `checkpoint` at its position."""
    writer, note = _noted_after_three(stores)
    writer.append(A, said("later"))
    false = replace(note, log_hash=_FALSE_HASH)
    for against in ([false], [_note(stores), false]):
        bad = stores.audit.verify(against=against).first_bad
        expect_equal(bad and (bad.position, bad.kind), (3, "checkpoint"), "first bad position")


@rule(RULES)
def trusted_part_is_compared_with_notes_too(stores: Stores) -> None:
    """A false note about what a checkpoint vouches for is told all the same."""
    writer, note = _noted_after_three(stores)
    false = Checkpoint(2, _FALSE_HASH, AT, "0.1.0")
    writer.append(A, said("later"))
    bad = stores.audit.verify(since=note, against=[false]).first_bad
    expect_equal(bad and (bad.position, bad.kind), (2, "checkpoint"), "first bad position")


@rule(RULES)
def note_of_a_longer_log_tells_a_dropped_tail(stores: Stores) -> None:
    """A note of a position that the log does not reach is told as a bad `head`."""
    _noted_after_three(stores)
    longer = Checkpoint(4, _FALSE_HASH, AT, "0.1.0")
    bad = stores.audit.verify(against=[longer]).first_bad
    expect_equal(bad and (bad.position, bad.kind), (4, "head"), "first bad position")


@rule(RULES)
def checkpoint_of_a_longer_log_is_not_trusted(stores: Stores) -> None:
    """Nothing is well since a checkpoint that the log does not reach."""
    _noted_after_three(stores)
    longer = Checkpoint(9, _FALSE_HASH, AT, "0.1.0")
    verdict = stores.audit.verify(since=longer)
    expect(not verdict.ok, "a log that ends before its checkpoint is said to be whole")


def _note(stores: Stores) -> Checkpoint:
    head = stores.audit.head()
    return Checkpoint(head.position, head.log_hash, AT, "0.1.0")


def _noted_after_three(stores: Stores) -> tuple[Writer, Checkpoint]:
    """Three events of two sessions, and a note of the log with them."""
    writer = Writer(stores)
    for session, text in ((A, "1"), (B, "2"), (A, "3")):
        writer.append(session, said(text))
    return writer, _note(stores)
