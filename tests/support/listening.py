"""Listeners of event streams, against the application itself and without a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message
from tests.support.service import HOST

DEADLINE_S = 30
"""For what takes some milliseconds: two cores may be busy with other tests."""


@dataclass
class Listener:
    """One connection that was opened, and what came along it."""

    taking: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared, nothing more is taken, as by a reader who is too slow."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, the listener has hung up."""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    messages: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    text: str = ""
    over: bool = False
    answering: "asyncio.Task[None] | None" = None
    """What the application does for it."""
    asked: bool = False

    async def receive(self) -> Message:
        """What the application is told of the client."""
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """What the application sends."""
        await self.taking.wait()
        await self.messages.put(message)

    async def frame(self) -> dict[str, str]:
        """The next frame as its fields, comments under `comment`; empty at the end."""
        while "\n\n" not in self.text and not self.over:
            message = await asyncio.wait_for(self.messages.get(), DEADLINE_S)
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
                continue
            self.text += message.get("body", b"").decode()
            self.over = not message.get("more_body", False)
        told, _, self.text = self.text.partition("\n\n")
        lines = (line.partition(": ") for line in told.splitlines())
        return {name or "comment": value for name, _, value in lines}

    async def event(self) -> dict[str, Any]:
        """The next event, whatever signs of life come before it; empty at the end."""
        while frame := await self.frame():
            if "data" in frame:
                event: dict[str, Any] = json.loads(frame["data"])
                assert frame["id"] == str(event["position"])
                return event
        return {}


@asynccontextmanager
async def listening(
    app: ASGIApp, path: str, headers: Mapping[str, str], **query: object
) -> AsyncIterator[Listener]:
    """Open a stream, and hang up at the end."""
    listener = Listener()
    listener.taking.set()
    told = {"host": HOST, **{name.lower(): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": urlencode(query).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in told.items()],
        "client": ("127.0.0.1", 1),
        "server": (HOST, 80),
    }

    async def answer() -> None:
        await app(scope, listener.receive, listener.send)

    task = listener.answering = asyncio.create_task(answer())
    try:
        yield listener
    finally:
        listener.gone.set()
        listener.taking.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, DEADLINE_S)
