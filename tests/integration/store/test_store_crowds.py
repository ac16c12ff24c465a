"""Many processes at one log: nothing is missed, doubled, or given up."""

import multiprocessing
import threading
from collections import Counter

import pytest
from tests.support.crowd import Acknowledged, configure_for, open_each, write_every_way
from tests.support.handling import seated
from tests.support.scale import scaled
from tests.support.stored import DEADLINE_S, A, B, finished, spawned, sql_stores

from runthrough.adapters.store import schema
from runthrough.adapters.store.opening import open_database

WRITERS = 6
ROUNDS = scaled(8, 200)
"""How often each writer uses every way to write there is."""
EVENTS_A_ROUND = 1 + 3 + 2 + 1
CROWD_S = scaled(3, 60)
OPENERS = 16
OPENINGS = scaled(2, 20)


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request):
    name = "url" if request.param == "sqlite" else "postgres_url"
    return request.getfixturevalue(name)


class Tail(threading.Thread):
    """Reads the log as it grows, until it has seen so many events."""

    def __init__(self, feed, count):
        super().__init__(daemon=True)
        self._feed = feed
        self._count = count
        self.seen = []

    def run(self):
        while len(self.seen) < self._count:
            after = self.seen[-1].position if self.seen else 0
            if self._feed.wait(after=after, timeout_s=DEADLINE_S):
                self.seen += self._feed.read(after=after)
            else:
                return


@pytest.mark.slow
def test_tailing_reader_misses_nothing_of_six_writers(store_url, tmp_path):
    """Each event is seen once, at its position, without a hole, as its writer was told of it."""
    noted = [Acknowledged(str(tmp_path / f"noted-{writer}")) for writer in range(WRITERS)]
    with open_database(store_url) as database:
        stores = sql_stores(database)
        tail = Tail(stores.feed, WRITERS * ROUNDS * EVENTS_A_ROUND)
        tail.start()
        children = [
            spawned(write_every_way, store_url, writer, ROUNDS, B, str(noted[writer]._path))
            for writer in range(WRITERS)
        ]
        assert [finished(child) for child in children] == [0] * WRITERS
        tail.join(DEADLINE_S)
        positions = [envelope.position for envelope in tail.seen]
        assert positions == list(range(1, WRITERS * ROUNDS * EVENTS_A_ROUND + 1))
        told = Counter(line for one in noted for line in one.all())
        assert told == Counter(f"{e.position}:{e.event_hash}" for e in tail.seen)
        verdict = stores.audit.verify()
        assert (verdict.ok, verdict.checked) == (True, len(positions))
        assert list(stores.feed.read()) == tail.seen


@pytest.mark.slow
def test_eight_processes_at_one_session_give_nothing_up(store_url, tmp_path):
    """Whoever has to wait gets their turn: no command fails, and each leaves its event once."""
    nodes = [f"n{number}" for number in range(8)]
    noted = {node: Acknowledged(str(tmp_path / node)) for node in nodes}
    with open_database(store_url) as database:
        stores = sql_stores(database)
        seated(stores.events, "ann", nodes=nodes)
        begun = sum(1 for _ in stores.events.read(A))
        children = [
            spawned(configure_for, store_url, node, float(CROWD_S), str(noted[node]._path))
            for node in nodes
        ]
        for child in children:
            child.join(CROWD_S + DEADLINE_S)
        assert [child.exitcode for child in children] == [0] * len(nodes)
        handled = Counter(e.metadata.command_id for e in stores.events.read(A, after=begun))
        told = Counter(line for one in noted.values() for line in one.all())
        assert handled == told
        assert set(told.values()) == {1}
        assert min(len(one.all()) for one in noted.values()) > 0
        assert stores.audit.verify().ok


@pytest.mark.slow
@pytest.mark.parametrize("back_end", ["sqlite", "postgres"])
def test_sixteen_that_open_an_empty_database_at_once_all_come_up(back_end, request, tmp_path):
    """One of them migrates, the others wait for it, and all of them write."""
    if back_end == "sqlite":
        urls = [f"sqlite:///{tmp_path}/{number}/x.db" for number in range(OPENINGS)]
    else:
        server = request.getfixturevalue("postgres")
        urls = [server.new_database() for _ in range(OPENINGS)]
    barriers = [multiprocessing.get_context("spawn").Barrier(OPENERS) for _ in urls]
    noted = [Acknowledged(str(tmp_path / f"noted-{number}")) for number in range(OPENERS)]
    children = [spawned(open_each, urls, barriers, str(one._path)) for one in noted]
    assert [finished(child) for child in children] == [0] * OPENERS
    migrations = Counter(line for one in noted for line in one.all())
    revisions = [f"{number:04}" for number in range(1, int(schema.HEAD) + 1)]
    assert migrations == Counter(
        f"{opening}:{revision}" for opening in range(OPENINGS) for revision in revisions
    )
    for url in urls:
        with open_database(url, migrate=False) as database:
            assert sql_stores(database).audit.verify().checked == OPENERS
        if back_end == "postgres":
            server.drop(url)
