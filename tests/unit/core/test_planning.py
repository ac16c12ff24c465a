"""What runs, what is reused, what is blocked."""

import pytest
from tests.support.builders import (
    claim_attempt,
    file_at,
    finish,
    need,
    node_facts,
    pipeline,
    script_info,
    start,
    start_run,
    written,
)
from tests.support.dsl import given

from runthrough.core.commands import FinishRun
from runthrough.core.planning import chosen, plan_run, reachable, retried, selected
from runthrough.core.staleness import fingerprint
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.plans import BlockedNode
from runthrough.errors import SelectionError

NAMES = ("a", "b", "c")
DECLARED = pipeline(("a", "b"), ("b", "c"))


def facts(name, **more):
    more.setdefault("script", script_info(name))
    return node_facts(need("data", level="optional"), need("data", "output"), **more)


WORLD = {name: facts(name) for name in NAMES}
NEW = given().after(start(DECLARED, WORLD))


def ran(session, node, outcome="passed", run="run-1"):
    print_ = fingerprint(session.state, node, WORLD[node])
    output = written("data", f"session:{node}")
    return session.after(
        claim_attempt(node, print_, run=run), finish(node, outcome, run=run, outputs=(output,))
    )


def after_a_run():
    session = NEW.after(start_run(facts=WORLD))
    for node in NAMES:
        session = ran(session, node)
    return session.after(FinishRun(run="run-1"))


DONE = after_a_run()


def plan(session=DONE, nodes=NAMES, world=WORLD, *, reuse=True):
    return plan_run(session.state, frozenset(nodes), world, reuse=reuse)


def reasons(made):
    return {planned.node: planned.reasons for planned in made.run}


def test_what_never_passed_runs_and_so_does_what_is_below():
    """In execution order."""
    made = plan(NEW)
    assert made.order == NAMES
    assert reasons(made) == {
        "a": ("never_passed",),
        "b": ("never_passed", "upstream_runs"),
        "c": ("never_passed", "upstream_runs"),
    }


def test_what_passed_and_is_unchanged_is_reused():
    """All of it."""
    assert plan().reuse == NAMES
    assert plan().run == ()


def test_a_changed_node_runs_and_what_is_below_waits_for_it():
    """The plan lists both; at its turn the lower one may still be reused."""
    world = {**WORLD, "b": facts("b", script=script_info("b", digest="edited"))}
    made = plan(world=world)
    assert made.reuse == ("a",)
    assert reasons(made) == {"b": ("changed",), "c": ("upstream_runs",)}


def test_a_node_of_which_nothing_can_be_told_runs():
    """A script that was not seen is not taken for unchanged."""
    assert reasons(plan(nodes="a", world={})) == {"a": ("changed",)}


def test_a_node_whose_outputs_were_touched_runs():
    """What it left is not what consumers should get."""
    world = {**WORLD, "c": facts("c", paths=[file_at("session:c", digest="other")])}
    assert reasons(plan(world=world)) == {"c": ("outputs_changed",)}


def test_a_node_whose_last_attempt_failed_runs():
    """Although an earlier one passed with the same fingerprint."""
    session = DONE.after(start_run("c", run="run-2", facts=WORLD))
    session = ran(session, "c", "failed", run="run-2").after(FinishRun(run="run-2"))
    assert reasons(plan(session)) == {"c": ("last_attempt_failed",)}


def test_without_reuse_everything_runs():
    """With that as a reason."""
    assert reasons(plan(nodes=("a", "b"), reuse=False)) == {
        "a": ("not_reused",),
        "b": ("upstream_runs", "not_reused"),
    }


def test_what_passed_above_the_selection_is_enough():
    """The node runs on what is there."""
    assert plan(nodes="b").blocked == ()


def test_what_never_passed_above_the_selection_blocks():
    """The node, and in the selection all below it."""
    made = plan(NEW, nodes=("b", "c"))
    assert made.blocked == (
        BlockedNode(node="b", by=("a",)),
        BlockedNode(node="c", by=("b",)),
    )
    assert (made.run, made.reuse) == ((), ())


OUTSIDE = pipeline(
    ("x", "a"), ("a", "b"), x=NodeDeclaration(external=True, outputs={"data": "workspace:d"})
)
WITH_EXTERNAL = given().after(start(OUTSIDE, WORLD))


def test_an_external_node_blocks_nothing():
    """It provides without running."""
    assert reasons(plan(WITH_EXTERNAL, nodes="a")) == {"a": ("never_passed",)}


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ((), {"": "ab"}),
        (("a",), {"a": "a"}),
        (("a+", "+b"), {"a+": "ab", "+b": "ab"}),
        (("x",), {"x": ""}),
        (("x+",), {"x+": "ab"}),
        (("nobody", "+nobody+"), {"nobody": "", "+nobody+": ""}),
    ],
)
def test_selections(select, expected):
    """Each pattern by itself; external nodes never, unknown names nothing."""
    found = selected(WITH_EXTERNAL.state, select, {})
    assert found == {pattern: frozenset(nodes) for pattern, nodes in expected.items()}


def test_nodes_are_selected_by_their_last_outcome():
    """`state:failed` are those whose last attempt failed, not those below."""
    session = DONE.after(start_run("b", run="run-2", facts=WORLD))
    session = ran(session, "b", "timed_out", run="run-2").after(FinishRun(run="run-2"))
    assert selected(session.state, ("state:failed",), WORLD) == {"state:failed": frozenset("b")}
    assert selected(DONE.state, ("state:failed",), WORLD) == {"state:failed": frozenset()}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("x", "x is external, and never runs"),
        ("+x", "x is external, and never runs"),
        ("state:failed", "no node's last attempt has failed"),
        ("state:stale", "all that passed stands, or nothing has passed yet"),
    ],
)
def test_why_a_pattern_that_is_right_selects_nothing_is_said(pattern, why):
    """Nobody looks for a slip where there is none."""
    with pytest.raises(SelectionError, match=f"matches no node: {why}\\.$|{why}\\.\n"):
        chosen(WITH_EXTERNAL.state, (pattern,), {})


def test_a_pattern_that_is_a_nodes_name_means_that_node():
    """However much it reads like something else; a `+` more still means those around it."""
    names = ("a", "a+", "state:stale")
    state = given().after(start(pipeline(**dict.fromkeys(names)), {})).state
    for pattern, node in (("a+", "a+"), ("a++", "a+"), ("state:stale", "state:stale")):
        assert selected(state, (pattern,), {}) == {pattern: frozenset({node})}


def test_nodes_are_selected_by_what_no_longer_stands():
    """`state:stale` are those that changed, and what is below them."""
    world = {**WORLD, "b": facts("b", script=script_info("b", digest="edited"))}
    assert selected(DONE.state, ("state:stale",), world) == {"state:stale": frozenset("bc")}


def test_a_retry_takes_what_failed_and_what_that_blocked():
    """What passed meanwhile is left alone, and so is a failure's older, passed neighbour."""
    session = DONE.after(start_run("a", "b", "c", run="run-2", reuse=False, facts=WORLD))
    session = ran(session, "a", "passed", run="run-2")
    session = ran(session, "b", "crashed", run="run-2").after(FinishRun(run="run-2"))
    assert session.state.run.blocked_by == {"c": ("b",)}
    assert retried(session.state) == ("b", "c")
    assert retried(DONE.state) == ()


FORK = pipeline(("a", "c"), ("b", "c"))
NEEDLESS = {name: node_facts(script=script_info(name)) for name in NAMES}


def forked(*select, outcome="failed", status="as_it_went"):
    """A run over two nodes and one below both that ended with `a`."""
    session = given().after(start(FORK, NEEDLESS), start_run(*select, facts=NEEDLESS))
    end = FinishRun(run="run-1", status=status)
    return session.after(claim_attempt("a"), finish("a", outcome), end)


def test_a_retry_takes_what_a_failing_run_did_not_come_to():
    """Without the node that was never started, what lies below both could not run either."""
    assert retried(forked().state) == ("a", "b", "c")


def test_a_retry_leaves_out_what_was_not_selected():
    """What the last run was not to run stays a person's choice."""
    assert retried(forked("a").state) == ("a", "c")


def test_a_retry_takes_what_was_cancelled():
    """Who ended an attempt, or cancelled its run, wants it after all."""
    assert retried(forked(outcome="cancelled", status="cancelled").state) == ("a", "b", "c")


def test_reachable_nodes_are_found_once():
    """Diamonds do not make it longer, and the starts are among them."""
    links = {"a": ("b", "c"), "b": ("d",), "c": ("d",)}
    assert reachable("a", links) == frozenset("abcd")
    assert reachable("d", links) == frozenset("d")
    assert reachable((), links) == frozenset()


def test_a_retry_takes_what_was_never_started_beside_a_failure():
    """A run that ended with its first failure did not come to a node that nothing blocks."""
    beside = pipeline(("a", "b"), c=None)
    session = given().after(start(beside, NEEDLESS), start_run(facts=NEEDLESS))
    session = session.after(claim_attempt("a"), finish("a", "failed"), FinishRun(run="run-1"))
    assert session.state.run.outcomes.keys() == {"a", "b"}
    assert retried(session.state) == ("c", "a", "b")
