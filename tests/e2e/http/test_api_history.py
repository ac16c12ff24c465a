"""A session's past over HTTP: its history in pages, what differs, and taking back."""

import pytest
from tests.support.api import Asker, token_for
from tests.support.desk import top
from tests.support.service import service


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service with a session that has a past: begun, answered, run."""
    with service(tmp_path_factory.mktemp("history") / "shop") as begun:
        begun.desk.begin(name="demo", report=top())
        begun.desk.enter("bob").run()
        yield begun


@pytest.fixture
def tim(counter):
    """A tester."""
    return Asker(counter)


HISTORY = "/sessions/demo/history"


def walked(asker, path, **query):
    """All rows of a list, page by page."""
    rows, cursor = [], None
    while True:
        page = asker.get(path, params=query | ({"cursor": cursor} if cursor else {}))
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def test_history_is_told_in_pages(tim, counter):
    """Whatever their size, the pages give what the command line gives, each row once."""
    everything = [row.view() for row in counter.desk.enter().history()]
    assert tim.get(HISTORY, "HistoryPage", params={"limit": 1000})["items"] == everything
    assert walked(tim, HISTORY, limit=1) == everything
    assert walked(tim, HISTORY, limit=7) == everything


def test_history_is_narrowed_as_on_the_command_line(tim):
    """By node, actor, type, and since a version or time; each also across pages."""
    everything = walked(tim, HISTORY)
    middle = everything[len(everything) // 2]
    for query, fits in (
        ({"node": "clean"}, lambda row: row["node"] == "clean"),
        ({"actor": "bob"}, lambda row: row["actor"] == "bob"),
        ({"type": "ScriptExecuted"}, lambda row: row["type"] == "ScriptExecuted"),
        ({"since": middle["version"]}, lambda row: row["version"] >= middle["version"]),
        (
            {"since": middle["recorded_at"]},
            lambda row: row["recorded_at"] >= middle["recorded_at"],
        ),
        ({"since": "1h"}, lambda _row: True),
        ({"since": "1h", "actor": "nobody"}, lambda _row: False),
    ):
        wanted = [row["version"] for row in everything if fits(row)]
        assert [row["version"] for row in walked(tim, HISTORY, limit=2, **query)] == wanted


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"node": "cleen"}, (404, "NODE_UNKNOWN")),
        ({"type": "ScriptEaten"}, (422, "COMMAND_INVALID")),
        ({"since": "soon"}, (422, "MOMENT_INVALID")),
        ({"cursor": "MTI"}, (200, "")),
        ({"cursor": "eA"}, (422, "CURSOR_INVALID")),
        ({"limit": 0}, (422, "REQUEST_INVALID")),
        ({"limit": 1001}, (422, "REQUEST_INVALID")),
    ],
)
def test_what_history_cannot_be_narrowed_by_is_told(tim, query, problem):
    """Each with its code; a cursor that is one is taken."""
    if problem[0] == 200:
        assert tim.get(HISTORY, "HistoryPage", params=query)["items"][0]["version"] == 12
    else:
        assert tim.refused("GET", HISTORY, params=query) == problem


def test_two_sides_are_compared(tim, counter):
    """Left out they are the last green run and now; else as the command line reads them."""
    counter.desk.begin(name="compared", report=top())
    bob = counter.desk.enter("bob", name="compared")
    bob.run()
    at = "/sessions/compared/diff"
    told = tim.get(at, "Comparison")
    assert told["differences"] == []
    assert (told["one"]["now"], told["other"]["now"]) == (False, True)
    bob.configure("report", top(2))
    rows = tim.get(at, "Comparison")["differences"]
    changed = [(row["node"], row["name"], row["old"], row["new"]) for row in rows]
    assert ("report", "arg.top", 1, 2) in changed
    assert {row["node"] for row in rows} == {"report"}
    before = bob.version - 1
    for one, other in ((f"compared@{before}", "now"), (str(before), "compared@now")):
        assert tim.get(at, params={"one": one, "other": other})["differences"] == rows
    assert tim.refused("GET", at, params={"one": "swan"}) == (404, "SESSION_UNKNOWN")
    assert tim.refused("GET", at, params={"one": "9999"}) == (404, "VERSION_UNKNOWN")
    assert tim.refused("GET", at, params={"one": " "}) == (422, "SESSION")


def test_a_side_outside_the_scope_is_none(counter):
    """A token for one session compares it with itself, and learns of no other."""
    counter.desk.begin(name="hidden")
    token_for(counter, "sue", "viewer", "demo")
    sue = Asker(counter, "sue")
    assert sue.get("/sessions/demo/diff", params={"one": "demo@1"})["one"]["version"] == 1
    for side in ("hidden", "hidden@1", "hidden@now"):
        for end in ("one", "other"):
            refused = sue.refused("GET", "/sessions/demo/diff", params={end: side})
            assert refused == (404, "SESSION_UNKNOWN")


def test_what_was_done_is_taken_back_and_done_again(tim, counter):
    """Undo tells what it took back and what that changed; redo is its opposite."""
    counter.desk.begin(name="undone")
    at = "/sessions/undone"
    before = tim.get(at)["version"]
    counter.desk.enter("bob", name="undone").configure("report", top())
    ada = Asker(counter, "ada")
    assert tim.refused("POST", f"{at}/undo")[0] == 409
    assert tim.refused("POST", f"{at}/undo", json={"anyone": True}) == (403, "ROLE_TOO_LOW")
    told = ada.post(f"{at}/undo", "undo", json={"anyone": True})
    assert [action["type"] for action in told["undone"]] == ["ScriptConfigured"]
    assert told["nodes"]["report"]["state"] == "pending"
    again = ada.post(f"{at}/redo", "redo")
    assert again["nodes"]["report"]["state"] == "configured"
    assert ada.refused("POST", f"{at}/redo")[0] == 409
    told = ada.post(f"{at}/undo", "undo", json={"anyone": True, "to": before})
    assert told["nodes"]["report"]["state"] == "pending"
    assert tim.refused("POST", f"{at}/undo", json={"to": "never"}) == (422, "MOMENT_INVALID")
