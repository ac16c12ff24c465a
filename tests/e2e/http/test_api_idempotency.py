"""Requests that come twice with their key: done once, answered alike, also after a restart."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.senders import Sender, refused, senders, told
from tests.support.service import service

pytestmark = pytest.mark.slow

ANSWER = {"job_args": {"top": 1}}
WAITS = """
import time
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(input_paths["clean_orders"]).read_text()
    limit = time.monotonic() + 20
    while Path(__file__).parent.parent.joinpath("hold").exists():
        assert time.monotonic() < limit, "nobody let it go on"
        time.sleep(0.005)
    Path(output_paths["totals"]).write_text('{"ada": 3}')
"""
PLANTED = "hunter2-of-the-test"
REQUESTS = {
    "configure": ("PATCH", "nodes/report/configuration", {"job_args": {"top": 2}}),
    "replace": ("PUT", "nodes/report/configuration", {"job_args": {"top": 3}}),
    "clear": ("DELETE", "nodes/report/configuration", None),
    "answer": ("POST", "nodes/report/answers", {"kind": "job_arg", "name": "top", "answer": "4"}),
    "bind": ("PUT", "nodes/report/script", {"path": "scripts/report.py"}),
    "external": ("PUT", "nodes/total/external", {"outputs": {"totals": "data/orders.csv"}}),
    "connect": ("PUT", "nodes/report/inputs/totals/connection", {"from": "total.totals"}),
    "disconnect": ("DELETE", "nodes/report/inputs/totals/connection", None),
    "reject all": ("POST", "connections/reject", {}),
    "note": ("POST", "notes", {"text": "as agreed"}),
    "undo": ("POST", "undo", {}),
    "rename": ("PATCH", "", {"name": "else"}),
    "close": ("POST", "close", None),
}
"""What changes something; `reject all` is refused here."""


@pytest.fixture
def tim(tmp_path):
    """A tester at a session in which the last node is configured."""
    with senders(tmp_path) as (_, tim, _):
        told(tim.configure("report", json=ANSWER))
        # By its id, so that it is found under every name.
        entry = tim.counter.application.sessions.found("demo")
        yield Sender(tim.counter, "tim", session=entry.session_id)


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A tester who has sent one request with the key `k`; what they send now changes nothing."""
    with senders(tmp_path_factory.mktemp("used")) as (_, tim, _):
        told(tim.configure("report", json={"job_args": {"top": 2}}, key="k"))
        before = tim.version
        yield tim
        assert tim.version == before


def answered(answer):
    """What an answer tells, but for what is seen anew: what to do next, and the request's id."""
    body = answer.json()
    body.pop("next_command", None)
    return answer.status_code, answer.headers.get("etag"), answer.headers.get("location"), body


@pytest.mark.parametrize("request_sent", REQUESTS)
def test_a_repeat_is_answered_alike_and_records_nothing(tim, request_sent):
    """Whatever it was, and although others acted meanwhile, the second time is as the first."""
    method, path, body = REQUESTS[request_sent]
    first = tim.send(method, path, json=body, key="once")
    again = tim.send(method, path, json=body, key="once")
    assert answered(again) == answered(first)
    told(tim.send("POST", "notes", json={"text": "meanwhile"}))
    version = tim.version
    later = tim.send(method, path, json=body, key="once")
    assert (later.status_code, later.json().get("recorded")) == (
        first.status_code,
        first.json().get("recorded"),
    )
    assert tim.version == version


def test_a_repeat_is_answered_although_it_could_not_be_done_any_more(tim):
    """A node that is gone by now, or external, does not change what was recorded of it."""
    first = tim.configure("report", json={"job_args": {"top": 2}}, key="k")
    told(tim.send("PUT", "nodes/report/external", json={}))
    assert answered(tim.configure("report", json={"job_args": {"top": 2}}, key="k")) == answered(
        first
    )
    refused(tim.configure("report", json={"job_args": {"top": 2}}), 409, "REFUSED")


def test_a_rejection_is_repeated_with_its_problems(tim):
    """What was wrong then is told, although the file that was missing is there by now."""
    body = {"input_paths": {"totals": "later.json"}}
    first = tim.configure("report", json=body, key="k")
    refused(first, 422, "CONFIGURATION_INVALID")
    tim.counter.desk.shell.file("later.json", "{}")
    assert answered(tim.configure("report", json=body, key="k")) == answered(first)
    told(tim.configure("report", json=body))


def test_a_refusal_is_repeated_although_its_reason_is_gone(tim):
    """A command that a closed session refused stays refused under its key."""
    told(tim.send("POST", "close"))
    first = tim.configure("report", json={"job_args": {"top": 2}}, key="k")
    problem = refused(first, 409, "SESSION_CLOSED")
    told(tim.send("POST", "reopen"))
    version = tim.version
    again = refused(
        tim.configure("report", json={"job_args": {"top": 2}}, key="k"), 409, "SESSION_CLOSED"
    )
    assert (again["detail"], tim.version) == (problem["detail"], version)


def test_a_conflict_is_repeated_as_a_conflict(tim):
    """A request that lost is told so again, and nothing more is recorded of it."""
    seen = tim.get("nodes/report").headers["etag"]
    told(tim.configure("report", json={"job_args": {"top": 5}}))
    how = {"json": {"job_args": {"top": 2}}, "key": "k", "match": seen}
    first = tim.configure("report", **how)
    refused(first, 412, "VERSION_CONFLICT")
    version = tim.version
    assert answered(tim.configure("report", **how)) == answered(first)
    assert tim.version == version


def test_what_a_session_refused_is_refused_alike_whatever_was_changed_since(tim):
    """The version that was seen is no longer asked for: the answer is that of the first time."""
    told(tim.send("POST", "close"))
    seen = tim.get("status").headers["etag"]
    first = tim.send("POST", "undo", json={}, key="k", match=seen)
    refused(first, 409, "SESSION_CLOSED")
    told(tim.send("POST", "reopen"))
    told(tim.configure("report", json={"job_args": {"top": 2}}))
    again = refused(tim.send("POST", "undo", json={}, key="k", match=seen), 409, "SESSION_CLOSED")
    assert again["detail"] == first.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "match"),
    [
        ("PATCH", "nodes/report/configuration", {"job_args": {"top": 3}}, None),
        ("PATCH", "nodes/report/configuration", {"job_args": {"top": 2}}, '"1"'),
        ("PATCH", "nodes/clean/configuration", {"job_args": {"top": 2}}, None),
        ("PUT", "nodes/report/configuration", {"job_args": {"top": 2}}, None),
        ("DELETE", "nodes/report/configuration", None, None),
        ("POST", "connections/reject", {}, None),
        ("POST", "notes", {"text": "another"}, None),
        ("POST", "runs", {}, None),
    ],
)
def test_a_key_that_was_used_for_another_request_is_refused(used, method, path, body, match):
    """Another body, version, node, method or path under the same key is told as a mistake."""
    answer = used.send(method, path, json=body, key="k", match=match)
    problem = refused(answer, 422, "COMMAND_ID_REUSED")
    assert "Idempotency-Key" in problem["fix"]


def test_the_same_key_of_another_actor_or_session_is_another_request(tim):
    """Keys are each one's own."""
    ada = Sender(tim.counter, "ada", session=tim.session)
    body = {"job_args": {"top": 2}}
    first = told(tim.configure("report", json=body, key="k"))
    second = told(ada.configure("report", json=body, key="k"))
    assert (first["recorded"][0]["actor"], second["recorded"][0]["actor"]) == ("tim", "ada")
    assert second["version"] == first["version"] + 1


def test_the_same_request_to_a_session_that_took_the_name_over_is_another_one(tim):
    """What was recorded in one session is never told of another, although the path is the same."""
    demo = Sender(tim.counter, "tim")
    body = {"job_args": {"top": 2}}
    told(demo.configure("report", json=body, key="k"))
    demo.run(key="run", select=["clean"])
    told(demo.send("POST", "close"))
    tim.counter.begin()
    refused(demo.configure("report", json=body, key="k"), 422, "COMMAND_ID_REUSED")
    run = demo.send("POST", "runs", json={"select": ["clean"]}, key="run")
    refused(run, 422, "COMMAND_ID_REUSED")
    assert told(demo.get("runs"))["items"] == []


def test_the_order_of_a_bodys_keys_does_not_matter(tim):
    """JSON that means the same is the same request."""
    path = "nodes/report/configuration"
    kind = {"Content-Type": "application/json"}
    bodies = ('{"job_args":{"top":2},"timeout_s":5}', '{ "timeout_s": 5, "job_args": {"top": 2}}')
    first, again = (
        tim.send("PATCH", path, key="k", content=body, headers=kind) for body in bodies
    )
    assert answered(first) == answered(again)


@pytest.mark.parametrize("key", ["x" * 256, "tab\tin it", "", " ", "né", "bell\x07"])
def test_a_key_that_is_none_is_refused(used, key):
    """Too long, empty, or with signs that are not printable ASCII: nothing is done."""
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = used.configure("report", json={"job_args": {"top": 9}}, headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["code"] in {"REQUEST_INVALID", "HEADER_INVALID"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["", "nodes/report", "plan", "events"])
def test_a_key_says_nothing_where_nothing_is_changed(used, method, path):
    """It may have been used for another request, or for another page of the same."""
    answers = [used.send(method, path, key="k", params={"n": page}) for page in (1, 2)]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_the_longest_key_is_one(tim):
    """255 characters are taken, and spaces within."""
    key = "a key " + "x" * 249
    first = tim.configure("report", json={"job_args": {"top": 2}}, key=key)
    assert answered(tim.configure("report", json={"job_args": {"top": 2}}, key=key)) == answered(
        first
    )


def test_a_run_is_begun_once(tim):
    """While it is on and when it is over, the repeat tells of the same run; nothing runs twice."""
    how = {"json": {"select": ["clean"]}, "key": "run"}
    first = tim.send("POST", "runs", **how)
    again = tim.send("POST", "runs", **how)
    tim.over(told(first, 202)["run"])
    version = tim.version
    later = tim.send("POST", "runs", **how)
    assert answered(first) == answered(again) == answered(later)
    assert tim.version == version
    assert tim.counter.desk.count("RunStarted") == tim.counter.desk.count("ScriptStarted") == 1
    refused(tim.send("POST", "runs", json={}, key="run"), 422, "COMMAND_ID_REUSED")
    refused(tim.send("POST", "retry", json={}, key="run"), 422, "COMMAND_ID_REUSED")
    refused(tim.configure("report", json=ANSWER, key="run"), 422, "COMMAND_ID_REUSED")


@pytest.mark.slow
def test_of_the_same_run_asked_for_at_once_all_are_told_of_one(tim):
    """Several requests with one key, each in a thread, begin one run."""
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(tim.send, "POST", "runs", json={}, key="run") for _ in range(4)]
        runs = {told(one.result(), 202)["run"] for one in sent}
    assert len(runs) == 1
    tim.over(runs.pop())
    assert tim.counter.desk.count("RunStarted") == 1
    assert tim.counter.desk.count("ScriptStarted") == 3


def test_a_refused_run_stays_refused(tim):
    """What was pending then is told again, and recorded once."""
    told(tim.send("DELETE", "nodes/report/configuration"))
    first = tim.send("POST", "runs", key="run")
    refused(first, 409, "PENDING_SCRIPTS")
    told(tim.configure("report", json=ANSWER))
    version = tim.version
    again = refused(tim.send("POST", "runs", key="run"), 409, "PENDING_SCRIPTS")
    assert (again["detail"], tim.version) == (first.json()["detail"], version)


@pytest.mark.slow
def test_a_run_that_another_one_kept_from_beginning_stays_refused(tim):
    """A run that was on then has ended by now; the request is refused as before, recorded once."""
    hold = tim.counter.desk.shell.file("hold", "x")
    tim.counter.desk.script("total", WAITS)
    run = told(tim.send("POST", "runs"), 202)["run"]
    first = tim.send("POST", "runs", json={}, key="second")
    refused(first, 409, "RUN_IN_PROGRESS")
    hold.unlink()
    tim.over(run)
    version = tim.version
    again = refused(tim.send("POST", "runs", json={}, key="second"), 409, "RUN_IN_PROGRESS")
    refused(tim.send("POST", "retry", json={}, key="second"), 422, "COMMAND_ID_REUSED")
    refused(tim.configure("report", json=ANSWER, key="second"), 422, "COMMAND_ID_REUSED")
    assert (again["detail"], tim.version) == (first.json()["detail"], version)


def test_a_repeat_after_a_restart_is_answered_alike(tmp_path):
    """A new process over the same database knows what was asked, and by whom."""
    configure = {"json": {"job_args": {"top": 2}}, "key": "configure"}
    with senders(tmp_path) as (_, tim, _):
        first = tim.configure("report", **configure)
        run = tim.send("POST", "runs", json={}, key="run")
        tim.over(told(run, 202)["run"])
        version = tim.version
    with service(tmp_path) as counter:
        tim = Sender(counter, "tim")
        assert answered(tim.configure("report", **configure)) == answered(first)
        assert answered(tim.send("POST", "runs", json={}, key="run")) == answered(run)
        other = {"json": {"job_args": {"top": 9}}, "key": "configure"}
        refused(tim.configure("report", **other), 422, "COMMAND_ID_REUSED")
        assert tim.version == version


def test_neither_a_key_nor_a_secret_of_a_body_is_kept(tim):
    """The log holds a digest over both, with which nobody can try what the body was."""
    key = "the-key-of-this-test"
    body = {"environ_vars": {"API_TOKEN": PLANTED}}
    refused(tim.configure("clean", json=body, key=key), 422, "CONFIGURATION_INVALID")
    stored = tim.counter.desk.shell.stored()
    assert key.encode() not in stored
    assert PLANTED.encode() not in stored


SENT = st.lists(
    st.tuples(
        st.sampled_from(["PATCH", "PUT", "DELETE"]),
        st.sampled_from(["clean", "report"]),
        st.integers(1, 3),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=SENT, repeats=st.lists(st.integers(0, 4), max_size=6))
def test_repeats_change_nothing_whenever_they_come(tmp_path_factory, sent, repeats):
    """A sequence with repeats sprinkled in leaves the log of the sequence without them."""
    logs = []
    for sprinkled in (False, True):
        with senders(tmp_path_factory.mktemp("sent")) as (_, tim, _):
            firsts = {}
            for number, one in enumerate(sent):
                firsts[number] = answered(_sent(tim, number, one))
                for repeat in repeats if sprinkled else ():
                    if repeat <= number:
                        again = answered(_sent(tim, repeat, sent[repeat]))
                        assert again[0] == firsts[repeat][0]
                        assert again[3].get("recorded") == firsts[repeat][3].get("recorded")
            logs.append([(kind, node) for kind, node, _ in tim.counter.desk.events()])
    assert logs[0] == logs[1]


def _sent(tim, number, one):
    """Send one request of a sequence under its key; some of them name an argument amiss."""
    method, node, value, sound = one
    body = {"timeout_s": value} if sound else {"timeout_s": value, "input_paths": {"totalls": "x"}}
    if node == "report" and sound:
        body["job_args"] = {"top": value}
    return tim.send(
        method,
        f"nodes/{node}/configuration",
        key=f"request-{number}",
        json=None if method == "DELETE" else json.loads(json.dumps(body)),
    )
