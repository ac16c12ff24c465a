"""Server-sent events: what is recorded, told to all who listen in this process.

Every listener has a bounded subscription to the one follower of the log. What an event looks like
on the wire is made once for all of them.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

import anyio
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from runthrough.application.broadcasting import ROOM, Broadcast, Subscription, Wanted
from runthrough.application.tokens import Tokens
from runthrough.application.told import Told
from runthrough.core.values.ids import TokenId
from runthrough.core.values.tokens import Token
from runthrough.entrypoints.http.problems import AccessError
from runthrough.errors import StoreError, StoreUnavailableError

FRAMES_KEPT = 256
"""Listeners that keep up are within these of each other."""
RETRY_MS = 1_000
"""So long browsers wait before they come back."""
UNREADABLE = "unreadable"
"""The last event of a stream that what comes next cannot be told in."""
UNREADABLE_RETRY_MS = 30_000
"""So long browsers wait then: until somebody upgrades or mends it, the answer stays the same."""
Frame = Callable[[Told], bytes]


@lru_cache(maxsize=FRAMES_KEPT)
def frame_of(event: Told) -> bytes:
    """An event on the wire: its position as `id`, its text as `data`."""
    return format_sse_event(data_str=event.text, id=str(event.position))


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found of a token, or is being found, for all its streams."""

    at: float
    """When it began, by the loop's clock."""
    taken_back: int
    lets_in: "asyncio.Future[bool]"


@dataclass(slots=True)
class Streams:
    """How many listen in this process, and how they are kept."""

    per_token: int = 32
    """Some tabs of a browser, and some programs; each is a connection that stays."""
    in_all: int = 512
    heartbeat_s: float = 15.0
    """Proxies close what is silent for a minute."""
    check_s: float = 15.0
    """So long a silent stream of a revoked token may stay open."""
    look_s: float = 1.0
    """So long one look at a token serves all its streams: where another process took it back,
    nothing is sent that is recorded later than this behind that."""
    send_s: float = 30.0
    """A listener who takes nothing for so long is gone."""
    room: int = ROOM
    """So many events may wait for a listener before it is let go."""
    open: Counter[TokenId] = field(default_factory=Counter)
    """How many streams each token has, with those that were signed in with it."""
    looks: dict[TokenId, _Look] = field(default_factory=dict)
    """The last one at each token that has streams and was told something."""

    def enter(self, token: Token) -> None:
        """Let one more stream begin.

        Raises:
            AccessError: There are too many already.
        """
        if self.open.total() >= self.in_all:
            raise _too_many(HTTPStatus.SERVICE_UNAVAILABLE, "this service")
        whose = token.parent or token.token_id
        if self.open[whose] >= self.per_token:
            raise _too_many(HTTPStatus.TOO_MANY_REQUESTS, "this token")
        self.open[whose] += 1

    def leave(self, token: Token) -> None:
        """Count a stream that has ended."""
        whose = token.parent or token.token_id
        self.open[whose] -= 1
        if not self.open[whose]:
            del self.open[whose]
        self.looks.pop(token.token_id, None)  # the others look anew

    async def lets_in(self, tokens: Tokens, token: Token, text: str) -> bool:
        """Whether a token lets in, by a look at it that all its streams share for a moment.

        Raises:
            StoreUnavailableError: The database cannot be read; ask again.
        """
        now, look = anyio.current_time(), self.looks.get(token.token_id)
        fresh = look is not None and look.taken_back == tokens.taken_back
        if look is None or not fresh or now - look.at >= self.look_s:
            known = run_in_threadpool(tokens.known, text)
            look = _Look(now, tokens.taken_back, asyncio.ensure_future(_is_there(known)))
            self.looks[token.token_id] = look
        return await asyncio.shield(look.lets_in)  # others wait for it, though this one may go


class EventStream(Response):
    """A stream of what is recorded behind a position, until either side has had enough."""

    media_type = "text/event-stream"

    def __init__(
        self,
        broadcast: Broadcast,
        streams: Streams,
        token: Token,
        *,
        tokens: Tokens,
        text: str,
        after: int,
        frame: Frame,
        wanted: Wanted | None = None,
    ) -> None:
        """Begin behind a position; a place among the streams is taken when it is sent.

        Args:
            broadcast: What follows the log.
            streams: How many listen, and how they are kept.
            token: Who listens; with its end the stream ends.
            tokens: Where it is looked up whether the token still lets in.
            text: Of the token.
            after: The position behind which it begins.
            frame: What an event looks like on the wire.
            wanted: Which events are told; left out, all.
        """
        super().__init__()
        del self.headers["content-length"]
        self.headers["Cache-Control"] = "no-cache"
        self.headers["X-Accel-Buffering"] = "no"  # asks nginx to pass on what comes at once
        self._streams, self._token = streams, token
        self._tokens, self._text = tokens, text
        self._broadcast, self._after, self._wanted = broadcast, after, wanted
        self._frame = frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell events until the listener, the token or the service has gone.

        Raises:
            AccessError: There are too many streams already; nothing was sent.
        """
        del scope
        self._streams.enter(self._token)
        loop, ready = asyncio.get_running_loop(), asyncio.Event()

        def awaken() -> None:
            loop.call_soon_threadsafe(ready.set)

        subscription = self._broadcast.subscribe(
            after=self._after,
            wanted=self._wanted,
            on_ready=awaken,
            room=self._streams.room,
        )
        try:
            async with anyio.create_task_group() as both:
                both.start_soon(_cancel_when_gone, receive, both.cancel_scope)
                await self._send(send, subscription, ready)
                both.cancel_scope.cancel()
        finally:
            subscription.close()
            self._streams.leave(self._token)

    async def _send(self, send: Send, subscription: Subscription, ready: asyncio.Event) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        with anyio.move_on_after(self._streams.send_s) as patience:
            await send({**start, "headers": self.raw_headers})
            async for piece in self._pieces(subscription, ready):
                patience.deadline = anyio.current_time() + self._streams.send_s
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                patience.deadline = float("inf")
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pieces(
        self, subscription: Subscription, ready: asyncio.Event
    ) -> AsyncIterator[bytes]:
        """What is sent: the position it begins behind, events, and signs of life."""
        yield format_sse_event(retry=RETRY_MS, id=str(self._after))
        checked_at = anyio.current_time()
        while True:
            ready.clear()
            # Read before it is taken from: what was put by then is among what is taken.
            seen, closed = subscription.seen, subscription.closed
            events = await self._taken(subscription)
            if events is None:
                if not await self._woken(ready):
                    yield format_sse_event(comment="still here", id=str(seen))
                continue
            if events or anyio.current_time() - checked_at >= self._streams.check_s:
                checked_at = anyio.current_time()
                if not await self._lets_in():
                    return
            if events:
                yield b"".join(map(self._frame, events))
            if closed:
                if isinstance(subscription.fault, StoreError):
                    yield _unreadable(subscription.fault)
                return
            if not events and not subscription.behind and not await self._woken(ready):
                yield format_sse_event(comment="still here", id=str(seen))

    async def _taken(self, subscription: Subscription) -> list[Told] | None:
        """What has come; `None` where the database cannot be read now."""
        if not subscription.behind:
            return subscription.take(0)
        try:
            return await run_in_threadpool(subscription.take)
        except StoreUnavailableError:
            return None

    async def _lets_in(self) -> bool:
        """Whether the token still does; what is to be sent waits until that is known."""
        while True:
            try:
                return await self._streams.lets_in(self._tokens, self._token, self._text)
            except StoreUnavailableError:
                await anyio.sleep(self._streams.look_s)

    async def _woken(self, ready: asyncio.Event) -> bool:
        """Wait for news; whether there are any before a sign of life is due."""
        with anyio.move_on_after(min(self._streams.heartbeat_s, self._streams.check_s)):
            await ready.wait()
        return ready.is_set()


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _is_there(looking: Awaitable[Token | None]) -> bool:
    return await looking is not None


def _unreadable(fault: StoreError) -> bytes:
    """Why the stream ends, as a problem document has it."""
    told = {"code": fault.code, "detail": fault.message, "fix": fault.fix}
    return format_sse_event(data_str=json.dumps(told), event=UNREADABLE, retry=UNREADABLE_RETRY_MS)


def _too_many(status: HTTPStatus, whose: str) -> AccessError:
    return AccessError(
        status,
        "TOO_MANY_STREAMS",
        f"There are too many event streams of {whose} already.",
        fix="close those that nobody needs, or come again in a while",
        headers={"Retry-After": "10"},
    )
