"""What readers know of nodes beyond the small state."""

import pytest
from tests.support.builders import envelopes, need, pipeline, script_info, written

from runthrough.core.events import (
    NodeDiscovered,
    PipelineChanged,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptExecuted,
    SessionForked,
    WorldChanged,
)
from runthrough.core.values.facts import HELD, Evidence, WorldChange
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.particulars import Particulars

SEEN = Evidence(kind="input", name="raw", source="person", path="session:a", digest="d1")
OTHER = Evidence(kind="environ_var", name="raw", source="person")
NEEDS = ScriptRequirements(needs=(need("raw"),))
KNOWN = (
    NodeDiscovered(node="clean", script=script_info(modules={"helpers": "1", "old": "1"})),
    RequirementsRead(node="clean", requirements=NEEDS, drift=("drift",), because="discovered"),
    ScriptAutoConfigured(node="clean", spec=ScriptSpec(), evidence=(SEEN, OTHER)),
)


def after(*events):
    """The particulars after these events, on top of what is known."""
    particulars = Particulars()
    particulars.take(envelopes((*KNOWN, *events)))
    return particulars


def changed(name, old, new, evidence=None):
    """One change of the world at `clean`."""
    change = WorldChange(name=name, old=old, new=new, evidence=evidence)
    return WorldChanged(node="clean", changes=(change,))


def test_a_changed_input_replaces_its_own_evidence_alone():
    """The next look is held against what was found; other evidence of the name stays."""
    now = SEEN.model_copy(update={"digest": "d2"})
    kept = after(changed("input raw", "d1", "d2", now)).evidence["clean"]
    assert kept == (OTHER, now)


def test_an_input_that_was_not_known_comes_to_the_evidence():
    """What was seen for the first time is known from then on."""
    more = SEEN.model_copy(update={"name": "more"})
    assert after(changed("input more", None, "d1", more)).evidence["clean"] == (SEEN, OTHER, more)


def test_an_edited_script_has_its_new_digest():
    """So that the same edit is not told again."""
    assert after(changed("script", "old", "new")).scripts["clean"].digest == "new"


@pytest.mark.parametrize(
    "change",
    [
        WorldChange(name="input raw", old="d1", new="d2", evidence=SEEN),
        WorldChange(
            name="input raw",
            old="d1",
            new="d2",
            evidence=SEEN.model_copy(update={"source": "connection"}),
        ),
        WorldChange(name="script", old="old", new="digest of clean"),
        WorldChange(name="module helpers", old=None, new="1"),
        WorldChange(name="module gone", old="1", new=None),
    ],
)
def test_what_history_has_already_is_known(change):
    """Whoever found it too need not record it."""
    assert after().holds("clean", change)
    assert not Particulars().holds("clean", change)


@pytest.mark.parametrize(
    "change",
    [
        WorldChange(
            name="input raw",
            old="d1",
            new="d2",
            evidence=SEEN.model_copy(update={"digest": "d2"}),
        ),
        WorldChange(name="script", old="digest of clean", new="new"),
        WorldChange(name="module helpers", old="1", new="2"),
        WorldChange(name="input raw", old=HELD, new="is missing"),
    ],
)
def test_what_history_does_not_have_is_news(change):
    """It is recorded."""
    assert not after().holds("clean", change)


def test_modules_change_come_and_go():
    """Each by its name."""
    scripts = after(
        changed("module helpers", "1", "2"),
        changed("module old", "1", None),
        changed("module more.deep", None, "3"),
    ).scripts
    assert scripts["clean"].modules == {"helpers": "2", "more.deep": "3"}


def test_a_missing_script_keeps_what_is_known_of_it():
    """What is wrong with it is no digest."""
    gone = after(changed("script", "held", "Script 'clean' not found in discovered scripts"))
    assert gone.scripts == after().scripts
    missing = after(changed("input raw", "held", "Input file does not exist: a"))
    assert missing.evidence == after().evidence


def test_a_renamed_node_keeps_what_is_known_of_it():
    """Under its new name, and nothing is left under the old one."""
    passed = ScriptExecuted(
        node="clean",
        run="r",
        attempt="a",
        outcome="passed",
        duration_s=1.0,
        outputs=(written("data", "session:d").model_copy(update={"files": ("a.csv",)}),),
    )
    renamed = PipelineChanged(pipeline=pipeline(tidy=None), renamed={"clean": "tidy"})
    before, now = after(passed), after(passed, renamed)
    for kind in ("scripts", "requirements", "drift", "evidence", "written"):
        assert getattr(now, kind) == {"tidy": getattr(before, kind)["clean"]}, kind


def test_a_removed_node_is_forgotten():
    """One of the same name that comes later begins anew."""
    removed = PipelineChanged(pipeline=pipeline(), removed=("clean",))
    assert after(removed) == Particulars()


def test_a_fork_finds_its_parents_files_in_the_parents_folder():
    """What lay in the parent's own folder lies there still."""
    forked = SessionForked(parent="p1", at=3, name="fork")
    assert after(forked).evidence["clean"] == (
        SEEN.model_copy(update={"path": "session@p1:a"}),
        OTHER,
    )
