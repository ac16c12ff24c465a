"""The status screen: the work list of DESIGN § 12."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from runthrough.core.views.telling_seen import seen_words
from runthrough.entrypoints.cli.folding import MANY, Row, folded
from runthrough.entrypoints.cli.words import ago, counted, elsewhere, one_line, short_id

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.core.views.nodes import View
    from runthrough.entrypoints.cli.screen import Piece
    from runthrough.entrypoints.cli.visit import Visit

STYLES = {
    "running": ("▶", "bold cyan"),
    "needs_you": ("?", "bold yellow"),
    "failed": ("✗", "bold red"),
    "blocked": ("⊘", "dim"),
    "stale": ("~", "yellow"),
    "waiting": ("…", "dim"),
    "ready": ("•", "cyan"),
    "passed": ("✓", "green"),
    "external": ("↗", "dim"),
}
"""A mark and a colour for each category; the word beside them says it all."""
URGENT = frozenset({"running", "needs_you", "failed"})
"""What somebody must look at, node by node."""


def draw_status(
    visit: "Visit",
    session: "Session",
    view: "View",
    *,
    everything: bool = False,
    whole: str = "runthrough status --all",
    next_command: str | None = None,
) -> None:
    """Who, where and when; the nodes by category; the next command, or another one.

    Of many nodes the first of each category are told, unless it is `everything`; the command
    `whole` tells all.
    """
    screen = visit.screen
    screen.parts(
        (str(view["dag_name"]), "bold"),
        f"session {view['name']} ({short_id(str(view['session_id']))})",
        str(view["phase"]),
        f"version {view['version']}",
        *_last(view),
    )
    screen.blank()
    listed = view["worklist"] if isinstance(view["worklist"], list) else []
    rows = [
        Row(str(row["category"]), str(row["node"]), str(row["text"]))
        for row in listed
        if isinstance(row, dict)
    ]
    shown = list(folded(rows, urgent=URGENT, everything=everything))
    draw_rows(visit, shown)
    if len(rows) > MANY:
        screen.blank()
        screen.parts(*count_words(rows))
    if len(shown) < len(rows):
        screen.typed("all of them:  ", visit.typed(whole))
    if isinstance(view["approval"], dict):
        from runthrough.core.views.approval import approval_words  # noqa: PLC0415 - rare

        screen.blank()
        style = "yellow" if view["approval"]["stale"] else "green"
        screen.line((one_line(approval_words(view["approval"])), style))
    if told := _beside(session, view):
        screen.blank()
        screen.line((told, "yellow"))
        if view["at_home"]:
            screen.typed("  → ", visit.typed("runthrough resume"))
    visit.next(next_command or str(view["next_command"]))
    needed = any(row.kind == "needs_you" for row in rows)
    if needed and next_command is None:
        _tell_wizard(visit)


def _tell_wizard(visit: "Visit") -> None:
    """Where somebody can be asked, that the answers need not be typed as commands."""
    from runthrough.entrypoints.cli.stepping import NEXT, why_not_asked  # noqa: PLC0415 - rare

    if why_not_asked(visit) is None:
        visit.screen.verbatim((f"or answer step by step:  {visit.typed(NEXT)}", "dim"))


def draw_rows(visit: "Visit", rows: "Iterable[Row]") -> None:
    """Category, node and text in columns."""
    visit.screen.rows(
        ((_worded(category), node, text) for category, node, text in rows), indent=""
    )


def count_words(rows: "Sequence[Row]") -> list["str | Piece"]:
    """`300 nodes: 2 need you`, `1 failed`, …: a part for each category that there is."""
    counts = Counter(row.kind for row in rows)
    told: list[str | Piece] = []
    for category, (_, style) in STYLES.items():
        if number := counts[category]:
            words = "need you" if category == "needs_you" and number > 1 else _words(category)
            told.append((f"{number} {words}", style))
    return [f"{counted(len(rows), 'node')}", *told]


def _beside(session: "Session", view: "View") -> str:
    """What the work list does not tell: what was not looked at, or is not recorded yet."""
    if not view["at_home"]:
        return elsewhere(session)
    seen = view["unrecorded"]
    told = list(seen_words(seen)) if isinstance(seen, dict) else []
    return f"seen now, not recorded: {', '.join(told)}" if told else ""


def _worded(category: str) -> tuple[str, str]:
    mark, style = STYLES[category]
    return f"{mark} {_words(category)}", style


def _words(category: str) -> str:
    return category.replace("_", " ")


def _last(view: "View") -> list[str]:
    if not view["last_at"]:
        return []
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside

    then = datetime.fromisoformat(str(view["last_at"]))
    return [f"last: {view['last_actor']}, {ago(then, now())}"]
