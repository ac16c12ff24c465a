"""Tokens: what lets a caller in at the service, as whom, how far and until when."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple, TypeGuard, get_args

from runthrough.core.values.ids import SessionId, TokenId

Role = Literal["viewer", "tester", "admin"]
"""A viewer reads; a tester also answers and runs; an admin also looks after tokens and others'
runs. Each may do what those before it may."""
ROLES: tuple[Role, ...] = get_args(Role)
Kind = Literal["api", "browser"]
"""An `api` token is made by a person and handed to one or to a program; a `browser` token is made
by a sign-in, and lives in the browser's cookie."""
Standing = Literal["active", "expired", "revoked"]

_TEXT = re.compile(r"rt_([0-9a-f]{12})_([0-9A-Za-z_-]{43})")
"""48 random bits tell tokens apart, 256 cannot be guessed; the id has no `_`, the secret may."""


class TokenText(NamedTuple):
    """The two parts of a token's text."""

    token_id: TokenId
    """12 lower-case hex characters; may be shown."""
    secret: str
    """43 characters of base64 as URLs take it; shown once, kept nowhere."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; its secret is not."""

    token_id: TokenId
    actor: str
    """Who acts with it, as events will name them."""
    role: Role
    sessions: tuple[SessionId, ...] | None
    """The only ones that it reaches; `None` where it reaches all."""
    created_by: str
    """The actor who made it."""
    created_at: datetime
    """Aware, UTC, as the other times are."""
    expires_at: datetime | None
    """From then on it lets nobody in; `None` where it does not expire."""
    revoked_at: datetime | None = None
    parent: TokenId | None = None
    """The token that it was signed in with, without which it lets nobody in either."""
    kind: Kind = "api"

    def state_at(self, now: datetime) -> Standing:
        """Whether it lets in at `now`; what has become of its parent is not looked at."""
        if self.revoked_at is not None:
            return "revoked"
        expired = self.expires_at is not None and self.expires_at <= now
        return "expired" if expired else "active"

    def reaches(self, session_id: SessionId) -> bool:
        """Whether a session lies within its scope."""
        return self.sessions is None or session_id in self.sessions


def is_role(text: str) -> TypeGuard[Role]:
    """Whether there is such a role."""
    return text in ROLES


def includes(role: Role, needed: Role) -> bool:
    """Whether one who has `role` may do what needs the role `needed`."""
    return ROLES.index(role) >= ROLES.index(needed)


def token_text(token_id: str, secret: str) -> str:
    """The text that a caller shows, made of two random texts.

    Raises:
        ValueError: A part has another form, so that the text could not be taken apart again.
    """
    text = f"rt_{token_id}_{secret}"
    if split_text(text) != (token_id, secret):
        raise ValueError("a token is made of 12 hex characters and 43 of base64 for URLs")
    return text


def split_text(text: str) -> TokenText | None:
    """The parts of a token's text; `None` for any other text."""
    found = _TEXT.fullmatch(text)
    return None if found is None else TokenText(TokenId(found[1]), found[2])


def hash_of(text: str) -> str:
    """SHA-256 of a token's whole text, in 64 lower-case hex characters; all that is kept of it.

    A plain hash is enough: nobody can try 2²⁵⁶ secrets, as one can try people's passwords.
    """
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
