"""Bodies of requests: read within bounds, and refused where they are no sound JSON.

Python's reader takes more than JSON is (`NaN`, two values of one name, half of a surrogate pair),
and what comes of it fails later, where nobody expects it.
"""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Never

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive

from runthrough.entrypoints.http.problems import AccessError

DEPTH = 64
"""Deeper nesting is refused; an answer has four levels, an argument seldom six."""
LOOKED_AT_HERE_BYTES = 16 * 1024
"""Bodies up to here are looked at in the loop that serves everybody, in some 10 ms at most."""
COME_AGAIN_S = 2
"""What a turned away body waits for: most that are held are done with by then."""
_SURROGATES = range(0xD800, 0xE000)


class GoneError(Exception):
    """Whoever sent the request has hung up."""


class Held:
    """How many bytes of bodies a process holds, so that many at once do not take its memory."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._bytes = 0

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Take bytes for one body; they are given back at the end.

        Raises:
            AccessError: All are taken, as soon as one is asked for.
        """
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if self._bytes + size > self._at_most:
                raise _too_many()
            taken += size
            self._bytes += size

        try:
            yield take
        finally:
            self._bytes -= taken


async def read_body(
    receive: Receive, *, at_most: int, within_s: float, take: Callable[[int], None]
) -> bytes:
    """The whole body of a request, however it is cut into pieces; `take` hears of each.

    Raises:
        AccessError: It is longer than `at_most` bytes, did not come within the time, or there is
            no room for it; the rest was not read.
        GoneError: Nobody waits for an answer any more.
    """
    with anyio.move_on_after(within_s):
        return await _whole(receive, at_most, take)
    raise AccessError(
        HTTPStatus.REQUEST_TIMEOUT,
        "BODY_TOO_SLOW",
        f"The body did not come within {within_s:g} s.",
        fix="send it again, or less at once",
        headers={"Connection": "close"},  # what is left of it is not read
    )


async def _whole(receive: Receive, at_most: int, take: Callable[[int], None]) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        piece = message.get("body", b"")
        size += len(piece)
        if size > at_most:
            raise too_large(at_most)
        take(len(piece))
        pieces.append(piece)
        more = message.get("more_body", False)
    return b"".join(pieces)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, once more for the application, and what comes behind it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def too_large(at_most: int) -> AccessError:
    """The refusal of a body that is too long."""
    return AccessError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "BODY_TOO_LARGE",
        f"The body is longer than {at_most} bytes.",
        fix="send less at once",
        headers={"Connection": "close"},  # what is left of it is not read
    )


def _too_many() -> AccessError:
    return AccessError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "BUSY",
        "The service holds as many requests as it may.",
        fix=f"wait {COME_AGAIN_S} s and send it again",
        headers={"Connection": "close", "Retry-After": str(COME_AGAIN_S)},
    )


async def looked_at(body: bytes, look: Callable[[bytes], None] | None = None) -> None:
    """Look at JSON where it holds up nobody: two megabytes of brackets take more than a second.

    `look` is done in place of `check_json`.

    Raises:
        AccessError: It is no sound JSON.
    """
    look = look or check_json
    if len(body) <= LOOKED_AT_HERE_BYTES:
        look(body)
    else:
        await run_in_threadpool(look, body)


def check_json(body: bytes) -> None:
    """Look whether a body is JSON that every reader reads alike.

    Raises:
        AccessError: It is not.
    """
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_number
        )
    except UnicodeDecodeError:
        raise _unsound("it is not UTF-8") from None
    except RecursionError:
        raise _unsound(f"it is nested deeper than {DEPTH} levels") from None
    except json.JSONDecodeError as wrong:
        raise _unsound(f"{wrong.msg} at character {wrong.pos}") from None
    except ValueError:  # a number of thousands of digits, which Python does not convert
        raise _unsound("a number is too long") from None
    _check_values(value)


def _check_values(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH:
            raise _unsound(f"it is nested deeper than {DEPTH} levels")
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one
                below += one.values()
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str):
                check_text(one)
            elif isinstance(one, float) and not math.isfinite(one):
                raise _unsound("a number is too large")
        level = below


def check_text(text: str) -> None:
    """Look whether a text can be kept and shown.

    Raises:
        AccessError: It cannot.
    """
    if "\0" in text:
        raise _unsound("a text holds the character NUL", "TEXT_INVALID")
    if not text.isascii() and any(ord(sign) in _SURROGATES for sign in text):
        raise _unsound("a text holds half of a surrogate pair", "TEXT_INVALID")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _unsound("a name stands in it twice")
    return found


def _no_number(text: str) -> Never:
    raise _unsound(f"{text} is no number")


def _unsound(why: str, code: str = "JSON_INVALID") -> AccessError:
    return AccessError(
        HTTPStatus.BAD_REQUEST,
        code,
        f"The request cannot be read: {why}.",
        fix="send JSON as RFC 8259 has it, in UTF-8",
    )
