"""Requests that say what they are based on: one of two wins, and nothing is overwritten."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.support.desk import top
from tests.support.senders import refused, senders, told

from runthrough.entrypoints.http.api.document import routes_of
from runthrough.entrypoints.http.etags import based_on, goes_by_no_version

CHANGES = {
    "configure": ("PATCH", "nodes/report/configuration", {"job_args": {"top": 2}}),
    "replace": ("PUT", "nodes/report/configuration", {"job_args": {"top": 2}}),
    "clear": ("DELETE", "nodes/report/configuration", None),
    "answer": (
        "POST",
        "nodes/report/answers",
        {"kind": "job_arg", "name": "top", "answer": "2"},
    ),
    "bind": ("PUT", "nodes/report/script", {"path": "scripts/total.py"}),
    "external": ("PUT", "nodes/report/external", {}),
    "internal": ("DELETE", "nodes/report/external", None),
    "accept": ("POST", "nodes/report/acceptance", None),
    "connect": ("PUT", "nodes/report/inputs/totals/connection", {"from": "total.totals"}),
    "disconnect": ("DELETE", "nodes/report/inputs/totals/connection", None),
    "confirm": ("POST", "connections/confirm", {"targets": ["report.totals"]}),
    "reject": ("POST", "connections/reject", {"targets": ["report.totals"]}),
}
"""Every request that changes a node."""
ON_SESSION = {
    "undo": ("POST", "undo", {}),
    "redo": ("POST", "redo", None),
    "update": ("POST", "update", {}),
    "approve": ("POST", "approvals", {}),
    "rename": ("PATCH", "", {"name": "else"}),
    "close": ("POST", "close", None),
    "reopen": ("POST", "reopen", {}),
    "archive": ("POST", "archive", None),
}
"""Requests that are about the session as a whole."""
UNCONDITIONAL = {
    "preview": ("POST", "nodes/report/configuration/preview", {"job_args": {"top": 2}}),
    "fork": ("POST", "fork", {}),
    "resume": ("POST", "resume", {}),
    "note": ("POST", "notes", {"text": "x"}),
    "cancel": ("POST", "runs/none/cancel", None),
}
"""Requests that go by no version."""
RUNS = {"run": ("POST", "runs", {}), "retry": ("POST", "retry", {})}


@pytest.fixture
def people(tmp_path):
    with senders(tmp_path) as people:
        yield people


@pytest.fixture(scope="module")
def overtaken(tmp_path_factory):
    """A tester whose node somebody else has configured since; nothing they send gets through."""
    with senders(tmp_path_factory.mktemp("overtaken")) as people:
        seen = people[0].get("nodes/report").headers["etag"]
        people[0].counter.desk.enter("bob").configure("report", top(7))
        yield people[2], seen
        assert told(people[0].get("nodes/report"))["spec"]["job_args"] == {"top": 7}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_based_on_an_old_version_is_refused(overtaken, change):
    """It tells who did what meanwhile, field by field, and leaves a refusal and nothing else."""
    tim, seen = overtaken
    method, path, body = CHANGES[change]
    before = tim.counter.desk.count("CommandRefused")
    problem = refused(tim.send(method, path, json=body, match=seen), 412, "VERSION_CONFLICT")
    assert (problem["node"], problem["actor"], problem["event"]) == (
        "report",
        "bob",
        "ScriptConfigured",
    )
    assert f'"{problem["based_on"]}"' == seen
    assert f'"{problem["version"]}"' == tim.get("nodes/report").headers["etag"]
    assert tim.counter.desk.count("CommandRefused") == before + 1


def test_a_conflict_tells_base_theirs_and_yours(overtaken):
    """Each field that differs has what was seen, what is there, and what was sent."""
    tim, seen = overtaken
    body = {"job_args": {"top": 2}}
    problem = refused(tim.configure("report", json=body, match=seen), 412, "VERSION_CONFLICT")
    assert problem["fields"] == [{"field": "arg.top", "base": None, "theirs": 7, "yours": 2}]


@pytest.mark.parametrize("change", ON_SESSION)
def test_what_is_about_the_session_is_refused_once_anything_was_changed(overtaken, change):
    """A change of any node since the version that was seen is a conflict, which is recorded."""
    ada, seen = overtaken
    method, path, body = ON_SESSION[change]
    before = ada.counter.desk.count("CommandRefused")
    answer = ada.send(method, path, json=body, match=seen)
    problem = refused(answer, 412, "VERSION_CONFLICT")
    assert (problem["node"], problem["actor"], problem["event"]) == (
        None,
        "bob",
        "ScriptConfigured",
    )
    assert answer.headers["etag"] == ada.get("status").headers["etag"]
    assert answer.headers["etag"] == f'"{problem["version"]}"'
    assert ada.counter.desk.count("CommandRefused") == before + 1


@pytest.mark.parametrize("run", RUNS)
def test_a_run_of_what_was_changed_since_is_refused(overtaken, run):
    """Whoever begins it has not seen what it would run; the present version is told."""
    ada, seen = overtaken
    method, path, body = RUNS[run]
    answer = ada.send(method, path, json=body, match=seen)
    refused(answer, 412, "VERSION_CONFLICT")
    assert answer.headers["etag"] == ada.get("status").headers["etag"]


def test_what_becomes_of_a_session_gives_it_another_tag(people):
    """A name, an approval, its end and its archive: nobody acts on one that they have not seen."""
    _, tim, ada = people
    told(tim.configure("report", json={"job_args": {"top": 2}}))
    tim.run()
    ada = replace(ada, session=ada.counter.application.sessions.found("demo").session_id)
    tag = ada.get("status").headers["etag"]
    for method, path, body in (
        ("POST", "approvals", {}),
        ("PATCH", "", {"name": "else"}),
        ("POST", "close", None),
        ("POST", "archive", None),
        ("POST", "reopen", {}),
    ):
        answer = ada.send(method, path, json=body, match=tag)
        told(answer)
        refused(ada.send(method, path, json=body, match=tag), 412, "VERSION_CONFLICT")
        tag = answer.headers["etag"]


def test_a_request_on_the_session_is_answered_again_as_the_first_time(people):
    """With its key it is no conflict with what it did itself, and one that lost has lost."""
    _, tim, ada = people
    session = tim.counter.application.sessions.found("demo").session_id
    tim, ada = replace(tim, session=session), replace(ada, session=session)
    seen = tim.get("status").headers["etag"]
    how = {"json": {"name": "else"}, "key": "k", "match": seen}
    first, again = tim.send("PATCH", "", **how), tim.send("PATCH", "", **how)
    assert (again.status_code, told(again)) == (200, told(first))
    lost = {"key": "lost", "match": seen}
    problems = [refused(ada.send("POST", "close", **lost), 412, "VERSION_CONFLICT") for _ in "12"]
    assert problems[0] == problems[1]
    assert ada.counter.desk.count("CommandRefused") == 1


def test_of_requests_on_a_session_with_one_tag_exactly_one_is_done(people):
    """All at once, each in a thread, whatever they want: the others are told of it."""
    vera, tim, ada = people
    told(tim.configure("report", json={"job_args": {"top": 2}}))
    session = ada.counter.application.sessions.found("demo").session_id
    wanted = [("PATCH", "", {"name": f"name-{number}"}) for number in range(4)]
    wanted += [("POST", "close", None), ("POST", "undo", {"anyone": True})]
    seen = vera.get("status").headers["etag"]
    barrier = threading.Barrier(len(wanted))

    def send(request):
        method, path, body = request
        barrier.wait()
        return replace(ada, session=session).send(method, path, json=body, match=seen)

    with ThreadPoolExecutor(len(wanted)) as pool:
        answers = list(pool.map(send, wanted))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (len(wanted) - 1)
    events = ("SessionRenamed", "SessionClosed", "ConfigurationReverted")
    assert sum(map(ada.counter.desk.count, events)) == 1
    present = replace(vera, session=session).get("status").headers["etag"]
    assert {answer.headers["etag"] for answer in answers} == {present}


def test_what_others_do_elsewhere_is_no_conflict(people):
    """A change of another node, a note and a refusal leave a node's version standing."""
    vera, tim, _ = people
    seen = vera.get("nodes/report").headers["etag"]
    bob = vera.counter.desk.enter("bob")
    bob.note("looks fine")
    told(tim.configure("clean", json={"timeout_s": 5}))
    refused(tim.configure("report", json={"job_args": {}}), 422, "CONFIGURATION_INVALID")
    told(tim.configure("report", json={"job_args": {"top": 2}}, match=seen))


def test_a_version_serves_until_somebody_else_acts(people):
    """The tag of an answer is what the next request is based on, through all changes of a node."""
    vera, tim, _ = people
    tag = vera.get("nodes/report").headers["etag"]
    for number in (1, 2, 3):
        answer = tim.configure("report", json={"job_args": {"top": number}}, match=tag)
        told(answer)
        assert answer.headers["etag"] != tag
        tag = answer.headers["etag"]
    assert vera.get("nodes/report").headers["etag"] == tag


def test_the_tag_of_an_answer_leaves_out_what_others_did_meanwhile(people):
    """A repeat after somebody else's change still gives the tag of its own; it is no licence."""
    vera, tim, _ = people
    first = tim.configure("report", json={"job_args": {"top": 1}}, key="mine")
    vera.counter.desk.enter("bob").configure("report", top(7))
    again = tim.configure("report", json={"job_args": {"top": 1}}, key="mine")
    assert again.headers["etag"] == first.headers["etag"]
    body = {"job_args": {"top": 2}}
    match = again.headers["etag"]
    refused(tim.configure("report", json=body, match=match), 412, "VERSION_CONFLICT")


@pytest.mark.parametrize("match", [None, "*", " * "])
def test_who_says_no_version_takes_what_is_there(people, match):
    """Without the header, and with a star, a change is done whatever others did."""
    vera, tim, _ = people
    vera.counter.desk.enter("bob").configure("report", top(7))
    told(tim.configure("report", json={"job_args": {"top": 2}}, match=match))


def test_of_several_tags_any_may_be_the_right_one(people):
    """Wherever it stands, and whatever weak ones stand beside it."""
    vera, tim, _ = people
    seen = vera.get("nodes/report").headers["etag"]
    vera.counter.desk.enter("bob").configure("report", top(7))
    now = vera.get("nodes/report").headers["etag"]
    body = {"job_args": {"top": 2}}
    for match in (f'"1", {seen}', f"{seen} , W/{now}"):
        refused(tim.configure("report", json=body, match=match), 412, "VERSION_CONFLICT")
    told(tim.configure("report", json=body, match=f'{now}, {seen},W/"1", "else"'))


@pytest.mark.parametrize(
    "match", ['"twelve"', '"0"', '"-1"', '"012"', '""', '"1e3"', "weak", 'W/"1", "x"']
)
def test_a_tag_of_no_version_matches_nothing(overtaken, match):
    """A weak one neither, although its version is the present one."""
    tim, _ = overtaken
    before = tim.version
    match = f"W/{tim.get('nodes/report').headers['etag']}" if match == "weak" else match
    answer = tim.configure("report", json={"job_args": {"top": 2}}, match=match)
    refused(answer, 412, "VERSION_CONFLICT")
    assert tim.version == before


def test_what_goes_by_no_version_is_refused_with_one(overtaken):
    """Else it would do what the sender meant to prevent; a star says nothing."""
    tim, seen = overtaken
    before = tim.version
    for method, path, body in UNCONDITIONAL.values():
        answer = tim.send(method, path, json=body, match=seen)
        refused(answer, 400, "IF_MATCH_UNUSABLE")
    assert tim.version == before
    preview = UNCONDITIONAL["preview"]
    told(tim.send(preview[0], preview[1], json=preview[2], match="*"))


def test_every_request_that_changes_something_looks_at_its_tag(overtaken):
    """By going by it, or by refusing it."""
    for route in routes_of(overtaken[0].counter.client.app):
        if route.path.startswith("/api/") and "GET" not in route.methods:
            asked = {one.call for one in route.dependant.dependencies}
            assert len(asked & {based_on, goes_by_no_version}) == 1, route.path


@pytest.mark.parametrize("match", ["12", "", "\"1'", '"9" x', '"1" "2"', 'w/"1"', '"1",', "1, 2"])
def test_what_is_no_tag_is_refused(overtaken, match):
    """It is an error, not a condition that happens to fail."""
    tim, _ = overtaken
    before = tim.version
    answer = tim.configure("report", json={"job_args": {"top": 2}}, match=match)
    refused(answer, 400, "IF_MATCH_INVALID")
    assert tim.version == before


def test_a_version_that_is_still_to_come_is_refused(overtaken):
    """Nobody can have seen it."""
    tim, _ = overtaken
    for method, path, body in (*CHANGES.values(), *ON_SESSION.values(), *RUNS.values()):
        answer = tim.send(method, path, json=body, match='"999999"')
        assert "not yet at 999999" in refused(answer, 412, "VERSION_CONFLICT")["detail"]


def test_of_writers_on_the_same_version_exactly_one_wins(people):
    """All at once, each in a thread: one is done, and the others are told of it."""
    vera, tim, ada = people
    writers, rounds = 4, 3
    with ThreadPoolExecutor(writers) as pool:
        for turn in range(rounds):
            seen = vera.get("nodes/report").headers["etag"]
            barrier = threading.Barrier(writers)

            def write(number, seen=seen, barrier=barrier, turn=turn):
                barrier.wait()
                who = (tim, ada)[number % 2]
                body = {"job_args": {"top": 1 + turn * writers + number}}
                return who.configure("report", json=body, match=seen)

            answers = list(pool.map(write, range(writers)))
            won = [answer for answer in answers if answer.status_code == 200]
            assert [answer.status_code for answer in answers if answer not in won] == [412] * (
                writers - 1
            )
            (row,) = told(won[0])["recorded"]
            assert told(vera.get("nodes/report"))["spec"]["job_args"] == {
                "top": row["after"]["arg.top"]
            }
    assert vera.counter.desk.count("ScriptConfigured") == rounds
