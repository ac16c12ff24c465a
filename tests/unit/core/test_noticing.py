"""What has become of inputs and scripts since history last saw them."""

from dataclasses import replace

import pytest
from tests.support.builders import (
    STARTED_AT,
    configure,
    file_at,
    need,
    node_facts,
    nothing_at,
    part,
    pipeline,
    script_info,
    start,
)
from tests.support.dsl import given

from runthrough.core.noticing import noticed
from runthrough.core.state import PassedAttempt
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import Evidence, PathFacts, WorldChange
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec

RAW = "workspace:raw.csv"
NEEDS = (need("raw"), need("data", "output"))
THERE = node_facts(*NEEDS, paths=[file_at(RAW)])
SESSION = given().after(
    start(pipeline(clean=NodeDeclaration(inputs={"raw": RAW})), {"clean": THERE})
)
SCRIPT = script_info()
SEEN = Evidence(
    kind="input",
    name="raw",
    source="pipeline",
    path=RAW,
    size_bytes=10,
    mtime_ns=1,
    inode=2,
    digest=f"content of {RAW}",
)
LARGE = SEEN.model_copy(update={"digest": None})


def found(facts, evidence=(SEEN,), script=SCRIPT, session=SESSION, node="clean"):
    """What was noticed at one node."""
    return noticed(session.state, node, facts, evidence=evidence, script=script)


def with_file(**more):
    """The facts with another file where the input lies."""
    return node_facts(*NEEDS, paths=[file_at(RAW).model_copy(update=more)])


def passed(session, *parts):
    """The session after an attempt that passed with this fingerprint."""
    attempt = PassedAttempt("r", "a", STARTED_AT.replace(year=2027), parts, {}, {})
    state = replace(session.state, nodes=dict(session.state.nodes))
    state.nodes["clean"] = replace(state.nodes["clean"], passed=attempt)
    return replace(session, state=state)


def test_what_is_as_it_was_is_no_change():
    """Neither the input nor the script is told."""
    assert found(THERE) == ()


def test_another_content_is_a_change_with_what_is_seen_now():
    """Digest against digest, and what the next look is held against."""
    (change,) = found(with_file(digest="d2", size_bytes=11))
    assert (change.name, change.old, change.new) == ("input raw", SEEN.digest, "d2")
    assert change.evidence == SEEN.model_copy(update={"digest": "d2", "size_bytes": 11})
    assert change.part == "input"


@pytest.mark.parametrize("moved", [{"mtime_ns": 9}, {"inode": 9}])
def test_a_touched_file_of_equal_content_is_no_change(moved):
    """Only the content counts where both looks know it."""
    assert found(with_file(**moved)) == ()


@pytest.mark.parametrize("moved", [{"mtime_ns": 9}, {"inode": 9}, {"size_bytes": 9}])
def test_without_a_digest_a_moved_stat_counts(moved):
    """Of a file too large to be digested nothing better is known."""
    (change,) = found(with_file(digest=None, **moved), evidence=(LARGE,))
    assert (change.old, change.evidence.digest) == ("stat:10:1", None)
    assert change.new.startswith("stat:")


def test_without_a_digest_an_unmoved_stat_is_no_change():
    """A file that nobody touched is what it was."""
    assert found(with_file(digest=None), evidence=(LARGE,)) == ()
    assert found(with_file(digest="first taken"), evidence=(LARGE,)) == ()


def test_a_run_knows_the_content_of_what_was_too_large():
    """A digest that a run took is held against the present one, whatever the stat says."""
    ran = passed(SESSION, part("input", "raw", "d1"))
    assert found(with_file(digest="d1", mtime_ns=9), evidence=(LARGE,), session=ran) == ()
    (change,) = found(with_file(digest="d2", mtime_ns=9), evidence=(LARGE,), session=ran)
    assert (change.old, change.new) == ("d1", "d2")


def test_a_run_that_took_no_digest_is_no_help():
    """What it knew of the file is a stat, and of another time."""
    ran = passed(SESSION, part("input", "raw", "stat:10:1"))
    (change,) = found(with_file(digest="d2", mtime_ns=9), evidence=(LARGE,), session=ran)
    assert change.old == "stat:10:1"


@pytest.mark.parametrize(
    "gone",
    [
        nothing_at(RAW),
        file_at(RAW, empty=True, digest="d2"),
        PathFacts(path=RAW, kind="other", mtime_ns=9, inode=9),
    ],
)
def test_what_is_missing_is_no_change(gone):
    """It demotes; when it is back it is held against what it was before."""
    assert found(node_facts(*NEEDS, paths=[gone])) == ()


def test_what_was_not_looked_at_is_no_change():
    """Facts without the path say nothing of it."""
    assert found(node_facts(*NEEDS)) == ()


@pytest.mark.parametrize(
    "before",
    [
        (),
        (SEEN.model_copy(update={"path": "workspace:other.csv"}),),
        (Evidence(kind="input", name="raw", source="person", path=RAW),),
    ],
)
def test_what_nobody_had_looked_at_is_seen_for_the_first_time(before):
    """It was configured elsewhere, or by another way in: from now on it is known."""
    (change,) = found(THERE, evidence=before)
    assert (change.old, change.new) == (None, SEEN.digest)
    assert (change.evidence.path, change.evidence.digest) == (RAW, SEEN.digest)


def test_a_draft_that_nobody_accepted_is_not_seen_for_the_first_time():
    """What was never accepted stands on nothing yet."""
    nodes = dict(SESSION.state.nodes)
    draft = ScriptSpec(input_paths={"raw": RAW})
    nodes["clean"] = replace(nodes["clean"], spec=None, draft=draft, accepted_at=None)
    pending = replace(SESSION, state=replace(SESSION.state, nodes=nodes))
    assert found(THERE, evidence=(), session=pending) == ()
    assert len(found(with_file(digest="d2"), session=pending)) == 1


OUTSIDE = pipeline(
    ("given", "clean"),
    given=NodeDeclaration(external=True, outputs={"file": RAW}),
    clean=NodeDeclaration(inputs={"raw": Output("given", "file")}),
)


def test_what_an_external_node_provides_is_noticed_too():
    """Its path is the input's, by the connection."""
    fed = given().after(start(OUTSIDE, {"clean": THERE}))
    seen = SEEN.model_copy(update={"source": "connection", "connection": "given.file"})
    assert found(THERE, evidence=(seen,), session=fed) == ()
    (change,) = found(with_file(digest="d2"), evidence=(seen,), session=fed)
    assert change.evidence == seen.model_copy(update={"digest": "d2"})


def test_what_a_node_of_the_pipeline_writes_is_no_input_from_outside():
    """Its digest belongs to the attempt that wrote it."""
    edge = pipeline(("clean", "train"), clean=NodeDeclaration(inputs={"raw": RAW}))
    wants = node_facts(need("data"), script=script_info("train"))
    session = given().after(start(edge, {"clean": THERE, "train": wants}))
    script = script_info("train")
    assert found(wants, evidence=(), script=script, session=session, node="train") == ()


def test_an_edited_script_is_told():
    """By the digest of its syntax tree."""
    edited = THERE.model_copy(update={"script": script_info(digest="d2")})
    assert found(edited) == (WorldChange(name="script", old=SCRIPT.digest, new="d2"),)


def test_modules_are_told_one_by_one():
    """Edited, new and gone ones; those that stayed are not."""
    before = script_info(modules={"same": "1", "edited": "1", "gone": "1"})
    now = script_info(modules={"same": "1", "edited": "2", "new": "1"})
    assert found(THERE.model_copy(update={"script": now}), script=before) == (
        WorldChange(name="module edited", old="1", new="2"),
        WorldChange(name="module gone", old="1", new=None),
        WorldChange(name="module new", old=None, new="1"),
    )


def test_another_script_is_not_the_same_one_edited():
    """That a node has another script is told by its own event."""
    other = THERE.model_copy(update={"script": script_info("other")})
    assert found(other) == ()
    assert found(THERE, script=None) == ()
    assert found(THERE.model_copy(update={"script": None})) == ()


def test_a_person_who_configures_again_is_held_to_the_new_path():
    """Evidence of the old path says nothing of the new one."""
    there = node_facts(*NEEDS, paths=[file_at("workspace:new.csv")])
    moved = SESSION.after(configure("clean", there, input_paths={"raw": "workspace:new.csv"}))
    (change,) = found(there, session=moved)
    assert (change.old, change.evidence.path) == (None, "workspace:new.csv")
