"""What was signed off, and since when it is no longer what is there."""

import pytest
from tests.support.builders import (
    envelope,
    file_at,
    node_facts,
    part,
    pipeline,
    script_info,
    session_started,
    written,
)
from tests.support.dsl import given

from runthrough.core.commands import ReopenSession
from runthrough.core.events import (
    ConnectionAccepted,
    NodeDiscovered,
    NodeMarkedExternal,
    PipelineChanged,
    ScriptConfigured,
    ScriptExecuted,
    ScriptStarted,
    SessionClosed,
    SessionRenamed,
    SessionReopened,
    VersionApproved,
)
from runthrough.core.evolve import evolve
from runthrough.core.staleness import configured_otherwise
from runthrough.core.values.fingerprints import digest
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.approval import approval_view, approval_words
from runthrough.errors import NotClosedError

STARTED = session_started(pipeline(("clean", "train")))
RAW = file_at("workspace:raw", digest="r1")
FACTS = node_facts(paths=[RAW])
PRINT = (
    part("environ_var", "MODE", "x"),
    part("input", "raw", "r1"),
    part("interpreter", "python", FACTS.interpreter.version),
    part("job_arg", "n", 1),
    part("script", "clean", "digest of clean"),
)


def configured(node, mode="x", **inputs):
    spec = ScriptSpec(
        input_paths=inputs or {"raw": "workspace:raw"},
        environ_vars={"MODE": mode},
        job_args={"n": 1},
    )
    return ScriptConfigured(node=node, spec=spec, evidence=())


def passed(node):
    """A node that was found, configured and run."""
    return (
        NodeDiscovered(node=node, script=script_info()),
        configured(node),
        ScriptStarted(
            node=node,
            run="run-1",
            attempt=f"a-{node}",
            fingerprint=PRINT,
            runner="process:",
            outputs={},
        ),
        ScriptExecuted(
            node=node, run="run-1", attempt=f"a-{node}", outcome="passed", duration_s=1.0
        ),
    )


GREEN = (STARTED, *passed("clean"), *passed("train"))
APPROVED = VersionApproved(
    version=9, fingerprints={"clean": digest(PRINT), "train": digest(PRINT)}
)
SEEN = {"clean": FACTS, "train": FACTS}


def view(*events, world=None):
    """The approval behind some events after it."""
    session = given(*GREEN, APPROVED, *events)
    return approval_view(session.state, SEEN if world is None else world)


def test_without_an_approval_there_is_none():
    """Nothing is told of what nobody signed off."""
    assert approval_view(given(*GREEN).state, SEEN) is None


@pytest.mark.parametrize("world", [SEEN, {}], ids=["looked at", "not looked at"])
def test_what_was_approved_stands_while_nothing_changes(world):
    """Whoever looks from elsewhere takes what passed for what is there."""
    told = view(world=world)
    assert told == {
        "version": 9,
        "by": "ann",
        "at": told["at"],
        "stale": False,
        "since": None,
        "nodes": [],
    }
    assert approval_words(told) == "approved at 9 by ann"


@pytest.mark.parametrize("world", [SEEN, {}], ids=["looked at", "not looked at"])
def test_another_configuration_makes_it_stale_since_its_version(world):
    """History alone tells it, so it is told from everywhere."""
    told = view(configured("train", mode="y"), world=world)
    assert (told["stale"], told["since"], told["nodes"]) == (True, 11, ["train"])
    assert approval_words(told) == "approved at 9 by ann, stale since 11: train changed"


def test_a_file_that_changed_makes_it_stale_since_nobody_knows_when():
    """The log does not hold it, so no version is told."""
    other = node_facts(paths=[file_at("workspace:raw", digest="r2")])
    told = view(world={"clean": other, "train": FACTS})
    assert (told["stale"], told["since"], told["nodes"]) == (True, None, ["clean"])
    assert approval_words(told) == "approved at 9 by ann, stale: clean changed"


def test_configured_back_it_stands_again():
    """What counts is what is there, not what happened in between."""
    assert not view(configured("train", mode="y"), configured("train"))["stale"]


def test_what_was_configured_back_and_passed_is_not_told_as_the_change():
    """The version that is named is that of what differs now, not of what was taken back."""
    back = (configured("train", mode="y"), configured("train"), *passed("train")[2:])
    told = view(*back, configured("train", mode="z"))
    assert (told["nodes"], told["since"]) == (["train"], 10 + len(back) + 1)


def test_what_passed_on_something_else_is_still_told_since_the_first_change():
    """A pass takes nothing back where it is one of another configuration."""
    other = passed("train")[2].model_copy(update={"fingerprint": PRINT[1:]})
    told = view(configured("train", mode="y"), other, passed("train")[3])
    assert (told["nodes"], told["since"]) == (["train"], 11)


def test_nodes_that_came_or_went_make_it_stale():
    """A pipeline with other nodes is another one than was approved."""
    smaller = PipelineChanged(
        pipeline=pipeline(clean=NodeDeclaration(), report=NodeDeclaration()),
        added=("report",),
        removed=("train",),
        renamed={},
        changed=(),
    )
    told = view(smaller)
    assert (told["nodes"], told["since"]) == (["report", "train"], 11)


def test_a_node_that_became_external_went():
    """It runs no script any more, so what it ran was approved for nothing."""
    told = view(NodeMarkedExternal(node="train", outputs={}))
    assert (told["nodes"], told["since"]) == (["train"], 11)


def test_of_many_nodes_five_are_named():
    """The line stays one line."""
    told = {**view(configured("train", mode="y")), "nodes": list("abcdefg")}
    assert approval_words(told).endswith("stale since 11: a, b, c, d, e and 2 more changed")


@pytest.mark.parametrize(
    ("events", "otherwise"),
    [
        ((), False),
        ((configured("clean", mode="y"),), True),
        ((configured("clean", other="workspace:raw"),), True),
        ((configured("clean", raw="workspace:moved"),), False),
        ((NodeDiscovered(node="clean", script=None),), True),
    ],
    ids=["as it was", "variable", "input", "path", "no script"],
)
def test_history_tells_what_it_can_of_a_set_up(events, otherwise):
    """Values and names of inputs it knows; what lies in files, it does not."""
    assert configured_otherwise(given(*GREEN, *events).state, "clean") is otherwise


FED = ConnectionAccepted(
    node="train", input="data", from_node="clean", output="tidy", reason="by name"
)


def fed(digest_written, taken):
    """`train` has passed on what `clean` wrote then; `clean` has written since."""
    clean, train = passed("clean"), passed("train")
    taken_then = (*PRINT, part("input", "data", taken))
    output = written("tidy", "session:tidy", digest_written)
    return (
        STARTED,
        *clean[:-1],
        clean[-1].model_copy(update={"outputs": (output,)}),
        *train[:2],
        FED,
        train[2].model_copy(update={"fingerprint": taken_then}),
        train[3],
    )


@pytest.mark.parametrize(
    ("written_now", "taken", "otherwise"),
    [("d1", "d1", False), ("d2", "d1", True), (None, "a-clean", False), (None, "a-old", True)],
)
def test_what_a_producer_has_written_since_is_history_too(written_now, taken, otherwise):
    """A node that did not run on it is not as it would be; without digests attempts tell."""
    state = given(*fed(written_now, taken)).state
    assert configured_otherwise(state, "train") is otherwise


def test_an_approval_is_stale_from_everywhere_once_a_producer_wrote_something_else():
    """No file need be looked at for that."""
    before, after = given(*fed("d1", "d1")).state, given(*fed("d2", "d1")).state
    for state in (before, after):
        prints = {n: digest(there.passed.fingerprint) for n, there in state.nodes.items()}
        approved = VersionApproved(version=state.version, fingerprints=prints)
        evolve(state, envelope(approved, state.version + 1))
    assert approval_view(before, {})["nodes"] == []
    assert approval_view(after, {})["nodes"] == ["train"]


def test_a_node_that_never_passed_was_never_set_up_otherwise():
    """There is nothing to hold it against."""
    found = NodeDiscovered(node="clean", script=script_info())
    assert not configured_otherwise(given(STARTED, found).state, "clean")


def test_a_session_is_reopened_under_another_name_in_one_command():
    """It is renamed while it is closed, so that its own name need not be free."""
    closed = given(STARTED, SessionClosed())
    closed.when(ReopenSession()).then(SessionReopened())
    closed.when(ReopenSession(name="quiet-heron")).then(SessionReopened())
    closed.when(ReopenSession(name="loud-heron")).then(
        SessionRenamed(name="loud-heron"), SessionReopened()
    )
    given(STARTED).when(ReopenSession(name="x")).refused_with(NotClosedError)
