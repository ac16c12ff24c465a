"""Tokens: made once, told apart at every request, and taken back."""

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from runthrough.application.ports import Clock, TokenStore
from runthrough.core.values.ids import SessionId, TokenId
from runthrough.core.values.secrets import looks_secret, masked_text
from runthrough.core.values.tokens import (
    Role,
    Standing,
    Token,
    hash_of,
    includes,
    split_text,
    token_text,
)
from runthrough.errors import CommandInvalidError, UnknownTokenError

BROWSER_S = 12 * 60 * 60
"""How long a sign-in lasts: a working day, so that a browser left open is not let in tomorrow."""
KEPT_DAYS = 30
"""How long a sign-in that is over can still be listed; each makes a token, so they would pile up.
"""
_NO_ID, _NO_HASH = TokenId("0" * 12), "0" * 64
"""Looked for and compared with where there is nothing, so that this takes no less work."""


class Tokens:
    """Who is let in at the service; the text of a token is given out once and kept nowhere."""

    def __init__(
        self,
        store: TokenStore,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        new_secret: Callable[[], str],
    ) -> None:
        """`new_id` gives 12 random hex characters, `new_secret` 43 of base64 for URLs."""
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._new_secret = new_secret
        self.taken_back = 0
        """Goes up with each token that is revoked through this object: what was known of any may
        be no longer so."""

    def create(
        self,
        actor: str,
        role: Role,
        *,
        sessions: Sequence[SessionId] | None,
        expires_in_s: float | None,
        created_by: str,
    ) -> tuple[str, Token]:
        """Make a token for a person or a program; its text, and what is kept of it.

        `sessions` are all that it reaches, `None` stands for every one; without `expires_in_s` it
        does not expire.

        Raises:
            CommandInvalidError: Nobody can be called so, it would reach nothing, or its end has
                passed or cannot be told.
            StoreUnavailableError: The database cannot be written.
        """
        if sessions is not None and not sessions:
            raise CommandInvalidError(
                "token create",
                "a token that reaches no session lets nobody in",
                fix="name a session, or none at all for a token that reaches every one",
            )
        now = self._clock()
        return self._added(
            Token(
                token_id=TokenId(self._new_id()),
                actor=_checked_actor(actor),
                role=role,
                sessions=None if sessions is None else tuple(dict.fromkeys(sessions)),
                created_by=masked_text(created_by),
                created_at=now,
                expires_at=None if expires_in_s is None else _end(now, expires_in_s),
            )
        )

    def browser(
        self,
        parent: Token | None,
        actor: str,
        role: Role,
        sessions: Sequence[SessionId] | None,
    ) -> tuple[str, Token]:
        """Make the token of one sign-in; its text for the cookie, and what is kept of it.

        It lasts 12 hours, and never longer than the token that was signed in with, which is its
        `parent`; `None` where no token was needed, as with the link that `serve` prints. Sign-ins
        that ended over 30 days ago are forgotten.

        Raises:
            ValueError: It would be somebody else's than its parent, or allow more.
            StoreUnavailableError: The database cannot be written.
        """
        scope = None if sessions is None else tuple(dict.fromkeys(sessions))
        if parent is not None and not _is_within(parent, actor, role, scope):
            raise ValueError("a sign-in gives no more than the token that it was made with")
        now = self._clock()
        ends = now + timedelta(seconds=BROWSER_S)
        if parent is not None and parent.expires_at is not None:
            ends = min(ends, parent.expires_at)
        self._store.forget_sign_ins(ended_before=now - timedelta(days=KEPT_DAYS))
        return self._added(
            Token(
                token_id=TokenId(self._new_id()),
                actor=actor,
                role=role,
                sessions=scope,
                created_by=actor,
                created_at=now,
                expires_at=ends,
                parent=None if parent is None else parent.token_id,
                kind="browser",
            )
        )

    def known(self, text: str) -> Token | None:
        """The token of that text, if it lets in now; `None` for every other text.

        What is found takes the same work as what is not, and says nothing of the reason.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        parts = split_text(text)
        found = self._store.find(parts.token_id if parts else _NO_ID)
        token, kept = found or (None, _NO_HASH)
        fits = hmac.compare_digest(hash_of(text if parts else ""), kept)
        if token is None or parts is None or not fits:
            return None
        return token if self.state_of(token) == "active" else None

    def state_of(self, token: Token) -> Standing:
        """Whether a token lets in now; one whose parent does not lets nobody in either.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        now, kept = self._clock(), token
        state = kept.state_at(now)
        while state == "active" and kept.parent is not None:
            found = self._store.find(kept.parent)
            if found is None:
                return "revoked"
            kept = found[0]
            state = kept.state_at(now)
        return state

    def list(self) -> tuple[Token, ...]:
        """All tokens, those that let nobody in any more too, in the order they were made in.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        return self._store.tokens()

    def found(self, token_id: str) -> Token:
        """What is known of a token.

        Raises:
            UnknownTokenError: There is none of that id.
            StoreUnavailableError: The database cannot be read.
        """
        kept = self._store.find(TokenId(token_id))
        if kept is None:
            raise self._unknown(token_id)
        return kept[0]

    def revoke(self, asked: str) -> tuple[Token, ...]:
        """Let nobody in any more with a token, or with any of an actor; those that still did.

        `asked` is an id, an actor, or the text of a token that somebody has found. What was
        signed in with them ends too.

        Raises:
            UnknownTokenError: There is no such token, and the actor never had one.
            StoreUnavailableError: The database cannot be written.
        """
        parts, kept = split_text(asked), self._store.tokens()
        token_id = parts.token_id if parts else asked
        meant = [token for token in kept if token.token_id == token_id]
        if not meant:
            meant = [token for token in kept if token.actor == asked]
        if not meant:
            raise self._unknown(asked)
        # Whether one still lets in is asked first: with its parent it would end on the way.
        active = tuple(token for token in meant if self.state_of(token) == "active")
        now = self._clock()
        for token in active:
            self._store.revoke(token.token_id, at=now)
            self.taken_back += 1
        return active

    def _unknown(self, asked: str) -> UnknownTokenError:
        actors = {token.actor for token in self._store.tokens()}
        return UnknownTokenError(masked_text(asked), sorted(actors))

    def _added(self, token: Token) -> tuple[str, Token]:
        text = token_text(token.token_id, self._new_secret())
        self._store.add(token, text_hash=hash_of(text))
        return text, token


def _checked_actor(actor: str) -> str:
    actor = actor.strip()
    if not actor or not actor.isprintable():
        raise CommandInvalidError(
            "token create",
            f"nobody can be called {actor!r}",
            fix="give a name of letters and digits, such as ann@laptop",
        )
    if looks_secret(actor):
        raise CommandInvalidError(
            "token create",
            "the name of the actor looks as if it held a secret, and every event names its actor",
            fix="choose another name",
        )
    return actor


def _end(now: datetime, expires_in_s: float) -> datetime:
    """When a token that lasts so long ends.

    Raises:
        CommandInvalidError: That has passed, or lies behind the last year that can be told.
    """
    fix = "let it last longer, such as 12 hours or 90 days"
    if not expires_in_s > 0:
        raise CommandInvalidError("token create", "the token would have expired already", fix=fix)
    try:
        return now + timedelta(seconds=expires_in_s)
    except (OverflowError, ValueError) as exc:
        raise CommandInvalidError(
            "token create",
            "no calendar tells when the token would expire",
            fix="let it expire sooner, or never",
        ) from exc


def _is_within(parent: Token, actor: str, role: Role, scope: tuple[SessionId, ...] | None) -> bool:
    """Whether a sign-in would be its parent's actor and allow no more than the parent does."""
    reached = parent.sessions is None or (scope is not None and all(map(parent.reaches, scope)))
    return actor == parent.actor and includes(parent.role, role) and reached
