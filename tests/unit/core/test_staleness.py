"""What an outcome depends on, and whether that still holds."""

from dataclasses import replace

import pytest
from tests.support.builders import (
    envelope,
    file_at,
    node_facts,
    nothing_at,
    part,
    pipeline,
    script_info,
    session_started,
    written,
)
from tests.support.dsl import given

from runthrough.core.events import (
    ConnectionConfirmed,
    NodeDiscovered,
    NodeMarkedExternal,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
    ScriptStarted,
)
from runthrough.core.evolve import evolve
from runthrough.core.staleness import (
    Change,
    content_of,
    differences,
    fingerprint,
    looked_at,
    output_changes,
    stale,
)
from runthrough.core.values.facts import InterpreterFacts, NodeFacts
from runthrough.core.values.specs import ScriptSpec

SPEC = ScriptSpec(
    input_paths={"raw": "workspace:raw"},
    environ_vars={"MODE": "x", "KEY": {"secret": "KEY"}},
    job_args={"n": 1},
)
RAW = file_at("workspace:raw", digest="r1")
FACTS = node_facts(paths=[RAW])
OUT = "session:runs/r/clean/a/o"


def wired(to, source, output="o", subpath=None, name="data"):
    return ConnectionConfirmed(
        node=to, input=name, from_node=source, output=output, subpath=subpath, reason="r"
    )


def run(node, prints, *, outcome="passed", digest="o1", attempt="1"):
    """An attempt that depended on these parts and left one output."""
    return (
        ScriptStarted(
            node=node, run="r", attempt=attempt, fingerprint=prints, runner="p", outputs={}
        ),
        ScriptExecuted(
            node=node,
            run="r",
            attempt=attempt,
            outcome=outcome,
            duration_s=1,
            outputs=(written("o", OUT, digest),),
        ),
    )


CLEAN = (
    session_started(pipeline(("clean", "train"), ("train", "report"))),
    NodeDiscovered(node="clean", script=script_info()),
    ScriptConfigured(node="clean", spec=SPEC, evidence=()),
)
PRINT = fingerprint(given(*CLEAN).state, "clean", FACTS)
PASSED = (*CLEAN, *run("clean", PRINT))
WORLD = {
    "clean": node_facts(paths=[file_at("workspace:raw", digest="r1"), file_at(OUT, digest="o1")]),
    "train": node_facts(script=script_info("train")),
    "report": node_facts(script=script_info("report")),
}


def configured(node):
    return ScriptAutoConfigured(node=node, spec=ScriptSpec(), evidence=())


def all_passed():
    """Three nodes in a row, each passed with its true fingerprint."""
    events = [*PASSED, wired("train", "clean"), configured("train"), configured("report")]
    for node in ("train", "report"):
        print_ = fingerprint(given(*events).state, node, WORLD[node])
        events += run(node, print_)
    return given(*events).state


def world(node, **changes):
    return {**WORLD, node: WORLD[node].model_copy(update=changes)}


def test_a_fingerprint_holds_every_part():
    """Script, interpreter, inputs, variables, arguments; of a secret only its name."""
    assert (
        part("environ_var", "KEY", {"secret": "KEY"}),
        part("environ_var", "MODE", "x"),
        part("input", "raw", "r1"),
        part("interpreter", "python", "3.11.7"),
        part("job_arg", "n", 1),
        part("script", "clean", "digest of clean"),
    ) == PRINT


def test_what_a_connection_brings_is_the_producers_digest():
    """With the path inside it, where there is one."""
    state = given(*PASSED, wired("train", "clean"), configured("train")).state
    assert part("input", "data", "o1") in fingerprint(state, "train", FACTS)
    inner = given(*PASSED, wired("train", "clean", subpath="a"), configured("train")).state
    assert part("input", "data", "o1/a") in fingerprint(inner, "train", FACTS)


@pytest.mark.parametrize(("subpath", "expected"), [(None, "1"), ("a", "1/a")])
def test_an_output_without_a_digest_is_known_by_its_attempt(subpath, expected):
    """Two attempts whose content is not known are never taken for equal."""
    wire = wired("train", "clean", subpath=subpath)
    events = (*CLEAN, *run("clean", PRINT, digest=None), wire, configured("train"))
    assert part("input", "data", expected) in fingerprint(given(*events).state, "train", FACTS)


def test_what_an_external_node_provides_is_looked_at():
    """Its paths have no producer who knows their digests."""
    events = (
        *CLEAN,
        NodeMarkedExternal(node="clean", outputs={"o": "workspace:data"}),
        wired("train", "clean", subpath="a"),
        configured("train"),
    )
    facts = node_facts(paths=[file_at("workspace:data/a", digest="d")])
    state = given(*events).state
    assert part("input", "data", "d") in fingerprint(state, "train", facts)
    assert looked_at(state, "train") == ("workspace:data/a",)


def test_without_configuration_script_or_producer_there_is_no_fingerprint():
    """It cannot be told what the outcome depends on."""
    pending = ScriptMarkedPending(node="clean", needs=(), draft=SPEC)
    assert fingerprint(given(*CLEAN, pending).state, "clean", FACTS) is None
    assert fingerprint(given(*CLEAN).state, "clean", NodeFacts()) is None
    waiting = given(*CLEAN, wired("train", "clean"), configured("train")).state
    assert fingerprint(waiting, "train", FACTS) is None


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (None, None),
        (nothing_at("workspace:a"), None),
        (file_at("workspace:a", digest="d"), "d"),
        (file_at("workspace:a", digest=None), "stat:10:1"),
    ],
)
def test_what_stands_for_content(seen, expected):
    """A digest, else what `stat` says, and nothing for what is not there."""
    assert content_of(seen) == expected


def test_differences_are_told_part_by_part():
    """Changed, come and gone, in the order of part and name."""
    old = (part("input", "a", "1"), part("job_arg", "n", 1))
    new = (part("environ_var", "V", "x"), part("input", "a", "2"))
    assert differences(old, new) == (
        Change("environ_var", "V", None, "x"),
        Change("input", "a", "1", "2"),
        Change("job_arg", "n", 1, None),
    )
    assert differences(old, old) == ()


@pytest.mark.parametrize(
    ("facts", "change"),
    [
        ({"script": script_info(digest="new")}, ("script", "clean", "digest of clean", "new")),
        ({"interpreter": InterpreterFacts(version="3.12.1")},
         ("interpreter", "python", "3.11.7", "3.12.1")),
        ({"paths": {"workspace:raw": file_at("workspace:raw", digest="r2")}},
         ("input", "raw", "r1", "r2")),
        ({"paths": {}}, ("input", "raw", "r1", None)),
    ],
    ids=["script", "interpreter", "input", "input gone"],
)  # fmt: skip
def test_a_change_of_the_world_makes_a_node_stale(facts, change):
    """And names what changed, old to new."""
    found = stale(given(*PASSED).state, world("clean", **facts))
    assert found["clean"] == (Change(*change),)


@pytest.mark.parametrize(
    ("spec", "change"),
    [
        ({"job_args": {"n": 2}}, ("job_arg", "n", 1, 2)),
        ({"environ_vars": {**SPEC.environ_vars, "MODE": "y"}}, ("environ_var", "MODE", "x", "y")),
    ],
    ids=["argument", "variable"],
)
def test_another_configuration_makes_a_node_stale(spec, change):
    """The passed attempt had other values."""
    other = ScriptConfigured(node="clean", spec=SPEC.model_copy(update=spec), evidence=())
    assert stale(given(*PASSED, other).state, WORLD) == {"clean": (Change(*change),)}


def test_an_output_that_was_touched_makes_a_node_stale():
    """Its recorded digest no longer stands; so with one that is gone."""
    state = given(*PASSED).state
    touched = world("clean", paths={OUT: file_at(OUT, digest="o2"), "workspace:raw": RAW})
    assert stale(state, touched)["clean"] == (Change("output", "o", "o1", "o2"),)
    gone = world("clean", paths={OUT: nothing_at(OUT), "workspace:raw": RAW})
    assert stale(state, gone)["clean"] == (Change("output", "o", "o1", None),)


def test_outputs_are_compared_only_where_both_are_known():
    """Not looked at, not digested, or never written: nothing to say."""
    assert output_changes(given(*PASSED).state, "clean", NodeFacts()) == ()
    assert output_changes(given(*CLEAN).state, "clean", FACTS) == ()
    undigested = given(*CLEAN, *run("clean", PRINT, digest=None)).state
    assert output_changes(undigested, "clean", WORLD["clean"]) == ()


def test_nothing_is_stale_where_nothing_changed():
    """All three stand as they passed."""
    assert stale(all_passed(), WORLD) == {}


def test_what_is_below_a_stale_node_is_stale():
    """With the name of what is stale above it."""
    found = stale(all_passed(), world("clean", script=script_info(digest="new")))
    assert found["train"] == (Change("upstream", "clean", None, None),)
    assert found["report"] == (Change("upstream", "train", None, None),)


def test_equal_answers_make_nothing_stale():
    """A configuration that was accepted again, and holds what it held, is reused by a run."""
    state = all_passed()
    again = ScriptConfigured(node="clean", spec=SPEC, evidence=())
    evolve(state, envelope(again, state.version + 1))
    assert stale(state, WORLD) == {}


def test_other_answers_make_a_node_and_what_is_below_stale():
    """A configuration that was accepted and not run since counts by what it changes."""
    state = all_passed()
    spec = SPEC.model_copy(update={"job_args": {"n": 2}})
    evolve(
        state, envelope(ScriptConfigured(node="clean", spec=spec, evidence=()), state.version + 1)
    )
    found = stale(state, WORLD)
    assert set(found) == {"clean", "train", "report"}
    assert Change("job_arg", "n", 1, 2) in found["clean"]


def test_a_local_module_is_part_of_what_an_outcome_depends_on():
    """Each module that the script imports has a part of its own, by its dotted name."""
    facts = FACTS.model_copy(update={"script": script_info(modules={"rows.clean": "m1"})})
    there = fingerprint(given(*CLEAN).state, "clean", facts)
    assert part("module", "rows.clean", "m1") in there


def test_sagemakers_variables_are_part_of_what_an_outcome_depends_on():
    """A run says whether it sets them; whoever only looks takes it as the last attempt had it."""
    sets = part("environ_var", "SM_*", "set")
    state = given(*CLEAN).state
    assert sets in fingerprint(state, "clean", FACTS, sagemaker=True)
    assert sets not in fingerprint(state, "clean", FACTS)
    after = given(*CLEAN, *run("clean", (*PRINT, sets))).state
    assert sets in fingerprint(after, "clean", FACTS)
    assert sets not in fingerprint(after, "clean", FACTS, sagemaker=False)


def test_what_is_below_a_node_that_never_passed_is_stale():
    """Whatever it stood on is not there any more."""
    state = all_passed()
    state.nodes["clean"].passed = None
    state.nodes["train"].passed = replace(state.nodes["train"].passed, fingerprint=())
    assert set(stale(state, WORLD)) == {"train", "report"}


def test_external_nodes_and_nodes_that_never_passed_are_not_stale():
    """There is nothing of them that could be old."""
    external = NodeMarkedExternal(node="train", outputs={})
    assert stale(given(*PASSED, external).state, {}) == {}


def test_paths_that_decide_about_staleness():
    """Inputs of the configuration or the draft, and what was written; each once."""
    assert looked_at(given(*PASSED).state, "clean") == ("workspace:raw", OUT)
    pending = ScriptMarkedPending(node="clean", needs=(), draft=SPEC)
    assert looked_at(given(*CLEAN, pending).state, "clean") == ("workspace:raw",)
    state = given(*CLEAN, wired("train", "clean")).state
    assert looked_at(state, "train") == ()
