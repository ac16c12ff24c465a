"""The picture of the state machine: what the rows say, all of it, and nothing else."""

import re
from xml.etree import ElementTree as ET

from tests.support import lifecycle_picture as drawn

from runthrough.core.lifecycle import ABSENT, TRANSITIONS, Lifecycle

COLOURS = re.compile(r"<style>.*?</style>")
"""Those of all our pictures, which may change without the rows."""
SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    """All words of a picture."""
    return [text.text for text in ET.fromstring(picture).iter(f"{SVG}text")]


def test_the_picture_is_drawn_from_the_rows():
    """The file that the pages show is what the rows in the code make of it."""
    remedy = "run: python -m tests.support.lifecycle_picture"
    kept = drawn.PICTURE.read_text(encoding="utf-8")
    assert COLOURS.sub("", kept) == COLOURS.sub("", drawn.picture()), remedy


def test_every_state_and_trigger_is_written():
    """Each state has its box, and each trigger stands at an arrow or in a box."""
    words = texts(drawn.picture())
    assert {*drawn.PLACES} == {ABSENT, *(state.value for state in Lifecycle)}
    assert [state for state in drawn.PLACES if state not in words] == []
    named = {each for text in words for each in text.removeprefix("↻ ").split(", ")}
    assert [trigger for trigger, _, _ in TRANSITIONS if trigger not in named] == []


def test_the_arrows_say_what_the_rows_say():
    """Each row is one arrow for each source, an arrow from everywhere, or a state that stays."""
    states = {state.value for state in Lifecycle}
    shown = {
        (trigger, source, dest)
        for (source, dest), triggers in drawn.arrows().items()
        for trigger in triggers
    }
    shown |= {
        (trigger, source, dest)
        for dest, triggers in drawn.from_every_other().items()
        for trigger in triggers
        for source in states - {dest}
    }
    shown |= {
        (trigger, state, state)
        for state, triggers in drawn.staying().items()
        for trigger in triggers
    }
    rows = {(trigger, s, dest) for trigger, sources, dest in TRANSITIONS for s in sources}
    assert shown == rows - {("leave", ABSENT, ABSENT)}


def test_another_row_makes_another_picture(monkeypatch):
    """A trigger that is added shows, so that a forgotten drawing is found."""
    before = drawn.picture()
    added = (*TRANSITIONS, ("retire", ("executed",), "pending"))
    monkeypatch.setattr(drawn, "TRANSITIONS", added)
    assert "retire" in texts(drawn.picture())
    assert drawn.picture() != before
