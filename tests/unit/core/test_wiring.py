"""Which connections are taken without asking."""

import pytest
from tests.support.builders import need

from runthrough.core.values.connections import Connection, Output
from runthrough.core.wiring import EQUAL_NAME_SCORE, open_subfolder, wire


def out(name, **more):
    return need(name, "output", **more)


def wired(*inputs, declared=None, taken=(), **offers):
    connections = wire(
        "train",
        inputs=inputs,
        declared=declared or {},
        offers={producer: tuple(outputs) for producer, outputs in offers.items()},
        taken=taken,
    )
    return {connection.input: str(connection.source) for connection in connections}


def test_a_declared_connection_is_taken_as_it_stands():
    """Whether such an output exists is for validation to say."""
    source = Output("clean", "anything", "sub")
    assert wire("train", inputs=(), declared={"data": source}, offers={}) == (
        Connection("train", "data", source, "declared", None, "declared in the pipeline"),
    )


def test_an_equal_name_is_accepted_with_its_reason():
    """One direct predecessor offers it and one input wants it."""
    assert wire(
        "train", inputs=(need("data"),), declared={}, offers={"clean": (out("data"),)}
    ) == (
        Connection(
            "train",
            "data",
            Output("clean", "data"),
            "accepted",
            EQUAL_NAME_SCORE,
            "equal name, and only clean offers it",
        ),
    )


def test_an_alias_of_the_input_is_its_name_too():
    """Nested reads are one need, whichever of its names the producer uses."""
    assert wired(need("data", aliases=("DATA",)), clean=[out("DATA")]) == {"data": "clean.DATA"}


def test_two_predecessors_that_offer_the_name_leave_it_open():
    """A wrong silent connection is worse than a question."""
    assert wired(need("data"), clean=[out("data")], load=[out("data")]) == {}


def test_one_producer_that_offers_name_and_alias_leaves_it_open():
    """Either could be meant."""
    assert wired(need("data", aliases=("DATA",)), clean=[out("data"), out("DATA")]) == {}


def test_two_inputs_that_want_the_name_leave_it_open():
    """An output is not given to both of two needs with a common name."""
    assert wired(need("data"), need("other", aliases=("data",)), clean=[out("data")]) == {}


def test_what_is_no_direct_predecessor_offers_nothing():
    """Ancestors beyond an edge are not among the offers, so nothing is taken from them."""
    assert wired(need("data")) == {}


def test_an_optional_input_is_wired_like_a_required_one():
    """Equal names say the same whatever the level."""
    assert wired(need("data", level="optional"), clean=[out("data")]) == {"data": "clean.data"}


def test_an_input_that_is_never_read_is_left_alone():
    """Nothing would take what comes."""
    assert wired(need("data", level="unread"), clean=[out("data")]) == {}


def test_an_output_that_is_never_written_feeds_nothing():
    """Nothing would come; but it makes another offer of the name doubtful."""
    unread = out("data", level="unread")
    assert wired(need("data"), clean=[unread]) == {}
    assert wired(need("data"), clean=[unread], load=[out("data")]) == {}


@pytest.mark.parametrize("closed", ["data", "DATA"])
def test_an_answered_input_is_left_alone(closed):
    """Declared as a path, or answered by a person, under any of its names."""
    data = need("data", aliases=("DATA",))
    assert wired(data, declared={closed: "workspace:x"}, clean=[out("data")]) == {}
    assert wired(data, taken=(closed,), clean=[out("data")]) == {}


def test_a_declared_source_is_not_given_twice():
    """An output goes to one input of a consumer at most, unless a person says otherwise."""
    declared = {"first": Output("clean", "data")}
    assert wired(need("first"), need("data"), declared=declared, clean=[out("data")]) == {
        "first": "clean.data"
    }


def test_an_open_sub_folder_leaves_the_input_open():
    """The files may lie deeper than the reader looks; which folder is meant is a question."""
    reads = need("data", files=("train.csv",))
    assert wired(reads, clean=[out("data", files=("a/train.csv", "b/train.csv"))]) == {}
    assert wired(reads, clean=[out("data", files=("train.csv",))]) == {"data": "clean.data"}


@pytest.mark.parametrize(
    ("read", "written", "expected"),
    [
        (("a.csv",), ("x/a.csv",), True),
        (("a.csv",), ("x/a.csv", "b.csv"), False),
        (("x/a.csv",), ("x/a.csv",), False),
        ((), ("x/a.csv",), False),
        (("a.csv",), (), False),
    ],
)
def test_when_a_sub_folder_is_open(read, written, expected):
    """Read at the root, written only below it."""
    assert open_subfolder(read, written) is expected
