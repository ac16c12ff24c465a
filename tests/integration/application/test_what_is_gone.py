"""What a session says, and what it names as next, while files that it needs are gone."""

import pytest
from tests.support.desk import categories, shop, top

from runthrough.application.answers import Answers
from runthrough.errors import PendingScriptsError

ANSWER = "runthrough configure clean --input orders=PATH"


@pytest.fixture
def desk(tmp_path):
    """A pipeline of three scripts; nothing is begun yet."""
    with shop(tmp_path / "shop") as begun:
        yield begun


@pytest.fixture
def ann(desk):
    """The session after one whole run."""
    session = desk.begin(report=top())
    session.run()
    return session


def test_an_input_that_is_gone_is_the_next_thing_to_see_to(desk, ann):
    """Before and after anybody recorded it, wherever one looks; a run is refused for it."""
    desk.orders.unlink()
    seen = {"clean": "needs_you", "total": "blocked", "report": "blocked"}
    view = ann.status()
    assert {row["node"]: row["category"] for row in view["worklist"]} == seen
    assert {node["state"] for node in view["nodes"].values()} == {"executed"}
    assert view["unrecorded"]["pending_again"] == ["clean"]
    assert view["next_command"] == ann.next_command() == ANSWER
    assert categories(ann) == seen
    with pytest.raises(PendingScriptsError):
        ann.run()
    assert (categories(ann), ann.next_command()) == (seen, ANSWER)
    assert ann.status()["nodes"]["clean"]["state"] == "pending"


def test_a_plan_blocks_what_is_below_a_file_that_is_gone(desk, ann):
    """Nothing is told to run that a run would refuse."""
    desk.orders.unlink()
    view = ann.plan()
    assert [row["node"] for row in view["pending"]] == ["clean"]
    assert view["blocked"] == [
        {"node": "total", "by": ["clean"]},
        {"node": "report", "by": ["total"]},
    ]
    assert (view["run"], view["reuse"]) == ([], [])


def test_a_script_that_is_gone_is_to_be_bound(desk, ann):
    """A node that has passed does not stand for a script that nobody could run again."""
    (desk.folder / "scripts/total.py").unlink()
    assert categories(ann) == {"total": "needs_you", "report": "blocked", "clean": "passed"}
    assert ann.next_command() == "runthrough bind total PATH"


def test_a_file_that_is_back_needs_nobody(desk, ann):
    """Also where that it was gone is recorded, and that it is back is not."""
    orders = desk.orders.read_text()
    desk.orders.unlink()
    ann.resume()
    desk.orders.write_text(orders)
    assert set(categories(ann).values()) == {"passed"}
    assert ann.next_command() == "runthrough report"
    assert ann.status()["unrecorded"]["restored"] == ["clean"]


def test_a_resume_says_who_is_pending_until_nobody_is(desk, ann):
    """The first tells it as news, the second as what still is, the last not at all."""
    orders = desk.orders.read_text()
    desk.orders.unlink()
    told = []
    for _ in range(2):
        ann.resume()
        told.append((ann.resumed["pending_again"], ann.resumed["still_pending"]))
    assert told == [(["clean"], []), ([], ["clean"])]
    assert ann.resumed["nodes"]["clean"].startswith("still pending: Input file does not exist")
    assert ann.resumed["next_command"] == ANSWER
    desk.orders.write_text(orders)
    ann.resume()
    assert (ann.resumed["pending_again"], ann.resumed["still_pending"]) == ([], [])


def test_a_resume_after_an_undo_onto_a_file_that_is_gone_names_the_node(desk, ann):
    """The configuration that the undo led to does not hold."""
    other = desk.folder / "data/other.csv"
    desk.orders.rename(other)
    ann.resume()
    ann.configure("clean", Answers(input_paths={"orders": str(other)}))
    ann.undo()
    assert ann.resume() == []
    assert ann.resumed["still_pending"] == ["clean"]
    assert "orders.csv" in ann.resumed["nodes"]["clean"]
