"""What watches over a service: health, readiness, numbers, and the chain as it is verified."""

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.service import service

from runthrough.adapters.store import sql_audit
from runthrough.bootstrap import clock, wire
from runthrough.entrypoints.http.health import Probe
from runthrough.entrypoints.http.watch import Watch
from runthrough.errors import StoreUnavailableError, UnknownSessionError

FORGE = """
UPDATE events SET payload = replace(payload, 'changed', 'forged') WHERE type = 'NoteAdded'
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A service with a session, which is only asked."""
    with service(tmp_path_factory.mktemp("health") / "shop") as begun:
        begun.begin()
        yield begun


@pytest.fixture
def counter(tmp_path):
    """A service with a session, for one test alone."""
    with service(tmp_path / "shop") as begun:
        begun.begin()
        yield begun


def shared(counter):
    return counter.client.app.state.service


def numbers(counter, actor="vera"):
    answer = counter.client.get("/metrics", headers=counter.as_(actor))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def rewrite(counter, sql):
    """Change the log behind everybody's back."""
    with closing(sqlite3.connect(counter.desk.shell.database)) as database, database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(sql)


def test_a_process_that_lives_says_so_to_anybody(asked):
    """No token is needed, and nothing is told but that."""
    answer = asked.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_service_is_ready_when_its_database_answers(asked):
    """All that visitors need is there."""
    answer = asked.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": "ok", "events": "ok", "log": "ok", "chain": "ok"},
    }


def test_a_service_whose_database_went_is_not_ready(counter):
    """Nobody is sent to it any more; that it lives is true still."""
    counter.desk.shell.database.rename(counter.desk.shell.database.with_suffix(".gone"))
    answer = counter.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["database"] == "STORE_UNAVAILABLE"
    assert counter.client.get("/healthz").status_code == 200


def test_a_service_whose_schema_was_left_behind_is_not_ready(counter):
    """A newer runthrough migrated the database under it: the processes are to be replaced."""
    rewrite(counter, "UPDATE alembic_version SET version_num = '9999'")
    answer = counter.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"].startswith("schema 9999")


def test_a_service_that_tells_no_events_is_not_ready(counter):
    """Visitors would see pages that never change."""
    counter.application.broadcast.close()
    answer = counter.client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["events"]) == (
        503,
        "nobody follows the log",
    )


def test_a_database_that_hangs_is_waited_for_within_bounds():
    """No answer is an answer; what hangs is not asked a second time meanwhile."""
    asked, going_on = [], threading.Event()

    def ask():
        asked.append(1)
        going_on.wait(60)

    probe = Probe(ask)
    assert asyncio.run(probe.wrong(0.01)) == "no answer within 0.01 s"
    assert asyncio.run(probe.wrong(0.01)) == "no answer within 0.01 s"
    assert len(asked) == 1
    going_on.set()
    assert asyncio.run(probe.wrong(60)) is None


def test_what_a_probe_fails_with_is_told_by_its_code():
    """The words of an error may name hosts and files, so they are not told to everybody."""

    def unavailable():
        raise StoreUnavailableError("no route to db.example")

    def wrong():
        raise RuntimeError("secret")

    assert asyncio.run(Probe(unavailable).wrong(60)) == "STORE_UNAVAILABLE"
    assert asyncio.run(Probe(wrong).wrong(60)) == "RuntimeError"


def test_numbers_need_a_token_of_any_role(asked):
    """They tell how a team works, so strangers get none."""
    assert asked.client.get("/metrics").status_code == 401
    for actor in ("vera", "tim", "ada"):
        assert numbers(asked, actor)


def test_requests_are_counted_by_their_route(counter):
    """A session's name, a path that there is not and a method of one's own are no labels."""
    for path in ("/api/v1/sessions/demo/status", "/api/v1/sessions/other/status", "/a", "/b"):
        counter.client.get(path, headers=counter.as_("vera"))
    counter.client.request("BREW", "/a")
    found = numbers(counter)
    status = "/api/v1/sessions/{session}/status"

    def count(method, route, code):
        labels = (("method", method), ("route", route), ("status", code))
        return found["runthrough_requests_total", *labels]

    assert count("GET", status, "200") == 1
    assert count("GET", status, "404") == 1
    assert count("GET", "none", "404") == 2
    assert count("other", "none", "404") == 1
    assert not any("demo" in str(key) or "BREW" in str(key) for key in found)
    seconds = found[
        "runthrough_request_duration_seconds_count", ("method", "GET"), ("route", status)
    ]
    assert seconds == 2


def test_numbers_tell_how_the_log_and_the_process_stand(counter):
    """Position of the log, streams, runs, and what was refused by its code."""
    counter.client.get("/api/v1/sessions/other/status", headers=counter.as_("vera"))
    shared(counter).watch.look()
    found = numbers(counter)
    head = counter.application.auditing.head().position
    assert found["runthrough_log_position",] == head > 0
    assert found["runthrough_verified_position",] == head
    assert found["runthrough_chain_ok",] == 1
    assert found["runthrough_open_streams",] == 0
    assert found["runthrough_runs_on",] == 0
    assert found["runthrough_refusals_total", ("code", UnknownSessionError.code)] == 1
    listening = counter.application.broadcast.subscribe(after=0)
    assert numbers(counter)["runthrough_open_streams",] == 1
    listening.close()


def test_what_came_since_is_verified_the_next_time(counter):
    """The position grows with the log, and the chain holds."""
    watch = shared(counter).watch
    assert watch.verified.position == 0
    assert watch.verified.at is None
    first = watch.look()
    counter.application.sessions.open("demo").note("one more")
    second = watch.look()
    assert (first.ok, second.ok) == (True, True)
    assert second.position == first.position + 1 == counter.application.auditing.head().position


@pytest.mark.parametrize("seen_before", [False, True])
def test_a_broken_chain_is_told_everywhere_and_stops_nothing(counter, capsys, seen_before):
    """The log, the numbers and readiness name it; what is there can still be read."""
    watch = shared(counter).watch
    if seen_before:
        watch.look()
    counter.application.sessions.open("demo").note("to be changed")
    rewrite(counter, FORGE)
    told = []
    watch._warn = told.append
    found = watch.look()
    head = counter.application.auditing.head().position
    assert (found.ok, found.first_bad.position) == (False, head)
    assert f"position {head}" in told[0]
    watch.look()
    assert len(told) == 1, "it is told once"
    assert numbers(counter)["runthrough_chain_ok",] == 0
    ready = counter.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["chain"]) == (200, "broken")
    status = counter.client.get("/api/v1/sessions/demo/status", headers=counter.as_("vera"))
    assert status.status_code == 200


def test_what_was_verified_is_verified_anew_once_a_day(counter):
    """A row that is changed behind the verified position is found within a day."""
    at = clock.here()
    watch = Watch(
        counter.application.auditing,
        clock=lambda: at,
        log=counter.application.log,
        app_version="1",
        warn=lambda _: None,
    )
    counter.application.sessions.open("demo").note("to be changed")
    assert watch.look().ok
    rewrite(counter, FORGE)
    at += timedelta(hours=23)
    assert watch.look().ok
    at += timedelta(hours=1)
    assert not watch.look().ok


def test_one_checkpoint_a_day_is_kept(counter):
    """The first look of a day keeps one, further ones do not, nor does a log that did not grow."""
    auditing, at = counter.application.auditing, clock.here()
    watch = Watch(auditing, clock=lambda: at, log=counter.application.log, app_version="1")
    watch.look()
    first = auditing.last_checkpoint()
    assert (first.position, first.log_hash) == (auditing.head().position, auditing.head().log_hash)
    at += timedelta(days=2)
    watch.look()
    assert auditing.last_checkpoint() == first
    counter.application.sessions.open("demo").note("one more")
    watch.look()
    second = auditing.last_checkpoint()
    assert second.position == first.position + 1
    counter.application.sessions.open("demo").note("and one more")
    at += timedelta(hours=23)
    watch.look()
    assert auditing.last_checkpoint() == second
    assert auditing.verify(against=[first, second]).ok


def test_the_watch_looks_by_itself_and_ends_when_it_is_told(counter):
    """It has a thread of its own, which does not hold up the end of the process."""
    watch = shared(counter).watch
    looked = threading.Event()
    verify = counter.application.auditing.verify

    class Audited:
        last_checkpoint = staticmethod(counter.application.auditing.last_checkpoint)
        keep = staticmethod(counter.application.auditing.keep)

        @staticmethod
        def verify(**how):
            looked.set()
            return verify(**how)

    watch._auditing = Audited
    watch.start()
    assert looked.wait(60)
    watch.stop()
    watch._thread.join(60)
    assert not watch._thread.is_alive()


def test_a_long_log_is_gone_through_in_pieces_and_left_when_told(counter, monkeypatch):
    """Between two pieces it rests; who stops the service does not wait for the rest."""
    monkeypatch.setattr(sql_audit, "PAGE_ROWS", 4)
    watch = shared(counter).watch
    rested = threading.Event()
    rest = watch._rest

    def resting():
        rested.set()
        watch.stop()
        rest()

    watch._rest = resting
    watch.start()
    assert rested.wait(60)
    watch._thread.join(60)
    assert not watch._thread.is_alive()
    assert watch.verified.at is None


@pytest.mark.parametrize("level", ["warning", "error"])
def test_a_fault_of_the_watch_is_told_once(tmp_path, capfd, level):
    """Its traceback stands in the log, whichever failures that tells, and nowhere else."""
    told = threading.Event()

    class Broken:
        @staticmethod
        def verify(**_):
            raise ZeroDivisionError("of the watch")

    environ = {
        "RUNTHROUGH_DATABASE_URL": f"sqlite:///{tmp_path}/log.db",
        "RUNTHROUGH_LOG_LEVEL": level,
    }
    with wire("http", cwd=str(tmp_path), environ=environ) as application:

        def log(event, /, **values):
            application.log(event, **values)
            told.set()

        watch = Watch(Broken, clock=clock.here, log=log, app_version="1")
        watch.start()
        assert told.wait(60)
        watch.stop()
        watch._thread.join(60)
    said = capfd.readouterr().err
    assert said.count("ZeroDivisionError: of the watch") == 1
    assert (json.loads(said)["event"], json.loads(said)["level"]) == ("watch", "error")


def test_a_database_that_is_out_of_reach_does_not_end_the_watch(counter):
    """It tells why it could not look, and looks again later."""
    lines, seen = [], threading.Event()

    class Gone:
        @staticmethod
        def verify(**_):
            raise StoreUnavailableError("gone")

    def log(event, /, **values):
        lines.append((event, values))
        seen.set()

    watch = Watch(Gone, clock=clock.here, log=log, app_version="1")
    watch.start()
    assert seen.wait(60)
    watch.stop()
    watch._thread.join(60)
    assert lines == [("watch", {"failed": "gone"})]
    assert watch.verified.at is None
