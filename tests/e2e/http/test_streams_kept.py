"""What keeps event streams: whose they are, and a database that goes away for a while."""

import asyncio
from dataclasses import replace

import pytest
from tests.support.listening import listening
from tests.support.service import service

from runthrough.errors import StoreUnavailableError

ALL = "/api/v1/events/stream"


@pytest.fixture
def counter(tmp_path):
    """A service with a session of its own."""
    with service(tmp_path / "shop") as begun:
        begun.begin()
        yield begun


def keep(counter, **how):
    """Keep streams otherwise than usual."""
    state = counter.client.app.state.service
    state.streams = replace(state.streams, **how)
    return state.streams


def test_a_stream_that_is_behind_is_alive_while_the_database_is_away(counter, monkeypatch):
    """It says so until what there was can be read, and then tells it."""
    keep(counter, heartbeat_s=0.01)
    broadcast = counter.application.broadcast
    away = AwayFeed(broadcast._feed, times=2)
    monkeypatch.setattr(broadcast, "_feed", away)

    async def story():
        async with listening(counter.client.app, ALL, counter.as_("vera"), after=0) as listener:
            await listener.frame()
            signs = [await listener.frame() for _ in range(2)]
            return signs, await listener.event()

    signs, event = asyncio.run(story())
    assert [sign["comment"] for sign in signs] == ["still here"] * 2
    assert (event["position"], away.times) == (1, 0)


class AwayFeed:
    """A log that cannot be read for a while."""

    def __init__(self, feed, times):
        self.feed, self.times = feed, times

    def read(self, **which):
        """The log, once the database is back."""
        if self.times:
            self.times -= 1
            raise StoreUnavailableError("The database is away.", fix="wait")
        return self.feed.read(**which)

    def wait(self, **until_when):
        """Wait for the log."""
        return self.feed.wait(**until_when)


def test_sign_ins_have_no_streams_of_their_own(counter):
    """What one signs in with counts: who signs in anew has no more streams for that."""
    streams = keep(counter, per_token=1)
    tokens = counter.application.tokens
    parent = tokens.known(counter.tokens["vera"])
    cookie = counter.client.app.state.service.options.cookie
    one, two = (
        {"Cookie": f"{cookie}={tokens.browser(parent, parent.actor, parent.role, None)[0]}"}
        for _ in range(2)
    )

    async def status(headers):
        async with listening(counter.client.app, ALL, headers) as listener:
            return (await listener.messages.get())["status"]

    async def story():
        async with listening(counter.client.app, ALL, one) as first:
            await first.frame()
            others = two, counter.as_("vera"), counter.as_("tim")
            return [await status(headers) for headers in others]

    assert asyncio.run(story()) == [429, 429, 200]
    assert not streams.open
