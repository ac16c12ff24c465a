"""Displays of plain answers: equal to what they were, escaped, folded where they are long."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.shown import shown

from runthrough.entrypoints.notebook import (
    Differences,
    History,
    Requirements,
    Results,
    Worklist,
)

HOSTILE = "<script>alert('x')</script>\x07&amp;\"</style>"


def row(node="clean", category="needs_you", **more):
    told = {"text": "orders: no path", "needs": [], "evidence": [], "by": None}
    return {"node": node, "category": category, **told, "next": "go on", **more}


def event(sentence="configured clean", **more):
    told = {"position": 1, "version": 3, "type": "ScriptConfigured", "node": "clean"}
    when = {"actor": "ann", "recorded_at": "2026-01-02T03:04:05+00:00"}
    changed = {"before": {"arg.top": 1}, "after": {"arg.top": 2}}
    return {**told, **when, **changed, "sentence": sentence, **more}


def need(name="orders", **more):
    told = {"name": name, "description": "required input", "required": True, "source": "code"}
    return {**told, "example_path": "x", "current_path": None, "proposed": None, **more}


def requirements(*needs, node="clean", drift=()):
    rest = ("expected_outputs", "environment_variables", "job_arguments")
    view = {"step_name": node, "script_path": "clean.py", "expected_inputs": list(needs)}
    return Requirements({**view, **{key: [] for key in rest}, "drift": list(drift)})


def results(outcome="passed", node="clean", **more):
    told = {
        "exit_code": 0,
        "signal": None,
        "duration_s": 1.25,
        "peak_rss_bytes": 1,
        "log": "a.log",
    }
    one = Results(
        {
            "pipeline_success": outcome == "passed",
            "status": outcome,
            "outcomes": {node: {"outcome": outcome, **told}},
            "errors": [] if outcome == "passed" else [f"{node}: ValueError: bad"],
            "root_causes": [] if outcome == "passed" else [{"node": node, "blocked": []}],
            "data_flow_results": {},
            **more,
        }
    )
    standing = {"state": outcome, "external": False, "stale": False, "took": "1.2 s"}
    one.picture = {"title": "orders", "nodes": {node: standing}, "edges": []}
    return one


def test_the_work_list_is_a_table():
    """Each node with mark, word, text and what comes next."""
    page = shown(Worklist([row(), row("total", "passed", text="0.1 s", next=None)]))
    for told in ("1 needs you, 1 passed", "? needs you", "clean", "orders: no path", "go on"):
        assert told in page.words
    assert page.tags.count("tr") == 3


def test_needs_are_told_kind_by_kind():
    """What is required, there, proposed, and what contract and code disagree on."""
    page = shown(
        requirements(
            need(current_path="data/orders.csv"),
            need("scores", required=False, proposed="@Model.scores"),
            need("rates"),
            need("extra", required=False),
            drift=["only the code reads x"],
        )
    )
    told = ("* orders", "data/orders.csv", "scores", "? @Model.scores", "only the code reads x")
    assert [text for text in told if text not in page.words] == []
    assert page.words.count("? missing") == 1
    assert "environment variables" not in page.words
    assert "default" not in page.words


def test_outputs_and_what_has_a_default_are_never_missing():
    """A run settles where outputs go, and a default answers for a person."""
    view = requirements()
    view["expected_outputs"] = [need("clean")]
    view["job_arguments"] = [need("top", default_value=3)]
    page = shown(view)
    assert "* clean" in page.words
    assert "* top" in page.words
    assert "missing" not in page.words


def test_history_tells_from_what_to_what():
    """Who, when, what, and each value before and after."""
    page = shown(History([event()]))
    for told in ("1 event", "2026-01-02 03:04:05", "ann", "configured clean", "arg.top  1 → 2"):
        assert told in page.words


def test_differences_tell_both_sides():
    """Values side by side; the lines of a script folded below."""
    one = {"node": "clean", "part": "script", "name": "source", "old": "a1", "new": "b2"}
    page = shown(Differences([{**one, "diff": "-x\n+y", "reason": None}]))
    assert all(text in page.words for text in ("clean", "source", "a1", "b2", "-x\n+y"))
    assert "nothing differs" in shown(Differences()).words


def test_results_show_the_picture_and_why_something_failed():
    """The picture, the outcome of each node, and the call that gives the logs of what failed."""
    page = shown(results("failed"))
    assert page.tags.count("svg") == 1
    for told in ("✗ failed", "clean: ValueError: bad", "1.2 s", "factory.logs('clean')"):
        assert told in page.words
    assert "factory.logs" not in shown(results()).words


@pytest.mark.parametrize(
    "thing",
    [
        Worklist([row(HOSTILE, text=HOSTILE, next=HOSTILE)]),
        requirements(need(HOSTILE, current_path=HOSTILE), node=HOSTILE, drift=[HOSTILE]),
        History([event(HOSTILE, actor=HOSTILE, before={HOSTILE: 1}, after={HOSTILE: HOSTILE})]),
        results("failed", HOSTILE),
    ],
    ids=["worklist", "requirements", "history", "results"],
)
def test_whatever_is_told_is_text(thing):
    """A name that is markup is shown as it is written, and signs that no page may hold are not."""
    page = shown(thing)
    assert HOSTILE.replace("\x07", "\N{REPLACEMENT CHARACTER}") in page.words


@given(count=st.integers(0, 200))
def test_a_long_table_is_folded_and_whole(count):
    """Forty rows are seen at once, the rest is one click away."""
    page = shown(Worklist(row(f"n{place}") for place in range(count)))
    rows = page.tags.count("tr") - page.tags.count("table")
    assert rows == count
    assert page.tags.count("details") == (count > 40)
    assert (f"… and {count - 40} more" in page.words) == (count > 40)


def test_of_a_very_long_table_the_end_is_counted():
    """Thousands of rows would weigh megabytes in every notebook that shows them."""
    page = shown(Worklist(row(f"n{place}") for place in range(403)))
    assert page.tags.count("tr") - page.tags.count("table") == 400
    assert "… and 363 more" in page.words
    assert "… and 3 that are not drawn; factory.worklist() holds them all" in page.words
    assert "not drawn" not in shown(Worklist(row() for _ in range(400))).words


@pytest.mark.parametrize("count", [39, 40, 41, 400, 403])
def test_the_latest_of_a_history_is_in_sight(count):
    """The last forty events stand open in their order, earlier ones are folded above them."""
    page = shown(History(event(f"did {n}.", version=n) for n in range(count)))
    drawn = [n for n in range(count) if f"did {n}." in page.words]
    assert drawn == list(range(max(0, count - 400), count))
    places = [page.words.index(f"did {n}.") for n in drawn]
    assert places == sorted(places)
    folded, _, seen = page.words.rpartition(f"did {count - 40}.")
    assert (f"… {count - 40} earlier" in folded) == (count > 40)
    assert f"did {count - 1}." in seen
    beyond = "… 3 before these are not drawn; factory.history() holds them all"
    assert (beyond in folded) == (count > 400)


def test_what_can_be_acted_on_is_above_the_fold():
    """Of hundreds of nodes those that wait for others do not push a ready one out of sight."""
    waiting = [row(f"n{place}", "waiting") for place in range(60)]
    words = shown(Worklist([*waiting, row("first", "ready"), row("broken", "failed")])).words
    assert words.index("broken") < words.index("first") < words.index("n0") < words.index("more")


def test_a_failure_is_told_with_its_lines_and_the_end_of_its_logs():
    """What a person would look up elsewhere: the error whole, where it was raised, hints, logs."""
    lines = ("def main():", "    raise ValueError('bad')")
    frame = {"file": "scripts/clean.py", "line": 6, "function": "main", "source": list(lines)}
    error = {"type": "ValueError", "message": "bad\nand more", "headline": "ValueError: bad"}
    one = results("failed")
    one.failures = [
        {
            "node": "clean",
            "error": {
                **error,
                "hints": ["look at it"],
                "frames": [{**frame, "in_library": False}],
            },
            "exit_code": 1,
            "signal": None,
            "log": {
                "stdout_tail": "",
                "stdout_bytes": 0,
                "stderr_tail": HOSTILE,
                "stderr_bytes": 9,
            },
        }
    ]
    words = shown(one).words
    for told in (
        "ValueError: bad\nand more",
        "scripts/clean.py:6 in main",
        ">    6 │     raise ValueError('bad')",
        "→ look at it",
        "exit code 1",
        "the end of its standard error",
        "alert('x')",
    ):
        assert told in words


@pytest.mark.parametrize(
    ("thing", "plain"),
    [
        (Worklist([row()]), [row()]),
        (History([event()]), [event()]),
        (Differences(), []),
        (requirements(need()), dict(requirements(need()))),
        (results(), dict(results())),
    ],
)
def test_an_answer_is_still_the_plain_one(thing, plain):
    """Equal to a list or a mapping, as text too; it can be written as JSON and pickled."""
    assert thing == plain
    assert repr(thing) == repr(plain)
    assert json.loads(json.dumps(thing)) == plain
    assert shown(pickle.loads(pickle.dumps(thing))).words == shown(thing).words
