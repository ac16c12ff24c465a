"""By whose word a node is configured, in a few words."""

from collections.abc import Iterable


def configured_words(
    configured_by: str | None, accepted_by: str | None, connected: Iterable[str]
) -> str:
    """`by itself`, `by ann`, or which inputs a person connected, so that nothing was missing.

    `connected` are the inputs that a person connected; empty where nobody configured it.
    """
    by_hand = ", ".join(connected)
    if configured_by == "auto":
        return f"since a person connected {by_hand}" if by_hand else "by itself"
    return f"by {accepted_by}" if configured_by and accepted_by else ""
