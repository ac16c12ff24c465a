"""Exports of logs with forks: verified in one pass, from nothing but the file."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.stored import A, B, Writer, memory_stores, said, started
from tests.unit.adapters_exports.test_export_lines import AT

from runthrough.adapters.exports.jsonl import export_lines, verify_lines
from runthrough.adapters.store import chain
from runthrough.core.events import SessionForked
from runthrough.core.values.ids import SessionId, Version
from runthrough.core.values.store import ZERO_HASH, Checkpoint, FirstBad

C = SessionId("019b0000-0000-7000-8000-00000000000c")
D = SessionId("019d0000-0000-7000-8000-00000000000d")


def forked(writer, session_id, parent, at):
    """Let a session go on from a version of another one, and say something."""
    fork = SessionForked(parent=parent, at=Version(at), name=session_id[-1])
    writer.append(session_id, fork, said("mine"), at_version=at)


@pytest.fixture(scope="module")
def log():
    """A, its fork B, B's fork C, and D, another fork of A; parents go on meanwhile."""
    stores = memory_stores()
    writer = Writer(stores.events)
    writer.append(A, started("a"), said("1"), said("2"))
    forked(writer, B, A, 2)
    writer.append(A, said("3"), at_version=3)
    forked(writer, C, B, 4)
    forked(writer, D, A, 4)
    writer.append(B, said("later"), at_version=4)
    writer.append(C, said("last"), at_version=6)
    return stores.audit


def exported(log, session_id=None):
    rows = log.stored(session_id)
    return list(export_lines(rows, session_id=session_id, at=AT, app_version="0.1.0"))


def found(lines, **how):
    return verify_lines(lines, **how).verdict


def rows_of(log, session_id=None):
    return [*log.stored(session_id)]


def rechained(rows):
    """The rows of one session with every event hash computed anew, as a forger would."""
    last, made = bytes(32), []
    for row in rows:
        last = chain.event_hash(last, chain.content_hash(row))
        made.append(row._replace(event_hash=last.hex()))
    return made


def lines_of(rows, session_id):
    return list(export_lines(rows, session_id=session_id, at=AT, app_version="0.1.0"))


def test_whole_log_with_forks_verifies(log):
    """Forks of forks, and parents that go on: each event follows the one it says it follows."""
    verdict = found(exported(log))
    assert (verdict.ok, verdict.checked) == (True, 12)
    head = log.head()
    note = Checkpoint(head.position, head.log_hash, AT, "0.1.0")
    assert found(exported(log), against=[note]).ok


@pytest.mark.parametrize(
    ("session_id", "ids"),
    [
        (A, [A] * 4),
        (B, [A] * 2 + [B] * 3),
        (C, [A] * 2 + [B] * 2 + [C] * 3),
        (D, [A] * 4 + [D] * 2),
    ],
)
def test_fork_verifies_with_the_part_of_each_ancestor(log, session_id, ids):
    """A session's export begins with its first ancestor, and is numbered from 1 to its end."""
    lines = exported(log, session_id)
    told = [json.loads(line) for line in lines[1:-1]]
    assert [one["rtsession"] for one in told] == ids
    assert [one["rtversion"] for one in told] == list(range(1, len(ids) + 1))
    verdict = found(lines)
    assert (verdict.ok, verdict.checked) == (True, len(ids))


def test_ancestor_alone_is_no_export_of_its_fork(log):
    """A file that ends before the fork begins is not one of the fork."""
    rows = rows_of(log, C)[:4]
    assert found(lines_of(rows, C)).first_bad == FirstBad(rows[-1].position + 1, "lineage")


def test_fork_without_its_ancestors_is_found(log):
    """Without what it goes on from, a fork's events prove nothing."""
    rows = [row for row in rows_of(log, C) if row.session_id == C]
    assert found(lines_of(rows, C)).first_bad.kind == "lineage"


def test_fork_of_another_session_is_found(log):
    """Under a fork's name no other one's events are taken."""
    assert found(lines_of(rows_of(log, D), B)).first_bad.kind == "lineage"


def test_swapped_ancestors_are_found(log):
    """The events of two ancestors cannot change places."""
    rows = rows_of(log, C)
    swapped = rows[2:4] + rows[:2] + rows[4:]
    assert found(lines_of(swapped, C)).first_bad.kind == "lineage"


def test_ancestor_that_was_left_out_is_found(log):
    """A fork of a fork cannot be shown as a fork of the first one."""
    rows = rows_of(log, C)
    assert found(lines_of(rows[:2] + rows[4:], C)).first_bad.kind == "lineage"


def test_event_more_or_less_before_a_fork_is_found(log):
    """The parent's part ends with the version that the fork names."""
    rows = rows_of(log, B)
    fewer = rows[:1] + rows[2:]
    assert found(lines_of(fewer, B)).first_bad.kind == "lineage"
    parent = rows_of(log, A)
    more = parent[:3] + rows[2:]
    assert found(lines_of(more, B)).first_bad.kind == "lineage"


def relabelled(row, **told):
    """The event with other words in its payload."""
    return row._replace(payload=json.dumps(json.loads(row.payload) | told, separators=(",", ":")))


@pytest.mark.parametrize("told", [{"parent": D}, {"at": 1}, {"parent": 7}, {"at": None}])
def test_fork_that_names_another_parent_or_version_is_found(log, told):
    """Even where all hashes are computed anew, a fork says where it goes on from."""
    rows = rows_of(log, B)
    changed = rechained([*rows[:2], relabelled(rows[2], **told), *rows[3:]])
    assert found(lines_of(changed, B)).first_bad.kind == "lineage"


def test_session_that_changes_without_a_fork_is_found(log):
    """Events of two sessions stand behind each other only where one is a fork."""
    rows = rows_of(log, B)
    changed = rechained([*rows[:2], rows[2]._replace(type="NoteAdded"), *rows[3:]])
    assert found(lines_of(changed, B)).first_bad.kind == "lineage"


def test_fork_inside_a_session_is_found(log):
    """A session is forked off once, by its first event."""
    rows = rows_of(log, A)
    fork = rows_of(log, B)[2]
    within = fork._replace(session_id=A, version=3, position=rows[2].position)
    changed = rechained([*rows[:2], within, rows[3]])
    assert found(lines_of(changed, A)).first_bad.kind == "lineage"


def rewritten(rows):
    """A whole log with all positions and hashes computed anew, as a forger would.

    A fork's chain still begins with the event that it really goes on from.
    """
    hashes, last_of, log_hash, made = {}, {}, bytes(32), []
    for place, row in enumerate(rows, 1):
        session_id, version = row.session_id, row.version
        if session_id not in last_of and version > 1:
            last_of[session_id] = hashes.get((PARENTS[session_id], version - 1), bytes(32))
        event = chain.event_hash(last_of.get(session_id, bytes(32)), chain.content_hash(row))
        last_of[session_id] = hashes[session_id, version] = event
        log_hash = chain.log_hash(log_hash, place, event)
        made.append(row._replace(position=place, event_hash=event.hex(), log_hash=log_hash.hex()))
    return made


PARENTS = {B: A, C: B, D: A}


def test_log_that_is_rewritten_with_care_shows_nothing(log):
    """The helper above makes logs that verify, so that the tests below show what they say."""
    assert rewritten(rows_of(log)) == rows_of(log)


@pytest.mark.parametrize("told", [{"parent": D}, {"parent": C}, {"at": 1}, {"at": 3}])
def test_whole_log_in_which_a_fork_names_another_event_is_found(log, told):
    """In the whole log a fork must follow the event that it names, though all hashes are anew."""
    rows = rows_of(log)
    place = next(i for i, row in enumerate(rows) if row.session_id == B)
    changed = [*rows[:place], relabelled(rows[place], **told), *rows[place + 1 :]]
    bad = found(lines_of(rewritten(changed), None)).first_bad
    assert (bad.position, bad.kind in {"lineage", "event_hash"}) == (place + 1, True)


def test_whole_log_without_an_ancestor_is_found(log):
    """A parent cannot be taken out of a log, even by who computes all that is left anew."""
    rows = rewritten([row for row in rows_of(log) if row.session_id != B])
    first_of_c = next(row.position for row in rows if row.session_id == C)
    assert found(lines_of(rows, None)).first_bad == FirstBad(first_of_c, "lineage")


@given(st.data())
@settings(max_examples=200)
def test_any_edit_of_a_fork_is_found(log, data):
    """Rows dropped, doubled, moved or changed anywhere in a lineage: the file does not verify."""
    rows = rows_of(log, C)
    place = data.draw(st.integers(0, len(rows) - 1), label="place")
    other = data.draw(st.integers(0, len(rows) - 1).filter(lambda n: n != place), label="other")
    how = data.draw(st.sampled_from(["drop", "double", "swap", "session", "version", "hash"]))
    changed = list(rows)
    match how:
        case "drop":
            del changed[place]
        case "double":
            changed.insert(other, rows[place])
        case "swap":
            changed[place], changed[other] = rows[other], rows[place]
        case "session":
            ids = [one for one in (A, B, C, D) if one != rows[place].session_id]
            changed[place] = rows[place]._replace(session_id=data.draw(st.sampled_from(ids)))
        case "version":
            changed[place] = rows[place]._replace(version=rows[other].version)
        case _:
            changed[place] = rows[place]._replace(event_hash=ZERO_HASH)
    lines = lines_of(changed, C)
    if how == "drop" and place == len(rows) - 1:
        lines[-1] = exported(log, C)[-1]  # a shorter session is whole in itself, but for its end
    assert not found(lines).ok
