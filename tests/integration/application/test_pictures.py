"""What pictures are drawn from, and that the README's is the one that is drawn today."""

import pytest
from tests.support.pictures import SESSION, churn, script, session_picture
from tests.support.pipelines import Place

from runthrough import PipelineDAG


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    with churn(tmp_path_factory.mktemp("churn")) as factory:
        yield factory._session.picture()


def edge(view, source, target):
    (found,) = [
        one for one in view["edges"] if (one["from_node"], one["node"]) == (source, target)
    ]
    return found


def test_a_node_stands_as_on_the_work_list(view):
    """Word, staleness, and the seconds of what passed."""
    words = {node: there["state"] for node, there in view["nodes"].items()}
    assert words == {
        "Warehouse": "external",
        "CleanCustomers": "passed",
        "BuildFeatures": "passed",
        "TrainModel": "passed",
        "EvaluateModel": "failed",
        "CalibrateModel": "stale",
        "WriteCard": "needs_you",
        "PublishModel": "blocked",
    }
    assert [node for node, there in view["nodes"].items() if there["stale"]] == ["CalibrateModel"]
    assert view["nodes"]["TrainModel"]["took"].endswith(" s")
    assert view["nodes"]["EvaluateModel"]["took"] == ""
    assert view["nodes"]["Warehouse"]["external"]


def test_an_edge_tells_what_feeds_what(view):
    """Output and input of each wire."""
    assert edge(view, "TrainModel", "EvaluateModel")["wires"] == [["model", "model"]]
    assert all(one["fits"] and not one["asked"] for one in view["edges"])
    assert len(view["edges"]) == 9


def test_a_connection_that_is_only_proposed_is_asked(tmp_path):
    """Which of two outputs is meant is told once a person has said it."""
    place = Place(tmp_path)
    place.script("gives", script([], ["train_rows", "test_rows"], []))
    place.script("takes", script(["rows"], [], []))
    with place.factory(PipelineDAG(nodes=["Gives", "Takes"], edges=[("Gives", "Takes")])) as one:
        asked = edge(one._session.picture(), "Gives", "Takes")
        assert (asked["asked"], asked["wires"]) == (True, [["train_rows", "rows"]])
        one.confirm("Takes.rows")
        assert not edge(one._session.picture(), "Gives", "Takes")["asked"]


def test_an_edge_whose_data_did_not_fit_says_so(tmp_path):
    """After the run, and no more once what flows along it fits."""
    place = Place(tmp_path)
    place.script("gives", script([], ["rows"], []))
    place.script("takes", script(["rows"], ["copy"], []))
    with place.factory(PipelineDAG(nodes=["Gives", "Takes"], edges=[("Gives", "Takes")])) as one:
        for name, fits in (("rows.json", False), ("rows.txt", True)):
            one.configure_script_testing("Gives", output_paths={"rows": place.workspace / name})
            one.execute_dag_guided_testing()
            assert edge(one._session.picture(), "Gives", "Takes")["fits"] == fits
            assert edge(one._session.run_picture(), "Gives", "Takes")["fits"] == fits


def test_without_a_run_there_is_no_picture_of_one(tmp_path):
    """Nothing is drawn that did not happen."""
    place = Place(tmp_path)
    place.script("gives", script([], [], []))
    with (
        place.factory(PipelineDAG(nodes=["Gives"])) as one,
        pytest.raises(ValueError, match="run"),
    ):
        one._session.run_picture()


def test_a_run_is_drawn_by_its_outcomes(tmp_path):
    """What ran, what was not selected; no file is looked at for it."""
    with churn(tmp_path) as factory:
        factory._session.refresh()
        nodes = factory._session.run_picture()["nodes"]
    told = {node: there["state"] for node, there in nodes.items()}
    assert told["EvaluateModel"] == "failed"
    assert told["WriteCard"] == "not_selected"
    assert told["Warehouse"] == "external"


def test_the_picture_of_the_readme_is_todays(tmp_path):
    """`python -m tests.support.pictures` draws it anew."""
    assert session_picture(tmp_path) == SESSION.read_text(encoding="utf-8")
