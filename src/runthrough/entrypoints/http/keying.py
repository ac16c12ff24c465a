"""What a request with a key asks for, so that its repeat is told from another request."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import Header, Request
from starlette.concurrency import run_in_threadpool

from runthrough.core.values.secrets import masked_values

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that a key says nothing with them."""
KEY_CHARACTERS = 255
"""Longest `Idempotency-Key`: what is longer is no key."""
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=KEY_CHARACTERS,
        pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        description="Repeats of a request with the same key and body are done once, and answered "
        "as the first time; make it of random letters and digits.",
    ),
]


async def asked_in(request: Request, key: str) -> str:
    """SHA-256 over all that a request with a key asks, 64 hex characters.

    The key is hashed along and kept nowhere, so that nobody can try values that the body may have
    had; what looks like a secret is masked before. That takes a while for a long body, so a
    thread does it.
    """
    around = (
        key,
        request.method,
        request.url.path,
        request.url.query,
        request.headers.get("if-match", ""),
    )
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = (await request.form()).multi_items()
        return _hashed(around, [pair for pair in form if isinstance(pair[1], str)])
    return await run_in_threadpool(_hashed_body, around, await request.body())


def _hashed_body(around: tuple[str, ...], body: bytes) -> str:
    try:
        given: Any = json.loads(body) if body else None
    except ValueError:  # the route refuses it, and nothing is recorded
        given = body.decode("utf-8", "replace")
    return _hashed(around, masked_values(given) if isinstance(given, dict) else given)


def _hashed(around: tuple[str, ...], given: Any) -> str:
    told = (*around, json.dumps(given, sort_keys=True))
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
