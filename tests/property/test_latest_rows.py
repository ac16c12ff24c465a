"""The history read backwards, page by page, is the history."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.support.desk import shop, top

from runthrough.application import row_reading
from runthrough.bootstrap import load_pipeline

NODES = (None, "clean", "total", "report", "summary")
ACTORS = (None, "ann", "bob", "nobody")
KINDS = (None, "ScriptConfigured", "ConfigurationReverted", "NodeDiscovered", "NoteAdded")


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A session with two people, undo, redo, and a node that is called otherwise by now."""
    with shop(tmp_path_factory.mktemp("latest") / "shop") as desk:
        ann = desk.begin(report=top(1))
        bob = desk.enter("bob")
        bob.configure("report", top(2))
        bob.note("two")
        bob.undo()
        bob.redo()
        ann.refresh()
        ann.clear("clean")
        ann.undo()
        text = (desk.folder / "pipeline.yaml").read_text()
        desk.script("summary", (desk.folder / "scripts/report.py").read_text())
        renamed = desk.shell.file("renamed.yaml", text.replace("report", "summary"))
        ann.update(load_pipeline(renamed), renamed={"report": "summary"})
        ann.configure("summary", top(5))
        ann.note("done")
        yield ann


def pages(session, node, *, at_most, **asked):
    """The rows of all pages, the newest first."""
    rows, before, called = [], None, None
    while True:
        found = session.latest(node, before=before, called=called, at_most=at_most, **asked)
        assert len(found.rows) <= at_most
        rows += found.rows
        if found.before is None:
            return rows
        assert before is None or found.before < before
        before, called = found.before, found.node


COMMAND = 4
"""No undo of the session has left more events: in a shorter stretch it is cut in two."""
BOUNDS = st.integers(15, 60)


@given(
    node=st.sampled_from(NODES),
    asked=st.fixed_dictionaries(
        {
            "actor": st.sampled_from(ACTORS),
            "type": st.sampled_from(KINDS),
            "since": st.one_of(st.none(), st.integers(1, 60)),
        }
    ),
    bounds=st.tuples(st.integers(1, 60), BOUNDS, BOUNDS),
)
@example(node="summary", asked={}, bounds=(2, 60, 60))  # a page ends where the name was given
@example(node=None, asked={}, bounds=(7, 60, 60))  # and where an undo has told half of what it did
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pages_from_the_end_are_the_history_backwards(session, node, asked, bounds):
    """Whatever is asked for, however long a page or a stretch is, and across a rename."""
    at_most, window, looked_at = bounds
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_reading, "NARROW_WINDOW", COMMAND)
        patch.setattr(row_reading, "WIDE_WINDOW", window)
        patch.setattr(row_reading, "LOOKED_AT", looked_at)
        found = pages(session, node, at_most=at_most, **asked)
    whole = list(reversed(session.history(node, **asked)))
    assert found == whole


def test_a_look_back_reads_no_more_than_it_may(session, monkeypatch):
    """Where nothing fits it stops, and tells from where to go on."""
    monkeypatch.setattr(row_reading, "LOOKED_AT", 10)
    monkeypatch.setattr(row_reading, "WIDE_WINDOW", 5)
    found = session.latest(actor="nobody")
    assert found.rows == ()
    assert session.version - 15 <= found.before < session.version
