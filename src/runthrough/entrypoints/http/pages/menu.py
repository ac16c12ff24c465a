"""What may be done with the session that is shown, as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runthrough.core.lifecycle import Phase
from runthrough.core.views.telling_seen import seen_words

if TYPE_CHECKING:
    from runthrough.entrypoints.http.pages.session import Screen


@dataclass(frozen=True, slots=True)
class Menu:
    """Which of its forms there are for the visitor."""

    closed: bool
    archived: bool
    acts: bool
    """Whether it may be changed."""
    undo: str
    """What would be taken back: who did it last; empty where there is nothing."""
    redo: bool
    unrecorded: bool
    """Whether something was seen that is not recorded yet."""
    away: str
    """Why its files are not looked at; empty where they are."""
    may_move: bool
    """Whether it may be let live here."""
    admin: bool
    run_on: bool
    approved: bool
    """Whether all has passed as it stands, so that it may be signed off."""


def menu_names(shown: "Screen") -> Mapping[str, object]:
    """What the template of the menu is given; `None` where there is nothing to be done."""
    session, state, visitor = shown.session, shown.session.state, shown.visitor
    if shown.at is not None or not visitor.may("tester"):
        return {"menu": None}
    seen = shown.status["unrecorded"]
    words = [there.last.outcome if there.last else "" for there in state.nodes.values()]
    scripts = [w for w, n in zip(words, state.nodes.values(), strict=True) if not n.external]
    away = not session.at_home and not session.is_outside
    return {
        "menu": Menu(
            closed=state.phase is Phase.CLOSED,
            archived=state.archived,
            acts=shown.may_act,
            undo=state.actions[-1].actor if state.actions else "",
            redo=bool(state.taken_back),
            unrecorded=isinstance(seen, dict) and any(seen_words(seen)),
            away=session.away_words if away else "",
            may_move=away and shown.may_act,
            admin=visitor.may("admin"),
            run_on=state.running is not None,
            approved=bool(scripts) and all(word == "passed" for word in scripts),
        )
    }
