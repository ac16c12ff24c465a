"""The status screen: the work list of DESIGN § 12."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from runthrough.entrypoints.cli.words import ago, counted, elsewhere, one_line, short_id

if TYPE_CHECKING:
    from runthrough.application.session import Session
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


def draw_status(
    visit: "Visit", session: "Session", view: "View", *, next_command: str | None = None
) -> None:
    """Who, where and when; the nodes by category; the next command, or another one."""
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
    if isinstance(view["approval"], dict):
        from runthrough.core.views.approval import approval_words  # noqa: PLC0415 - rare

        screen.blank()
        style = "yellow" if view["approval"]["stale"] else "green"
        screen.line((one_line(approval_words(view["approval"])), style))
    if told := _beside(session, view):
        screen.blank()
        screen.line((told, "yellow"))
    visit.next(next_command or str(view["next_command"]))


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


def _beside(session: "Session", view: "View") -> str:
    """What the work list does not tell: what was not looked at, or is not recorded yet."""
    if not view["at_home"]:
        return elsewhere(session)
    seen = view["unrecorded"]
    told = list(seen_words(seen)) if isinstance(seen, dict) else []
    return f"seen now, not recorded: {', '.join(told)}: runthrough resume" if told else ""


def seen_words(seen: "View") -> Iterator[str]:
    """What a resume would record, thing by thing."""
    nodes = (
        ("pending_again", "would be pending"),
        ("restored", "would be restored"),
        ("configured", "would be configured"),
    )
    for key, would in nodes:
        if number := _number(seen[key]):
            yield f"{counted(number, 'node')} {would}"
    things = (
        ("inputs_changed", "input", "changed"),
        ("scripts_edited", "script", "edited"),
        ("modules_edited", "module", "edited"),
    )
    for key, thing, what in things:
        if number := _number(seen[key]):
            yield f"{counted(number, thing)} {what}"


def _number(value: object) -> int:
    """A count, or how many there are."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else 0


def _worded(category: str) -> tuple[str, str]:
    mark, style = STYLES[category]
    return f"{mark} {category.replace('_', ' ')}", style


def _last(view: "View") -> str:
    if not view["last_at"]:
        return ""
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside

    then = datetime.fromisoformat(str(view["last_at"]))
    return f" · last: {view['last_actor']}, {ago(then, now())}"
