"""The chain of hashes: fixed for ever by golden vectors, and every fault found."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.stored import METADATA

from runthrough.adapters.store import chain
from runthrough.adapters.store.batch import Batch
from runthrough.core.events import (
    CommandRefused,
    NodeMarkedExternal,
    SessionClosed,
    SessionForked,
)
from runthrough.core.values.store import (
    ZERO_HASH,
    AuditVerdict,
    Checkpoint,
    FirstBad,
    LogHead,
    StoredEvent,
)
from runthrough.errors import StoreError

GOLDEN = Path(__file__).parents[2] / "golden" / "hashes.json"
ROWS = [StoredEvent(**row) for row in json.loads(GOLDEN.read_text())]
HEAD = LogHead(len(ROWS), ROWS[-1].log_hash)
AT = datetime(2026, 11, 28, tzinfo=UTC)


def verdict(rows, head=HEAD) -> AuditVerdict:
    check = chain.ChainCheck()
    for row in rows:
        check.add(row)
    return check.verdict(head)


def test_golden_vectors_follow_from_the_written_rules():
    """Each golden hash is what DESIGN § 10 says, computed here with nothing but hashlib."""
    hashes, log = {}, bytes(32)
    for row in json.loads(GOLDEN.read_text()):
        header = "\x1f".join(
            [
                "rt1",
                row["session_id"],
                str(row["version"]),
                row["type"],
                str(row["schema_version"]),
                row["subject"] or "",
                row["actor"],
                row["actor_source"],
                row["door"],
                row["host"],
                row["app_version"],
                row["command_id"],
                row["correlation_id"] or "",
                row["causation_id"] or "",
                row["recorded_at"],
            ]
        )
        content = sha256(header.encode() + b"\x0a" + row["payload"].encode()).digest()
        before = (row["session_id"], row["version"] - 1)
        if row["type"] == "SessionForked":
            forked = json.loads(row["payload"])
            before = (forked["parent"], forked["at"])
        event = sha256(hashes.get(before, bytes(32)) + content).digest()
        log = sha256(log + row["position"].to_bytes(8, "big") + event).digest()
        assert (row["event_hash"], row["log_hash"]) == (event.hex(), log.hex())
        hashes[row["session_id"], row["version"]] = event


def test_golden_vectors_hold():
    """The program of today verifies the vectors of the first day."""
    assert verdict(ROWS) == AuditVerdict(
        ok=True, checked=len(ROWS), head_position=len(ROWS), log_hash=ROWS[-1].log_hash
    )


def test_golden_vectors_use_every_part_of_the_header():
    """The vectors hold two sessions and two forks, null and filled columns, and other letters."""
    assert len({row.session_id for row in ROWS}) == 4
    assert [row.version for row in ROWS if row.type == "SessionForked"] == [4, 5]
    for name in ("subject", "correlation_id", "causation_id"):
        assert {getattr(row, name) is None for row in ROWS} == {True, False}
    assert not all(row.payload.isascii() for row in ROWS)


@pytest.mark.parametrize("name", StoredEvent._fields)
def test_every_column_but_the_request_hash_is_covered(name):
    """Whatever column of a row is altered, the check stops at that row."""
    bad = 3
    row = ROWS[bad - 1]
    value = getattr(row, name)
    altered = value + 1 if isinstance(value, int) else f"{value or ''}0"
    rows = [*ROWS[: bad - 1], row._replace(**{name: altered}), *ROWS[bad:]]
    found = verdict(rows)
    if name == "request_hash":
        assert found.ok
    else:
        kinds = {"position": "position", "version": "version", "log_hash": "log_hash"}
        kind = "version" if name == "session_id" else kinds.get(name, "event_hash")
        assert found.first_bad == FirstBad(bad, kind)
        assert found.checked == bad - 1


@pytest.mark.parametrize("empty", ["", b"", 0, False])
@pytest.mark.parametrize("name", ["subject", "correlation_id", "causation_id"])
def test_empty_value_in_place_of_null_is_found(name, empty):
    """Null hashes as empty, so what is empty and no null, which is never written, is a fault."""
    bad = next(row for row in ROWS if getattr(row, name) is None)
    rows = [row._replace(**{name: empty}) if row is bad else row for row in ROWS]
    assert verdict(rows).first_bad == FirstBad(bad.position, "event_hash")


def test_value_of_another_type_is_found():
    """A column that holds no text is a fault of its row, not a crash."""
    rows = [ROWS[0]._replace(actor=b"ann"), *ROWS[1:]]
    assert verdict(rows).first_bad == FirstBad(1, "event_hash")


@pytest.mark.parametrize("order", [1, -1])
def test_two_notes_of_one_position_are_both_held(order):
    """A true note does not hide a false one of the same position, in whatever order they come."""
    true = Checkpoint(3, ROWS[2].log_hash, AT, "0.1.0")
    false = replace(true, log_hash=ZERO_HASH)
    check = chain.ChainCheck(against=[true, false][::order])
    for row in ROWS:
        check.add(row)
    assert check.verdict(HEAD).first_bad == FirstBad(3, "checkpoint")


def test_first_of_several_false_checkpoints_is_named():
    """In whatever order they are compared, the lowest position says where to look."""
    check = chain.ChainCheck()
    for position in (4, 2, 3):
        check.rewritten(position)
    assert check.first_bad == FirstBad(2, "checkpoint")


@pytest.mark.parametrize("no_hash", ["zz", "", "ab" * 31, b"\xff", 7, ROWS[2].log_hash.upper()])
def test_checkpoint_without_a_hash_is_not_trusted(no_hash):
    """What is no hash was never that of a log, and is a fault, not a crash."""
    since = Checkpoint(3, no_hash, AT, "0.1.0")
    assert chain.ChainCheck(since=since).first_bad == FirstBad(3, "checkpoint")


@pytest.mark.parametrize("no_hash", ["zz", "", b"\xff", 7])
def test_trusted_event_without_a_hash_is_found(no_hash):
    """The event that follows one whose kept hash is none does not fit to it."""
    since = Checkpoint(3, ROWS[2].log_hash, AT, "0.1.0")
    check = chain.ChainCheck(since=since, before=lambda *_: no_hash)
    assert ROWS[3].version > 1
    assert not check.add(ROWS[3])
    assert check.first_bad == FirstBad(4, "event_hash")


@pytest.mark.parametrize("version", ["abc", b"\xff", None])
def test_version_that_is_no_number_is_found(version):
    """SQLite keeps text in a column of numbers; it is a fault of its row, not a crash."""
    since = Checkpoint(3, ROWS[2].log_hash, AT, "0.1.0")
    check = chain.ChainCheck(since=since, before=lambda *_: None)
    check.add(ROWS[3]._replace(version=version))
    assert check.first_bad == FirstBad(4, "version")


def test_rows_after_the_first_bad_one_change_nothing():
    """The first fault stays the one that is named."""
    rows = [ROWS[0], ROWS[2], ROWS[3]]
    assert verdict(rows).first_bad == FirstBad(2, "position")


@pytest.mark.parametrize(
    ("rows", "head", "first_bad"),
    [
        (ROWS[:-1], HEAD, FirstBad(len(ROWS), "head")),
        (ROWS, LogHead(len(ROWS) - 1, ROWS[-2].log_hash), FirstBad(len(ROWS), "head")),
        (ROWS, LogHead(len(ROWS), ZERO_HASH), FirstBad(len(ROWS), "head")),
        (ROWS, None, FirstBad(len(ROWS) + 1, "head")),
        ([], HEAD, FirstBad(1, "head")),
        ([], None, FirstBad(1, "head")),
    ],
    ids=["dropped tail", "added tail", "other hash", "no head", "emptied", "nothing at all"],
)
def test_head_must_be_the_last_row(rows, head, first_bad):
    """A log that is shorter, longer or other than its head says is found at its end."""
    assert verdict(rows, head).first_bad == first_bad


def test_empty_log_is_whole():
    """A log in which nothing happened verifies."""
    assert verdict([], LogHead(0, ZERO_HASH)) == AuditVerdict(
        ok=True, checked=0, head_position=0, log_hash=ZERO_HASH
    )


def batch_of(event, **metadata):
    return Batch(
        "session-1",
        events=[event],
        expected_version=0,
        metadata=replace(METADATA, **metadata),
        request_hash=ZERO_HASH,
    )


@pytest.mark.parametrize("character", ["\x00", "\n", "\x1f", "\x7f", "\x85"])
def test_control_characters_are_refused_in_the_header(character):
    """A field with a control character is named and shown, since it could blur the header."""
    with pytest.raises(StoreError, match=r"The actor 'ann.*' of a SessionClosed"):
        batch_of(SessionClosed(), actor=f"ann{character}")


def test_control_characters_are_refused_in_a_node_name():
    """The node's name stands in the header too."""
    with pytest.raises(StoreError, match="The subject"):
        batch_of(NodeMarkedExternal(node="a\tb", outputs={}))


def test_header_text_that_is_not_unicode_is_refused():
    """A name that came from stray bytes is named, not a crash of the encoder."""
    with pytest.raises(StoreError, match="The host"):
        batch_of(SessionClosed(), host="caf\udce9")


def test_payload_that_is_not_unicode_is_refused():
    """Only text that has bytes can be hashed; where it stands is told."""
    with pytest.raises(StoreError, match="The payload of a SessionStarted"):
        chain.content_hash(ROWS[0]._replace(payload="\ud800"))


def test_node_without_a_name_is_refused():
    """An empty name would hash like no name at all."""
    with pytest.raises(StoreError, match="node without a name"):
        batch_of(NodeMarkedExternal(node="", outputs={}))


def test_empty_batch_is_refused():
    """Every handled command leaves at least one event."""
    with pytest.raises(ValueError, match="nothing to append"):
        Batch("s", events=[], expected_version=0, metadata=METADATA, request_hash=ZERO_HASH)


@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=8)), max_size=12))
def test_any_history_verifies(steps):
    """However sessions take turns, what was sealed is found whole."""
    rows, latest = [], {}
    for session_id, text in steps:
        before = latest.get(session_id)
        batch = Batch(
            session_id,
            events=[CommandRefused(command="run", code="REFUSED", message=text)],
            expected_version=before.version if before else 0,
            metadata=METADATA,
            request_hash=ZERO_HASH,
        )
        rows += batch.seal(
            position=len(rows),
            log_hash=rows[-1].log_hash if rows else ZERO_HASH,
            event_hash=before.event_hash if before else ZERO_HASH,
        )
        latest[session_id] = rows[-1]
    assert verdict(rows, LogHead(len(rows), rows[-1].log_hash if rows else ZERO_HASH)).ok


# ---- forks


FORK, DEEP = 6, 8
"""Places of the golden rows that begin a fork, and a fork of that fork."""


def test_a_fork_is_held_against_its_parents_event():
    """Without the parent's event, or behind another one, a fork is no part of the log."""
    before = {(row.session_id, row.version): row.event_hash for row in ROWS[:FORK]}
    asked = []

    def look_up(session_id, version):
        asked.append((session_id, version))
        return before.get((session_id, version))

    since = Checkpoint(FORK, ROWS[FORK - 1].log_hash, AT, "0.1.0")
    check = chain.ChainCheck(since=since, before=look_up)
    assert all(check.add(row) for row in ROWS[FORK:DEEP])
    assert (ROWS[0].session_id, 3) in asked
    for false in (None, ROWS[0].event_hash):
        before[ROWS[0].session_id, 3] = false
        check = chain.ChainCheck(since=since, before=look_up)
        assert not check.add(ROWS[FORK])
        assert check.first_bad == FirstBad(FORK + 1, "lineage" if false is None else "event_hash")


@pytest.mark.parametrize("place", [FORK, DEEP])
@pytest.mark.parametrize(
    ("told", "instead", "kind"),
    [
        ('"at":{at}', '"at":{at}0', "lineage"),
        ('"at":{at}', '"at":0', "lineage"),
        ('"at":{at}', '"at":-1', "lineage"),
        ('"parent":"', '"parent":"0', "lineage"),
        ('"parent":"', '"parent":7,"x":"', "lineage"),
        ("{{", "[", "lineage"),
        ('"name":"', '"name":"x', "event_hash"),
    ],
)
def test_what_a_fork_says_of_its_parent_is_covered(place, told, instead, kind):
    """Whatever in a fork's payload is altered, the check stops at that row."""
    row = ROWS[place]
    at = row.version - 1
    assert told.format(at=at) in row.payload
    altered = row.payload.replace(told.format(at=at), instead.format(at=at))
    rows = [*ROWS[:place], row._replace(payload=altered), *ROWS[place + 1 :]]
    assert verdict(rows).first_bad == FirstBad(place + 1, kind)


def test_a_fork_of_another_session_is_found():
    """A parent that is there, and has such a version, is not the one that was forked."""
    row, other = ROWS[DEEP], ROWS[0].session_id
    payload = row.payload.replace(ROWS[FORK].session_id, other)
    assert payload != row.payload
    rows = [*ROWS[:DEEP], row._replace(payload=payload)]
    assert {each.version for each in ROWS if each.session_id == other} >= {row.version - 1}
    assert verdict(rows).first_bad == FirstBad(DEEP + 1, "event_hash")


def test_a_parent_that_was_altered_is_found_before_its_fork():
    """The log is whole or it is not: the parent's own row is the first bad one."""
    rows = [*ROWS[:3], ROWS[3]._replace(actor="eve"), *ROWS[4:]]
    assert verdict(rows).first_bad == FirstBad(4, "event_hash")


def test_hashes_are_remembered_by_session_and_version():
    """Of what was not added, or stands before a session's own first event, there is none."""
    hashes = chain.Hashes()
    for number in range(3):
        hashes.add("a", number + 1, bytes([number]) * 32)
    hashes.add("fork", 3, b"f" * 32)
    found = [hashes.of("a", version) for version in (-31, -1, 0, 1, 3, 4)]
    assert found == [None, None, None, "00" * 32, "02" * 32, None]
    assert [hashes.of("fork", version) for version in (1, 2, 3, 4)] == [
        None,
        None,
        "66" * 32,
        None,
    ]
    assert hashes.of("b", 1) is None


@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30), st.booleans()), max_size=20))
def test_any_history_with_forks_verifies(steps):
    """However sessions are forked and go on, what was sealed is found whole."""
    rows, streams = [], {0: []}
    for number, place, fork in steps:
        parent = number % len(streams)
        own = streams[parent]
        if fork and own:
            origin = own[place % len(own)]
            session, before = len(streams), origin
            event = SessionForked(parent=origin.session_id, at=origin.version, name="x")
            streams[session] = []
        else:
            session, before = parent, own[-1] if own else None
            event = SessionClosed()
        batch = Batch(
            f"session-{session}",
            events=[event],
            expected_version=before.version if before else 0,
            metadata=METADATA,
            request_hash=ZERO_HASH,
        )
        rows += batch.seal(
            position=len(rows),
            log_hash=rows[-1].log_hash if rows else ZERO_HASH,
            event_hash=before.event_hash if before else ZERO_HASH,
        )
        streams[session].append(rows[-1])
    assert verdict(rows, LogHead(len(rows), rows[-1].log_hash if rows else ZERO_HASH)).ok
