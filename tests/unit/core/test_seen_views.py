"""What readers are shown where a look would find something gone, and after one found it."""

from tests.support.builders import (
    claim_attempt,
    envelopes,
    file_at,
    finish,
    need,
    node_facts,
    nothing_at,
    pipeline,
    script_info,
    start,
    start_run,
    written,
)
from tests.support.dsl import given

from runthrough.core.commands import FinishRun, RecordWorld
from runthrough.core.decide.looking import foreseen
from runthrough.core.planning import plan_run
from runthrough.core.staleness import fingerprint
from runthrough.core.values.ids import NodeName
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.plans import plan_view
from runthrough.core.views.resumed import resumed_view
from runthrough.core.views.summary import status_view

FILE = "workspace:x.csv"
DECLARED = pipeline(("a", "b"), ("b", "c"), a=NodeDeclaration(inputs={"x": FILE}), d=None)
WRITES = need("data", "output")
WORLD = {
    "a": node_facts(need("x"), WRITES, script=script_info("a"), paths=[file_at(FILE)]),
    **{name: node_facts(WRITES, script=script_info(name)) for name in "bcd"},
}
GONE = {
    **WORLD,
    "a": node_facts(need("x"), WRITES, script=script_info("a"), paths=[nothing_at(FILE)]),
}
ANSWER = "runthrough configure a --input x=PATH"


def passed():
    """All four nodes with one passed attempt."""
    session = given().after(start(DECLARED, WORLD))
    session = session.after(start_run(*"abcd", run="run-1", facts=WORLD, reuse=False))
    for node in "abcd":
        out = (written("data", f"session:{node}", node),)
        told = fingerprint(session.state, NodeName(node), WORLD[node])
        session = session.after(
            claim_attempt(node, told, run="run-1"), finish(node, run="run-1", outputs=out)
        )
    return session.after(FinishRun(run="run-1"))


def test_the_work_list_is_that_of_what_is_seen_and_the_facts_are_those_of_history():
    """Who needs a person now, what that blocks, and the command that helps."""
    state = passed().state
    view = status_view(state, Particulars(), GONE, seen=foreseen(GONE, state))
    assert [(row["node"], row["category"]) for row in view["worklist"]] == [
        ("a", "needs_you"),
        ("b", "blocked"),
        ("c", "blocked"),
        ("d", "passed"),
    ]
    assert "does not exist" in view["worklist"][0]["text"]
    assert view["next_command"] == view["worklist"][0]["next"] == ANSWER
    assert {node["state"] for node in view["nodes"].values()} == {"executed"}
    assert view["pending_scripts"] == 0


def plan_of_all(state, world, *, nodes="abcd", reuse=True):
    """The plan as it is shown, of the state as a look would leave it."""
    seen = foreseen(world, state)
    return plan_view(seen, plan_run(seen, frozenset(nodes), world, reuse=reuse), world)


def test_what_is_below_a_pending_node_is_blocked_by_it():
    """Each node stands in one list only, and nothing is told to run that cannot."""
    view = plan_of_all(passed().state, GONE)
    assert [row["node"] for row in view["pending"]] == ["a"]
    assert view["blocked"] == [{"node": "b", "by": ["a"]}, {"node": "c", "by": ["b"]}]
    assert (view["run"], view["reuse"]) == ([], [{"node": "d"}])


def test_what_is_not_below_a_pending_node_is_planned_as_ever():
    """Also where nothing is reused, and what passed stands where the pending is not selected."""
    view = plan_of_all(passed().state, GONE, reuse=False)
    assert [row["node"] for row in view["run"]] == ["d"]
    part = plan_of_all(passed().state, GONE, nodes="bc")
    assert (part["pending"], part["blocked"]) == ([], [])
    assert part["reuse"] == [{"node": "b"}, {"node": "c"}]


def looked(session, world=GONE):
    """What a resume says after it recorded a world."""
    looking = session.when(RecordWorld(facts=world))
    recorded = envelopes(looking.events, after=session.state.version)
    return looking.session, resumed_view(looking.session.state, recorded)


def test_a_resume_that_finds_something_gone_tells_it_as_pending_again():
    """With what is missing, once."""
    _, view = looked(passed())
    assert (view["pending_again"], view["still_pending"]) == (["a"], [])
    assert list(view["nodes"]) == ["a"]
    assert view["nodes"]["a"].startswith("pending: Input file does not exist")


def test_a_resume_tells_who_still_needs_a_person_and_what_is_missing():
    """Although it recorded nothing."""
    after, _ = looked(passed())
    again, view = looked(after)
    assert again.state.version == after.state.version
    assert (view["pending_again"], view["still_pending"]) == ([], ["a"])
    assert view["nodes"]["a"].startswith("still pending: Input file does not exist")


def test_a_resume_that_finds_all_as_it_was_names_no_node():
    """Nobody is needed."""
    _, view = looked(passed(), WORLD)
    assert (view["pending_again"], view["still_pending"], view["nodes"]) == ([], [], {})
