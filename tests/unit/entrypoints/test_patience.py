"""Requests that do not come in time, and bodies that take long to look at."""

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from runthrough.entrypoints.http.bodies import LOOKED_AT_HERE_BYTES, looked_at, read_body
from runthrough.entrypoints.http.patience import HEAD_S, PatientProtocol
from runthrough.entrypoints.http.problems import AccessError

HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"


@dataclass
class Line(asyncio.Transport):
    """The other side of a connection, as far as the protocol sees it."""

    written: list[bytes] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self):
        super().__init__()

    def write(self, data):
        """Keep what was sent."""
        self.written.append(data)

    def close(self):
        """Hang up."""
        self.closed = True

    def is_closing(self):
        """Whether it was hung up."""
        return self.closed

    def pause_reading(self):
        """Nothing more comes."""

    def resume_reading(self):
        """More may come."""


@dataclass
class Waits:
    """A loop whose waits end when the test says so; its tasks run on a real one."""

    inner: asyncio.AbstractEventLoop
    due: list[tuple[float, asyncio.TimerHandle]] = field(default_factory=list)

    def call_later(self, delay_s, callback, *args):
        """Keep what is to be done later."""
        handle = asyncio.TimerHandle(0.0, callback, args, self.inner)
        self.due.append((delay_s, handle))
        return handle

    def create_task(self, work):
        """Do it on the real loop."""
        return self.inner.create_task(work)

    @property
    def waiting(self):
        """How long the waits last that were not given up."""
        return [delay_s for delay_s, handle in self.due if not handle.cancelled()]

    def pass_all(self):
        """Let the time of each come."""
        for _, handle in self.due:
            if not handle.cancelled():
                handle._run()


async def answer(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def connected(app=answer):
    loop = asyncio.new_event_loop()
    try:
        waits, line = Waits(loop), Line()
        config = Config(app, log_config=None)
        config.load()
        protocol = PatientProtocol(config, ServerState(), {}, waits)
        protocol.connection_made(line)
        yield loop, waits, line, protocol
    finally:
        loop.close()


@pytest.mark.parametrize("sent", [(), (HEAD[:3],), (HEAD, b"X: y\r\n", b"Z")])
def test_a_head_that_does_not_end_is_not_waited_for(sent):
    """From the first moment on, however much of it comes in the meantime."""
    with connected() as (_, waits, line, protocol):
        for piece in sent:
            protocol.data_received(piece)
        assert waits.waiting == [HEAD_S]
        waits.pass_all()
        assert line.closed


def test_a_request_that_has_come_is_waited_for_no_more():
    """Its answer may take as long as it does, as an event stream's."""
    with connected() as (loop, waits, line, protocol):
        protocol.data_received(HEAD + b"\r\n")
        assert waits.waiting == []
        (task,) = protocol.tasks
        loop.run_until_complete(task)
        assert line.written[0].startswith(b"HTTP/1.1 204")
        assert not line.closed


def test_the_next_head_on_a_connection_is_waited_for_as_long():
    """Between two requests the server waits a little by itself, and then for a whole head."""
    with connected() as (loop, waits, _, protocol):
        protocol.data_received(HEAD + b"\r\n")
        loop.run_until_complete(*protocol.tasks)
        protocol.data_received(HEAD)
        assert waits.waiting == [HEAD_S]
        protocol.data_received(b"\r\n")
        assert waits.waiting == []
        loop.run_until_complete(*protocol.tasks)


def test_a_connection_that_was_lost_is_not_waited_for():
    """Nothing is left of it in the loop."""
    with connected() as (_, waits, _, protocol):
        protocol.connection_lost(None)
        assert waits.waiting == []


def test_a_body_that_does_not_come_is_not_waited_for():
    """Who announces one and sends nothing is told so, and keeps no place."""

    async def nothing():
        await asyncio.Event().wait()

    with pytest.raises(AccessError) as refused:
        asyncio.run(read_body(nothing, at_most=10, within_s=0.0, take=print))
    assert (refused.value.status, refused.value.code) == (408, "BODY_TOO_SLOW")
    assert refused.value.headers == {"Connection": "close"}


@pytest.mark.parametrize("more", [0, 1], ids=["short", "long"])
def test_a_long_body_is_looked_at_where_it_holds_up_nobody(more):
    """The loop that serves everybody looks at short ones only."""
    seen = []

    def look(_):
        try:
            seen.append(asyncio.get_running_loop() is not None)
        except RuntimeError:
            seen.append(False)

    asyncio.run(looked_at(b" " * (LOOKED_AT_HERE_BYTES + more), look))
    assert seen == [not more]
