"""What a person sees of a session itself, as history holds it before and after an event."""

from pydantic import JsonValue

from runthrough.core.state import SessionState


def session_values(state: SessionState) -> dict[str, JsonValue]:
    """The values of a session that are none of its nodes'; none before it has begun.

    A home stands with its id as well: machines that are made alike go by one name.
    """
    if not state.version:
        return {}
    home = state.home
    return {
        "phase": state.phase.value,
        "name": state.name,
        "archived": state.archived,
        "home": (home.name or home.host) if home else None,
        "home.id": home.host if home else None,
    }
