"""Many listeners and many writers at once: nobody misses anything, and nothing comes twice."""

import asyncio

import pytest
from tests.support.audience import Writer, audience, resident_bytes, texts_of
from tests.support.several import heard_by, team

pytestmark = pytest.mark.slow
LISTENERS, WRITERS, SECONDS = 200, 20, 6
WARM_UP = 2
GROWTH_BYTES = 64 * 1024 * 1024
"""Keeping what every listener was sent would take more than this."""


async def crowded(begun, listening, writing, seconds):
    """What is wrong with what 200 listeners heard of 20 writers, one event a second each."""
    writers = [Writer(begun.place, writing, f"s{number}") for number in range(WRITERS)]
    async with audience(begun.place, listening) as listeners:
        await asyncio.gather(
            *(
                writer.write(texts_of(number, seconds), 1.0, number / WRITERS)
                for number, writer in enumerate(writers)
            )
        )
        return await heard_by(listeners, writers), sum(len(each.heard) for each in listeners)


def test_two_hundred_listeners_hear_every_event_of_twenty_writers_in_order(tmp_path, postgres_url):
    """Through one process over PostgreSQL, whose memory does not grow with what was sent."""
    with team(tmp_path / "shop", postgres_url) as shared:
        shared.begin(*(f"s{number}" for number in range(WRITERS)))
        listening, writing = shared.tokens(LISTENERS), shared.token("tim", "tester")
        with shared.served() as begun:
            warmed = asyncio.run(crowded(begun, listening, writing, WARM_UP))
            before = resident_bytes(begun.process.pid)
            measured = asyncio.run(crowded(begun, listening, writing, SECONDS))
            after = resident_bytes(begun.process.pid)
        assert warmed == ([], LISTENERS * WRITERS * WARM_UP)
        assert measured == ([], LISTENERS * WRITERS * SECONDS)
        assert after - before < GROWTH_BYTES
        assert "Traceback" not in begun.told()
