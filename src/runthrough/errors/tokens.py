"""Errors of tokens, which let callers in at the service."""

from collections.abc import Sequence

from runthrough.errors.root import RunthroughError

_NAMED = 5
"""How many actors are named: enough to see a slip of the fingers."""


class UnknownTokenError(RunthroughError):
    """No token has that id, and no actor of that name has one."""

    code = "TOKEN_UNKNOWN"

    def __init__(self, asked: str, actors: Sequence[str] = ()) -> None:
        named = ", ".join(actors[:_NAMED]) + (", …" if len(actors) > _NAMED else "")
        listed = f" Tokens were made for: {named}." if named else " There is no token."
        super().__init__(
            f"No token has the id {asked!r}, and no actor of that name has one.{listed}",
            fix="runthrough token list --all lists them"
            if named
            else "runthrough token create ACTOR makes one",
        )
