"""A node's configuration over HTTP: answered, tried, rejected and taken back."""

import pytest
from tests.support.senders import refused, senders, told

PLANTED = "hunter2-of-the-test"


@pytest.fixture
def people(tmp_path):
    with senders(tmp_path) as people:
        yield people


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """People before a session which the tests that share it leave as it is."""
    with senders(tmp_path_factory.mktemp("unchanged")) as people:
        before = people[0].version
        yield people
        assert people[0].version == before


def values(sender, node="report"):
    """The node's values by their dotted names."""
    return {row["name"]: row["value"] for row in told(sender.get(f"nodes/{node}"))["values"]}


def test_an_answer_is_recorded_and_told_as_history_rows(people):
    """What the command recorded, the node's state and what to do next are answered."""
    _, tim, _ = people
    settled = told(tim.configure("report", json={"job_args": {"top": 3}, "user_notes": "all"}))
    assert set(settled) == {"version", "nodes", "recorded", "warnings", "next_command"}
    (row,) = settled["recorded"]
    assert (row["actor"], row["door"], row["version"]) == ("tim", "http", settled["version"])
    assert row["after"] == {"arg.top": 3, "state": "configured", "user_notes": "all"}
    assert settled["next_command"] == "runthrough run"


def test_answers_are_merged_by_patch_and_replaced_by_put(people):
    """PATCH keeps what is not named; PUT lets a mapping stand for all that was there of it."""
    _, tim, _ = people
    told(tim.configure("clean", json={"environ_vars": {"MODE": "fast"}, "timeout_s": 5}))
    assert {"env.CURRENCY", "env.MODE", "timeout_s"} <= set(values(tim, "clean"))
    body = {"environ_vars": {"CURRENCY": "USD"}}
    told(tim.send("PUT", "nodes/clean/configuration", json=body))
    assert values(tim, "clean") == {
        "env.CURRENCY": "USD",
        "input.orders": "data/orders.csv",
        "timeout_s": 5.0,
    }


def test_values_keep_their_json_types(people):
    """A number, a flag, null, a list and a mapping arrive at the script as they were sent."""
    _, tim, _ = people
    desk = tim.counter.desk
    desk.script(
        "report",
        """
import json
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(input_paths["totals"]).read_text()
    Path(output_paths["report"]).write_text(json.dumps(vars(job_args)["top"]))
""",
    )
    given = {"whole": 1, "number": 0.5, "flag": True, "none": None, "text": "1", "list": [1, "1"]}
    told(tim.configure("report", json={"job_args": {"top": given}}))
    tim.run()
    written = told(tim.get("nodes/report"))["written"]["report"]
    assert tim.counter.desk.folder.joinpath(written).read_text() == (
        '{"whole": 1, "number": 0.5, "flag": true, "none": null, "text": "1", "list": [1, "1"]}'
    )


@pytest.mark.parametrize(
    "source",
    [
        "@clean.clean_orders",
        {"from": "clean.clean_orders"},
        {"from": "@clean.clean_orders", "subpath": None},
    ],
)
def test_an_input_is_given_an_output(people, source):
    """A connection is written as text or as a mapping, and is a person's from then on."""
    _, tim, _ = people
    told(tim.configure("total", json={"input_paths": {"clean_orders": source}}))
    (wire,) = told(tim.get("nodes/total"))["inputs_from"]
    assert (wire["from_node"], wire["output"], wire["status"]) == (
        "clean",
        "clean_orders",
        "confirmed",
    )


def test_what_is_wrong_is_told_all_at_once_and_changes_nothing(people):
    """A rejection has each problem with code, place, message, fix and candidates."""
    _, tim, _ = people
    before = told(tim.get("nodes/report"))
    body = {"job_args": {"topp": 1}, "input_paths": {"totals": "nowhere.json"}}
    problem = refused(tim.configure("report", json=body), 422, "CONFIGURATION_INVALID")
    assert problem["node"] == "report"
    found = {one["code"]: one for one in problem["problems"]}
    assert {"INPUT_NOT_FOUND", "ARG_MISSING"} <= set(found)
    assert set(found["INPUT_NOT_FOUND"]) == {
        "code",
        "severity",
        "where",
        "message",
        "fix",
        "candidates",
    }
    after = told(tim.get("nodes/report"))
    assert (after["state"], after["values"]) == (before["state"], before["values"])


def test_a_partial_answer_keeps_what_holds(people):
    """With `partial` the sound values are kept as a draft, and the rest is told."""
    _, tim, _ = people
    body = {"timeout_s": 9, "partial": True}
    settled = told(tim.configure("report", json=body))
    assert settled["nodes"]["report"]["state"] == "pending"
    assert told(tim.get("nodes/report"))["draft"]["timeout_s"] == 9


def test_a_preview_finds_what_a_rejection_would_tell_and_records_nothing(people):
    """The same problems as the answer would be rejected with, and no event."""
    _, tim, _ = people
    body = {"input_paths": {"totals": "nowhere.json"}}
    before = tim.version
    tried = told(tim.send("POST", "nodes/report/configuration/preview", json=body))
    assert tim.version == before
    rejected = refused(tim.configure("report", json=body), 422, "CONFIGURATION_INVALID")
    assert tried["problems"] == rejected["problems"]
    sound = {"job_args": {"top": 1}}
    assert told(tim.send("POST", "nodes/report/configuration/preview", json=sound)) == {
        "problems": []
    }


def test_a_configuration_is_cleared(people):
    """What was answered is taken back, and the node waits again."""
    _, tim, _ = people
    told(tim.configure("report", json={"job_args": {"top": 1}}))
    settled = told(tim.send("DELETE", "nodes/report/configuration"))
    assert settled["nodes"]["report"]["state"] == "pending"
    assert "arg.top" not in values(tim)


def test_a_value_is_taken_back_by_its_name(people):
    """`unset` names values as they are shown; one that is not there is refused."""
    _, tim, _ = people
    told(tim.configure("clean", json={"timeout_s": 5}))
    told(tim.configure("clean", json={"unset": ["timeout_s"]}))
    assert "timeout_s" not in values(tim, "clean")
    refused(tim.configure("clean", json={"unset": ["timeout_s"]}), 409, "REFUSED")


def test_an_unknown_key_is_refused_with_the_nearest(unchanged):
    """A mistyped key is told by what was probably meant; keys of the command line are none."""
    _, tim, _ = unchanged
    problem = refused(
        tim.configure("report", json={"job_arg": {"top": 1}}), 422, "KEYWORD_UNKNOWN"
    )
    assert problem["detail"] == "Unknown keyword 'job_arg'. Did you mean 'job_args'?"
    for key in ("based_on", "replace", "job_arguments", "node"):
        refused(tim.configure("report", json={key: 1}), 422, "KEYWORD_UNKNOWN")


@pytest.mark.parametrize(
    "body",
    [
        {"job_args": [1]},
        {"environ_vars": "A=1"},
        {"input_paths": {"totals": 1}},
        {"input_paths": {"totals": {"from": "a.b", "path": "c"}}},
        {"input_paths": {"totals": {"subpath": "c"}}},
        {"timeout_s": "5"},
        {"partial": "yes"},
        {"user_notes": 1},
        {"unset": "timeout_s"},
        {"limits": {"memory": None}},
    ],
)
def test_a_value_of_another_kind_is_refused(unchanged, body):
    """Nothing is turned into a fit: a text is no number and no list."""
    _, tim, _ = unchanged
    refused(tim.configure("report", json=body), 422, "REQUEST_INVALID")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"timeout_s": 0}, "SETTING_INVALID"),
        ({"timeout_s": -1.5}, "SETTING_INVALID"),
        ({"limits": {"memory": "much"}}, "COMMAND_INVALID"),
        ({"limits": {"fun": 1}}, "COMMAND_INVALID"),
    ],
)
def test_a_bound_that_is_none_is_refused(unchanged, body, code):
    """A time limit and other limits are told apart from numbers that bound nothing."""
    _, tim, _ = unchanged
    refused(tim.configure("report", json=body), 422, code)


def test_a_secret_is_given_by_its_name_and_in_plain_it_is_refused(people):
    """A reference is kept; a value that looks like a secret is rejected and stands nowhere."""
    _, tim, _ = people
    plain = {"environ_vars": {"API_TOKEN": PLANTED}}
    answer = tim.configure("clean", key="with-a-secret", json=plain)
    problem = refused(answer, 422, "CONFIGURATION_INVALID")
    assert [one["code"] for one in problem["problems"]] == ["SECRET_IN_PLAIN"]
    assert PLANTED not in answer.text
    assert PLANTED.encode() not in tim.counter.desk.shell.stored()
    told(tim.configure("clean", json={"environ_vars": {"API_TOKEN": {"secret": "SHOP_TOKEN"}}}))
    told(tim.configure("clean", json={"environ_vars": {"MAX_TOKEN": {"plain": "9"}}}))
    held = values(tim, "clean")
    assert (held["env.API_TOKEN"], held["env.MAX_TOKEN"]) == ({"secret": "SHOP_TOKEN"}, "9")


def test_references_are_read_as_the_command_line_reads_them(people):
    """`@secret:NAME` and `@plain:V` are what the refusal of a secret says to write."""
    _, tim, _ = people
    given = {
        "environ_vars": {"API_TOKEN": "@secret:SHOP_TOKEN", "OTHER_TOKEN": "@plain:9"},
        "job_args": {"limit": "@plain:3", "word": "4"},
    }
    told(tim.configure("clean", json=given | {"partial": True}))
    held = values(tim, "clean")
    assert held["env.API_TOKEN"] == {"secret": "SHOP_TOKEN"}
    assert held["env.OTHER_TOKEN"] == "9"
    assert (held["arg.limit"], held["arg.word"]) == (3, "4")
    nameless = {"environ_vars": {"API_TOKEN": "@secret:"}}
    refused(tim.configure("clean", json=nameless), 422, "COMMAND_INVALID")


@pytest.mark.parametrize("field", ["environ_vars", "job_args"])
@pytest.mark.parametrize("reference", ["text", "object"])
def test_a_secret_in_place_of_its_name_is_refused(people, field, reference):
    """Either way of writing it is rejected, and the value stands nowhere."""
    _, tim, _ = people
    planted = "s" + "k-live-123456"
    value = f"@secret:{planted}" if reference == "text" else {"secret": planted}
    answer = tim.configure("clean", json={field: {"API_TOKEN": value}})
    problem = refused(answer, 422, "CONFIGURATION_INVALID")
    assert "SECRET_IN_PLAIN" in [one["code"] for one in problem["problems"]]
    assert planted not in answer.text
    assert planted.encode() not in tim.counter.desk.shell.stored()


def test_one_question_is_answered_as_a_person_types_it(people):
    """The answer is read as the wizard reads it, and is the node's configuration."""
    _, tim, _ = people
    body = {"kind": "job_arg", "name": "top", "answer": "2"}
    settled = told(tim.send("POST", "nodes/report/answers", json=body))
    assert settled["recorded"][-1]["after"]["arg.top"] == 2
    assert told(tim.get("nodes/report/questions"))["questions"] == []


def test_an_answer_that_does_not_hold_is_rejected(people):
    """A path that is not there is told as the problem that it is."""
    _, tim, _ = people
    body = {"kind": "input", "name": "totals", "answer": "nowhere.json"}
    problem = refused(
        tim.send("POST", "nodes/report/answers", json=body), 422, "CONFIGURATION_INVALID"
    )
    assert "INPUT_NOT_FOUND" in {one["code"] for one in problem["problems"]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "job_arg", "name": "topp", "answer": "2"}, "COMMAND_INVALID"),
        ({"kind": "job_arg", "name": "top", "answer": " "}, "COMMAND_INVALID"),
        ({"kind": "job_arg", "name": "top", "answer": "@secret:"}, "COMMAND_INVALID"),
        ({"kind": "colour", "name": "top", "answer": "2"}, "REQUEST_INVALID"),
        ({"kind": "job_arg", "name": "top", "answer": 2}, "REQUEST_INVALID"),
        ({"kind": "job_arg", "name": "top"}, "REQUEST_INVALID"),
    ],
)
def test_an_answer_to_no_question_is_refused(unchanged, body, code):
    """An unknown question, an empty answer and a wrong kind are told, and record nothing."""
    _, tim, _ = unchanged
    refused(tim.send("POST", "nodes/report/answers", json=body), 422, code)


@pytest.mark.parametrize("kind", ["input_paths", "output_paths"])
def test_a_path_outside_the_roots_is_refused(unchanged, kind, tmp_path_factory):
    """What leads out of the roots is refused before anything is looked at."""
    _, tim, _ = unchanged
    outside = tmp_path_factory.mktemp("outside") / "totals.json"
    outside.write_text("{}")
    name = {"input_paths": "totals", "output_paths": "report"}[kind]
    for path in (str(outside), f"../{outside.parent.name}/totals.json", "/etc/hostname"):
        body = {kind: {name: path}, "job_args": {"top": 1}}
        refused(tim.configure("report", json=body), 422, "OUTSIDE_ROOTS")
        preview = tim.send("POST", "nodes/report/configuration/preview", json=body)
        refused(preview, 422, "OUTSIDE_ROOTS")


def test_a_viewer_configures_nothing(unchanged):
    """Every route that changes a node asks for a tester."""
    vera, _, _ = unchanged
    for method, path in (
        ("PATCH", "configuration"),
        ("PUT", "configuration"),
        ("DELETE", "configuration"),
        ("POST", "configuration/preview"),
        ("POST", "answers"),
    ):
        refused(vera.send(method, f"nodes/report/{path}", json={}), 403, "ROLE_TOO_LOW")
