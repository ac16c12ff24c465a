"""Event streams: what is recorded reaches who listens, once and in order, and they end."""

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.api import token_for
from tests.support.listening import DEADLINE_S, listening
from tests.support.service import service

from runthrough.bootstrap import clock, wire
from runthrough.errors import StoreUnavailableError

pytestmark = pytest.mark.slow

ALL = "/api/v1/events/stream"
DEMO = "/api/v1/sessions/demo/events/stream"
SOON_S = 0.01


@pytest.fixture
def counter(tmp_path):
    """A service with a session of its own."""
    with service(tmp_path / "shop") as begun:
        begun.begin()
        yield begun


def note(counter, text, name="demo"):
    """Record something through another door."""
    counter.desk.enter("bob", name=name).note(text)


def keep(counter, **how):
    """Keep streams otherwise than usual."""
    state = counter.client.app.state.service
    state.streams = replace(state.streams, **how)
    return state.streams


def listen(counter, path=ALL, actor="vera", headers=None, **query):
    return listening(counter.client.app, path, {**counter.as_(actor), **(headers or {})}, **query)


async def texts(listener, count):
    return [(await listener.event())["payload"]["text"] for _ in range(count)]


def test_what_is_recorded_is_told_at_once(counter):
    """From now on, each event with its position as id and the shape that lists have."""

    async def story():
        async with listen(counter) as listener:
            first = await listener.frame()
            assert (listener.status, listener.headers["content-type"]) == (
                200,
                "text/event-stream; charset=utf-8",
            )
            head = counter.application.broadcast.head()
            assert (first["id"], "data" in first) == (str(head), False)
            note(counter, "one")
            return await listener.event()

    event = asyncio.run(story())
    listed = counter.client.get(
        "/api/v1/events", params={"after": event["position"] - 1}, headers=counter.as_("vera")
    ).json()["items"]
    assert listed == [event]


def test_the_past_is_told_before_what_comes(counter):
    """With `after=0` a listener gets all there ever was, and goes on without a gap."""

    async def story():
        async with listen(counter, after=0) as listener:
            seen = [await listener.event() for _ in range(len(counter.desk.events()))]
            note(counter, "new")
            return [*seen, await listener.event()]

    positions = [event["position"] for event in asyncio.run(story())]
    assert positions == list(range(1, len(counter.desk.events()) + 1))


def test_who_comes_back_goes_on_behind_the_last_id(counter):
    """Nothing is missed and nothing comes twice, whatever the URL says."""

    async def story():
        async with listen(counter) as listener:
            await listener.frame()
            note(counter, "one")
            last = (await listener.event())["position"]
        note(counter, "two")
        note(counter, "three")
        headers = {"Last-Event-ID": str(last)}
        async with listen(counter, headers=headers, after=0) as listener:
            return await texts(listener, 2)

    assert asyncio.run(story()) == ["two", "three"]


def test_one_session_is_followed_alone(counter):
    """Others' events do not come, but the sign of life tells how far the log was looked at."""
    keep(counter, heartbeat_s=SOON_S)
    counter.begin(name="other")

    async def story():
        async with listen(counter, DEMO) as listener:
            await listener.frame()
            note(counter, "elsewhere", name="other")
            head = str(counter.application.broadcast.head())
            while (await listener.frame()).get("id") != head:
                pass
            note(counter, "here")
            return await texts(listener, 1)

    assert asyncio.run(story()) == ["here"]


def test_a_scoped_token_follows_its_own_sessions_only(counter):
    """The stream of all holds those, and that of another session is not there."""
    counter.begin(name="other")
    token_for(counter, "sue", "viewer", "demo")

    async def story():
        async with listen(counter, actor="sue") as listener:
            await listener.frame()
            note(counter, "hidden", name="other")
            note(counter, "seen")
            told = await texts(listener, 1)
        async with listen(counter, DEMO.replace("demo", "other"), actor="sue") as listener:
            await listener.messages.get()
            refused = listener.messages.get_nowait()
        return told, refused

    told, refused = asyncio.run(story())
    assert told == ["seen"]
    assert b"SESSION_UNKNOWN" in refused["body"]


@contextmanager
def elsewhere(counter):
    """Another process on the same database."""
    folder = counter.desk.folder
    with wire("cli", cwd=str(folder), environ=counter.desk.shell.environ()) as application:
        yield application


def test_a_silent_stream_of_a_revoked_token_ends(counter):
    """At the next look at the token, although nothing happens."""
    keep(counter, check_s=SOON_S, heartbeat_s=SOON_S)

    async def story():
        async with listen(counter) as listener:
            await listener.frame()
            note(counter, "one")
            assert await texts(listener, 1) == ["one"]
            counter.application.tokens.revoke("vera")
            return await listener.event()

    assert asyncio.run(story()) == {}


def test_a_token_that_the_service_took_back_is_told_nothing_more(counter):
    """Not even what is recorded at once behind that, on all its streams; others go on."""
    path = f"/api/v1/tokens/{counter.tokens['vera'].split('_')[1]}"

    async def story():
        streams = listen(counter), listen(counter, DEMO), listen(counter, actor="tim")
        async with streams[0] as one, streams[1] as two, streams[2] as other:
            for listener in (one, two, other):
                await listener.frame()
            note(counter, "before")
            told = [await texts(listener, 1) for listener in (one, two, other)]
            admin = counter.as_("ada")
            answer = await asyncio.to_thread(counter.client.delete, path, headers=admin)
            assert answer.status_code == 200
            note(counter, "behind")
            return told, await texts(other, 1), await one.event(), await two.event()

    told, others, one, two = asyncio.run(story())
    assert told == [["before"]] * 3
    assert (others, one, two) == (["behind"], {}, {})


def test_a_token_that_was_taken_back_elsewhere_is_told_nothing_after_the_next_look(counter):
    """The command line and other services tell nobody, so each token is looked at anew."""
    keep(counter, look_s=0)

    async def story():
        async with listen(counter) as listener:
            await listener.frame()
            note(counter, "before")
            told = await texts(listener, 1)
            with elsewhere(counter) as application:
                application.tokens.revoke("vera")
            note(counter, "behind")
            return told, await listener.event()

    assert asyncio.run(story()) == (["before"], {})


def test_what_cannot_be_looked_up_waits_and_is_told_once_it_can(counter, monkeypatch):
    """While the database is away nobody is let go, and nothing is sent unseen."""
    keep(counter, look_s=SOON_S)
    tokens = counter.application.tokens

    async def story():
        async with listen(counter) as listener:
            await listener.frame()
            away = AwayTokens(tokens._store, times=2)
            monkeypatch.setattr(tokens, "_store", away)
            note(counter, "one")
            return await texts(listener, 1), away.times

    assert asyncio.run(story()) == (["one"], 0)


class AwayTokens:
    """Tokens that cannot be read for a while."""

    def __init__(self, store, times):
        self.store, self.times = store, times

    def find(self, token_id):
        """The token, once the database is back."""
        if self.times:
            self.times -= 1
            raise StoreUnavailableError("The database is away.", fix="wait")
        return self.store.find(token_id)


def test_an_expired_token_hears_no_more(counter, monkeypatch):
    """As soon as its time has come, whatever is recorded then."""
    keep(counter, look_s=0)

    async def story():
        async with listen(counter) as listener:
            await listener.frame()
            now = clock.here()
            with monkeypatch.context() as later:
                state = counter.application.tokens
                later.setattr(state, "_clock", lambda: now + timedelta(hours=2))
                note(counter, "too late")
                return await listener.event()

    assert asyncio.run(story()) == {}


def test_a_stopping_service_ends_its_streams_at_once(counter):
    """Whoever listens is let go, without waiting for the next sign of life."""

    async def story():
        async with listen(counter) as one, listen(counter, DEMO) as other:
            await one.frame()
            await other.frame()
            await asyncio.to_thread(counter.application.broadcast.close)
            return await one.event(), await other.event()

    assert asyncio.run(story()) == ({}, {})
    assert not counter.client.app.state.service.streams.open


def test_who_reads_too_slowly_is_let_go_and_goes_on(counter):
    """What did not fit is read again from the last id; the others have not noticed."""
    keep(counter, room=3)
    wanted = [f"note {number}" for number in range(12)]

    async def story():
        async with listen(counter) as quick, listen(counter) as slow:
            first = await slow.frame()
            await quick.frame()
            slow.taking.clear()
            seen = []
            for text in wanted:
                note(counter, text)
                seen += await texts(quick, 1)
            slow.taking.set()
            told, last = [], first["id"]
            while event := await slow.event():
                told.append(event["payload"]["text"])
                last = str(event["position"])
        assert len(told) < len(wanted)
        async with listen(counter, headers={"Last-Event-ID": last}) as slow:
            told += await texts(slow, len(wanted) - len(told))
        return seen, told

    assert asyncio.run(story()) == (wanted, wanted)


def test_who_takes_nothing_for_long_is_hung_up_on(counter):
    """A connection that lives and is never read does not keep its place for ever."""
    streams = keep(counter, send_s=SOON_S)

    async def story():
        async with listen(counter) as listener:
            await listener.frame()
            listener.taking.clear()
            note(counter, "never read")
            await asyncio.wait_for(listener.answering, DEADLINE_S)

    asyncio.run(story())
    assert not streams.open


def test_streams_are_bounded(counter):
    """One token may have so many, and all together so many; a place that is left is free."""
    streams = keep(counter, per_token=1, in_all=2)

    async def refusal(actor):
        async with listen(counter, actor=actor) as listener:
            start, body = await listener.messages.get(), await listener.messages.get()
            headers = dict(start["headers"])
            return start["status"], headers[b"retry-after"], b"TOO_MANY_STREAMS" in body["body"]

    async def story():
        async with listen(counter, actor="vera") as one:
            await one.frame()
            per_token = await refusal("vera")
            async with listen(counter, actor="tim") as two:
                await two.frame()
                in_all = await refusal("ada")
        async with listen(counter, actor="vera") as again:
            await again.frame()
            return per_token, in_all, again.status

    assert asyncio.run(story()) == ((429, b"10", True), (503, b"10", True), 200)
    assert not streams.open


def test_a_stream_says_that_it_is_alive(counter):
    """In comments, which readers of events never see, so that nothing on the way closes it."""
    keep(counter, heartbeat_s=SOON_S)

    async def story():
        async with listen(counter) as listener:
            await listener.frame()
            return await listener.frame()

    sign = asyncio.run(story())
    assert sign["comment"]
    assert "data" not in sign


def test_a_hundred_listeners_get_every_event_in_order(counter):
    """They share one follower, and what each event looks like is made once."""
    count, wanted = 100, [f"note {number}" for number in range(10)]

    async def story():
        listeners = [listen(counter, actor="tim") for _ in range(count)]
        opened = [await each.__aenter__() for each in listeners]
        for listener in opened:
            await listener.frame()
        for text in wanted:
            note(counter, text)
        told = await asyncio.gather(*(texts(each, len(wanted)) for each in opened))
        for each in listeners:
            await each.__aexit__(None, None, None)
        return told

    keep(counter, per_token=count)
    assert asyncio.run(story()) == [wanted] * count
