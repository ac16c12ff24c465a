"""What the tests of nodes tell of a run, when, and in which words."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.support.builders import RUN, envelopes
from tests.support.told_runs import ERROR, UNFIT, begun, run_started

from runthrough.core.events import DataFlowChecked, ScriptBlocked, ScriptExecuted, ScriptReused
from runthrough.core.evolve import replay
from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId
from runthrough.core.values.outcomes import Edge
from runthrough.entrypoints.pytest_plugin.verdicts import REUSED, Judging, Verdict

NODES = ("left", "right", "joined", "last")
ABOVE = {"joined": ("left", "right"), "last": ("joined",)}


def judging(*asked):
    """Of four nodes: two that feed a third, and one below it."""
    return Judging(ABOVE, NODES, frozenset(asked or NODES), locate=str, near=str)


def take(judge, *events):
    """Give it events of a run; what could be told after each."""
    told = []
    for envelope in envelopes(events):
        judge.take(envelope)
        told += judge.told()
    return dict(told)


def ended(node, outcome="passed", **more):
    """An attempt of a node ended."""
    more.setdefault("error", None if outcome in {"passed", "cancelled"} else ERROR)
    attempt = f"{node}-1"
    return ScriptExecuted(
        node=node, run=RUN, attempt=attempt, outcome=outcome, duration_s=2.5, **more
    )


def blocked(node, *by):
    """A node cannot run."""
    return ScriptBlocked(node=node, run=RUN, by=by)


def run_state():
    """A run that is on, as the session keeps it."""
    return replay(envelopes([*begun(), run_started()]), SessionState(SessionId("one"))).run


def test_a_node_is_told_when_it_has_ended():
    """Each test waits for its own node only."""
    told = take(judging(), ended("left"))
    assert told == {"left": Verdict("passed", duration_s=2.5)}


def test_what_was_reused_passes_and_says_so():
    """Nothing ran, so it took no time."""
    told = take(judging(), ScriptReused(node="left", run=RUN, attempt="earlier"))
    assert told["left"] == Verdict("passed", REUSED)


def test_a_failure_tells_reason_frames_and_hints():
    """Frames of libraries are left out, and the line is marked."""
    told = take(judging(), ended("left", "failed", exit_code=1))["left"]
    assert (told.outcome, told.headline) == (
        "failed",
        "failed: IndexError: list index out of range",
    )
    lines = told.text.splitlines()
    assert lines[0] == "failed: IndexError: list index out of range"
    assert "/repo/scripts/total.py:9 in main" in lines
    assert ">    9 │     spend([1, 2])" in lines
    assert lines[-2:] == ["clean_orders has 2 rows", "exit code 1"]
    assert "decoder" not in told.text


def test_a_skip_names_the_root_cause_however_far_above():
    """Who blocked it in the log may be a node that was blocked itself."""
    told = take(
        judging(),
        ended("left", "timed_out"),
        ended("right"),
        blocked("joined", "left"),
        blocked("last", "joined"),
    )
    assert told["joined"] == Verdict("skipped", "blocked: left did not pass")
    assert told["last"] == Verdict("skipped", "blocked: left did not pass")


def test_a_seam_that_does_not_fit_fails_its_reader():
    """Writer and reader are told apart: the writer passed, and the reader never ran."""
    edge = Edge(from_node="left", output="out", input="parts")
    told = take(
        judging(),
        ended("left"),
        DataFlowChecked(node="joined", run=RUN, edge=edge, result=UNFIT),
        blocked("joined", "left"),
        blocked("last", "left"),
    )
    assert told["left"].outcome == "passed"
    assert (told["joined"].outcome, told["joined"].headline) == (
        "failed",
        UNFIT.issues[0].message,
    )
    assert told["joined"].text.splitlines() == [
        "left.out → joined.parts does not fit, so joined did not run:",
        UNFIT.issues[0].message,
        f"  → {UNFIT.issues[0].fix}",
    ]
    assert told["last"] == Verdict("skipped", "blocked: joined did not pass")


def test_a_reader_that_ran_on_what_does_not_fit_has_not_passed():
    """Its script may have swallowed what it was given; the run failed for the data."""
    edge = Edge(from_node="left", output="out", input="parts")
    told = take(
        judging(),
        DataFlowChecked(node="joined", run=RUN, edge=edge, result=UNFIT),
        ended("joined"),
    )
    assert told["joined"].headline == UNFIT.issues[0].message
    assert told["joined"].text.startswith("left.out → joined.parts does not fit:")
    assert told["joined"].duration_s == 2.5


def test_a_node_waits_for_what_it_needs_and_nobody_asked_for():
    """A skip is not told before it is known that no failure is hidden by it."""
    judge = judging("left", "joined")
    told = take(judge, ended("left", "failed"), blocked("joined", "left"))
    assert set(told) == {"left"}
    told = take(judge, ended("right", "crashed"))
    assert told["joined"].outcome == "failed"
    assert told["joined"].headline == (
        "right, which it needs, did not pass: crashed: IndexError: list index out of range"
    )


def test_a_failure_of_its_own_is_told_before_that_of_others():
    """A node that failed itself tells why, not what else went wrong above it."""
    judge = judging("last")
    take(judge, ended("left", "failed"), ended("right"))
    told = take(judge, ended("joined"), ended("last", "failed"))
    assert told["last"].headline.startswith("failed: IndexError")


def test_what_waits_for_a_person_fails_and_what_lies_below_is_skipped():
    """The first tells what to type, the second names the first."""
    judge = judging()
    judge.needs_a_person("joined", "parts: no path", "type this")
    judge.leave(["joined", "last"], None)
    told = dict(judge.told())
    assert told["joined"] == Verdict(
        "failed", "not configured: parts: no path", "not configured: parts: no path\ntype this"
    )
    assert told["last"] == Verdict("skipped", "blocked: joined did not pass")


def test_what_the_first_failure_ended_is_skipped():
    """A script that was cancelled for it, and one that was not begun, are no faults."""
    judge = judging()
    take(judge, ended("left", "failed"), ended("right", "cancelled"))
    judge.leave(NODES, run_state())
    told = dict(judge.told())
    assert told["right"] == Verdict(
        "skipped", "not run: the run ends with its first failure, left"
    )
    assert told["last"] == Verdict("skipped", "blocked: left did not pass")


def test_a_run_that_a_person_ended_fails_what_it_did_not_come_to():
    """Nothing that did not run counts as green, and the report says who ended it."""
    judge = judging()
    take(judge, ended("left"))
    judge.leave(NODES, replace(run_state(), cancelled_by="bob"))
    told = dict(judge.told())
    assert told["right"] == Verdict("failed", "the run was ended by bob")
    assert told["joined"].outcome == "skipped"
    judge = judging()
    judge.leave(NODES, run_state())
    assert dict(judge.told())["left"].headline == "the run ended before its turn"


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=9)


@given(
    verdict=st.builds(
        Verdict,
        outcome=st.sampled_from(["passed", "failed", "skipped"]),
        headline=TEXTS,
        text=TEXTS,
        duration_s=st.floats(0, 1e6),
        sections=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), TEXTS)).map(tuple),
    )
)
def test_another_worker_reads_the_verdict_that_was_written(verdict):
    """Law: a verdict goes through JSON and is the same."""
    assert Verdict.read(json.loads(json.dumps(verdict.written()))) == verdict
