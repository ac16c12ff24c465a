"""The status screen: the work list of DESIGN § 12."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runthrough.entrypoints.cli.words import ago, short_id

if TYPE_CHECKING:
    from runthrough.core.views.nodes import View
    from runthrough.entrypoints.cli.visit import Visit

STYLES = {
    "running": ("▶", "bold cyan"),
    "needs_you": ("?", "bold yellow"),
    "failed": ("✗", "bold red"),
    "blocked": ("⊘", "red"),
    "stale": ("~", "yellow"),
    "waiting": ("…", "dim"),
    "ready": ("•", "cyan"),
    "passed": ("✓", "green"),
    "external": ("↗", "dim"),
}
"""A mark and a colour for each category; the word beside them says it all."""
TEXT_COLUMNS = 28
"""Narrower than this a sentence falls into shreds, so it gets lines of its own."""
GAPS = 10
"""Columns that marks, indents and gaps between columns take."""


def draw_status(visit: "Visit", view: "View") -> None:
    """Who, where and when; the nodes by category; the next command."""
    screen = visit.screen
    screen.line(
        (str(view["dag_name"]), "bold"),
        f" · session {view['name']} ({short_id(str(view['session_id']))}) · {view['phase']} · "
        f"version {view['version']}{_last(view)}",
    )
    screen.blank()
    listed = view["worklist"] if isinstance(view["worklist"], list) else []
    rows = [
        (str(row["category"]), str(row["node"]), str(row["text"]))
        for row in listed
        if isinstance(row, dict)
    ]
    draw_rows(visit, rows)
    visit.next(str(view["next_command"]))


def draw_rows(visit: "Visit", rows: Sequence[tuple[str, str, str]]) -> None:
    """Category, node and text in columns, or stacked where there is no room for three."""
    category_columns = max((len(category) for category, _, _ in rows), default=0)
    node_columns = max((len(node) for _, node, _ in rows), default=0)
    room = visit.screen.width - category_columns - node_columns - GAPS
    told = [(_worded(category), node, text) for category, node, text in rows]
    if room >= TEXT_COLUMNS:
        visit.screen.rows(told, indent="")
        return
    for category, node, text in told:
        visit.screen.line((f"{category[0]:<{category_columns + GAPS // 2}}", category[1]), node)
        if text:
            visit.screen.rows([(text,)], indent="      ")


def _worded(category: str) -> tuple[str, str]:
    mark, style = STYLES[category]
    return f"{mark} {category.replace('_', ' ')}", style


def _last(view: "View") -> str:
    if not view["last_at"]:
        return ""
    then = datetime.fromisoformat(str(view["last_at"]))
    now = datetime.now(UTC)  # noqa: TID251 - only to say how long ago something was
    return f" · last: {view['last_actor']}, {ago(then, now)}"
