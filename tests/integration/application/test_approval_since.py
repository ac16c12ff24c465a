"""Since which version an approval no longer holds, when what came between was taken back."""

import pytest
from tests.support.desk import shop, top

from runthrough.application.answers import Answers


@pytest.fixture
def green(tmp_path):
    """A session in which all has passed with `top` 1, and is approved."""
    with shop(tmp_path / "shop") as desk:
        session = desk.begin(report=top(1))
        assert session.run()["pipeline_success"]
        session.approve()
        yield session


def since(session):
    """The version that is told; each node that differs, with it."""
    told = session.status()["approval"]
    return told["since"], told["nodes"]


def test_what_was_taken_back_is_not_what_made_it_stale(green):
    """Nobody finds the cause in a version that stands no longer."""
    green.configure("report", top(9))
    green.undo()
    assert since(green) == (None, [])
    version = green.configure("report", top(8)).version
    assert since(green) == (version, ["report"])


def test_of_two_changes_the_one_that_was_not_taken_back_is_told(green):
    """The first of a node is gone, that of another one stands."""
    first = green.configure("report", top(9)).version
    green.undo()
    other = green.configure("clean", Answers(environ_vars={"CURRENCY": "USD"})).version
    again = green.configure("report", top(8)).version
    assert first < other < again
    assert since(green) == (other, ["clean", "report"])


def test_what_was_done_again_stands_again(green):
    """Redo brings back what was done, with its own version."""
    version = green.configure("report", top(9)).version
    green.undo()
    green.redo()
    assert since(green) == (version, ["report"])
    green.configure("report", top(8))
    assert since(green) == (version, ["report"])


def test_what_is_below_the_one_that_was_taken_back_is_told(green):
    """Of two changes of one node the older one stands."""
    version = green.configure("report", top(9)).version
    green.configure("report", top(8))
    green.undo()
    assert since(green) == (version, ["report"])


def test_an_undo_that_goes_behind_the_approval_is_what_made_it_stale(green):
    """What was approved is no longer there, since it was taken back; redo brings it again."""
    back = green.undo()
    version, nodes = since(green)
    assert (version, "report" in nodes) == (back.after + 1, True)
    green.redo()
    assert since(green) == (None, [])
    later = green.configure("report", top(8)).version
    assert since(green) == (later, ["report"])


def test_an_undo_that_still_stands_is_told_behind_another_one(green):
    """The second takes back something else, so what the first did stands."""
    green.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    green.configure("report", top(9))
    green.undo()
    assert since(green)[1] == ["clean"]
    green.undo()
    back = green.undo()
    assert since(green) == (back.after + 1, ["report"])


def test_where_the_log_no_longer_tells_none_is_named(green):
    """Rather than a version that changed nothing, or one that stands no longer."""
    green.undo()
    green.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    green.undo()
    assert since(green) == (None, ["report"])


def test_another_script_is_told_though_something_else_was_taken_back(green, tmp_path):
    """It stands, and no value of the node says so."""
    scripts = tmp_path / "shop/scripts"
    (scripts / "other.py").write_text((scripts / "total.py").read_text() + "\nUNUSED = 1\n")
    green.bind("total", str(scripts / "other.py"))
    version = since(green)[0]
    assert version is not None
    green.configure("report", top(9))
    green.undo()
    assert since(green)[0] == version


def test_only_a_file_that_changed_names_no_version(green, tmp_path):
    """The value is what it was, and when the file changed the log does not hold."""
    green.configure("report", top(9))
    green.undo()
    green.configure("report", top(1))
    script = tmp_path / "shop/scripts/report.py"
    script.write_text(script.read_text() + "\nUNUSED = 1\n")
    assert since(green) == (None, ["report"])
