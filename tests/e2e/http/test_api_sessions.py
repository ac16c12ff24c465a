"""Sessions over HTTP: listed, begun, looked at, changed and put away."""

import json
from xml.etree import ElementTree as ET

import pytest
from tests.support.api import Asker, token_for
from tests.support.desk import SHOP, top
from tests.support.service import service

from runthrough.application.answers import Answers


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service; each test begins sessions of its own."""
    with service(tmp_path_factory.mktemp("sessions") / "shop") as begun:
        yield begun


@pytest.fixture
def tim(counter):
    """A tester."""
    return Asker(counter)


def begun(counter, name, **answers):
    """A session that was begun through another door, and where it is found."""
    counter.desk.begin(name=name, **answers)
    return f"/sessions/{name}"


def versions(tim, at):
    return tim.get(at)["version"]


def test_a_session_begins_on_a_file_inside_the_roots(tim):
    """It is made of the file, found at its location, and its events name the token's actor."""
    asked = {"pipeline": "pipeline.yaml", "name": "from-file"}
    answer = tim.send("POST", "/sessions", json=asked)
    assert answer.status_code == 201
    location = answer.headers["location"].removeprefix("/api/v1")
    brief = tim.get(location, "SessionBrief")
    assert brief["name"] == "from-file" == answer.json()["name"]
    assert brief["session_id"] == answer.json()["session_id"]
    (first, *_) = tim.get(f"{location}/history")["items"]
    assert (first["actor"], first["door"]) == ("tim", "http")


def test_a_session_begins_on_a_pipeline_in_the_body(tim, counter):
    """The mapping says what a file would; its paths start at the folder that goes with it."""
    said = {
        "nodes": {
            "clean": {
                "inputs": {"orders": "data/orders.csv"},
                "environ_vars": {"CURRENCY": "EUR"},
            },
            "total": {},
        },
        "scripts": ["scripts"],
        "edges": [["clean", "total"]],
        "name": "inline",
    }
    asked = {"pipeline": said, "folder": str(counter.desk.folder), "name": "from-body"}
    tim.post("/sessions", "SessionName", json=asked)
    status = tim.get("/sessions/from-body/status", "SessionStatus")
    assert status["dag_name"] == "inline"
    assert status["nodes"]["clean"]["script_path"] == "scripts/clean.py"
    assert status["nodes"]["clean"]["state"] == "auto_configured"
    assert tim.refused("POST", "/sessions/from-body/update") == (422, "COMMAND_INVALID")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({}, (422, "COMMAND_INVALID")),
        ({"pipeline": "/etc/passwd"}, (422, "OUTSIDE_ROOTS")),
        ({"pipeline": "../pipeline.yaml"}, (422, "OUTSIDE_ROOTS")),
        ({"pipeline": {"nodes": {"a": {}}}, "folder": "/tmp"}, (422, "OUTSIDE_ROOTS")),
        ({"pipeline": "pipeline.yaml", "workspaces": ["/"]}, (422, "OUTSIDE_ROOTS")),
        ({"pipeline": "pipeline.yaml", "workspaces": ["none"]}, (422, "COMMAND_INVALID")),
        ({"pipeline": "pipeline.yaml", "workspaces": ["n" * 300]}, (422, "COMMAND_INVALID")),
        ({"pipeline": "none.yaml"}, (422, "PIPELINE_FILE_INVALID")),
        ({"pipeline": {"nodes": {}}}, (422, "PIPELINE_FILE_INVALID")),
        ({"pipeline": {"nodes": {"a": {}}, "edges": [["a", "a"]]}}, (422, "PIPELINE_CYCLE")),
        ({"pipeline": "pipeline.yaml", "folder": "."}, (422, "REQUEST_INVALID")),
        ({"pipeline": "pipeline.yaml", "colour": "red"}, (422, "REQUEST_INVALID")),
        ({"pipeline": 3}, (422, "REQUEST_INVALID")),
        ({"pipeline": "pipeline.yaml", "name": "@last"}, (422, "COMMAND_INVALID")),
        ({"pipeline": "pipeline.yaml", "like": "nobody"}, (404, "SESSION_UNKNOWN")),
    ],
)
def test_no_session_begins_on_what_is_none(tim, asked, problem):
    """Each is told with its code, and no session is left behind."""
    before = tim.get("/sessions")["items"]
    assert tim.refused("POST", "/sessions", json=asked) == problem
    assert tim.get("/sessions")["items"] == before


def test_mistakes_in_a_body_are_told_without_places_of_a_file(tim):
    """All mistakes of the mapping at once, by where they are in it; no line that nobody wrote."""
    asked = {"pipeline": {"nodes": 3, "edges": {}, "zz": 1}}
    told = tim.send("POST", "/sessions", json=asked).json()["detail"]
    assert "nodes must be a mapping" in told
    assert "unknown key zz" in told
    assert "edges must be a list" in told
    assert ":1:" not in told


def test_pages_of_sessions_fit_together(tim, counter):
    """Following the cursors lists every session once, whatever happens meanwhile."""
    for number in range(5):
        begun(counter, f"page-{number}")
    everything = [row["session_id"] for row in tim.get("/sessions", "SessionsPage")["items"]]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = tim.get("/sessions", "SessionsPage", params=query)
        assert len(page["items"]) <= 2
        seen += [row["session_id"] for row in page["items"]]
        tim.post("/sessions/page-0/notes", json={"text": "it has the latest event now"})
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == everything


@pytest.mark.parametrize("cursor", ["zz", "%00", "é", "AAAA", "a"])
def test_a_cursor_that_nobody_gave_out_is_refused(tim, cursor):
    """It begins no page somewhere."""
    problem = tim.refused("GET", "/sessions", params={"cursor": cursor})
    assert problem == (422, "CURSOR_INVALID")


def test_a_scoped_token_sees_its_own_sessions_only(counter):
    """Others are neither listed nor found, and no session is begun with it."""
    begun(counter, "scoped-own")
    begun(counter, "scoped-other")
    token_for(counter, "sue", "tester", "scoped-own")
    sue = Asker(counter, "sue")
    assert [row["name"] for row in sue.get("/sessions")["items"]] == ["scoped-own"]
    assert sue.get("/sessions/scoped-own")["name"] == "scoped-own"
    assert sue.refused("GET", "/sessions/scoped-other") == (404, "SESSION_UNKNOWN")
    told = [
        sue.send("GET", f"/sessions/{name}").json()["detail"].replace(name, "NAME")
        for name in ("scoped-other", "scoped-nowhere")
    ]
    assert told == ["No session fits 'NAME'. Sessions: scoped-own (open)."] * 2
    asked = {"pipeline": "pipeline.yaml"}
    assert sue.refused("POST", "/sessions", json=asked) == (403, "TOKEN_SCOPED")
    assert sue.refused("POST", "/sessions/scoped-own/fork") == (403, "TOKEN_SCOPED")


def test_a_scoped_token_means_its_own_session_by_a_name_that_others_have(counter):
    """A closed one of its scope is found, though an open one elsewhere is called so too."""
    at = begun(counter, "twin")
    token_for(counter, "tess", "tester", "twin")
    ada = Asker(counter, "ada")
    own = ada.get("/sessions/twin")["session_id"]
    ada.send("POST", f"{at}/close")
    begun(counter, "twin")
    assert ada.get("/sessions/twin")["session_id"] != own
    assert Asker(counter, "tess").get("/sessions/twin")["session_id"] == own


def test_a_session_in_brief_counts_its_nodes(tim, counter):
    """By lifecycle state, from the log alone, with the version as its tag."""
    at = begun(counter, "brief")
    answer = tim.send("GET", at)
    brief = answer.json()
    assert brief["nodes"]["auto_configured"] == 2
    assert brief["nodes"]["pending"] == 1
    assert sum(brief["nodes"].values()) == 3
    assert (brief["run"], brief["approved"], brief["at_home"]) == (None, None, True)
    assert answer.headers["etag"] == f'"{brief["version"]}"'


def test_what_is_shown_is_what_the_command_line_shows(tim, counter):
    """Status, work list, picture and check answer in the shapes of the reference."""
    at = begun(counter, "shown")
    status = tim.get(f"{at}/status", "SessionStatus")
    listed = tim.get(f"{at}/worklist", "Worklist")
    picture = tim.get(f"{at}/picture", "Picture")
    assert listed["worklist"] == status["worklist"]
    assert picture["nodes"]["report"]["state"] == "needs_you"
    assert [(edge["from_node"], edge["node"]) for edge in picture["edges"]] == [
        ("clean", "total"),
        ("total", "report"),
    ]
    (problem,) = tim.get(f"{at}/check", "check")["problems"]
    assert problem["where"]["node"] == "report"
    assert tim.get(f"{at}/check", params={"node": "clean"})["problems"] == []
    assert tim.refused("GET", f"{at}/check", params={"node": "cleen"}) == (404, "NODE_UNKNOWN")


def test_the_picture_is_drawn_where_nothing_of_it_may_run(tim, counter):
    """It is an SVG with every node, whose own policy lets nothing be loaded or run."""
    answer = tim.send("GET", f"{begun(counter, 'drawn')}/picture.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    drawn = "".join(ET.fromstring(answer.text).itertext())
    assert all(node in drawn for node in ("clean", "total", "report"))


def test_a_session_is_shown_as_it_was(tim, counter):
    """With `at` a version or a time; what came later is not in it, and wrong moments are told."""
    at = begun(counter, "past")
    before = versions(tim, at)
    counter.desk.enter("bob", name="past").configure("report", top())
    then = tim.get(f"{at}/status", "SessionStatus", params={"at": before})
    assert then["as_of"]["version"] == before
    assert then["pending_scripts"] == 1
    assert tim.get(f"{at}/status")["pending_scripts"] == 0
    later = {"at": "2999-01-01T00:00:00+00:00"}
    assert tim.get(f"{at}/status", params=later)["pending_scripts"] == 0
    assert tim.get(f"{at}/status?at=2999-01-01T00:00+00:00")["pending_scripts"] == 0
    assert tim.refused("GET", f"{at}/status", params={"at": 999}) == (404, "VERSION_UNKNOWN")
    assert tim.refused("GET", f"{at}/status", params={"at": "then"}) == (422, "MOMENT_INVALID")
    assert tim.refused("GET", f"{at}/status", params={"at": "9" * 60}) == (422, "MOMENT_INVALID")


def test_a_report_comes_in_four_forms(tim, counter):
    """JSON as the command line has it, and files to keep; without a run there is none."""
    at = begun(counter, "reported", report=top())
    assert tim.refused("GET", f"{at}/report")[0] == 404
    counter.desk.enter("bob", name="reported").run()
    assert tim.get(f"{at}/report", "report")["run"]["status"] == "passed"
    for form, media, begin in (
        ("html", "text/html", "<!DOCTYPE html>"),
        ("junit", "application/xml", "<?xml"),
        ("markdown", "text/markdown", "#"),
    ):
        answer = tim.send("GET", f"{at}/report", params={"format": form})
        assert answer.headers["content-type"].startswith(media)
        assert answer.headers["content-disposition"].startswith('attachment; filename="reported.')
        assert answer.text.startswith(begin)
    assert tim.refused("GET", f"{at}/report", params={"format": "pdf"})[0] == 422


def test_a_session_is_renamed_closed_and_opened_again(tim, counter):
    """Each answers its names and leaves an event; a taken name and a wrong turn are conflicts."""
    at = f"/sessions/{counter.desk.begin(name='renamed').session_id}"
    begun(counter, "taken")
    assert tim.ask("PATCH", at, "SessionName", json={"name": "other"})["name"] == "other"
    assert tim.refused("PATCH", at, json={"name": "taken"}) == (409, "SESSION_NAME_TAKEN")
    assert tim.refused("PATCH", at, json={"name": ""}) == (422, "COMMAND_INVALID")
    assert tim.refused("POST", f"{at}/reopen") == (409, "SESSION_NOT_CLOSED")
    tim.post(f"{at}/close", "close")
    assert tim.get(at)["phase"] == "closed"
    assert tim.refused("POST", f"{at}/close") == (409, "SESSION_CLOSED")
    assert tim.post(f"{at}/reopen", "reopen", json={"name": "again"})["name"] == "again"
    assert tim.get(at)["phase"] == "open"


def test_only_an_admin_archives(tim, counter):
    """A closed session is no longer listed, unless all are asked for."""
    at = begun(counter, "archived")
    ada = Asker(counter, "ada")
    assert ada.refused("POST", f"{at}/archive") == (409, "SESSION_NOT_CLOSED")
    tim.post(f"{at}/close")
    assert tim.refused("POST", f"{at}/archive") == (403, "ROLE_TOO_LOW")
    ada.post(f"{at}/archive", "SessionName")
    listed = [row["name"] for row in tim.get("/sessions")["items"]]
    everything = [row["name"] for row in tim.get("/sessions?archived=true")["items"]]
    assert "archived" not in listed
    assert "archived" in everything


def test_a_fork_goes_on_from_a_version(tim, counter):
    """It is a session of its own, and nothing is recorded in its parent."""
    at = begun(counter, "parent")
    before = versions(tim, at)
    counter.desk.enter("bob", name="parent").configure("report", top())
    now = versions(tim, at)
    answer = tim.send("POST", f"{at}/fork", json={"at": before, "name": "child"})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["name"], told["at"]) == ("child", before)
    assert told["parent"] == tim.get(at)["session_id"]
    child = tim.get(answer.headers["location"].removeprefix("/api/v1"))
    assert child["nodes"]["pending"] == 1
    assert versions(tim, at) == now
    assert tim.refused("POST", f"{at}/fork", json={"at": 10_000}) == (404, "VERSION_UNKNOWN")
    assert tim.refused("POST", f"{at}/fork", json={"at": "never"}) == (422, "MOMENT_INVALID")
    long = f"{before}".rjust(64) + "0"
    assert tim.refused("POST", f"{at}/fork", json={"at": long}) == (422, "REQUEST_INVALID")


def test_resuming_records_what_the_world_has_become(counter, tmp_path):
    """An input that was edited is told, with who was last before."""
    with service(tmp_path / "shop") as own:
        tim = Asker(own)
        at = begun(own, "resumed", report=top())
        own.desk.enter("bob", name="resumed").run()
        own.desk.orders.write_text("order,amount\nz,9\n", encoding="utf-8")
        told = tim.post(f"{at}/resume", "resume")
        assert (told["last_actor"], told["inputs_changed"]) == ("bob", 1)
        assert [row["type"] for row in told["recorded"]] == ["WorldChanged"]
        assert tim.post(f"{at}/resume", "resume")["recorded"] == []


def test_what_goes_with_a_move_is_refused_without_it(tim, counter):
    """So that nobody believes that a folder was taken; taking over is an admin's."""
    at = begun(counter, "moved")
    refused = tim.refused("POST", f"{at}/resume", json={"workspaces": ["."]})
    assert refused == (422, "REQUEST_INVALID")
    asked = {"here": True, "take_over": True}
    assert tim.refused("POST", f"{at}/resume", json=asked) == (403, "ROLE_TOO_LOW")
    asked = {"here": True, "workspaces": ["/etc"]}
    assert tim.refused("POST", f"{at}/resume", json=asked) == (422, "OUTSIDE_ROOTS")
    assert tim.post(f"{at}/resume", "resume", json={"here": True})["at_home"] is True


def test_a_pipeline_is_updated_from_its_file(tmp_path):
    """What the file has by now is taken, with what else it changed; nothing new is a conflict."""
    with service(tmp_path / "shop") as own:
        tim = Asker(own)
        at = begun(own, "updated")
        assert tim.refused("POST", f"{at}/update")[0] == 409
        own.desk.shell.file(
            "pipeline.yaml",
            SHOP.replace("  report: {}\n", "  summary: {}\n").replace(
                "[total, report]", "[total, summary]"
            ),
        )
        told = tim.post(f"{at}/update", "update", json={"renamed": {"report": "summary"}})
        assert told["recorded"][0]["type"] == "PipelineChanged"
        assert "summary" in tim.get(f"{at}/status")["nodes"]
        given = {"pipeline": {"nodes": {"clean": {}}, "scripts": ["scripts"]}}
        tim.post(f"{at}/update", "update", json=given)
        assert list(tim.get(f"{at}/status")["nodes"]) == ["clean"]
        assert tim.refused("POST", f"{at}/update", json={"pipeline": "/etc/hosts"}) == (
            422,
            "OUTSIDE_ROOTS",
        )


def test_remarks_and_approvals_are_kept(tim, counter):
    """A secret in a remark is masked; a version is signed off once everything has passed."""
    at = begun(counter, "noted", report=top())
    told = tim.post(f"{at}/notes", "note", json={"text": "password=hunter2secret looks good"})
    assert "hunter2secret" not in json.dumps(told)
    assert "looks good" in told["recorded"][0]["sentence"]
    assert tim.refused("POST", f"{at}/approvals")[0] == 409
    counter.desk.enter("bob", name="noted").run()
    told = tim.post(f"{at}/approvals", "approve")
    assert told["approval"]["by"] == "tim"
    assert tim.get(at)["approved"] == told["approval"]["version"]
    refused = tim.refused("POST", f"{at}/approvals", json={"version": 9_999})
    assert refused == (422, "COMMAND_INVALID")


@pytest.mark.parametrize("verb", ["close", "undo", "redo", "update", "approvals", "reopen"])
def test_what_was_changed_since_is_not_acted_on(tim, counter, verb):
    """An old tag is refused with 412 and the present one; only the refusal is recorded."""
    at = begun(counter, f"stale-{verb}")
    old = tim.send("GET", at).headers["etag"]
    counter.desk.enter("bob", name=f"stale-{verb}").configure(
        "report", Answers(job_args={"top": 1})
    )
    now = tim.send("GET", at)
    answer = tim.send("POST", f"{at}/{verb}", headers={"If-Match": old})
    assert (answer.status_code, answer.json()["code"]) == (412, "VERSION_CONFLICT")
    assert answer.headers["etag"] == now.headers["etag"]
    assert versions(tim, at) == now.json()["version"] + 1
    assert tim.get(f"{at}/history")["items"][-1]["type"] == "CommandRefused"
    ahead = tim.send("POST", f"{at}/{verb}", headers={"If-Match": '"9999"'})
    assert ahead.status_code == 412


def test_a_request_with_a_key_is_done_once(tim, counter):
    """It is answered as the first time, though it changed the version it was based on itself."""
    at = begun(counter, "keyed")
    tag = tim.send("GET", at).headers["etag"]
    headers = {"Idempotency-Key": "close-it", "If-Match": tag}
    first = tim.send("POST", f"{at}/close", headers=headers)
    again = tim.send("POST", f"{at}/close", headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()


def test_a_session_with_a_key_begins_once(tim):
    """Asked again it is the same session; with something else asked the key is refused."""
    asked = {"pipeline": "pipeline.yaml"}
    headers = {"Idempotency-Key": "begin-it"}
    first = tim.send("POST", "/sessions", json=asked, headers=headers)
    again = tim.send("POST", "/sessions", json=asked, headers=headers)
    assert again.json()["session_id"] == first.json()["session_id"]
    assert again.headers["location"] == first.headers["location"]
    other = tim.refused("POST", "/sessions", json={**asked, "name": "else"}, headers=headers)
    assert other == (422, "COMMAND_ID_REUSED")
