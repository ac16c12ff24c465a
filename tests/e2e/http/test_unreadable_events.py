"""Events that this process cannot read: what comes before is told, and other sessions go on."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest
from tests.support.api import token_for
from tests.support.listening import listening
from tests.support.service import service

ALL = "/api/v1/events"
DEMO, OTHER = (f"/api/v1/sessions/{name}/events" for name in ("demo", "other"))


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """A service with two sessions; of `demo` a newer runthrough wrote the last event but one."""
    with service(tmp_path_factory.mktemp("unreadable") / "shop") as begun:
        begun.begin()
        begun.begin(name="other")
        token_for(begun, "otto", "viewer", "other")
        for text, name in (("known", "demo"), ("newer", "demo"), ("behind", "other")):
            begun.desk.enter("bob", name=name).note(text)
        with closing(sqlite3.connect(begun.desk.shell.database)) as database, database:
            for (trigger,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                database.execute(f"DROP TRIGGER {trigger}")
            database.execute("UPDATE events SET schema_version = 99 WHERE payload LIKE '%newer%'")
        yield begun


@pytest.fixture(scope="module")
def bad(counter):
    """The position of the event that cannot be read, which is the last but one."""
    return counter.application.broadcast.head() - 1


def followed(counter, path, actor="vera"):
    """Frames of a stream from the begin of the log up to its end, or to the last event."""

    async def story():
        frames, last = [], str(counter.application.broadcast.head())
        async with listening(
            counter.client.app, f"{path}/stream", counter.as_(actor), after=0
        ) as listener:
            while frame := await listener.frame():
                frames.append(frame)
                if frame.get("id") == last:
                    break
        return frames

    return asyncio.run(story())


def test_a_stream_tells_what_comes_before_and_why_it_ends(counter, bad):
    """With the code, and what mends it; browsers come back later than otherwise."""
    *before, last = followed(counter, ALL)
    assert [int(frame["id"]) for frame in before if "data" in frame] == list(range(1, bad))
    assert (last["event"], last["retry"]) == ("unreadable", "30000")
    why = json.loads(last["data"])
    assert why["code"] == "STORE"
    assert f"position {bad}" in why["detail"]
    assert "upgrade runthrough" in why["fix"]
    assert followed(counter, DEMO)[-1]["event"] == "unreadable"


@pytest.mark.parametrize(("path", "actor"), [(OTHER, "vera"), (ALL, "otto")])
def test_streams_of_other_sessions_pass_over_it(counter, bad, path, actor):
    """To the last event there is, which stands behind it."""
    events = [
        json.loads(frame["data"]) for frame in followed(counter, path, actor) if "data" in frame
    ]
    assert events[-1]["position"] == bad + 1
    assert events[-1]["payload"]["text"] == "behind"


def test_the_list_of_events_ends_before_it_and_then_says_why(counter, bad):
    """A page is what can be told; who asks on from there is told what cannot."""

    def page(after, actor="vera"):
        params = {"after": after, "limit": 1000}
        return counter.client.get(ALL, params=params, headers=counter.as_(actor))

    told = page(0).json()
    assert [event["position"] for event in told["items"]] == list(range(1, bad))
    assert (told["next_after"], told["more"]) == (bad - 1, True)
    refused = page(bad - 1)
    assert refused.status_code >= 400
    assert f"position {bad}" in refused.json()["detail"]
    theirs = page(0, "otto").json()
    assert theirs["items"][-1]["position"] == theirs["next_after"] == bad + 1
    assert theirs["more"] is False


def test_readiness_tells_of_it_and_takes_visitors_all_the_same(counter):
    """Most of the log can be read, and no other process would read the rest."""
    followed(counter, ALL)
    answer = counter.client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["log"]) == (200, "unreadable")
