"""The log over HTTP: of one session, and of all that a token reaches, page by page."""

import json

import pytest
from tests.support.api import Asker, token_for
from tests.support.desk import top
from tests.support.service import service


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """One service with two sessions and a fork, whose events lie between each other."""
    with service(tmp_path_factory.mktemp("events") / "shop") as begun:
        desk = begun.desk
        desk.begin(name="one")
        desk.begin(name="two")
        for name in ("one", "two", "one"):
            desk.enter("bob", name=name).note(f"in {name}")
        desk.enter("bob", name="one").configure("report", top())
        desk.application("ann").sessions.fork("one", name="child").note("in child")
        yield begun


@pytest.fixture
def tim(counter):
    """A tester."""
    return Asker(counter)


def walked(asker, path, limit):
    """All events of a list, page by page."""
    events, after = [], 0
    while True:
        page = asker.get(path, "EventsPage", params={"after": after, "limit": limit})
        assert len(page["items"]) <= limit
        events += page["items"]
        after = page["next_after"]
        if not page["more"]:
            return events, after


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_the_whole_log_is_listed_in_its_order(tim, counter, limit):
    """Every event once, with the payload that is stored."""
    events, after = walked(tim, "/events", limit)
    stored = counter.desk.events()
    assert [event["position"] for event in events] == list(range(1, len(stored) + 1))
    assert [(e["type"], e["node"], e["payload"]) for e in events] == stored
    assert after == len(stored)


@pytest.mark.parametrize("limit", [1, 4, 1000])
def test_a_session_is_listed_in_its_order(tim, counter, limit):
    """A fork's events begin with its parent's; each page goes on behind a position."""
    child = counter.application.sessions.open("child")
    events, _ = walked(tim, "/sessions/child/events", limit)
    assert [event["version"] for event in events] == list(range(1, child.version + 1))
    assert events[0]["session_id"] == child.state.parent
    assert events[-1]["session_id"] == child.session_id
    assert events[-1]["payload"] == {"text": "in child"}
    positions = [event["position"] for event in events]
    assert positions == sorted(positions)


def test_what_comes_later_is_behind_where_the_list_ended(tim, counter):
    """A reader who keeps the last position misses nothing and gets nothing twice."""
    for path in ("/events", "/sessions/two/events"):
        _, after = walked(tim, path, 5)
        assert tim.get(path, "EventsPage", params={"after": after})["items"] == []
        counter.desk.enter("bob", name="two").note("later")
        (event,) = tim.get(path, "EventsPage", params={"after": after})["items"]
        assert (event["type"], event["payload"]) == ("NoteAdded", {"text": "later"})


def test_a_scoped_token_lists_its_own_sessions_only(counter):
    """Other sessions' events are passed over, also where a page holds none of its own."""
    token_for(counter, "sue", "viewer", "two")
    sue = Asker(counter, "sue")
    two = counter.application.sessions.open("two")
    for limit in (1, 2, 1000):
        events, _ = walked(sue, "/events", limit)
        assert {event["session_id"] for event in events} == {two.session_id}
        assert [event["version"] for event in events] == list(range(1, two.version + 1))
    assert sue.refused("GET", "/sessions/one/events") == (404, "SESSION_UNKNOWN")


def test_an_event_names_the_request_that_it_is_of(tim):
    """The id that a client is told is in the event, and never one of the client's choice."""
    answer = tim.send(
        "POST", "/sessions/two/notes", json={"text": "x"}, headers={"X-Request-ID": "my-own-7"}
    )
    told = answer.headers["x-request-id"]
    assert told != "my-own-7"
    events, _ = walked(tim, "/sessions/two/events", 1000)
    assert (events[-1]["correlation_id"], events[-1]["actor"]) == (told, "tim")


@pytest.mark.parametrize("query", [{"after": -1}, {"after": 2**64}, {"limit": 0}, {"after": "x"}])
def test_a_wrong_page_is_refused(tim, query):
    """Positions are whole numbers that a log can have."""
    for path in ("/events", "/sessions/one/events"):
        assert tim.refused("GET", path, params=query) == (422, "REQUEST_INVALID")


def test_a_session_without_anything_behind_a_position_has_none(tim):
    """A position that the log has not reached yet is no mistake."""
    for path in ("/events", "/sessions/one/events"):
        page = tim.get(path, "EventsPage", params={"after": 10**9})
        assert json.dumps(page) == json.dumps({"items": [], "next_after": 10**9, "more": False})
