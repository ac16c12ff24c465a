"""A run: its plan, its attempts, its end."""

from dataclasses import replace

import pytest
from tests.support.builders import (
    RUN,
    attempt_at,
    claim_attempt,
    configure,
    file_at,
    finish,
    need,
    node_facts,
    part,
    pipeline,
    plan_of,
    script_info,
    session_started,
    start,
    start_run,
    written,
)
from tests.support.dsl import given

from runthrough.core.commands import CancelRun, FinishRun, ReuseScript, SeamChecked
from runthrough.core.decide import decide
from runthrough.core.events import (
    DataFlowChecked,
    RunCancelRequested,
    RunFinished,
    RunStarted,
    ScriptBlocked,
    ScriptExecuted,
    ScriptMarkedPending,
    ScriptReused,
    ScriptStarted,
)
from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.staleness import fingerprint
from runthrough.core.values.outcomes import Edge, RunSummary, SeamResult
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.plans import BlockedNode
from runthrough.core.values.problems import Place, Problem
from runthrough.errors import (
    AttemptClosedError,
    CommandRefusedError,
    PendingScriptsError,
    RunInProgressError,
    SelectionError,
    UnknownNodeError,
)


def facts(name, *needs, **more):
    return node_facts(*needs, script=script_info(name), **more)


DIAMOND = pipeline(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), x=None)
WORLD = {name: facts(name) for name in "abcdx"}
READY = given().after(start(DIAMOND, WORLD))
RUNNING = READY.after(start_run(facts=WORLD))


def done(*nodes):
    return [step for node in nodes for step in (claim_attempt(node), finish(node))]


def reuse(session, node, world=WORLD):
    print_ = fingerprint(session.state, node, world[node])
    return ReuseScript(run="run-2", node=node, fingerprint=print_)


def passed_once(world=WORLD):
    """All nodes have passed in one run, with their true fingerprints."""
    session = READY.after(start_run(facts=world))
    for node in session.state.nodes:
        print_ = fingerprint(session.state, node, world[node])
        session = session.after(claim_attempt(node, print_), finish(node))
    return session.after(FinishRun(run=RUN))


def test_a_run_starts_with_its_whole_plan():
    """Everything that was never run, in execution order."""
    command = start_run("a", "x", facts=WORLD, jobs=2, fail_fast=True)
    READY.when(command).then(
        RunStarted(
            run=RUN,
            plan=plan_of("x", "a"),
            holder=command.holder,
            runner="process:",
            jobs=2,
            fail_fast=True,
            reuse=True,
        )
    )


@pytest.mark.parametrize(
    ("pattern", "order"),
    [("b", "b"), ("b+", "bd"), ("+b", "ab"), ("+b+", "abd")],
)
def test_a_selection_is_planned(pattern, order):
    """A node, what is below it, what is above it."""
    (started, *_) = READY.when(start_run(pattern)).events
    assert started.plan.order == tuple(order)


def test_several_patterns_select_together():
    """Each adds its nodes once."""
    (started, *_) = READY.when(start_run("+b", "+c", "x")).events
    assert started.plan.order == tuple("xabc")


def test_below_what_is_not_selected_and_never_passed_nothing_runs():
    """The node is blocked from the start, and what is below it with it."""
    started, *blocked = READY.when(start_run("b+")).events
    assert started.plan.blocked == (
        BlockedNode(node="b", by=("a",)),
        BlockedNode(node="d", by=("b", "c")),
    )
    assert blocked == [
        ScriptBlocked(node="b", run=RUN, by=("a",)),
        ScriptBlocked(node="d", run=RUN, by=("b", "c")),
    ]


def test_a_selection_that_matches_nothing_is_refused():
    """With the nearest name, and what a selection may be."""
    session = given().after(start(pipeline(clean=None), {"clean": facts("clean")}))
    session.when(start_run("claen+")).refused_with(SelectionError, "'claen+'", "'clean'", "NODE+")


def test_external_nodes_cannot_be_selected():
    """Nor are they proposed as the nearest name."""
    outside = NodeDeclaration(external=True)
    session = given().after(start(pipeline(outside=outside), {}))
    error = session.when(start_run("outside")).refused_with(SelectionError, "'outside'")
    assert "Did you mean" not in str(error)
    session.when(start_run()).refused_with(SelectionError, "'all'")


def test_pending_nodes_of_the_selection_refuse_the_run():
    """In the words that users know, a line each, and the first thing to type."""
    declared = pipeline(("a", "b"), ("b", "c"))
    world = {"a": facts("a", need("raw")), "b": facts("b"), "c": facts("c", need("n", "job_arg"))}
    session = given().after(start(declared, world))
    error = session.when(start_run()).refused_with(
        PendingScriptsError,
        "Cannot execute testing - missing configuration for 2 scripts:",
        "  - a: Missing required input: raw",
        "  - c: Missing required argument: n",
        "runthrough configure a --input raw=PATH",
    )
    assert error.nodes == ("a", "c")
    assert session.when(start_run("b")).names == ["RunStarted", "ScriptBlocked"]


def test_a_pending_node_whose_needs_are_unknown_is_named():
    """Its line says nothing, and no fix is made up."""
    session = given(
        session_started(pipeline(a=None)), ScriptMarkedPending(node="a", needs=(), draft={})
    )
    error = session.when(start_run()).refused_with(PendingScriptsError, "for 1 script:")
    assert error.fix is None


def test_one_run_at_a_time():
    """Who, where and since when is told."""
    RUNNING.when(start_run(run="run-2")).refused_with(
        RunInProgressError, "by ann on ann-ws since 2026-11-22 12:"
    )


def test_an_attempt_is_claimed_before_it_starts():
    """The claim holds what the attempt depends on."""
    print_ = (part("script", "a", "d"),)
    RUNNING.when(claim_attempt("a", print_)).then(
        ScriptStarted(
            node="a",
            run=RUN,
            attempt=attempt_at("a"),
            fingerprint=print_,
            runner="process:",
            outputs={},
        )
    )


def test_a_node_is_claimed_once():
    """Neither while an attempt is open nor when it has ended."""
    again = claim_attempt("a", attempt="another")
    RUNNING.after(claim_attempt("a")).when(again).refused_with(AttemptClosedError, "another of a")
    RUNNING.after(*done("a")).when(again).refused_with(AttemptClosedError)


@pytest.mark.parametrize("node", ["b", "nobody"])
def test_only_planned_nodes_are_claimed(node):
    """What is not selected is not run."""
    running = READY.after(start_run("a"))
    running.when(claim_attempt(node)).refused_with(AttemptClosedError)


def test_a_blocked_node_is_not_claimed():
    """The run is through with it."""
    READY.after(start_run("b")).when(claim_attempt("b")).refused_with(AttemptClosedError)


def test_a_pending_node_is_not_claimed():
    """The state machine does not let it execute."""
    running = RUNNING.state
    session = given(
        session_started(DIAMOND),
        ScriptMarkedPending(node="a", needs=(), draft={}),
        RunStarted(
            run=RUN, plan=plan_of("a"), holder=running.run.holder, runner="p", jobs=1,
            fail_fast=False, reuse=True,
        ),
    )  # fmt: skip
    session.when(claim_attempt("a")).refused_with(
        CommandRefusedError, "a is pending, which does not allow 'execute'"
    )


@pytest.mark.parametrize(
    "report",
    [
        claim_attempt("a", run="other"),
        finish("a", run="other"),
        ReuseScript(run="other", node="a", fingerprint=()),
        FinishRun(run="other"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_tester_whose_run_was_taken_over_is_told(report):
    """Whatever it reports, it is refused and stops."""
    RUNNING.when(report).refused_with(AttemptClosedError, "another tester took the run over")
    READY.when(report).refused_with(AttemptClosedError)


def test_an_outcome_is_reported():
    """All that is known of how the attempt ended stands in the event."""
    output = written("o", "session:o")
    command = finish("a", exit_code=0, peak_rss_bytes=9, cpu_s=0.1, outputs=(output,))
    RUNNING.after(claim_attempt("a")).when(command).then(
        ScriptExecuted(
            node="a",
            run=RUN,
            attempt=attempt_at("a"),
            outcome="passed",
            exit_code=0,
            duration_s=0.5,
            peak_rss_bytes=9,
            cpu_s=0.1,
            outputs=(output,),
        )
    )


def test_an_outcome_for_an_attempt_that_is_not_open_is_refused():
    """Not started, closed already, or another one."""
    RUNNING.when(finish("a")).refused_with(AttemptClosedError)
    RUNNING.after(*done("a")).when(finish("a")).refused_with(AttemptClosedError)
    other = finish("a").model_copy(update={"attempt": "another"})
    RUNNING.after(claim_attempt("a")).when(other).refused_with(AttemptClosedError, "another of a")
    unknown = finish("a").model_copy(update={"node": "nobody"})
    RUNNING.when(unknown).refused_with(UnknownNodeError)


@pytest.mark.parametrize("outcome", ["failed", "timed_out", "crashed", "lost", "cancelled"])
def test_below_a_failure_nothing_runs(outcome):
    """Everything below is blocked once, what is beside goes on."""
    _, *blocked = RUNNING.after(claim_attempt("a")).when(finish("a", outcome)).events
    assert blocked == [ScriptBlocked(node=node, run=RUN, by=("a",)) for node in "bcd"]


def test_what_two_failures_block_is_blocked_once():
    """The second failure leaves alone what the first blocked."""
    session = RUNNING.after(*done("a"), claim_attempt("b"), claim_attempt("c"))
    first = session.when(finish("b", "failed"))
    assert [event.type for event in first.events] == ["ScriptExecuted", "ScriptBlocked"]
    assert first.session.when(finish("c", "failed")).names == ["ScriptExecuted"]
    assert first.session.after(finish("c", "failed")).state.run.blocked_by == {"d": ("b",)}


def test_what_is_not_selected_is_not_blocked():
    """Only the plan's nodes are."""
    session = READY.after(start_run("a", "b"), claim_attempt("a"))
    _, *blocked = session.when(finish("a", "failed")).events
    assert [event.node for event in blocked] == ["b"]


def seam(to, *, code=None):
    place = Place(node="a", kind="output", name="o")
    issue = Problem(code=code or "INPUT_EMPTY", severity="error", where=place, message="", fix="")
    return SeamChecked(
        node=to,
        edge=Edge(from_node="a", output="o", input="i"),
        result=SeamResult(compatible=False, issues=(issue,)),
    )


def test_what_was_found_at_connections_is_recorded():
    """An incompatible edge fails the run, and blocks its consumer only where nothing is."""
    checks = (seam("b"), seam("c", code="OUTPUT_NOT_WRITTEN"))
    when = RUNNING.after(claim_attempt("a")).when(finish("a", seams=checks))
    assert when.events[1:] == (
        DataFlowChecked(node="b", run=RUN, edge=checks[0].edge, result=checks[0].result),
        DataFlowChecked(node="c", run=RUN, edge=checks[1].edge, result=checks[1].result),
        ScriptBlocked(node="c", run=RUN, by=("a",)),
        ScriptBlocked(node="d", run=RUN, by=("a",)),
    )
    assert when.session.state.run.incompatible == [("a", "b"), ("a", "c")]


def test_an_incompatible_connection_fails_the_run():
    """Also when every script passed."""
    session = READY.after(start_run("a"), claim_attempt("a"), finish("a", seams=(seam("b"),)))
    assert session.when(FinishRun(run=RUN)).events[0].status == "failed"


def test_an_unchanged_node_is_reused():
    """Its last passed attempt serves the run."""
    session = passed_once()
    running = session.after(start_run(run="run-2", facts=WORLD))
    assert running.state.run.plan.reuse == tuple("xabcd")
    running.when(reuse(running, "a")).then(
        ScriptReused(node="a", run="run-2", attempt=attempt_at("a"))
    )


def test_a_changed_node_is_not_reused():
    """The fingerprint at its turn decides, not the plan's."""
    running = passed_once().after(start_run(run="run-2", facts=WORLD))
    changed = {**WORLD, "a": node_facts(script=script_info("a", digest="edited"))}
    running.when(reuse(running, "a", changed)).refused_with(CommandRefusedError, "a has changed")


def test_what_never_passed_is_not_reused():
    """There is nothing to serve."""
    command = ReuseScript(run=RUN, node="a", fingerprint=())
    RUNNING.when(command).refused_with(CommandRefusedError, "cannot be reused")


def test_a_run_without_reuse_reuses_nothing():
    """Every node runs, whatever it asks."""
    session = passed_once()
    running = session.after(start_run(run="run-2", facts=WORLD, reuse=False))
    assert running.state.run.plan.reuse == ()
    running.when(reuse(running, "a")).refused_with(CommandRefusedError, "without reuse")


def test_a_node_is_not_reused_twice():
    """The run is through with it."""
    running = passed_once().after(start_run(run="run-2", facts=WORLD))
    command = reuse(running, "a")
    running.after(command).when(command).refused_with(AttemptClosedError)


def test_a_run_ends_with_its_outcomes_counted():
    """Each node of the plan stands in one list."""
    session = RUNNING.after(*done("x", "a"), claim_attempt("b"), finish("b", "timed_out"))
    session.when(FinishRun(run=RUN, duration_s=3.5)).then(
        RunFinished(
            run=RUN,
            status="failed",
            summary=RunSummary(
                passed=("x", "a"),
                failed=("b",),
                blocked=("d",),
                not_run=("c",),
                duration_s=3.5,
            ),
        )
    )


def test_a_run_in_which_all_passed_or_was_reused_passes():
    """As it went."""
    running = passed_once().after(start_run("a", run="run-2", facts=WORLD))
    when = running.after(reuse(running, "a")).when(FinishRun(run="run-2"))
    assert when.events[0].status == "passed"
    assert when.events[0].summary.reused == ("a",)
    assert when.session.state.phase is Phase.OPEN
    assert passed_once().state.run.status == "passed"


@pytest.mark.parametrize("status", ["interrupted", "cancelled"])
def test_a_run_may_end_otherwise_than_it_went(status):
    """Who takes it over, or cancels it, says so."""
    (event,) = RUNNING.when(FinishRun(run=RUN, status=status)).events
    assert event.status == status


def test_a_run_is_asked_to_end():
    """Anybody may ask; it is for the tester that drives the run to do it."""
    when = RUNNING.after(claim_attempt("a")).when(CancelRun())
    when.then(RunCancelRequested(run=RUN))
    assert when.session.state.run.cancelled_by == "ann"
    assert when.session.state.phase is Phase.RUNNING


def test_a_run_that_is_asked_to_end_goes_on_until_its_tester_ends_it():
    """What runs can still be reported, and no version of any node is out of date by it."""
    asked = RUNNING.after(claim_attempt("a"), CancelRun())
    before = RUNNING.after(claim_attempt("a")).state
    assert asked.state.concerned_at == before.concerned_at
    assert asked.node("a").concerned_at == before.nodes["a"].concerned_at
    ended = asked.after(finish("a", "cancelled"), FinishRun(run=RUN, status="cancelled"))
    assert ended.state.run.status == "cancelled"
    assert ended.state.phase is Phase.OPEN


@pytest.mark.parametrize("session", [READY, RUNNING.after(FinishRun(run=RUN))])
def test_where_no_run_is_on_there_is_nothing_to_cancel(session):
    """Neither before the first run nor after one has ended."""
    session.when(CancelRun()).refused_with(CommandRefusedError, "No run is on", "status")


def test_a_run_selects_by_what_has_become_of_nodes():
    """`state:failed` and `state:stale` are patterns like the others."""
    ended = RUNNING.after(*done("a"), claim_attempt("b"), finish("b", "crashed"))
    ended = ended.after(FinishRun(run=RUN))
    (started, *_) = ended.when(start_run("state:failed", run="run-2", facts=WORLD)).events
    assert started.plan.order == ("b",)
    edited = {**WORLD, "b": node_facts(script=script_info("b", digest="edited"))}
    (started, *_) = (
        passed_once().when(start_run("state:stale", "x", run="run-2", facts=edited)).events
    )
    assert started.plan.order == ("x", "b", "d")


@pytest.mark.parametrize("pattern", ["state:failed", "state:stale"])
def test_a_state_in_which_no_node_is_selects_nothing(pattern):
    """Where nothing failed, or nothing is stale, the run is refused."""
    session = passed_once()
    session.when(start_run(pattern, run="run-2", facts=WORLD)).refused_with(
        SelectionError, f"'{pattern}'"
    )


def test_a_run_with_sagemakers_variables_runs_what_passed_without_them():
    """The plan says that nodes have changed, and the run keeps what it sets."""
    session = passed_once()
    told = start_run("a", run="run-2", facts=WORLD, sagemaker=True)
    (started,) = session.when(told).events
    assert started.sagemaker
    assert [(p.node, p.reasons) for p in started.plan.run] == [("a", ("changed",))]
    print_ = fingerprint(session.state, "a", WORLD["a"], sagemaker=True)
    again = session.after(
        told,
        claim_attempt("a", print_, run="run-2"),
        finish("a", run="run-2"),
        FinishRun(run="run-2"),
    )
    assert again.when(start_run("a", run="run-3", facts=WORLD, sagemaker=True)).events[
        0
    ].plan.reuse == ("a",)
    plain = again.when(start_run("a", run="run-3", facts=WORLD)).events[0].plan
    assert [p.reasons for p in plain.run] == [("changed",)]


def test_a_run_does_not_end_while_attempts_are_open():
    """They would stay open for ever, and no run could claim their nodes."""
    running = RUNNING.after(claim_attempt("a"), claim_attempt("x"))
    running.when(FinishRun(run=RUN, status="interrupted")).refused_with(
        CommandRefusedError, "open: x, a"
    )


def test_an_interrupted_run_is_completed_by_the_next():
    """What passed is reused, what was lost runs again."""
    session = RUNNING.after(
        claim_attempt("a", fingerprint(RUNNING.state, "a", WORLD["a"])),
        finish("a"),
        claim_attempt("b"),
        finish("b", "lost"),
        FinishRun(run=RUN, status="interrupted"),
    )
    (started,) = session.when(start_run(run="run-2", facts=WORLD)).events
    assert started.plan.reuse == ("a",)
    assert [(p.node, p.reasons) for p in started.plan.run] == [
        ("x", ("never_passed",)),
        ("b", ("never_passed", "last_attempt_failed")),
        ("c", ("never_passed",)),
        ("d", ("never_passed", "upstream_runs")),
    ]


class Unwalked(dict):
    """A mapping of which only what is asked for may be looked at."""

    def __iter__(self):
        raise AssertionError("all of it was looked at")

    keys = values = items = __iter__


class UnwalkedOrder(tuple):
    """A plan's nodes, through which nobody may go."""

    __slots__ = ()

    def __iter__(self):
        raise AssertionError("the whole plan was gone through")

    def __contains__(self, node):
        raise AssertionError("the whole plan was searched")


def test_an_outcome_costs_what_its_own_successors_are():
    """Claims and passes look neither at all nodes nor through the plan, however many there are."""
    session = RUNNING.after(*done("a"))
    plan = session.state.run.plan
    assert "b" in plan.nodes, "made once for all"
    large = plan.model_copy(update={"order": UnwalkedOrder(plan.order)})
    state = replace(session.state, nodes=Unwalked(session.state.nodes))
    state.run = replace(state.run, plan=large)
    (started,) = decide(claim_attempt("b"), state)
    assert started.node == "b"
    claimed = session.after(claim_attempt("b")).state
    state = replace(state, nodes=Unwalked(claimed.nodes))
    (executed,) = decide(finish("b"), state)
    assert executed.outcome == "passed"


def test_a_finished_run_can_be_followed_by_answers():
    """Configuring an executed node takes it back to configured."""
    raw = {"raw": "workspace:raw"}
    seen = facts("a", need("raw", level="optional"), paths=[file_at("workspace:raw")])
    session = passed_once().after(configure("a", seen, input_paths=raw))
    assert session.node("a").state is Lifecycle.CONFIGURED
    assert session.node("a").passed is not None
