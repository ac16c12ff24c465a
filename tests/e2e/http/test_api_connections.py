"""Connections over HTTP: told, made, confirmed, rejected and taken away."""

import pytest
from tests.support.pipelines import MADE, MAKE, PARTS, READS_PARTS, TAKE
from tests.support.senders import Sender, refused, senders, told

from runthrough.bootstrap import load_pipeline


@pytest.fixture
def tim(tmp_path):
    """A tester at a session in which an output is proposed for an input."""
    with senders(tmp_path) as (_, tim, _):
        desk = tim.counter.desk
        desk.script("make", MAKE)
        desk.script("take", TAKE)
        file = desk.shell.file("made.yaml", MADE)
        desk.application("ann").sessions.start(load_pipeline(file), name="made")
        yield Sender(tim.counter, "tim", session="made")


def statuses(sender):
    """Input → what stands of its connection, and the output."""
    rows = told(sender.get("connections"))["connections"]
    return {f"{row['node']}.{row['input']}": (row["status"], row["output"]) for row in rows}


def test_what_is_proposed_is_told_with_its_reason(tim):
    """A proposal has its score, its reason and the runner-up, as the status has them."""
    answer = tim.get("connections")
    (row,) = told(answer)["connections"]
    assert (row["node"], row["input"], row["status"]) == ("take", "gamma", "proposed")
    assert row["reason"]
    assert row == told(tim.get("status"))["connections"][0]
    assert answer.headers["etag"] == tim.get("status").headers["etag"]


@pytest.mark.parametrize("body", [{"targets": ["take.gamma"]}, {}, None])
def test_what_is_proposed_is_confirmed(tim, body):
    """One that is named is taken, and all of them where none is."""
    (_, output) = statuses(tim)["take.gamma"]
    settled = told(tim.send("POST", "connections/confirm", json=body))
    assert settled["recorded"][0]["type"] == "ConnectionConfirmed"
    assert statuses(tim) == {"take.gamma": ("confirmed", output)}


@pytest.mark.parametrize("body", [{"targets": ["take.gamma"]}, {}])
def test_an_open_sub_folder_is_refused_with_each_choice(tim, body):
    """Neither by its name nor among all is one of them taken; the fix connects one."""
    tim.counter.desk.script("make", PARTS)
    tim.counter.desk.script("take", READS_PARTS)
    file = tim.counter.desk.shell.file("parts.yaml", MADE)
    tim.counter.desk.application("ann").sessions.start(load_pipeline(file), name="parts")
    parts = Sender(tim.counter, "tim", session="parts")
    problem = refused(parts.send("POST", "connections/confirm", json=body), 409, "REFUSED")
    if body:
        assert problem["detail"].endswith("take.gamma is open: one or two.")
        assert "runthrough connect make.parts/one take.gamma" in problem["fix"]
    assert statuses(parts)["take.gamma"] == ("proposed", "parts")


def test_what_is_rejected_does_not_come_back(tim):
    """The output is no longer proposed, and the node waits for a path."""
    (_, output) = statuses(tim)["take.gamma"]
    settled = told(tim.send("POST", "connections/reject", json={"targets": ["take.gamma"]}))
    assert settled["recorded"][0]["type"] == "ConnectionRejected"
    assert statuses(tim).get("take.gamma") != ("proposed", output)
    problem = refused(
        tim.send("POST", "connections/reject", json={"targets": ["make.x"]}), 409, "REFUSED"
    )
    assert problem["fix"]


def test_an_input_is_fed_from_a_named_output_and_opened_again(tim):
    """A person chooses an output, or a folder in it; deleting the connection opens the input."""
    path = "nodes/take/inputs/gamma/connection"
    told(tim.send("PUT", path, json={"from": "make.beta"}))
    assert statuses(tim) == {"take.gamma": ("confirmed", "beta")}
    told(tim.send("PUT", path, json={"from": "@make.alpha", "subpath": "train"}))
    (row,) = told(tim.get("connections"))["connections"]
    assert (row["output"], row["subpath"]) == ("alpha", "train")
    told(tim.send("DELETE", path))
    assert statuses(tim) == {"take.gamma": ("proposed", "beta")}
    refused(tim.send("DELETE", path), 409, "REFUSED")


def test_an_output_that_is_none_is_rejected_with_what_may_be_meant(tim):
    """An unknown output is a problem of the input, with candidates; no output is refused."""
    path = "nodes/take/inputs/gamma/connection"
    problem = refused(
        tim.send("PUT", path, json={"from": "make.alhpa"}), 422, "CONFIGURATION_INVALID"
    )
    assert problem["problems"][0]["code"] == "CONNECTION_UNKNOWN"
    assert problem["problems"][0]["candidates"] == ["alpha"]
    refused(tim.send("PUT", path, json={"from": "make"}), 422, "COMMAND_INVALID")
    before = tim.version
    refused(tim.send("PUT", path, json={"from": "make.alpha", "to": "x"}), 422, "REQUEST_INVALID")
    refused(tim.send("PUT", path, json={}), 422, "REQUEST_INVALID")
    refused(
        tim.send("PUT", "nodes/tke/inputs/gamma/connection", json={"from": "make.alpha"}),
        404,
        "NODE_UNKNOWN",
    )
    assert tim.version == before


def test_a_question_about_a_proposal_is_answered_by_taking_it(tim):
    """The proposed output confirms it; a repeat is answered alike, though it is no question."""
    (asked,) = told(tim.get("nodes/take/questions"))["questions"]
    assert asked["kind"] == "connection"
    body = {"kind": "connection", "name": "gamma", "answer": asked["candidates"][0]["value"]}
    key = {"key": "one answer"}
    first = told(tim.send("POST", "nodes/take/answers", json=body, **key))
    assert first["recorded"][0]["type"] == "ConnectionConfirmed"
    assert told(tim.send("POST", "nodes/take/answers", json=body, **key)) == first


def test_a_proposal_is_left_open_by_answering_null(tim):
    """None of what is proposed feeds the input, which is asked for as a path from then on."""
    body = {"kind": "connection", "name": "gamma", "answer": None}
    settled = told(tim.send("POST", "nodes/take/answers", json=body))
    assert settled["recorded"][0]["type"] == "ConnectionRejected"
    refused(tim.send("POST", "nodes/make/answers", json=body), 422, "COMMAND_INVALID")


def test_all_that_is_proposed_is_confirmed_once_whoever_asks_again(tim):
    """A repeat with its key is answered as before, although nothing is proposed any more."""
    first = told(tim.send("POST", "connections/confirm", key="k", json={}))
    before = tim.version
    assert told(tim.send("POST", "connections/confirm", key="k", json={})) == first
    assert tim.version == before
    refused(tim.send("POST", "connections/confirm", json={}), 409, "REFUSED")
