"""Parts of a log as exports: they say that they are parts, and what they were asked for."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.adapters_exports.test_export_lines import AT, OF_SESSION, ROWS, SESSION

from runthrough.adapters.exports.excerpts import (
    filter_words,
    passes,
    read_filter,
    told_filter,
)
from runthrough.adapters.exports.jsonl import export_lines, verify_lines
from runthrough.adapters.store.codec import read_time
from runthrough.core.values.store import Checkpoint, EventFilter
from runthrough.errors import AuditFileError

FIRST = ROWS[0]
ACTOR = EventFilter(actors=(FIRST.actor,))
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)
FILTERS = st.builds(
    EventFilter,
    *[st.lists(TEXT, max_size=2).map(tuple)] * 3,
    since=st.none() | st.datetimes(timezones=st.just(UTC)),
    until=st.none() | st.datetimes(timezones=st.just(UTC)),
)


def exported(wanted, rows=ROWS, session_id=None):
    return list(
        export_lines(rows, session_id=session_id, at=AT, app_version="0.1.0", wanted=wanted)
    )


def chosen(wanted):
    return [row.position for row in ROWS if passes(wanted)(row)]


def test_each_part_of_a_filter_chooses_its_events():
    """Node, actor and type are compared whole, times with both ends in; parts are joined."""
    at = read_time(ROWS[2].recorded_at)
    nodes = tuple({row.subject for row in ROWS if row.subject})[:1]
    for wanted, fits in (
        (EventFilter(nodes=nodes), lambda row: row.subject == nodes[0]),
        (ACTOR, lambda row: row.actor == FIRST.actor),
        (
            EventFilter(types=(FIRST.type, ROWS[1].type)),
            lambda r: r.type in {FIRST.type, ROWS[1].type},
        ),
        (EventFilter(since=at), lambda row: row.recorded_at >= ROWS[2].recorded_at),
        (EventFilter(until=at), lambda row: row.recorded_at <= ROWS[2].recorded_at),
        (EventFilter(since=at, until=at, types=("None",)), lambda _: False),
        (EventFilter(), lambda _: True),
    ):
        assert chosen(wanted) == [row.position for row in ROWS if fits(row)]
    assert 0 < len(chosen(EventFilter(nodes=nodes))) < len(ROWS)


def test_time_of_another_zone_is_the_same_time():
    """A filter's times are compared in UTC, whatever zone they were given in."""
    at = read_time(ROWS[2].recorded_at)
    elsewhere = at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert chosen(EventFilter(since=elsewhere)) == chosen(EventFilter(since=at))


@given(FILTERS)
def test_filter_comes_back_as_it_was_told(wanted):
    """What the first line tells of a filter is all of it, and read back as the same."""
    told = json.loads(json.dumps(told_filter(wanted)))
    assert read_filter(told) == wanted
    assert bool(told) == wanted.leaves_out


@pytest.mark.parametrize(
    "told", ["node", {"nodes": []}, {"node": "x"}, {"node": [1]}, {"since": "today"}, [], None]
)
def test_what_is_no_filter_is_refused(told):
    """A filter in another shape is none."""
    with pytest.raises(ValueError):  # noqa: PT011 - words are for programmers only
        read_filter(told)


def test_filtered_export_says_that_it_is_one():
    """Its first line holds scope and filter, its last one the end of what it was chosen from."""
    first, *events, last = map(json.loads, exported(ACTOR))
    assert first["data"]["scope"] == "filtered"
    assert first["data"]["filter"] == {"actor": [FIRST.actor]}
    assert [int(event["rtposition"]) for event in events] == chosen(ACTOR)
    assert last["data"] == {
        "events": len(events),
        "position": ROWS[-1].position,
        "log_hash": ROWS[-1].log_hash,
    }


def test_filtered_session_ends_with_the_hash_of_its_last_event():
    """A part of a session names the session, and where that ended."""
    wanted = EventFilter(types=(FIRST.type,))
    first, *_, last = map(json.loads, exported(wanted, OF_SESSION, SESSION))
    assert (first["data"]["scope"], first["data"]["session_id"]) == ("filtered", SESSION)
    assert last["data"]["event_hash"] == OF_SESSION[-1].event_hash


def test_filter_in_words_is_what_was_typed():
    """People are told what an export was asked for."""
    wanted = EventFilter(nodes=("a", "b"), until=datetime(2026, 11, 28, tzinfo=UTC))
    assert filter_words(wanted) == "node a or b, until 2026-11-28T00:00:00.000000Z"


def test_filtered_export_of_nothing_is_two_lines():
    """A filter that nothing passes still says how far it looked."""
    lines = exported(EventFilter(types=("None",)))
    assert len(lines) == 2
    told = verify_lines(lines)
    assert (told.verdict.ok, told.verdict.checked, told.ends_at) == (True, 0, len(ROWS))


EDITS = {
    "another spelling": (1, lambda line: line.replace(",", ", "), "line"),
    "an event that does not pass": (
        1,
        lambda line: line.replace(f'"rtactor":"{FIRST.actor}"', '"rtactor":"eve"'),
        "line",
    ),
    "another filter": (0, lambda line: line.replace(FIRST.actor, "eve"), "line"),
    "number of events": (-1, lambda line: line.replace('"events":', '"events":1'), "line"),
    "an earlier end": (
        -1,
        lambda line: line.replace(f'"position":{len(ROWS)}', '"position":0'),
        "head",
    ),
}


@pytest.mark.parametrize("how", EDITS)
def test_edited_filtered_export_is_found_as_far_as_that_goes(how):
    """What is not as it was written is told, though nothing can be computed."""
    place, edit, kind = EDITS[how]
    lines = exported(ACTOR)
    changed = edit(lines[place])
    assert changed != lines[place]
    lines[place] = changed
    assert verify_lines(lines).verdict.first_bad.kind == kind


def test_swapped_and_cut_lines_of_a_filtered_export_are_found():
    """Positions only go up, and there is a last line."""
    lines = exported(ACTOR)
    assert len(lines) >= 4
    swapped = [lines[0], lines[2], lines[1], *lines[3:]]
    assert verify_lines(swapped).verdict.first_bad.kind == "position"
    assert verify_lines(lines[:-1]).verdict.first_bad.kind == "head"
    assert verify_lines(lines[:-2] + lines[-1:]).verdict.first_bad.kind == "line"


def test_filtered_export_cannot_be_held_against_a_note():
    """A note is about the whole log, and the error says what to export instead."""
    note = Checkpoint(3, ROWS[2].log_hash, AT, "0.1.0")
    with pytest.raises(AuditFileError, match="without filters"):
        verify_lines(exported(ACTOR), against=[note])


def test_scope_that_does_not_fit_the_filter_is_no_export():
    """A filtered export cannot be passed off as a whole one by its first line."""
    lines = exported(ACTOR)
    lines[0] = lines[0].replace('"scope":"filtered"', '"scope":"log"')
    with pytest.raises(AuditFileError, match="is no export"):
        verify_lines(lines)
