"""What a node needs and has, as doors show it."""

from tests.support.builders import (
    configure,
    envelopes,
    file_at,
    need,
    node_facts,
    pipeline,
    script_info,
    start,
)
from tests.support.dsl import given

from runthrough.core.values.connections import Output
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.requirements import requirements_view

RAW = "workspace:raw.csv"
MAKE = node_facts(
    need("raw", files=("a.csv",)),
    need("extra", aliases=("more",), level="optional", description="what else there is"),
    need("made", "output"),
    need("LABEL", "environ_var", default="a", choices=("a", "b")),
    need("depth", "job_arg"),
    paths=[file_at(RAW)],
)
TAKE = node_facts(need("made"), script=script_info("take"))


def view(node, *commands, **nodes):
    """What is told of a node after commands."""
    declared = pipeline(("make", "take"), make=nodes.get("make"), take=nodes.get("take"))
    session = given()
    events = []
    for command in (start(declared, {"make": MAKE, "take": TAKE}), *commands):
        when = session.when(command)
        events += when.events
        session = when.session
    loaded = Loaded(given().state)
    loaded.fold(envelopes(events))
    return requirements_view(loaded.state, loaded.particulars, node)


def test_needs_are_told_with_what_they_have():
    """Paths as people write them, values, where none is given null, and where each is read."""
    answers = {
        "input_paths": {"raw": RAW, "more": RAW},
        "output_paths": {"made": "workspace:out.csv"},
        "environ_vars": {"LABEL": "b"},
        "job_args": {"depth": 3},
    }
    told = view("make", configure("make", MAKE, **answers))
    raw, extra = told["expected_inputs"]
    assert (raw["current_path"], raw["files"], raw["required"]) == ("raw.csv", ["a.csv"], True)
    assert raw["description"] == "required input: a.csv"
    assert (extra["current_path"], extra["description"]) == ("raw.csv", "what else there is")
    assert [one["current_path"] for one in told["expected_outputs"]] == ["out.csv"]
    (label,) = told["environment_variables"]
    assert (label["current_value"], label["default_value"]) == ("b", "a")
    assert label["choices"] == ["a", "b"]
    assert [one["current_value"] for one in told["job_arguments"]] == [3]


def test_a_node_that_nothing_was_said_of_has_nothing():
    """Only what is needed is told, with where it could lie."""
    told = view("make")
    raw = told["expected_inputs"][0]
    assert (raw["current_path"], raw["example_path"]) == (None, "input/make/raw")
    assert told["expected_outputs"][0]["example_path"] == "output/make/made"
    assert told["environment_variables"][0]["current_value"] is None
    assert (told["script_name"], told["auto_configurable"]) == ("clean", False)


def test_an_input_that_an_output_feeds_names_it():
    """A connection stands where a path would."""
    fed = NodeDeclaration(inputs={"made": Output("make", "made")})
    assert view("take", take=fed)["expected_inputs"][0]["current_path"] == "@make.made"


def test_a_node_without_a_script_needs_nothing():
    """And has neither name nor path of one."""
    gone = node_facts(script=None)
    declared = pipeline(make=None)
    session = given().after(start(declared, {"make": gone}))
    told = requirements_view(session.state, Loaded(session.state).particulars, "make")
    assert (told["script_name"], told["script_path"], told["expected_inputs"]) == (None, None, [])
