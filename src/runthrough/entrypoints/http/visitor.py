"""Who sends a request, what they may do, and the sessions as they see them."""

import hashlib
import itertools
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.concurrency import run_in_threadpool

from runthrough.application.caller import Caller, KeyedRequest
from runthrough.application.session import Session
from runthrough.application.sessions import Sessions
from runthrough.core.values.ids import CommandId
from runthrough.core.values.metadata import Door
from runthrough.core.values.tokens import Role, Token, includes
from runthrough.entrypoints.http.keying import SAFE, IdempotencyKey, asked_in
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.service import Service, service_of
from runthrough.errors import RunthroughError


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person or program with a token, at one door of the service."""

    service: Service
    token: Token
    caller: Caller
    """Who calls, as the events of this request tell it."""
    key: str | None = None
    """The request's `Idempotency-Key`."""

    @property
    def actor(self) -> str:
        """Who they are, as events name them."""
        return self.caller.actor

    @property
    def sessions(self) -> Sessions:
        """All sessions, for this caller; mind `may_see`."""
        return self.service.application.sessions_for(self.caller)

    def may(self, role: Role) -> bool:
        """Whether the token's role includes another one."""
        return includes(self.token.role, role)

    def may_see(self, session_id: str) -> bool:
        """Whether a session is in the token's scope."""
        return self.token.sessions is None or session_id in self.token.sessions

    def refuse_scoped(self, verb: str) -> None:
        """Refuse what is about no session of a token that is for some sessions only.

        Raises:
            AccessError: It is one.
        """
        if self.token.sessions is not None:
            raise AccessError(
                HTTPStatus.FORBIDDEN,
                "TOKEN_SCOPED",
                f"This token is for certain sessions only, so {verb} is refused.",
                fix="ask an admin for a token without --session",
            )

    @contextmanager
    def opened(self, asked: str) -> Iterator[Session]:
        """A session to be looked at or gone on with, in this caller's hands until the end.

        Raises:
            UnknownSessionError: There is none, or none in the token's scope.
        """
        sessions = self.sessions
        session = sessions.open(self.seen(asked))
        try:
            yield session
        except (RunthroughError, AccessError):  # what is folded is whole after a refusal
            sessions.give_back(session)
            raise
        sessions.give_back(session)

    def opened_at(self, asked: str, at: int | datetime | None) -> Session:
        """A session to be read, as it was.

        Raises:
            UnknownSessionError: There is none, or none in the token's scope.
            SessionError: It never was at that version or time.
        """
        return self.sessions.open_at(self.seen(asked), at)

    def seen(self, asked: str) -> str:
        """The id of a session in the token's scope.

        Raises:
            UnknownSessionError: There is none; sessions outside the scope are not told.
        """
        if self.token.sessions is None:
            return self.sessions.found(asked).session_id
        # As long looked for and in the same words, whether or not there is one elsewhere.
        return self.sessions.found_among(asked, self.token.sessions).session_id


def text_given(request: Request) -> str | None:
    """The token that a request carries, in its header or in the browser's cookie."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return text.strip() if scheme.lower() == "bearer" else ""
    return request.cookies.get(service_of(request).options.cookie)


def keyed_ids(purpose: str, actor: str, key: str) -> Callable[[], str]:
    """Ids that are the same again when an actor's request comes again with its key."""
    counted = itertools.count()

    def next_id() -> str:
        told = "\0".join((purpose, actor, key, str(next(counted))))
        drawn = int.from_bytes(hashlib.sha256(told.encode()).digest()[:16])
        # Version 8, which the constructor knows from Python 3.14 on: made as somebody saw fit.
        return str(uuid.UUID(int=drawn & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62))

    return next_id


async def token_of(request: Request) -> Token:
    """The token that a request came with, looked up once for each request.

    What a browser keeps is taken from its cookie only, and what a program sends from its header:
    other services of the same machine are shown the cookie, and nobody is let in with a copy that
    does not come from where browsers put it.

    Raises:
        AccessError: The request has no token, or none that holds.
        StoreUnavailableError: The database cannot be read.
    """
    kept: Token | None = getattr(request.state, "token", None)
    if kept is None:
        kept = request.state.token = await run_in_threadpool(_looked_up, request)
    return kept


def _looked_up(request: Request) -> Token:
    text = text_given(request)
    token = service_of(request).application.tokens.known(text) if text else None
    kind = "api" if request.headers.get("authorization") else "browser"
    if token is None or token.kind != kind:
        raise AccessError(
            HTTPStatus.UNAUTHORIZED,
            "TOKEN_MISSING" if text is None else "TOKEN_UNKNOWN",
            "No token was given."
            if text is None
            else "The token is unknown, has expired or was revoked.",
            fix="send Authorization: Bearer TOKEN; runthrough token create ACTOR makes one",
            headers={"WWW-Authenticate": 'Bearer realm="runthrough"'},
        )
    return token


async def visitor(request: Request, idempotency_key: IdempotencyKey = None) -> Visitor:
    """Who sends the request.

    Raises:
        AccessError: The request has no token, or none that holds.
        StoreUnavailableError: The database cannot be read.
    """
    service, token = service_of(request), await token_of(request)
    key = None if request.method in SAFE else idempotency_key
    own = service.application.caller
    caller = replace(
        own,
        actor=token.actor,
        actor_source="token",
        door=_door(request),
        new_id=own.new_id if key is None else keyed_ids("command", token.actor, key),
        correlation_id=request.state.request_id,
        request=None if key is None else _keyed(token.actor, key, await asked_in(request, key)),
    )
    return Visitor(service, token, caller, key)


def _keyed(actor: str, key: str, asked: str) -> KeyedRequest:
    ids = keyed_ids("command", actor, key)
    return KeyedRequest(CommandId(ids()), CommandId(ids()), asked)


def _door(request: Request) -> Door:
    return "http" if request.url.path.startswith("/api/") else "page"


def _at_least(role: Role) -> Callable[[Visitor], Awaitable[Visitor]]:
    async def allowed(found: Annotated[Visitor, Depends(visitor)]) -> Visitor:
        if not found.may(role):
            raise AccessError(
                HTTPStatus.FORBIDDEN,
                "ROLE_TOO_LOW",
                f"This needs the role {role}; the token of {found.actor} has {found.token.role}.",
                fix=f"ask an admin: runthrough token create {found.actor} --role {role}",
            )
        return found

    allowed.__name__ = role
    return allowed


Viewer = Annotated[Visitor, Depends(_at_least("viewer"))]
"""Whoever may read."""
Tester = Annotated[Visitor, Depends(_at_least("tester"))]
"""Whoever may configure and run."""
Admin = Annotated[Visitor, Depends(_at_least("admin"))]
"""Whoever may do all."""
SessionAsked = Annotated[str, Path(max_length=200, description="Id or name of a session.")]
