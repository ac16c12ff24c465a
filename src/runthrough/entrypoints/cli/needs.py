"""The requirements screen: what a node needs, what it has, and what to type."""

import shlex
from typing import TYPE_CHECKING

from runthrough.entrypoints.cli.screen import Piece

if TYPE_CHECKING:
    from pydantic import JsonValue

    from runthrough.application.session import Session
    from runthrough.core.views.nodes import View
    from runthrough.entrypoints.cli.visit import Visit

_PARTS = (
    ("expected_inputs", "inputs", "--input", "PATH"),
    ("expected_outputs", "outputs", "--output", "PATH"),
    ("environment_variables", "variables", "--env", "VALUE"),
    ("job_arguments", "arguments", "--arg", "VALUE"),
)


def draw_requirements(visit: "Visit", session: "Session", view: "View") -> None:
    """Each kind of need with its values, and the command that answers them."""
    screen = visit.screen
    node = session.node_named(str(view["step_name"]))
    there = session.state.nodes[node]
    state = there.state.value if there.state else "external"
    screen.line((node, "bold"), f" · {view['script_path'] or 'no script'} · {state}")
    for key, title, _, _ in _PARTS:
        needs = _listed(view[key])
        if needs:
            screen.blank()
            screen.line((title, "bold"))
            screen.rows(_row(need) for need in needs)
    drift = view["drift"]
    if isinstance(drift, list) and drift:
        screen.blank()
        screen.line(("contract and code disagree", "bold"))
        screen.rows((str(line),) for line in drift)
    screen.blank()
    screen.line(("* required", "dim"))
    for problem in there.needs:
        screen.line(("? ", "bold yellow"), problem.message)
    if not there.external:
        visit.next(_answer(session, node, view))


def _listed(value: "JsonValue") -> list[dict[str, "JsonValue"]]:
    return [need for need in value if isinstance(need, dict)] if isinstance(value, list) else []


def _row(need: dict[str, "JsonValue"]) -> tuple[str | Piece, ...]:
    required = bool(need["required"])
    current = need.get("current_path", need.get("current_value"))
    default = need.get("default_value")
    if current is not None:
        value = _text(current)
    elif need.get("proposed") is not None:
        value = f"{_text(need['proposed'])} ?"
    elif default is not None:
        value = f"default {_text(default)}"
    else:
        value = "-"
    choices = need.get("choices")
    listed = choices if isinstance(choices, list) else []
    among = f" (one of {', '.join(_text(choice) for choice in listed)})" if listed else ""
    told = f"{need['description']}{among} [{need['source']}]"
    return f"{'*' if required else ' '} {need['name']}", value, told


def _text(value: object) -> str:
    import json  # noqa: PLC0415 - only for what is no text

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _answer(session: "Session", node: str, view: "View") -> str:
    """The command that answers what is missing, else one that changes the first value."""
    row = next(row for row in session.worklist() if row.node == node)
    if row.category == "needs_you" and row.next is not None:
        return row.next
    flags = [
        f"{flag} {shlex.quote(str(need['name']))}={kind}"
        for key, _, flag, kind in _PARTS
        for need in _listed(view[key])
        if key != "expected_outputs"
    ]
    change = flags[-1] if flags else "--note TEXT"
    return f"runthrough configure {shlex.quote(node)} {change}"
