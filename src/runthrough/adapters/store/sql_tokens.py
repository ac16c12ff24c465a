"""Who is let in at the service, in an SQL database."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from runthrough.adapters.store.codec import read_time, time_text
from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.tables import API_TOKENS
from runthrough.core.values.ids import SessionId, TokenId
from runthrough.core.values.tokens import Token
from runthrough.errors import StoreError


class SqlTokenStore:
    """Tokens by their ids, each with the hash of its text."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def add(self, token: Token, *, text_hash: str) -> None:
        """Keep a new token, with the SHA-256 of its text in hex.

        Raises:
            StoreError: A token of that id is kept.
            StoreUnavailableError: The database cannot be written.
        """
        row = {
            "token_id": token.token_id,
            "text_hash": text_hash,
            "actor": token.actor,
            "role": token.role,
            "sessions": None if token.sessions is None else json.dumps(token.sessions),
            "created_by": token.created_by,
            "created_at": time_text(token.created_at),
            "expires_at": _time_text(token.expires_at),
            "revoked_at": _time_text(token.revoked_at),
            "parent": token.parent,
            "kind": token.kind,
        }
        known = select(API_TOKENS.c.token_id).where(API_TOKENS.c.token_id == token.token_id)
        with self._database.writing() as connection:
            # Under the writer lock nobody adds one between this look and the write.
            if connection.scalar(known) is not None:
                raise StoreError(f"There is a token {token.token_id} already.", fix="try again")
            connection.execute(insert(API_TOKENS), row)

    def find(self, token_id: TokenId) -> tuple[Token, str] | None:
        """The token of that id, and the hash of its text; `None` where there is none.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        asked = select(API_TOKENS).where(API_TOKENS.c.token_id == token_id)
        with self._database.reading() as connection:
            row = connection.execute(asked).first()
        return None if row is None else (_token(row), row.text_hash)

    def tokens(self) -> tuple[Token, ...]:
        """All tokens, in the order they were made in.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        asked = select(API_TOKENS).order_by(API_TOKENS.c.created_at, API_TOKENS.c.token_id)
        with self._database.reading() as connection:
            return tuple(map(_token, connection.execute(asked)))

    def revoke(self, token_id: TokenId, *, at: datetime) -> None:
        """Let nobody in with it from now on; does nothing where it was revoked, or is not kept.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        kept = API_TOKENS.c.token_id == token_id, API_TOKENS.c.revoked_at.is_(None)
        with self._database.writing() as connection:
            connection.execute(update(API_TOKENS).where(*kept).values(revoked_at=time_text(at)))

    def forget_sign_ins(self, *, ended_before: datetime) -> None:
        """Drop the browser tokens that expired or were revoked before then; no other token.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        # Times are kept as text of one form, whose order is theirs.
        then = time_text(ended_before)
        ended = or_(API_TOKENS.c.expires_at < then, API_TOKENS.c.revoked_at < then)
        old = API_TOKENS.c.kind == "browser", ended
        with self._database.reading() as connection:
            if connection.scalar(select(API_TOKENS.c.token_id).where(*old).limit(1)) is None:
                return
        with self._database.writing() as connection:
            connection.execute(delete(API_TOKENS).where(*old))


def _token(row: Row[Any]) -> Token:
    return Token(
        token_id=row.token_id,
        actor=row.actor,
        role=row.role,
        sessions=None if row.sessions is None else _scope(row.sessions),
        created_by=row.created_by,
        created_at=read_time(row.created_at),
        expires_at=_read_time(row.expires_at),
        revoked_at=_read_time(row.revoked_at),
        parent=row.parent,
        kind=row.kind,
    )


def _scope(text: str) -> tuple[SessionId, ...]:
    return tuple(map(SessionId, json.loads(text)))


def _time_text(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)


def _read_time(text: str | None) -> datetime | None:
    return None if text is None else read_time(text)
