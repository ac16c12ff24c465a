"""What a run would do and why, as views and in words."""

import re
from dataclasses import replace

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
from runthrough.core.planning import chosen, plan_run
from runthrough.core.staleness import Change, fingerprint
from runthrough.core.state import Misfit
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.views.changes import change_view, change_words, changes_text
from runthrough.core.views.plans import _text, outdated_view, plan_view, why_view
from runthrough.errors import SelectionError

NAMES = ("a", "b", "c")
DECLARED = pipeline(
    ("x", "a"),
    ("a", "b"),
    ("b", "c"),
    x=NodeDeclaration(external=True, outputs={"data": "workspace:d"}),
)


def seen(name, **more):
    more.setdefault("script", script_info(name))
    return node_facts(need("data", "output"), **more)


WORLD = {name: seen(name) for name in NAMES}
NEW = given().after(start(DECLARED, WORLD))


def attempted(session, *nodes, outcome="passed", run="run-1"):
    session = session.after(start_run(*nodes, run=run, facts=WORLD, reuse=False))
    for node in nodes:
        out = (written("data", f"session:{node}", node),)
        session = session.after(
            claim_attempt(node, fingerprint(session.state, node, WORLD[node]), run=run),
            finish(node, outcome, run=run, outputs=out),
        )
    return session.after(FinishRun(run=run))


DONE = attempted(NEW, *NAMES)
EDITED = {**WORLD, "a": seen("a", script=script_info("a", digest="edited"))}


def shown(session=DONE, nodes=NAMES, world=WORLD, *, reuse=True, sagemaker=None):
    plan = plan_run(session.state, frozenset(nodes), world, reuse=reuse, sagemaker=sagemaker)
    return plan_view(session.state, plan, world, sagemaker=sagemaker)


def texts(view):
    return {row["node"]: row["text"] for row in view["run"]}


def test_a_plan_shows_each_node_once():
    """What runs with reasons, changes and words; what is reused; nothing blocked or pending."""
    change = {"part": "script", "name": "a", "old": "digest of a", "new": "edited"}
    below = {"reasons": ["upstream_runs"], "changes": []}
    assert shown(world=EDITED) == {
        "run": [
            {"node": "a", "reasons": ["changed"], "changes": [change], "text": "script a changed"},
            {"node": "b", **below, "text": "below a, which runs"},
            {"node": "c", **below, "text": "below b, which runs"},
        ],
        "reuse": [],
        "blocked": [],
        "pending": [],
        "outdated": [],
    }
    assert shown()["reuse"] == [{"node": name} for name in NAMES]


def test_a_plan_shows_what_is_in_the_way():
    """Of a part that stands on what never passed."""
    assert shown(NEW, nodes="bc")["blocked"] == [
        {"node": "b", "by": ["a"]},
        {"node": "c", "by": ["b"]},
    ]


def test_a_plan_shows_what_waits_for_a_person():
    """With what it needs; it stands among the others as well."""
    facts = {
        **WORLD,
        "a": seen("a", requirements=node_facts(need("depth", "job_arg")).requirements),
    }
    session = given().after(start(DECLARED, facts))
    (row,) = shown(session, world=facts)["pending"]
    assert row["node"] == "a"
    assert "depth" in row["needs"][0]


def test_each_reason_has_words():
    """Each is said once, and changes stand for the reason that they are."""
    assert texts(shown(NEW)) == {
        "a": "never passed",
        "b": "never passed; below a, which runs",
        "c": "never passed; below b, which runs",
    }
    assert texts(shown(nodes="a", reuse=False)) == {"a": "nothing is reused"}
    failed = attempted(DONE, "c", outcome="failed", run="run-2")
    assert texts(shown(failed)) == {"c": "its last attempt did not pass"}
    touched = {**WORLD, "c": seen("c", paths=[file_at("session:c", digest="other")])}
    assert texts(shown(world=touched)) == {"c": "output data changed"}
    assert texts(shown(nodes="c", world={})) == {"c": "cannot be compared with its last attempt"}
    both = seen(
        "c", paths=[file_at("session:c", digest="other")], script=script_info("c", digest="e")
    )
    told = texts(shown(world={**WORLD, "c": both}))
    assert told == {"c": "script c changed; output data changed"}


def test_a_plan_with_sagemakers_variables_names_them():
    """They are a change like any other where the last attempt had none."""
    assert texts(shown(nodes="a", sagemaker=True)) == {"a": "SM_*  not set → set"}
    assert shown(nodes="a", sagemaker=False)["run"] == []


def outdated(**plan):
    """Rows of a plan without their words, and the words."""
    rows = shown(**plan)["outdated"]
    return {row["node"]: row["above"] for row in rows}, [row["text"] for row in rows]


CHANGED = "stands on what a left before it changed"


def test_a_part_below_what_changed_is_outdated():
    """Whether directly or through others, run or reused; what is run with its root is not."""
    assert outdated(nodes="b", world=EDITED) == ({"b": ["a"]}, [CHANGED])
    assert outdated(nodes="c", world=EDITED) == ({"c": ["a"]}, [CHANGED])
    assert outdated(nodes="bc", world=EDITED, reuse=False)[0] == {"b": ["a"], "c": ["a"]}
    assert shown(nodes="b", world=EDITED)["reuse"] == [{"node": "b"}]
    for nodes, world in (("abc", EDITED), ("a", EDITED), ("ab", EDITED), ("b", WORLD)):
        assert shown(nodes=nodes, world=world)["outdated"] == []


def test_a_part_below_what_failed_is_outdated():
    """What passed before the failure is there, and a run of the whole would not reuse it."""
    failed = attempted(DONE, "b", outcome="failed", run="run-2")
    told = "stands on what b left before an attempt that did not pass"
    assert outdated(session=failed, nodes="c") == ({"c": ["b"]}, [told])
    both = outdated(session=failed, nodes="c", world=EDITED)
    assert both == ({"c": ["a", "b"]}, [f"{CHANGED} and{told.removeprefix('stands on')}"])


def test_a_part_that_is_blocked_is_not_outdated():
    """There is nothing that it could stand on."""
    state = replace(DONE.state, nodes={n: replace(s) for n, s in DONE.state.nodes.items()})
    state.nodes["b"].passed = None
    plan = plan_run(state, frozenset("c"), EDITED, reuse=True)
    view = plan_view(state, plan, EDITED)
    assert (view["blocked"], view["outdated"]) == ([{"node": "c", "by": ["b"]}], [])


def test_a_part_below_what_does_not_fit_is_outdated():
    """The status tells the producer as failed."""
    state = replace(DONE.state, nodes={n: replace(s) for n, s in DONE.state.nodes.items()})
    state.nodes["a"].misfits = (Misfit("b", "data", "data", "it is no table"),)
    (row,) = outdated_view(state, ["b"], WORLD)
    assert row["text"] == "stands on what a left that does not fit what it feeds"


def test_why_tells_the_chain_to_the_root():
    """Each stale node above, roots first and once, with its own changes only."""
    told = why_view(DONE.state, "c", EDITED)
    change = {"part": "script", "name": "a", "old": "digest of a", "new": "edited"}
    assert told == {
        "node": "c",
        "stale": True,
        "changes": [],
        "upstream": [
            {"node": "a", "changes": [change], "passed": True},
            {"node": "b", "changes": [], "passed": True},
        ],
        "passed": DONE.node("c").passed.at.isoformat(),
        "outcome": "passed",
        "needs": [],
        "external": False,
    }


def test_why_of_what_never_passed():
    """There is nothing to compare with; what above it has not passed either is named."""
    told = why_view(NEW.state, "b", WORLD)
    assert (told["stale"], told["changes"], told["passed"], told["outcome"]) == (
        False,
        [],
        None,
        None,
    )
    assert told["upstream"] == [{"node": "a", "changes": [], "passed": False}]


def test_why_of_an_external_node():
    """It never runs, so it is never stale, and nobody below is told of it."""
    assert why_view(DONE.state, "x", WORLD)["external"] is True
    assert why_view(DONE.state, "a", WORLD)["upstream"] == []


def test_why_after_a_failure():
    """Nothing has changed, and the last attempt says why it runs again."""
    failed = attempted(DONE, "c", outcome="timed_out", run="run-2")
    told = why_view(failed.state, "c", WORLD)
    assert (told["stale"], told["outcome"]) == (False, "timed_out")
    assert told["passed"] == DONE.node("c").passed.at.isoformat()


def test_why_of_what_waits_for_a_person():
    """It names what is needed, since nothing can be compared."""
    facts = {
        **WORLD,
        "a": seen("a", requirements=node_facts(need("depth", "job_arg")).requirements),
    }
    told = why_view(given().after(start(DECLARED, facts)).state, "a", facts)
    assert "depth" in told["needs"][0]


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("aa", "a"),
        ("+bb+", "b"),
        ("state:stal", "state:stale"),
        ("state:faild", "state:failed"),
        ("state:pending", "state:"),
    ],
)
def test_a_pattern_that_selects_nothing_is_answered_with_the_nearest(pattern, near):
    """Names of nodes and the two states are what could have been meant."""
    with pytest.raises(SelectionError, match=re.escape(pattern)) as caught:
        chosen(DONE.state, ["a", pattern], WORLD)
    assert near in str(caught.value)
    assert "state:failed or state:stale" in caught.value.fix


def test_what_is_chosen_is_all_that_the_patterns_select():
    """Also where two of them meet."""
    assert chosen(DONE.state, ["+b", "b+"], WORLD) == {"a", "b", "c"}
    assert chosen(DONE.state, (), WORLD) == {"a", "b", "c"}
    with pytest.raises(SelectionError, match="state:stale"):
        chosen(DONE.state, ["state:stale"], WORLD)
    assert chosen(DONE.state, ["state:stale"], EDITED) == {"a", "b", "c"}


LONG = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("change", "short", "whole"),
    [
        (("upstream", "b", None, None), "b is to run again", None),
        (("job_arg", "depth", 1, 2), "depth  1 → 2", None),
        (("job_arg", "depth", None, 2), "depth  not set → 2", None),
        (("environ_var", "MODE", "x", None), "MODE  x → not set", None),
        (("environ_var", "MODE", None, "none"), "MODE  not set → none", None),
        (("interpreter", "python", "3.11.7", "3.12.1"), "python  3.11.7 → 3.12.1", None),
        (("module", "rows", None, LONG), "module rows is new", None),
        (("module", "rows", LONG, None), "module rows is gone", None),
        (("script", "a", LONG, "f" * 64), "script a changed",
         "script a changed  0123456789ab → ffffffffffff"),
        (("input", "data", f"{LONG}/sub", "f" * 64), "input data changed",
         "input data changed  0123456789ab/sub → ffffffffffff"),
        (("output", "data", LONG, None), "output data is gone", None),
    ],
)  # fmt: skip
def test_changes_in_words(change, short, whole):
    """Values old to new; of contents that they changed, and on demand the digests' beginnings."""
    told = Change(*change)
    assert change_words(told) == short
    assert change_words(told, digests=True) == (whole or short)


def test_changes_on_one_line():
    """In their order; the view of one keeps digests whole."""
    both = (Change("script", "a", LONG, "f"), Change("job_arg", "n", 1, 2))
    assert changes_text(both) == "script a changed; n  1 → 2"
    assert change_view(both[0]) == {"part": "script", "name": "a", "old": LONG, "new": "f"}


def test_secrets_are_told_by_their_names():
    """A change of which secret is meant names both, and no value."""
    change = Change("environ_var", "TOKEN", {"secret": "FIRST"}, {"secret": "SECOND"})
    assert change_words(change) == "TOKEN  @secret:FIRST → @secret:SECOND"


def test_long_values_are_cut_and_stay_on_their_line():
    """A list of a thousand names, or a text of many lines, is no reason to lose the next line."""
    told = change_words(Change("job_arg", "names", "a\nb", ["name"] * 1000))
    assert told.startswith("names  a\\nb → ['name', 'name'")
    assert told.endswith("…")
    assert len(told) < 100


def test_a_chain_of_what_never_passed_is_named_once():
    """A node that passed below it is stale for it."""
    state = replace(DONE.state, nodes={n: replace(s) for n, s in DONE.state.nodes.items()})
    state.nodes["b"].passed = None
    told = why_view(state, "c", WORLD)
    assert (told["stale"], told["changes"]) == (True, [])
    assert told["upstream"] == [{"node": "b", "changes": [], "passed": False}]


def test_several_that_run_are_told_as_several():
    """`which runs` is for one."""
    assert _text(("upstream_runs",), (), ("a", "b")) == "below a and b, which run"
    assert _text(("upstream_runs",), (), ("a",)) == "below a, which runs"
