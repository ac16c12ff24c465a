"""The badge that tells up to where the log is verified."""

import sqlite3
from contextlib import closing

import pytest

from runthrough.entrypoints.http.watch import Verified

VERIFIED = ".//*[@id='verified']"


@pytest.fixture
def watch(counter):
    return counter.client.app.state.service.watch


def test_before_the_first_look_nothing_is_said_to_be_verified(vera):
    """A log that nobody looked at is neither good nor bad."""
    assert vera.get("/sessions/demo").told(VERIFIED) == "· log is being verified"


def test_a_log_that_was_empty_when_it_was_looked_at_is_not_said_to_hold(counter, watch, vera):
    """As at the first look of a service over a new database: its position 0 says nothing."""
    watch.verified = Verified(0, counter.application.caller.clock())
    assert vera.get("/sessions/demo").told(VERIFIED) == "· log is being verified"


def test_it_tells_up_to_where_and_when(counter, watch, vera):
    """The position that the watch has reached, and how long ago, to the second."""
    watch.look()
    position = counter.application.auditing.head().position
    told = vera.get("/sessions/demo").told(VERIFIED)
    assert told.startswith(f"✓ log verified up to position {position}, ")
    assert told.endswith(" s ago")
    counter.session.note("later")
    assert f"position {position}," in vera.get("/sessions/demo").told(VERIFIED)


def test_a_log_that_was_changed_is_told_with_the_first_bad_position(counter, watch, vera):
    """In red, with what is wrong, on the screen and in the part that is asked for now and then."""
    with closing(sqlite3.connect(counter.desk.shell.database)) as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE events SET payload = '{}' WHERE position = 3")
        database.commit()
    watch.look()
    bad = watch.verified.first_bad
    assert bad.position == 3
    page = vera.get("/sessions/demo?at=2")
    assert page.told(VERIFIED).startswith(f"✗ log broken from position 3 on ({bad.kind}),")
    assert "bad" in page.root.find(VERIFIED).get("class")
    part = counter.client.get("/sessions/demo/parts/badge", headers=counter.as_("vera")).text
    assert "position 3 on" in part


def test_it_is_asked_for_again_only_where_now_is_shown(counter, vera):
    """A page of the past asks for nothing by itself."""
    (now,) = vera.get("/sessions/demo").all(".//*[@id='badge']")
    assert now.get("hx-get").endswith("/parts/badge")
    (then,) = vera.get("/sessions/demo?at=3").all(".//*[@id='badge']")
    assert then.get("hx-get") is None


def test_history_and_export_are_links_beside_it(counter, vera):
    """The export is the one of the interface for programs, which a browser may load."""
    links = {
        "".join(one.itertext()): one.get("href")
        for one in vera.get("/sessions/demo").all(".//nav[@aria-label='Of this session']/a")
    }
    assert vera.get(links["History"]).told(".//h1") == "History"
    answer = counter.client.get(links["Export"], headers=counter.as_("vera"))
    assert answer.status_code == 200
    assert "SessionStarted" in answer.text
