"""One look at a token serves all its streams for a moment."""

import asyncio
from datetime import UTC, datetime

from runthrough.adapters.store.memory_tables import MemoryDatabase
from runthrough.adapters.store.memory_tokens import MemoryTokenStore
from runthrough.application.tokens import Tokens
from runthrough.entrypoints.http.stream import Streams

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LISTENERS = 200


class Counted:
    """A store of tokens that counts how often one is looked for."""

    def __init__(self):
        self.store, self.looked = MemoryTokenStore(MemoryDatabase()), 0

    def find(self, token_id):
        """The token; counted."""
        self.looked += 1
        return self.store.find(token_id)

    def __getattr__(self, name):
        return getattr(self.store, name)


def known(look_s=60.0):
    """A store, who lets in by it, the streams, and a token with its text."""
    ids = iter(f"{number:012x}" for number in range(9))
    store = Counted()
    tokens = Tokens(
        store, clock=lambda: NOW, new_id=lambda: next(ids), new_secret=lambda: "s" * 43
    )
    text, token = tokens.create(
        "ann", "viewer", sessions=None, expires_in_s=None, created_by="owner"
    )
    return store, tokens, Streams(look_s=look_s), text, token


def test_two_hundred_streams_of_a_token_share_one_look():
    """Those that ask while it is looked up too, and those that ask soon behind that."""
    store, tokens, streams, text, token = known()

    async def story():
        asked = [streams.lets_in(tokens, token, text) for _ in range(LISTENERS)]
        told = await asyncio.gather(*asked)
        return [*told, await streams.lets_in(tokens, token, text)]

    assert asyncio.run(story()) == [True] * (LISTENERS + 1)
    assert store.looked == 1


def test_a_look_is_over_when_its_time_is_or_a_token_is_taken_back():
    """Whichever token that is: a sign-in ends with the one that it was made with."""
    store, tokens, streams, text, token = known(look_s=0)
    kept, others, patient, its, token_2 = known()

    async def story():
        for _ in range(2):
            await streams.lets_in(tokens, token, text)
        await patient.lets_in(others, token_2, its)
        others.revoke(token_2.token_id)
        before = kept.looked
        told = await patient.lets_in(others, token_2, its)
        return told, kept.looked - before

    assert asyncio.run(story()) == (False, 1)
    assert store.looked == 2


def test_who_hangs_up_while_it_is_looked_up_takes_nobody_along():
    """The others still get their answer."""
    _, tokens, streams, text, token = known()

    async def story():
        first = asyncio.create_task(streams.lets_in(tokens, token, text))
        second = asyncio.create_task(streams.lets_in(tokens, token, text))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(story())


def test_nothing_is_kept_of_a_token_without_streams():
    """A process that stays does not grow with each that once listened."""
    _, tokens, streams, text, token = known()

    async def story():
        streams.enter(token)
        await streams.lets_in(tokens, token, text)
        streams.leave(token)

    asyncio.run(story())
    assert not streams.looks
