"""The log as evidence over HTTP: how far it is verified, and exports that prove themselves."""

import csv
import io
import sqlite3
from contextlib import closing

import pytest
from tests.support.api import Asker, token_for
from tests.support.desk import top
from tests.support.service import service

from runthrough.bootstrap import open_export


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service with two sessions; only one of them was answered."""
    with service(tmp_path_factory.mktemp("audit") / "shop") as begun:
        begun.desk.begin(name="demo", report=top())
        begun.desk.begin("bob", name="other")
        yield begun


@pytest.fixture
def ada(counter):
    """An admin."""
    return Asker(counter, "ada")


@pytest.fixture
def tim(counter):
    """A tester."""
    return Asker(counter)


def damage(counter):
    """Change what an event of the past says, behind the database's back."""
    with closing(sqlite3.connect(counter.desk.shell.database)) as database:
        triggers = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for (name,) in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE events SET actor = 'mallory' WHERE position = 3")
        database.commit()


def test_the_standing_of_the_log_is_told(counter, ada):
    """Its end, up to where the service found it whole, and the last checkpoint."""
    before = ada.get("/audit", "AuditStanding")
    assert before["head"]["position"] == len(counter.desk.events())
    assert before["last_checkpoint"] is None
    counter.client.app.state.service.watch.look()
    after = ada.get("/audit", "AuditStanding")
    assert after["verified"]["position"] == after["head"]["position"]
    assert after["last_checkpoint"]["log_hash"] == after["head"]["log_hash"]


def test_an_archive_writes_no_file_and_is_exported_as_before(counter, ada):
    """Nothing is deleted; who wants an export asks for it, before or behind that."""
    session_id = counter.desk.begin(name="over").session_id
    ada.post(f"/sessions/{session_id}/close", "close")
    path, headers = f"/api/v1/sessions/{session_id}/export", counter.as_("vera")
    before = counter.client.get(path, headers=headers).text.splitlines()
    files = sorted(counter.desk.folder.rglob("*"))
    ada.post(f"/sessions/{session_id}/archive", "SessionName")
    assert sorted(counter.desk.folder.rglob("*")) == files
    behind = counter.client.get(path, headers=headers).text.splitlines()
    told = ["SessionArchived" in "".join(lines) for lines in (before, behind)]
    assert (told, len(behind)) == ([False, True], len(before) + 1)


def test_the_chain_is_verified(ada, tim, counter):
    """A tester verifies what came since the last checkpoint, an admin all of it."""
    _, checkpoint = counter.application.auditing.checkpoint()
    counter.application.auditing.keep(checkpoint)
    counter.desk.enter("bob").note("one more")
    told = tim.get("/audit/verify", "audit verify")
    assert (told["ok"], told["checked"], told["since"]) == (True, 1, checkpoint.position)
    assert [note["fits"] for note in told["notes"]] == [True]
    whole = ada.get("/audit/verify", "audit verify", params={"whole": True})
    assert (whole["ok"], whole["checked"]) == (True, whole["head_position"])
    assert tim.refused("GET", "/audit/verify", params={"whole": True}) == (403, "ROLE_TOO_LOW")


def test_a_broken_chain_is_told_and_no_error(tmp_path):
    """Where it is broken stands in the answer, which has the same shape as a good one."""
    with service(tmp_path / "shop") as own:
        own.begin()
        damage(own)
        told = Asker(own, "ada").get("/audit/verify", "audit verify", params={"whole": True})
        assert told["ok"] is False
        assert told["first_bad"] == {"position": 3, "kind": "event_hash"}
        own.client.app.state.service.watch.look()
        standing = Asker(own, "vera").get("/audit", "AuditStanding")
        assert standing["verified"]["ok"] is False


def test_what_is_about_the_whole_log_is_not_for_scoped_tokens(counter):
    """Whatever their role: they learn of no other session."""
    token_for(counter, "sue", "admin", "demo")
    sue = Asker(counter, "sue")
    for path in ("/audit/verify", "/audit/export"):
        assert sue.refused("GET", path) == (403, "TOKEN_SCOPED")
    assert sue.refused("GET", "/sessions/other/export") == (404, "SESSION_UNKNOWN")
    assert sue.send("GET", "/sessions/demo/export").status_code == 200


@pytest.mark.parametrize("path", ["/audit/export", "/sessions/demo/export"])
def test_an_export_proves_itself(ada, counter, tmp_path, path):
    """What is sent is what the command line writes: it verifies with nothing but the file."""
    answer = ada.send("GET", path)
    assert answer.headers["content-type"] == "application/jsonl; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    file = tmp_path / "export.jsonl"
    file.write_bytes(answer.content)
    found = open_export(file).verified()
    assert found.verdict.ok
    wanted = len(counter.desk.events()) if "audit" in path else counter.desk.enter().version
    assert found.verdict.checked == wanted


def test_an_export_is_narrowed_as_on_the_command_line(tim, ada):
    """By node, actor, type and time; a table has a row an event."""
    query = {
        "format": "csv",
        "node": "report",
        "type": ["ScriptConfigured", "ScriptMarkedPending"],
    }
    answer = tim.send("GET", "/sessions/demo/export", params=query)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["type"] for row in rows] == ["ScriptMarkedPending", "ScriptConfigured"]
    of_bob = ada.send("GET", "/audit/export", params={"format": "csv", "actor": "bob"}).text
    assert {row["actor"] for row in csv.DictReader(io.StringIO(of_bob))} == {"bob"}
    for query in ({"until": "2001-01-01"}, {"since": "2999-01-01"}):
        told = ada.send("GET", "/audit/export", params={"format": "csv", **query}).text
        assert list(csv.DictReader(io.StringIO(told))) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"node": "cleen"}, (404, "NODE_UNKNOWN")),
        ({"type": "ScriptEaten"}, (422, "COMMAND_INVALID")),
        ({"since": "soon"}, (422, "MOMENT_INVALID")),
        ({"until": "soon"}, (422, "MOMENT_INVALID")),
        ({"format": "xml"}, (422, "REQUEST_INVALID")),
    ],
)
def test_a_wrong_filter_is_told_before_anything_is_sent(ada, query, problem):
    """An export of nothing would look as if there were nothing."""
    for path in ("/audit/export", "/sessions/demo/export"):
        assert ada.refused("GET", path, params=query) == problem
