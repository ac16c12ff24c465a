"""What requests say: bodies, pages of lists, and sides of a comparison, read strictly."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from runthrough.application.session import Session
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.settling import changed, refuse_unseen
from runthrough.entrypoints.http.visitor import Visitor

NAME_CHARACTERS = 200
TEXT_CHARACTERS = 10_000
PATH_CHARACTERS = 4_096
MANY = 10_000
Name = Annotated[str, Field(max_length=NAME_CHARACTERS)]
Place = Annotated[str, Field(max_length=PATH_CHARACTERS)]
Limit = Annotated[
    int, Query(ge=1, le=1_000, description="How many are answered at most; more follow.")
]
Cursor = Annotated[
    str | None,
    Query(max_length=NAME_CHARACTERS, description="`next_cursor` of the page before."),
]
_VERSION = re.compile(r"[0-9]{1,18}")
_NOW = "now"


class Body(BaseModel):
    """A request's body: what it may not hold is refused, and nothing is turned into a fit."""

    model_config = ConfigDict(extra="forbid", strict=True)


def cursor_of(*parts: str) -> str:
    """Where the next page begins, as clients hand it back; they read nothing in it."""
    return urlsafe_b64encode("\0".join(parts).encode()).decode().rstrip("=")


def parts_of(cursor: str, count: int) -> list[str]:
    """What a cursor was made of.

    Raises:
        AccessError: It is none that was given out for such a list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = urlsafe_b64decode(padded.encode("ascii")).decode().split("\0")
    except ValueError:
        parts = []
    if len(parts) != count:
        raise bad_cursor()
    return parts


def bad_cursor() -> AccessError:
    """The refusal of a cursor that was never given out."""
    return AccessError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "CURSOR_INVALID",
        "The cursor is none that this list gave out.",
        fix="take next_cursor of the page before, or leave it out for the first page",
    )


def side_asked(visitor: Visitor, asked: str | None) -> str | None:
    """A side of a comparison as the command line reads it, within the token's scope.

    Raises:
        UnknownSessionError: It names a session that there is not, or none in the scope.
    """
    if asked is None or asked == _NOW or not asked.strip() or _VERSION.fullmatch(asked):
        return asked
    name, at, version = asked.rpartition("@")
    if at and name and (version == _NOW or _VERSION.fullmatch(version)):
        return f"{visitor.seen(name)}@{version}"
    return visitor.seen(asked)


def refuse_changed(session: Session, based_on: int | None) -> None:
    """Refuse to run a session that was changed after the version that the sender saw.

    Raises:
        AccessError: It was, or it has not come to that version yet.
    """
    refuse_unseen(session, based_on)
    if based_on is not None and based_on < session.concerned_at:
        at = session.concerned_at
        told = f"The session was changed after version {based_on}, last at version {at}."
        raise changed(session, told)


def refuse_below_admin(visitor: Visitor, what: str) -> None:
    """Refuse what a route that testers may use grants to admins only.

    Raises:
        AccessError: The visitor is none.
    """
    if not visitor.may("admin"):
        raise AccessError(
            HTTPStatus.FORBIDDEN,
            "ROLE_TOO_LOW",
            f"{what} needs the role admin; the token of {visitor.actor} has {visitor.token.role}.",
            fix=f"ask an admin: runthrough token create {visitor.actor} --role admin",
        )
