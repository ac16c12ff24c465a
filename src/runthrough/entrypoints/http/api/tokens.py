"""Tokens as resources, and who the sender of a request is."""

from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from runthrough.core.values.tokens import Role, Token
from runthrough.core.views.tokens import token_view
from runthrough.entrypoints.http.api.asked import (
    Body,
    Cursor,
    Limit,
    Name,
    cursor_of,
    parts_of,
)
from runthrough.entrypoints.http.api.shapes import answers
from runthrough.entrypoints.http.etags import Unconditional
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.visitor import Admin, Viewer

router = APIRouter(tags=["tokens"])
DAY_S = 24 * 60 * 60
HERE = "/api/v1/tokens"
TokenAsked = Annotated[
    str, Path(pattern="^[0-9a-f]{12}$", description="Id of a token, which is no secret.")
]


class NewToken(Body):
    """Whose a token is, how far it reaches and how long it lasts."""

    actor: Name
    role: Role = "tester"
    sessions: Annotated[
        list[Name] | None,
        Field(max_length=100, description="Ids or names; left out, it reaches every session."),
    ] = None
    expires_in_s: Annotated[
        float | None,
        Field(gt=0, description="Seconds; 90 days where it is left out, for ever where null."),
    ] = 90.0 * DAY_S


@router.get("/me", responses=answers("TokenRow"))
def read_me(visitor: Viewer) -> JSONResponse:
    """Tell whose token the request carries, and what it allows."""
    return JSONResponse(token_view(visitor.token, "active"))


@router.get("/tokens", responses=answers("TokensPage"))
def list_tokens(
    visitor: Admin,
    limit: Limit = 100,
    cursor: Cursor = None,
    *,
    everything: Annotated[
        bool, Query(alias="all", description="Also those that let nobody in any more.")
    ] = False,
) -> JSONResponse:
    """List the tokens that let somebody in, the oldest first; their texts are kept nowhere."""
    visitor.refuse_scoped("looking after tokens")
    behind = None if cursor is None else tuple(parts_of(cursor, 2))
    tokens = visitor.service.application.tokens
    rest = (one for one in tokens.list() if behind is None or _made(one) > behind)
    kept = ((one, tokens.state_of(one)) for one in rest)
    listed = ((one, state) for one, state in kept if everything or state == "active")
    page = list(islice(listed, limit + 1))
    more = len(page) > limit
    return JSONResponse(
        {
            "items": [token_view(token, state) for token, state in page[:limit]],
            "next_cursor": cursor_of(*_made(page[limit - 1][0])) if more else None,
        }
    )


@router.get("/tokens/{token}", responses=answers("TokenRow"))
def read_token(token: TokenAsked, visitor: Admin) -> JSONResponse:
    """Tell what is known of a token, also of one that lets nobody in any more."""
    visitor.refuse_scoped("looking after tokens")
    tokens = visitor.service.application.tokens
    found = tokens.found(token)
    return JSONResponse(token_view(found, tokens.state_of(found)))


@router.post(
    "/tokens",
    status_code=HTTPStatus.CREATED,
    responses=answers("token create", HTTPStatus.CREATED, "The token; it is told only now."),
    dependencies=[Unconditional],
)
def create_token(wanted: NewToken, visitor: Admin) -> JSONResponse:
    """Make a token for a person or a program; its text is told once.

    It takes no `Idempotency-Key`: a text that is kept nowhere cannot be told again.
    """
    visitor.refuse_scoped("looking after tokens")
    if visitor.key is not None:
        raise AccessError(
            HTTPStatus.BAD_REQUEST,
            "IDEMPOTENCY_KEY_UNUSABLE",
            "A token's text is told once, so that the same request makes another token.",
            fix="send it without Idempotency-Key; revoke a token whose text was lost on the way",
        )
    sessions = visitor.sessions
    text, token = visitor.service.application.tokens.create(
        wanted.actor,
        wanted.role,
        sessions=None
        if wanted.sessions is None
        else [sessions.found(name).session_id for name in wanted.sessions],
        expires_in_s=wanted.expires_in_s,
        created_by=visitor.actor,
    )
    return JSONResponse(
        {"token": text, **token_view(token, "active")},
        HTTPStatus.CREATED,
        headers={"Location": f"{HERE}/{token.token_id}", "Cache-Control": "no-store"},
    )


@router.delete("/tokens/{token}", responses=answers("token revoke"), dependencies=[Unconditional])
def revoke_token(token: TokenAsked, visitor: Admin) -> JSONResponse:
    """Let nobody in any more with a token, nor with what was signed in with it."""
    visitor.refuse_scoped("looking after tokens")
    tokens = visitor.service.application.tokens
    tokens.found(token)  # an actor may be called like an id
    revoked: list[dict[str, Any]] = [
        token_view(tokens.found(one.token_id), "revoked") for one in tokens.revoke(token)
    ]
    return JSONResponse({"revoked": revoked})


def _made(token: Token) -> tuple[str, str]:
    """What tokens are listed by; it never changes, so that pages fit together."""
    return token.created_at.isoformat(timespec="microseconds"), token.token_id
