"""Whether a passed attempt may stand although what it depended on has changed."""

from copy import deepcopy

import pytest
from tests.support.builders import (
    claim_attempt,
    envelope,
    file_at,
    finish,
    need,
    node_facts,
    nothing_at,
    part,
    pipeline,
    script_info,
    start,
    start_run,
    written,
)
from tests.support.dsl import Given, given

from runthrough.core.commands import AcceptUnchanged, FinishRun
from runthrough.core.decide.conflicts import Conflict, conflicting
from runthrough.core.events import ReuseAccepted, ScriptMarkedPending
from runthrough.core.evolve import evolve
from runthrough.core.planning import plan_run
from runthrough.core.staleness import fingerprint, stale
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import CommandRefusedError, UnknownNodeError

OUT = "session:clean"
DECLARED = pipeline(
    ("clean", "train"), out=NodeDeclaration(external=True, outputs={"data": "workspace:d"})
)


def seen(name="clean", digest="as written", **more):
    """A script and the output that it left."""
    more.setdefault("paths", [file_at(f"session:{name}", digest=digest)])
    more.setdefault("script", script_info(name))
    return node_facts(need("data", "output"), **more)


WORLD = {"clean": seen(), "train": seen("train")}
NEW = given().after(start(DECLARED, WORLD))


def attempted(session, node="clean", outcome="passed", run="run-1"):
    """A run of one node that ended so."""
    outputs = (written("data", f"session:{node}", "as written"),)
    return session.after(
        start_run(node, run=run, facts=WORLD, reuse=False),
        claim_attempt(node, fingerprint(session.state, node, WORLD[node]), run=run),
        finish(node, outcome, run=run, outputs=outputs),
        FinishRun(run=run),
    )


PASSED = attempted(NEW)
EDITED = {**WORLD, "clean": seen(script=script_info(digest="edited"))}


def accept(node="clean", facts=EDITED, **more):
    return AcceptUnchanged(node=node, facts=facts, **more)


def test_what_is_there_now_is_taken_for_what_the_attempt_depended_on():
    """The event holds the whole fingerprint of now."""
    present = fingerprint(PASSED.state, "clean", EDITED["clean"])
    assert part("script", "clean", "edited") in present
    PASSED.when(accept()).then(ReuseAccepted(node="clean", fingerprint=present))


def test_what_was_accepted_is_reused_by_a_run():
    """It is stale no more, nor is what stands below it; another change counts again."""
    session = attempted(PASSED, "train", run="run-2")
    assert set(stale(session.state, EDITED)) == {"clean", "train"}
    after = session.after(accept())
    assert stale(after.state, EDITED) == {}
    plan = plan_run(after.state, frozenset({"clean", "train"}), EDITED, reuse=True)
    assert plan.reuse == ("clean", "train")
    assert set(stale(after.state, WORLD)) == {"clean", "train"}


def test_what_has_not_passed_cannot_stand():
    """A first run is what it needs."""
    told = NEW.when(accept()).refused_with(CommandRefusedError, "clean has not passed yet")
    assert told.fix == "runthrough run clean"


@pytest.mark.parametrize("outcome", ["failed", "timed_out", "crashed", "cancelled"])
def test_a_later_failure_is_not_covered_by_an_older_pass(outcome):
    """The last attempt speaks."""
    session = attempted(PASSED, outcome=outcome, run="run-2")
    told = session.when(accept()).refused_with(CommandRefusedError, "did not pass")
    assert told.fix == "runthrough run clean"


@pytest.mark.parametrize("how", ["no script", "not looked at", "pending"])
def test_what_cannot_run_as_it_is_cannot_be_compared(how):
    """Nothing can be told of what it depends on; the status says what it waits for."""
    session, facts = PASSED, EDITED
    if how == "pending":
        session = given_pending()
    else:
        facts = {} if how == "not looked at" else {"clean": seen(script=None)}
    told = session.when(accept(facts=facts)).refused_with(CommandRefusedError, "cannot run as it")
    assert told.fix.startswith("runthrough status")


def given_pending():
    """The session when a need has come up since."""
    state = deepcopy(PASSED.state)
    draft = state.nodes["clean"].spec
    marked = ScriptMarkedPending(node="clean", needs=(), draft=draft)
    evolve(state, envelope(marked, state.version + 1))
    return Given(state)


@pytest.mark.parametrize("left", [nothing_at(OUT), file_at(OUT, digest="other")])
def test_outputs_that_are_not_as_they_were_cannot_stand(left):
    """Only a run makes them again, whatever else has changed."""
    facts = {"clean": seen(script=script_info(digest="edited"), paths=[left])}
    told = PASSED.when(accept(facts=facts)).refused_with(CommandRefusedError, "it was: data")
    assert told.fix == "runthrough run clean"


def test_where_nothing_has_changed_there_is_nothing_to_accept():
    """And `why` shows it."""
    told = PASSED.when(accept(facts=WORLD)).refused_with(CommandRefusedError, "nothing to accept")
    assert told.fix == "runthrough why clean"


def test_a_change_above_is_not_accepted_below():
    """It is for the node that changed; what is below stands or falls with it."""
    session = attempted(PASSED, "train", run="run-2")
    session.when(accept("train")).refused_with(CommandRefusedError, "nothing to accept")


def test_only_nodes_that_run_scripts_are_accepted():
    """An external node has nothing to stand, and unknown names are answered with the nearest."""
    NEW.when(accept("out")).refused_with(CommandRefusedError, "out is external")
    NEW.when(accept("clena")).refused_with(UnknownNodeError, "clean")


def test_whoever_saw_an_older_node_is_in_conflict():
    """What another one changed after `based_on` is looked at first."""
    at = PASSED.node("clean").concerned_at
    found = conflicting(accept(based_on=1), PASSED.after(accept()).state)
    assert isinstance(found, Conflict)
    assert (found.node, found.based_on) == ("clean", 1)
    assert found.concerned_at > at
    assert conflicting(accept(based_on=at), PASSED.state) is None
