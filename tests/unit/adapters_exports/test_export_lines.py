"""Exports as text: what is written can be verified with nothing else, and any change is found."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.adapters.exports.jsonl import export_lines, verify_lines
from runthrough.adapters.store import chain
from runthrough.core.values.store import (
    ZERO_HASH,
    Checkpoint,
    FirstBad,
    StoredEvent,
)
from runthrough.errors import AuditFileError

GOLDEN = Path(__file__).parents[2] / "golden" / "hashes.json"
ROWS = [StoredEvent(**row) for row in json.loads(GOLDEN.read_text())]
AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SESSION = ROWS[0].session_id
OF_SESSION = [row for row in ROWS if row.session_id == SESSION]


def exported(rows=ROWS, session_id=None):
    return list(export_lines(rows, session_id=session_id, at=AT, app_version="0.1.0"))


def found(lines, **how):
    return verify_lines(lines, **how).verdict


def test_whole_log_verifies_from_its_lines_alone():
    """Both chains are recomputed from the text, and the end is what the last line says."""
    told = verify_lines(exported())
    assert (told.scope, told.session_id) == ("log", None)
    assert told.verdict.ok
    assert (told.verdict.checked, told.verdict.head_position) == (len(ROWS), len(ROWS))


def test_one_session_verifies_from_its_lines_alone():
    """The events of one session are chained by themselves, wherever they stand in the log."""
    told = verify_lines(exported(OF_SESSION, SESSION))
    assert (told.scope, told.session_id) == ("session", SESSION)
    assert told.verdict.ok
    assert told.verdict.checked == len(OF_SESSION)
    assert told.verdict.head_position == OF_SESSION[-1].position


@pytest.mark.parametrize("session_id", [None, SESSION])
def test_export_of_nothing_verifies(session_id):
    """An empty log is an export of two lines."""
    lines = exported([], session_id)
    assert len(lines) == 2
    assert found(lines).ok


def test_each_line_is_a_cloud_event():
    """A reader of CloudEvents gets the attributes it knows, extensions it may ignore, and data."""
    for line, row in zip(exported()[1:-1], ROWS, strict=True):
        told = json.loads(line)
        assert told["specversion"] == "1.0"
        assert told["id"] == f"{row.session_id}/{row.version}"
        assert told["type"] == f"io.runthrough.{row.type}"
        assert told["time"] == row.recorded_at
        assert told.get("subject") == row.subject
        assert told["data"] == json.loads(row.payload)
        assert told["rtposition"] == str(row.position)
        assert all(name.isalnum() and name == name.lower() for name in told)
        assert None not in told.values()
        assert row.request_hash not in line


EDITS = {
    "payload": lambda line: line.replace('"data":{', '"data":{"x":1,', 1),
    "actor": lambda line: line.replace('"rtactor":"', '"rtactor":"eve', 1),
    "time": lambda line: line.replace('"time":"20', '"time":"21', 1),
    "type": lambda line: line.replace("io.runthrough.", "io.runthrough.Other", 1),
    "version": lambda line: line.replace('"rtversion":', '"rtversion":1', 1),
    "hash": lambda line: line.replace('"rteventhash":"', '"rteventhash":"0', 1),
}


@pytest.mark.parametrize("how", EDITS)
@pytest.mark.parametrize("place", [1, 3, len(ROWS)])
def test_edited_line_is_found(how, place):
    """Whatever of an event is changed, verification stops there."""
    lines = exported()
    changed = EDITS[how](lines[place])
    assert changed != lines[place]
    lines[place] = changed
    verdict = found(lines)
    assert not verdict.ok
    assert verdict.first_bad.position == place
    assert verdict.checked == place - 1


def test_dropped_line_is_found():
    """The line that follows a dropped one is not at its position."""
    lines = exported()
    del lines[2]
    assert found(lines).first_bad == FirstBad(2, "position")


def test_swapped_lines_are_found():
    """Two lines that changed places are not at their positions."""
    lines = exported()
    lines[2], lines[3] = lines[3], lines[2]
    assert found(lines).first_bad == FirstBad(2, "position")


def test_inserted_line_is_found():
    """A line that stands twice is not at its position the second time."""
    lines = exported()
    lines.insert(3, lines[2])
    assert found(lines).first_bad == FirstBad(3, "position")


@pytest.mark.parametrize("left", [1, 3, len(ROWS), len(ROWS) + 1])
def test_cut_tail_is_found(left):
    """A file without its last line is not whole, wherever it was cut."""
    assert found(exported()[:left]).first_bad == FirstBad(left, "head")


def test_tail_that_was_cut_with_care_is_found_by_its_end():
    """Events that were taken out before the last line are missed by it."""
    lines = exported()
    del lines[-2]
    assert found(lines).first_bad == FirstBad(len(ROWS), "head")


def test_something_behind_the_end_is_found():
    """Nothing may follow the last line."""
    assert found([*exported(), "\n"]).first_bad == FirstBad(len(ROWS) + 1, "line")


def test_line_of_another_tool_is_told_as_such():
    """The same JSON in another spelling is not the text that was exported."""
    lines = exported()
    lines[2] = json.dumps(json.loads(lines[2])) + "\n"
    assert found(lines).first_bad == FirstBad(2, "line")


FRAMING = {
    "spaces in the first line": (0, lambda line: line.replace(",", ", "), 0),
    "another key in the first line": (0, lambda line: line.replace('"scope"', '"x":1,"scope"'), 0),
    "time of the first line": (0, lambda line: line.replace('"time":"2026', '"time":"2025'), 0),
    "spaces in the last line": (-1, lambda line: line.replace(",", ", "), len(ROWS) + 1),
    "number of events": (-1, lambda line: line.replace('"events":', '"events":1'), len(ROWS) + 1),
    "position": (-1, lambda line: line.replace('"position":', '"position":1'), len(ROWS) + 1),
    "position of another kind": (
        -1,
        lambda line: line.replace('"position":', '"position":0.'),
        len(ROWS) + 1,
    ),
    "endless position": (
        -1,
        lambda line: line.replace(f'"position":{len(ROWS)}', '"position":Infinity'),
        len(ROWS) + 1,
    ),
    "last hash": (-1, lambda line: line.replace(ROWS[-1].log_hash, ZERO_HASH), len(ROWS)),
    "end of the last line": (-1, lambda line: line.removesuffix("\n"), len(ROWS) + 1),
}


@pytest.mark.parametrize("how", FRAMING)
def test_edited_first_or_last_line_is_found(how):
    """What an export says of itself is held against its events, and against its spelling."""
    place, edit, bad = FRAMING[how]
    lines = exported()
    changed = edit(lines[place])
    assert changed != lines[place]
    lines[place] = changed
    verdict = found(lines)
    assert not verdict.ok
    assert verdict.first_bad.position == bad


def test_export_that_names_another_session_is_found():
    """The events must be those of the session that the first line names."""
    lines = exported(OF_SESSION, "another")
    told = verify_lines(lines)
    assert told.verdict.first_bad == FirstBad(OF_SESSION[-1].position + 1, "lineage")


def with_attribute(line, after, name, value):
    """The line with one attribute more, where an export would write it."""
    head, _, data = line.partition(',"data":')
    told = {}
    for key, old in json.loads(f"{head}}}").items():
        told[key] = old
        if key == after:
            told[name] = value
    spelled = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return f'{spelled[:-1]},"data":{data}'


@pytest.mark.parametrize("value", [0, False, "", [], {}, 0.0])
@pytest.mark.parametrize(
    ("after", "name", "column"),
    [
        ("type", "subject", "subject"),
        ("rtcommand", "rtcorrelation", "correlation_id"),
        ("rtcommand", "rtcausation", "causation_id"),
    ],
)
def test_attribute_that_hashes_like_none_is_found(value, after, name, column):
    """An attribute that an event has not cannot be added, though null and nothing hash alike."""
    row = next(row for row in OF_SESSION if getattr(row, column) is None)
    lines = exported(OF_SESSION, SESSION)
    changed = with_attribute(lines[row.version], after, name, value)
    assert name in json.loads(changed)
    lines[row.version] = changed
    assert found(lines).first_bad.position <= row.position
    assert found(lines).checked == row.version - 1


@pytest.mark.parametrize(
    "line",
    [
        '{"a":' + "[" * 100_000 + ',"data":{}}\n',
        "[" * 100_000 + "\n",
        exported()[1]
        .replace(f'"rtsession":"{SESSION}"', '"rtsession":["x"]')
        .replace(f'"id":"{SESSION}/', '"id":"[\'x\']/')
        .replace(f"/sessions/{SESSION}", "/sessions/['x']"),
    ],
    ids=["nested", "nested without data", "list"],
)
def test_hostile_line_is_a_verdict(line):
    """A line that was made to trip the reader is told like any other edited one."""
    lines = exported()
    lines[1] = line
    assert found(lines).first_bad == FirstBad(1, "line")


@pytest.mark.parametrize(
    ("attribute", "written"),
    [
        ("rtschema", '"1"'),
        ("rtschema", "true"),
        ("rtschema", "0"),
        ("rtschema", str(2**31)),
        ("rtversion", "true"),
        ("rtposition", '"0"'),
        ("rtposition", f'"{10**25}"'),
        ("time", '"yesterday"'),
        ("time", '"2026-11-28T12:00:00"'),
        ("time", '"2026-11-28T12:00:00.000000+01:00"'),
    ],
)
def test_value_of_another_kind_is_found(attribute, written):
    """A value that no database would keep is found, also where its hash is that of the right one.

    Hashes are made of texts, and whoever writes a file by hand can compute them.
    """
    lines = exported(OF_SESSION, SESSION)
    lines[1] = re.sub(rf'"{attribute}":("[^"]*"|[0-9]+)', f'"{attribute}":{written}', lines[1])
    assert written in lines[1]
    assert found(lines).first_bad == FirstBad(1, "line")


def test_session_with_a_hole_is_found():
    """A session's events are numbered, so that one that was left out is missed."""
    lines = exported(OF_SESSION, SESSION)
    del lines[1]
    assert found(lines).first_bad.kind == "version"
    whole = exported(OF_SESSION, SESSION)
    assert found(whole[:-1]).first_bad == FirstBad(OF_SESSION[-1].position + 1, "head")
    del whole[-2]
    assert found(whole).first_bad.kind == "head"


@pytest.mark.parametrize("how", EDITS)
def test_edited_line_of_a_session_is_found(how):
    """A session's export is as strict as that of the log."""
    lines = exported(OF_SESSION, SESSION)
    lines[1] = EDITS[how](lines[1])
    assert not found(lines).ok


def test_moved_event_of_a_session_is_found():
    """Positions are not hashed in a session's chain, but they only go up."""
    rows = [row._replace(position=10 - row.version) for row in OF_SESSION]
    assert found(exported(rows, SESSION)).first_bad.kind == "position"


def test_rewritten_export_is_found_by_a_note():
    """A file whose hashes were computed anew is whole in itself, and fails a note."""
    note = Checkpoint(3, ROWS[2].log_hash, AT, "0.1.0")
    assert found(exported(), against=[note]).ok
    other = Checkpoint(3, ZERO_HASH, AT, "0.1.0")
    assert found(exported(), against=[other]).first_bad == FirstBad(3, "checkpoint")
    assert not found(exported(), against=[other, note]).ok
    longer = Checkpoint(99, ZERO_HASH, AT, "0.1.0")
    assert found(exported(), against=[longer]).first_bad == FirstBad(len(ROWS) + 1, "head")


def test_session_cannot_be_held_against_a_note():
    """A note is about the whole log, and the error says what to export instead."""
    note = Checkpoint(3, ROWS[2].log_hash, AT, "0.1.0")
    with pytest.raises(AuditFileError, match="without --session"):
        found(exported(OF_SESSION, SESSION), against=[note])


@pytest.mark.parametrize(
    "first",
    [
        "",
        "raw,csv\n",
        "{}\n",
        "[]\n",
        "[" * 100_000,
        exported()[0].replace('"scope":"log"', '"scope":"session"'),
        exported()[0].replace('"scope":"log"', '"scope":["log"]'),
        exported()[0].replace("export-1", "export-2"),
        exported()[1],
        exported()[-1],
    ],
)
def test_file_that_is_no_export_is_told(first):
    """Somebody else's file is not called broken but no export."""
    with pytest.raises(AuditFileError, match="is no export"):
        verify_lines([first, *exported()[1:]])


@given(st.data())
def test_any_text_survives_the_way_through_a_line(data):
    """Whatever text header and payload hold, the line gives the same row back."""
    text = st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20
    )
    values = st.dictionaries(text, st.text(st.characters(codec="utf-8"), max_size=20))
    row = ROWS[0]._replace(
        actor=data.draw(text),
        subject=data.draw(st.none() | text),
        payload=json.dumps(data.draw(values), ensure_ascii=data.draw(st.booleans())),
    )
    event = chain.event_hash(bytes(32), chain.content_hash(row))
    log = chain.log_hash(bytes(32), 1, event)
    row = row._replace(event_hash=event.hex(), log_hash=log.hex())
    lines = exported([row])
    # As files do: lines end at a line feed and at nothing else.
    assert "".join(lines).count("\n") == 3
    assert found(lines).ok
