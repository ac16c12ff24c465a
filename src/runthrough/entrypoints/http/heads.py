"""HEAD, answered wherever GET is: the same status and headers, and no body."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Lets HEAD through as GET, and ends with the head of the answer.

    What would send more is told that the listener has gone, so that no stream stays open.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        asked, told = _as_get(scope), asyncio.Event()

        async def come() -> Message:
            await told.wait()  # no route of GET waits for a body
            return {"type": "http.disconnect"}

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                told.set()

        await self._app(asked, come, tell)
        if "route" in asked:  # under its name the request is counted
            scope["route"] = asked["route"]


def _as_get(scope: Scope) -> MutableMapping[str, Any]:
    # By that version a response looks itself for who has gone, and needs no sending that fails.
    return {**scope, "method": "GET", "asgi": {**scope.get("asgi", {}), "spec_version": "2.3"}}
