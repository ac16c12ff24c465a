"""A stop in the process that serves: its loop goes on while what it runs is ended."""

import asyncio
import signal
import threading

from tests.support.desk import shop

from runthrough.adapters.store.stores import stores_of
from runthrough.application.broadcasting import Broadcast
from runthrough.entrypoints.http.serving import LastResort, ServingWish, serve

NEVER_S = 10.0


class NeverHurried(LastResort):
    """Lets the process live on: it is that of the tests."""

    def begin(self):
        """End nothing."""


class LetGoByTheLoop(Broadcast):
    """Ends when the loop has had a turn, as one whose follower must be told something by it."""

    loop = None
    had_its_turn = None

    def close(self):
        """Wait for a turn of the loop, once."""
        if self.had_its_turn is None:
            turn = threading.Event()
            self.loop.call_soon_threadsafe(turn.set)
            self.had_its_turn = turn.wait(NEVER_S)
        super().close()


def test_the_loop_goes_on_while_the_broadcast_ends(tmp_path):
    """Who ends the follower of the log waits for it; requests that are on do not."""
    with shop(tmp_path / "shop") as desk:
        application = desk.application("owner")
        stores = stores_of(application.database)
        ending = LetGoByTheLoop(stores.feed, head=lambda: 0, log=application.log)
        application.broadcast = ending

        def told(_):
            ending.loop = asyncio.get_running_loop()
            signal.raise_signal(signal.SIGINT)

        serve(application, ServingWish(port=0), told, last=NeverHurried())
    assert ending.had_its_turn
