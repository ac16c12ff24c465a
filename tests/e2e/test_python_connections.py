"""Connections, scripts and marks through the Python door."""

import pytest
from tests.e2e.test_cli_connecting import MAKE, TAKE
from tests.support.pipelines import Place

from runthrough import (
    CommandRefusedError,
    ConfigurationInvalidError,
    Output,
    PipelineDAG,
    VersionConflictError,
)


@pytest.fixture
def place(tmp_path):
    """Two outputs, and an input whose name says nothing of them."""
    place = Place(tmp_path)
    place.script("make", MAKE)
    place.script("take", TAKE)
    return place


DAG = PipelineDAG(edges=[("make", "take")])


def test_a_connection_is_made_with_an_output_or_with_text(place):
    """Both name the same thing, and the node needs nobody any more."""
    with place.factory(DAG) as factory:
        told = factory.connect(Output("make", "alpha"), "take.gamma")
        assert told["nodes"]["take"]["state"] == "auto_configured"
        told = factory.connect("make.beta", "take.gamma")
        assert told["version"] == factory.version
        assert [row["sentence"] for row in told["recorded"]][-1] == (
            "connected take.gamma to make.beta"
        )


def test_a_connection_that_cannot_be_raises_with_its_problems(place):
    """Nothing is changed, and the problem names what there is."""
    with place.factory(DAG) as factory, pytest.raises(ConfigurationInvalidError) as caught:
        factory.connect("make.delta", "take.gamma")
    assert [problem["code"] for problem in caught.value.problems] == ["CONNECTION_UNKNOWN"]


def test_a_disconnected_node_is_pending_again(place):
    """Its input is asked for."""
    with place.factory(DAG) as factory:
        factory.connect("make.beta", "take.gamma")
        factory.disconnect("take.gamma")
        assert factory.get_pending_script_configurations() == ["take"]
        with pytest.raises(CommandRefusedError):
            factory.disconnect("take.gamma")


def test_scripts_are_bound_and_nodes_marked(place, tmp_path):
    """Bind, external, internal and clear are methods, each recorded."""
    other = tmp_path / "elsewhere" / "maker.py"
    other.parent.mkdir()
    other.write_text(MAKE.lstrip())
    with place.factory(DAG) as factory:
        assert factory.bind_script("make", other)["nodes"]["make"]["state"] == "auto_configured"
        told = factory.mark_external("make", {"alpha": tmp_path / "alpha.txt"})
        assert told["nodes"]["make"]["external"]
        assert factory.mark_internal("make")["nodes"]["make"]["state"] == "auto_configured"
        factory.configure_script_testing("make", user_notes="mine")
        assert factory.clear_configuration("make")["nodes"]["make"]["configured_by"] == "auto"
        types = {row["type"] for row in factory.history("make")}
    assert {
        "ScriptBound",
        "NodeMarkedExternal",
        "NodeMarkedInternal",
        "ConfigurationCleared",
    } <= types


def test_check_tells_problems_and_records_nothing(place):
    """Each problem is a mapping with code, severity, place, message, fix and candidates."""
    with place.factory(DAG) as factory:
        before = factory.version
        problems = factory.check()
        assert {p["where"]["node"] for p in problems if p["severity"] == "error"} == {"take"}
        assert set(problems[0]) == {
            "code",
            "severity",
            "where",
            "message",
            "fix",
            "candidates",
        }
        assert factory.version == before


def test_what_somebody_else_changed_is_a_conflict(place):
    """The object remembers what it showed; an action over newer changes is refused."""
    with place.factory(DAG, session_name="shared") as ann:
        ann.worklist()
        with type(ann).resume("shared", database_url=place.database_url, actor="bob") as bob:
            bob.connect("make.alpha", "take.gamma")
        with pytest.raises(VersionConflictError):
            ann.connect("make.beta", "take.gamma")
