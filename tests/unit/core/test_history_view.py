"""History for readers: every kind of event as a sentence, and what it changed."""

from datetime import timedelta
from typing import get_args

import pytest
from tests.support.builders import HOME, envelopes, pipeline, script_info, session_started

from runthrough.core.events import (
    CommandRefused,
    ConfigurationCleared,
    ConfigurationReverted,
    Event,
    HomeMoved,
    NodeDiscovered,
    NodeMarkedExternal,
    NoteAdded,
    PipelineChanged,
    ScriptAutoConfigured,
    ScriptConfigured,
    SessionRenamed,
    subject_of,
)
from runthrough.core.state import SessionState
from runthrough.core.values.metadata import Home
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.history import Wanted, event_types, history, sentence
from runthrough.entrypoints.store_suite.examples import EVERY_EVENT, FORKED

EXAMPLES = (*EVERY_EVENT, FORKED)
STARTED = session_started(pipeline(("clean", "train")))
FOUND = NodeDiscovered(node="clean", script=script_info())
CLEARED = ConfigurationCleared(node="clean")
AUTO = ScriptAutoConfigured(node="clean", spec=ScriptSpec(), evidence=())


def configured(node="clean", **job_args):
    """A person's word."""
    return ScriptConfigured(node=node, spec=ScriptSpec(job_args=job_args), evidence=())


def rows(*events, after=(), **wanted):
    """The rows of some events behind others."""
    state = SessionState("session-1")
    list(history(envelopes(after), state))
    behind = envelopes(events, after=len(after))
    return list(history(behind, state, Wanted(**wanted)))


def test_the_examples_hold_every_kind_of_event():
    """The walk below leaves no member of the union out."""
    union = {kind.__name__ for kind in get_args(get_args(Event)[0])}
    assert {event.type for event in EXAMPLES} == union == set(event_types())


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_every_kind_of_event_is_a_sentence_that_a_person_reads(event):
    """One line without names of types or missing values, and with the node it is about."""
    told = sentence(event)
    assert told == told.strip()
    assert len(told.split()) > 1
    assert "\n" not in told
    assert "None" not in told
    assert not [name for name in event_types() if name in told]
    if subject_of(event) is not None:
        assert subject_of(event) in told


def test_a_row_holds_what_its_event_changed():
    """Values that stayed are left out, and the old ones stand beside the new ones."""
    (row,) = rows(configured(depth=2, mode="x"), after=(STARTED, FOUND, configured(depth=1)))
    assert (row.before, row.after) == ({"arg.depth": 1}, {"arg.depth": 2, "arg.mode": "x"})


def test_a_script_that_is_found_is_a_value_like_others():
    """So that the one before is told when another one is taken."""
    other = NodeDiscovered(node="clean", script=script_info("cleaner"))
    (row,) = rows(other, after=(STARTED, FOUND))
    assert (row.before, row.after) == (
        {"script": "scripts/clean.py"},
        {"script": "scripts/cleaner.py"},
    )


def test_what_an_external_node_provides_is_a_value():
    """Its outputs are told, and that it runs nothing any more."""
    mark = NodeMarkedExternal(node="clean", outputs={"rows": "workspace:rows.csv"})
    (row,) = rows(mark, after=(STARTED, FOUND, AUTO))
    assert row.after["provides.rows"] == "rows.csv"
    assert row.after["external"] is True
    assert row.before["state"] == "auto_configured"


def test_what_was_taken_back_is_told_node_by_node():
    """An undo is about several nodes; each value stands with the name of its node."""
    undo = ConfigurationReverted(to_version=2, versions=(4,), nodes=("clean",))
    (row,) = rows(undo, after=(STARTED, FOUND, AUTO, configured(depth=1)))
    assert row.node is None
    assert row.before["clean.arg.depth"] == 1
    assert "clean.arg.depth" not in row.after


def test_a_new_name_is_told_with_the_old_one():
    """What is changed of the session itself has values as well; a remark has none."""
    (row,) = rows(SessionRenamed(name="loud-heron"), after=(STARTED,))
    assert (row.before, row.after) == ({"name": "quiet-heron"}, {"name": "loud-heron"})
    (remark,) = rows(NoteAdded(text="looks fine"), after=(STARTED,))
    assert (remark.before, remark.after) == ({}, {})


def test_homes_of_one_name_are_told_apart_by_their_ids():
    """Cloned machines and containers share a name: from where to where is told all the same."""
    first, second = (Home(host=host, name="vm") for host in ("host-1", "host-2"))
    (row,) = rows(HomeMoved(home=second), after=(STARTED, HomeMoved(home=first)))
    assert (row.before, row.after) == ({"home.id": "host-1"}, {"home.id": "host-2"})
    (named,) = rows(HomeMoved(home=second), after=(STARTED,))
    assert named.after == {"home": "vm", "home.id": "host-2"}


def test_a_row_says_on_which_host_it_was_done():
    """An auditor sees who acted from where without an export."""
    (row,) = rows(SessionRenamed(name="loud-heron"), after=(STARTED,))
    assert row.view()["host"] == row.host == HOME.host


def test_a_refusal_is_told_with_the_list_that_its_first_line_leads_to():
    """Of any other only the first line."""
    listed = "missing configuration for 2 scripts:\n  - a: no depth\n  - b: no script"
    (row,) = rows(CommandRefused(command="run", code="X", message=listed))
    told = "run was refused: missing configuration for 2 scripts: a: no depth; b: no script"
    assert row.sentence == told
    (row,) = rows(CommandRefused(command="run", code="X", message="A run is on.\nWait."))
    assert row.sentence == "run was refused: A run is on."


def test_only_what_is_asked_for_is_told_with_the_right_values():
    """Events that are left out are folded all the same, so that values before are true."""
    events = (STARTED, FOUND, configured(depth=1), NoteAdded(text="x"), configured(depth=2))
    (cleared,) = rows(*events, CLEARED, type="ConfigurationCleared")
    assert cleared.before["arg.depth"] == 2
    (first, second) = rows(*events, type="ScriptConfigured")
    assert second.before == {"arg.depth": 1}
    assert [row.version for row in (first, second)] == [3, 5]
    assert [row.version for row in rows(*events, node="clean", since=4)] == [5]
    assert rows(*events, actor="bob") == []
    assert len(rows(*events, actor="ann")) == len(events)
    moment = envelopes(events)[3].metadata.recorded_at
    assert [row.version for row in rows(*events, since_at=moment)] == [4, 5]
    assert [row.version for row in rows(*events, since_at=moment + timedelta(seconds=0.5))] == [5]


def test_the_history_of_one_node_holds_what_is_about_several():
    """An undo or another pipeline that lists the node is part of its history, with its values."""
    undo = ConfigurationReverted(to_version=2, versions=(3,), nodes=("clean", "train"))
    changed = PipelineChanged(
        pipeline=pipeline(clean=NodeDeclaration()),
        added=(),
        removed=("train",),
        renamed={},
        changed=(),
    )
    told = rows(undo, changed, after=(STARTED, FOUND, configured(depth=1)), node="train")
    assert [row.type for row in told] == ["ConfigurationReverted", "PipelineChanged"]
    assert rows(changed, after=(STARTED, FOUND), node="clean") == []
