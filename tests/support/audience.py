"""Many who listen to a service, and some who write to it: bare sockets in one event loop.

What a listener of 200 costs here is taken from the service on the same machine, so nothing is
parsed twice: the text of an event is the same for all of them.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

STREAM = "/api/v1/events/stream"
DEADLINE_S = 60
"""For what takes a second: the machine may be busy with other tests."""
HEAD_ENDS = b"\r\n\r\n"
Place = tuple[str, int]


class Heard(NamedTuple):
    """One event, as it arrived at one listener."""

    position: int
    text: str
    """Of a note."""
    recorded_at: str
    at_s: float
    """When it arrived, by the clock of the machine."""


@lru_cache(maxsize=4096)
def _read(told: bytes) -> tuple[int, str, str]:
    """The position of an event, its note and when it was recorded."""
    event = json.loads(told)
    return event["position"], event["payload"].get("text", ""), event["recorded_at"]


class Unchunked:
    """Takes the pieces of a chunked body apart, as they come."""

    def __init__(self) -> None:
        self._buffer = b""
        self._left = 0
        """Of the chunk that has begun, with the line's end behind it."""

    def feed(self, piece: bytes) -> bytes:
        """What the piece adds to the body."""
        self._buffer += piece
        body = []
        while self._buffer:
            if not self._left:
                size, ends, rest = self._buffer.partition(b"\r\n")
                if not ends:
                    break
                self._left, self._buffer = int(size, 16) + 2, rest
            taken, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
            if self._left > 2:
                body.append(taken[: self._left - 2])
            self._left -= len(taken)
        return b"".join(body)


class Listener(asyncio.Protocol):
    """One connection that follows the log, and all that came along it."""

    def __init__(self, place: Place, token: str, last_event_id: int | None, query: str) -> None:
        self._asked = request(
            "GET",
            f"{STREAM}{query}",
            place,
            token,
            *([] if last_event_id is None else [f"Last-Event-ID: {last_event_id}"]),
        )
        self._buffer = b""
        self._body: Unchunked | None = None
        self._changed = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self.status = 0
        self.last_id = 0
        """The `id` that came last, be it of an event, of the begin or of a sign of life."""
        self.heard: list[Heard] = []
        self.over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        now_s = time.time()  # noqa: TID251 - beside the service's own clock
        if self._body is None:
            self._buffer += data
            head, ends, data = self._buffer.partition(HEAD_ENDS)
            if not ends:
                return
            self.status = int(head.split(b" ", 2)[1])
            self._body, self._buffer = Unchunked(), b""
        self._buffer += self._body.feed(data)
        *frames, self._buffer = self._buffer.split(b"\n\n")
        for frame in frames:
            self._take(frame, now_s)
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Know that nothing more comes."""
        del exc
        self.over = True
        self._changed.set()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    async def begun(self) -> None:
        """Wait until the stream tells where it begins."""
        await self._until(lambda: self.last_id > 0)
        assert self.status == 200, (self.status, self._buffer)

    async def has(self, count: int, within_s: float = DEADLINE_S) -> None:
        """Wait until so many notes were heard, or the stream is over."""
        await self._until(lambda: len(self.heard) >= count, within_s)

    async def ended(self) -> None:
        """Wait for the end of the stream."""
        await self._until(lambda: False)

    async def _until(self, holds, within_s: float = DEADLINE_S) -> None:
        async with asyncio.timeout(within_s):
            while not (holds() or self.over):
                self._changed.clear()
                await self._changed.wait()

    def _take(self, frame: bytes, now_s: float) -> None:
        told = b""
        for line in frame.split(b"\n"):
            name, _, value = line.partition(b": ")
            if name == b"id":
                self.last_id = int(value)
            elif name == b"data":
                told = value
        if told:
            position, text, recorded_at = _read(told)
            assert position == self.last_id
            if text:
                self.heard.append(Heard(position, text, recorded_at, now_s))


def request(method: str, path: str, place: Place, token: str, *lines: str) -> bytes:
    """The head of a request, as bytes."""
    host, port = place
    head = (
        f"{method} {path} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Authorization: Bearer {token}",
        *lines,
    )
    return "\r\n".join((*head, "", "")).encode()


@asynccontextmanager
async def audience(
    place: Place,
    tokens: Sequence[str],
    *,
    last_event_id: int | None = None,
    query: str = "",
) -> AsyncIterator[list[Listener]]:
    """One listener for each of the tokens, who all hear by now; they hang up at the end."""
    loop = asyncio.get_running_loop()
    listeners = [Listener(place, token, last_event_id, query) for token in tokens]
    try:
        for each in listeners:
            await loop.create_connection(lambda each=each: each, *place)
        for each in listeners:
            await each.begun()
        yield listeners
    finally:
        for each in listeners:
            each.close()


@dataclass
class Writer:
    """Records notes in one session, over one connection that stays open."""

    place: Place
    token: str
    session: str
    written: list[str] = field(default_factory=list)
    """The texts of the notes that were acknowledged, in their order."""
    taken_s: list[float] = field(default_factory=list)
    """How long each request took."""

    async def write(
        self, texts: Sequence[str], every_s: float = 0.0, begin_s: float = 0.0
    ) -> None:
        """Record notes, `every_s` apart, the first one after `begin_s`."""
        reader, sender = await asyncio.open_connection(*self.place)
        loop = asyncio.get_running_loop()
        began = loop.time() + begin_s
        try:
            for number, text in enumerate(texts):
                await asyncio.sleep(began + number * every_s - loop.time())
                asked_at = loop.time()
                sender.write(self._note(text))
                await self._acknowledged(reader)
                self.taken_s.append(loop.time() - asked_at)
                self.written.append(text)
        finally:
            sender.close()

    def _note(self, text: str) -> bytes:
        body = json.dumps({"text": text}).encode()
        head = request(
            "POST",
            f"/api/v1/sessions/{self.session}/notes",
            self.place,
            self.token,
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        return head + body

    async def _acknowledged(self, reader: asyncio.StreamReader) -> None:
        async with asyncio.timeout(DEADLINE_S):
            head = await reader.readuntil(HEAD_ENDS)
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            body = await reader.readexactly(length)
        assert head.split(b" ", 2)[1] == b"200", (head, body)


def texts_of(writer: int, count: int) -> list[str]:
    """Notes that tell who wrote them, and their turn; a new name in each round."""
    return [f"{writer}-{number}" for number in range(count)]


def resident_bytes(pid: int) -> int:
    """How much memory a process holds now."""
    import psutil

    return int(psutil.Process(pid).memory_info().rss)


def as_wished(listener: Listener, writers: Sequence[Writer]) -> str | None:
    """What is wrong with what a listener heard: each note once, in the order of the log."""
    positions = [heard.position for heard in listener.heard]
    if positions != sorted(set(positions)):
        return f"not in order, or twice: {positions}"
    by_writer: dict[str, list[str]] = {}
    for heard in listener.heard:
        by_writer.setdefault(heard.text.partition("-")[0], []).append(heard.text)
    for number, writer in enumerate(writers):
        if by_writer.get(str(number), []) != writer.written:
            return f"of writer {number} {by_writer.get(str(number))}, not {writer.written}"
    return None


def pid_lives(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
