"""A token as readers see it: all that is known of it but its hash."""

from runthrough.core.values.tokens import Standing, Token
from runthrough.core.views.nodes import View


def token_view(token: Token, state: Standing) -> View:
    """All but its hash.

    Keys: id, actor, role, sessions (ids, or null for all), created_by, created_at, expires_at,
    revoked_at, state, kind, parent.
    """
    return {
        "id": token.token_id,
        "actor": token.actor,
        "role": token.role,
        "sessions": None if token.sessions is None else list(token.sessions),
        "created_by": token.created_by,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
        "state": state,
        "kind": token.kind,
        "parent": token.parent,
    }
