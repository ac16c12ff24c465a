"""SIGKILL at every step of an append, and a server that crashes: nothing acknowledged is lost."""

import signal
from collections import Counter

import pytest
from tests.support.crowd import (
    PATHS,
    Acknowledged,
    append_and_die,
    append_through_a_crash,
    session_of,
)
from tests.support.scale import scaled
from tests.support.scripts import until
from tests.support.servers import Postgres, own_server
from tests.support.stored import finished, spawned, sql_stores

from runthrough.adapters.store.opening import open_database

KILLS = scaled(10, 120)
"""Steps at which a child is killed, of the several hundred lines that the appends run."""
EVENTS = {"several": 2, "plain": 1, "next": 1, "locked": 2}
CRASHES = scaled(1, 10)
WRITERS = 3


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request):
    name = "url" if request.param == "sqlite" else "postgres_url"
    return request.getfixturevalue(name)


def steps_of(url, folder):
    """How many lines of the store the three appends run when nobody kills them."""
    noted = folder / "whole"
    assert finished(spawned(append_and_die, url, "whole", 0, str(noted))) == 0
    *commands, lines = Acknowledged(str(noted)).all()
    assert commands == [f"whole-{path}" for path in PATHS]
    return int(lines.removeprefix("lines:"))


@pytest.mark.slow
def test_kill_at_any_step_of_an_append_tears_nothing(store_url, tmp_path):
    """What was acknowledged is there, each command whole or not at all, and the log verifies."""
    open_database(store_url).close()
    steps = steps_of(store_url, tmp_path)
    for number in range(KILLS):
        die_at = 1 + number * (steps - 1) // max(1, KILLS - 1)
        prefix, noted = f"kill-{die_at}", tmp_path / f"noted-{number}"
        child = spawned(append_and_die, store_url, prefix, die_at, str(noted))
        assert finished(child) == -signal.SIGKILL
        acknowledged = [path.split("-")[-1] for path in Acknowledged(str(noted)).all()]
        with open_database(store_url) as database:
            judge(sql_stores(database), prefix, acknowledged)


def judge(stores, prefix, acknowledged):
    """Hold what a killed child left against what it was told, then repeat its commands."""
    left = list(stores.events.read(session_of(prefix)))
    counted = Counter(e.metadata.command_id.split("-")[-1] for e in left)
    done = [path for path in PATHS if counted[path]]
    assert done[: len(acknowledged)] == acknowledged
    assert len(done) - len(acknowledged) <= 1, "only the last answer can have been lost"
    assert all(counted[path] == EVENTS[path] for path in done)
    repeated = [envelope for append in PATHS.values() for envelope in append(stores, prefix)]
    assert repeated[: len(left)] == left
    assert list(stores.events.read(session_of(prefix))) == repeated
    assert stores.directory.find(prefix).version == len(repeated) == sum(EVENTS.values())
    verdict = stores.audit.verify()
    assert verdict.ok, verdict


@pytest.mark.slow
def test_crashed_server_loses_nothing_that_was_acknowledged(tmp_path):
    """PostgreSQL stopped at once while others write: their retries complete what was begun."""
    with own_server() as server:
        url = Postgres(server.admin).migrated()
        for crash in range(CRASHES):
            enough = tmp_path / f"enough-{crash}"
            prefixes = [f"{crash}-{writer}" for writer in range(WRITERS)]
            noted = {prefix: Acknowledged(str(tmp_path / prefix)) for prefix in prefixes}
            children = [
                spawned(append_through_a_crash, url, prefix, str(enough), str(tmp_path / prefix))
                for prefix in prefixes
            ]
            all_have_more_than(noted, dict.fromkeys(prefixes, 10))
            server.stop_immediately()
            before = {prefix: one.all() for prefix, one in noted.items()}
            server.start()
            all_have_more_than(noted, {prefix: len(told) for prefix, told in before.items()})
            enough.touch()
            assert [finished(child) for child in children] == [0] * WRITERS
            with open_database(url) as database:
                judge_writers(sql_stores(database), noted, before)


def all_have_more_than(noted, counts):
    """Wait until each writer was acknowledged more than so many commands."""
    until(lambda: all(len(noted[p].all()) > n for p, n in counts.items()), "all are at it")


def judge_writers(stores, noted, before):
    """Each command that was acknowledged, before and after the crash, is there once, in order."""
    for prefix, one in noted.items():
        read = [
            envelope.metadata.command_id for envelope in stores.events.read(session_of(prefix))
        ]
        assert read == one.all() == [f"{prefix}-{number}" for number in range(len(read))]
        assert before[prefix] == read[: len(before[prefix])]
    assert stores.audit.verify().ok
