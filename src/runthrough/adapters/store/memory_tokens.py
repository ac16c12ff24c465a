"""Who is let in at the service, in memory."""

from dataclasses import replace
from datetime import datetime

from runthrough.adapters.store.codec import read_time, time_text
from runthrough.adapters.store.memory_tables import MemoryDatabase
from runthrough.core.values.ids import TokenId
from runthrough.core.values.tokens import Token
from runthrough.errors import StoreError


class MemoryTokenStore:
    """Tokens by their ids, each with the hash of its text."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def add(self, token: Token, *, text_hash: str) -> None:
        """Keep a new token, with the SHA-256 of its text in hex.

        Raises:
            StoreError: A token of that id is kept.
        """
        with self._database.writing() as tables:
            if token.token_id in tables.tokens:
                raise StoreError(f"There is a token {token.token_id} already.", fix="try again")
            tables.tokens[token.token_id] = (_in_utc(token), text_hash)

    def find(self, token_id: TokenId) -> tuple[Token, str] | None:
        """The token of that id, and the hash of its text; `None` where there is none."""
        return self._database.tables.tokens.get(token_id)

    def tokens(self) -> tuple[Token, ...]:
        """All tokens, in the order they were made in."""
        kept = (token for token, _ in self._database.tables.tokens.values())
        return tuple(sorted(kept, key=lambda token: (token.created_at, token.token_id)))

    def revoke(self, token_id: TokenId, *, at: datetime) -> None:
        """Let nobody in with it from now on; does nothing where it was revoked, or is not kept."""
        with self._database.writing() as tables:
            token, text_hash = tables.tokens.get(token_id, (None, ""))
            if token is not None and token.revoked_at is None:
                tables.tokens[token_id] = (_in_utc(replace(token, revoked_at=at)), text_hash)

    def forget_sign_ins(self, *, ended_before: datetime) -> None:
        """Drop the browser tokens that expired or were revoked before then; no other token."""
        with self._database.writing() as tables:
            for token_id, (token, _) in list(tables.tokens.items()):
                ends = [at for at in (token.expires_at, token.revoked_at) if at is not None]
                if token.kind == "browser" and any(at < ended_before for at in ends):
                    del tables.tokens[token_id]


def _in_utc(token: Token) -> Token:
    """The token with its times as a database gives them back."""
    return replace(
        token,
        created_at=read_time(time_text(token.created_at)),
        expires_at=token.expires_at and read_time(time_text(token.expires_at)),
        revoked_at=token.revoked_at and read_time(time_text(token.revoked_at)),
    )
