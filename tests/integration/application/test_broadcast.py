"""The log handed on as it grows, to all who listen in one process."""

import asyncio
import json
from contextlib import closing

import psycopg
import pytest
from sqlalchemy.engine import make_url
from tests.support.handling import Recorded
from tests.support.scripts import until
from tests.support.stored import A, B, Writer, said, sql_stores
from tests.support.subscribers import (
    LONG_S,
    FailingFeed,
    Listener,
    append,
    broadcast_over,
    listening,
)

from runthrough.adapters.store.opening import open_database


@pytest.fixture
def writer(stores):
    return Writer(stores.events)


@pytest.fixture
def feed(stores):
    """The feed of the log, which fails when it is told to."""
    return FailingFeed(stores.feed)


@pytest.fixture
def lines():
    return Recorded()


@pytest.fixture
def broadcast(stores, feed, lines):
    with closing(broadcast_over(stores, feed=feed, log=lines)) as opened:
        yield opened


# ---- what is given


def test_a_subscriber_gets_all_behind_its_position_once_and_in_order(broadcast, writer):
    """What was there is read in pages, what comes is put behind it; no gap lies between."""
    append(writer, 8)
    listener = Listener(broadcast.subscribe(after=2))
    listener.take()
    assert listener.subscription.behind
    append(writer, 2)
    listener.catch_up()
    append(writer, 4, session=B)
    assert listener.take_until(14) == list(range(3, 15))


def test_what_is_told_of_an_event_is_what_the_log_holds(broadcast, writer):
    """Its columns, its payload as JSON, and all of it as one text."""
    (stored,) = writer.append(A, said("hello"), correlation_id="run-1", door="http")
    (told,) = listening(broadcast).given
    columns = {
        "position": 1,
        "session_id": A,
        "version": 1,
        "type": stored.event.type,
        "node": None,
        "actor": stored.metadata.actor,
        "door": "http",
        "recorded_at": stored.metadata.recorded_at.isoformat(),
        "correlation_id": "run-1",
    }
    assert {name: getattr(told, name) for name in columns} == {
        **columns,
        "recorded_at": stored.metadata.recorded_at,
    }
    assert type(stored.event).model_validate_json(told.payload) == stored.event
    assert json.loads(told.text) == {**columns, "payload": json.loads(told.payload)}


def test_what_comes_is_made_once_for_all_subscribers(broadcast, writer):
    """All of them hold the same thing, and so its text."""
    listeners = [listening(broadcast) for _ in range(5)]
    append(writer, 1)
    for listener in listeners:
        listener.take_until(1)
    assert len({id(listener.given[0]) for listener in listeners}) == 1
    assert len({id(listener.given[0].text) for listener in listeners}) == 1


def test_a_subscriber_gets_only_what_it_wants(broadcast, writer):
    """Of pages and of what comes; what it does not want does not fill its room."""
    append(writer, 5, session=B)
    append(writer, 1)
    listener = listening(broadcast, wanted=lambda told: told.session_id == A, room=1)
    append(writer, 5, session=B)
    append(writer, 1)
    assert listener.take_until(12) == [6, 12]


def test_a_subscriber_that_begins_at_the_head_gets_only_what_comes(broadcast, writer):
    """The head is told by the broadcast."""
    append(writer, 4)
    assert broadcast.head() == 4
    listener = listening(broadcast, after=broadcast.head())
    append(writer, 1)
    assert listener.take_until(5) == [5]


def test_pages_are_read_for_one_who_does_not_listen(broadcast, writer):
    """Behind a position, up to a limit."""
    append(writer, 6)
    assert [told.position for told in broadcast.since(1, 4)] == [2, 3, 4, 5]
    assert [told.position for told in broadcast.since(6, 4)] == []


def test_a_subscriber_may_be_ahead_of_the_follower(broadcast, feed, writer):
    """What it has read is not put there again."""
    first = listening(broadcast)
    feed.may_go.clear()
    assert feed.waits.wait(LONG_S)
    append(writer, 2)
    ahead = listening(broadcast)
    assert ahead.positions == [1, 2]
    feed.may_go.set()
    append(writer, 1)
    assert first.take_until(3) == [1, 2, 3]
    assert ahead.take_until(3) == [1, 2, 3]


def test_a_subscriber_behind_the_follower_reads_on(broadcast, feed, writer):
    """Its last page ends where the follower has been further; that is no place to join."""
    append(writer, 1)
    first = listening(broadcast)
    late = Listener(broadcast.subscribe(after=0))
    feed.may_go.clear()
    assert feed.waits.wait(LONG_S)

    def overtake():
        feed.may_go.set()
        append(writer, 1)
        first.take_until(2)

    feed.meanwhile = overtake
    late.take()
    assert late.subscription.behind
    late.catch_up()
    append(writer, 1)
    assert late.take_until(3) == [1, 2, 3]


def test_what_comes_while_nobody_listens_is_there_for_the_next(broadcast, writer):
    """The follower rests then, and goes on where the next one stands."""
    first = listening(broadcast)
    first.subscription.close()
    append(writer, 7)
    second = listening(broadcast, after=1)
    append(writer, 1)
    assert second.take_until(8) == list(range(2, 9))
    assert first.positions == []


def test_a_subscriber_of_a_position_that_never_was_gets_what_comes(broadcast, writer):
    """As after a restore of the log; those who come later are joined beside it."""
    append(writer, 2)
    lost = listening(broadcast, after=2**53)
    late = Listener(broadcast.subscribe(after=0))
    late.take()
    assert not late.subscription.behind
    append(writer, 1)
    assert lost.take_until(3) == [3]
    assert late.take_until(3) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_what_other_processes_append_is_given(request, kind):
    """The log is followed in the database, not in this process."""
    url = request.getfixturevalue({"sqlite": "url", "postgres": "postgres_url"}[kind])
    with open_database(url) as ours, open_database(url) as theirs:
        stores = sql_stores(ours)
        with closing(broadcast_over(stores)) as broadcast:
            listener = listening(broadcast)
            append(Writer(sql_stores(theirs).events), 3)
            assert listener.take_until(3) == [1, 2, 3]


def test_an_event_loop_can_listen(broadcast, writer):
    """The follower wakes it; while it is behind it reads in another thread."""

    async def listen(listener, woken, count):
        while len(listener.given) < count:
            woken.clear()
            if listener.subscription.behind:
                await asyncio.to_thread(listener.take)
            elif not listener.take():
                await asyncio.wait_for(woken.wait(), LONG_S)
        return listener.positions

    async def many():
        loop, listeners = asyncio.get_running_loop(), []
        for _ in range(20):
            woken = asyncio.Event()

            def wake(woken=woken):
                loop.call_soon_threadsafe(woken.set)

            listener = Listener(broadcast.subscribe(after=0, on_ready=wake))
            listeners.append(asyncio.create_task(listen(listener, woken, 30)))
        await asyncio.to_thread(append, writer, 30)
        return await asyncio.gather(*listeners)

    assert asyncio.run(many()) == [list(range(1, 31))] * 20


@pytest.mark.slow
def test_a_server_that_ends_our_connections_is_survived(postgres_url, lines):
    """The next wait is on a new connection."""
    with open_database(postgres_url) as database:
        stores = sql_stores(database)
        with closing(broadcast_over(stores, log=lines)) as broadcast:
            listener = listening(broadcast)
            append(Writer(stores.events), 1)
            listener.take_until(1)
            plain = make_url(postgres_url).set(drivername="postgresql")
            with psycopg.connect(plain.render_as_string(hide_password=False)) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            until(lambda: lines.lines, "the fault is told")
            with open_database(postgres_url) as another:
                append(Writer(sql_stores(another).events, prefix="again"), 1, session=B)
            assert listener.take_until(2) == [1, 2]
