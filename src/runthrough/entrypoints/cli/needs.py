"""The requirements screen: what a node needs, what it has, and what to type."""

from typing import TYPE_CHECKING

from runthrough.entrypoints.cli.screen import Piece

if TYPE_CHECKING:
    from pydantic import JsonValue

    from runthrough.application.session import Session
    from runthrough.core.state import NodeState
    from runthrough.core.views.nodes import View
    from runthrough.entrypoints.cli.screen import Screen
    from runthrough.entrypoints.cli.visit import Visit

_PARTS = (
    ("expected_inputs", "inputs"),
    ("expected_outputs", "outputs"),
    ("environment_variables", "variables"),
    ("job_arguments", "arguments"),
)


def draw_requirements(
    visit: "Visit", session: "Session", view: "View", *, next_command: str
) -> None:
    """Each kind of need with its values, and the command that answers them."""
    screen = visit.screen
    node = session.node_named(str(view["step_name"]))
    there = session.state.nodes[node]
    state = there.state.value if there.state else "external"
    screen.line((node, "bold"), f" · {view['script_path'] or 'no script'} · {state}")
    for key, title in _PARTS:
        needs = _listed(view[key])
        if needs:
            screen.blank()
            screen.line((title, "bold"))
            null = _null_names(there) if key == "job_arguments" else frozenset()
            screen.rows(_row(need, is_null=need["name"] in null) for need in needs)
    drift = view["drift"]
    if isinstance(drift, list) and drift:
        screen.blank()
        screen.line(("contract and code disagree", "bold"))
        screen.rows((str(line),) for line in drift)
    if there.external:
        _draw_provided(screen, there)
    else:
        screen.blank()
        screen.line(("* required", "dim"))
    for problem in there.needs:
        screen.line(problem.message, lead=("? ", "bold yellow"))
    visit.next(next_command)


def _draw_provided(screen: "Screen", there: "NodeState") -> None:
    from runthrough.core.values.paths import shown  # noqa: PLC0415 - rare

    if there.external_outputs:
        screen.blank()
        screen.line(("provides", "bold"))
        screen.rows((f"  {name}", shown(path)) for name, path in there.external_outputs.items())


def _listed(value: "JsonValue") -> list[dict[str, "JsonValue"]]:
    return [need for need in value if isinstance(need, dict)] if isinstance(value, list) else []


def _null_names(there: "NodeState") -> frozenset[str]:
    """The arguments that are set, and null."""
    spec = there.spec or there.draft
    return (
        frozenset(n for n, value in spec.job_args.items() if value is None)
        if spec
        else frozenset()
    )


def _row(need: dict[str, "JsonValue"], *, is_null: bool) -> tuple[str | Piece, ...]:
    required = bool(need["required"])
    current = need.get("current_path", need.get("current_value"))
    default = need.get("default_value")
    if current is not None or is_null:
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
    among = among or _number(need.get("type"))
    told = f"{need['description']}{among} [{need['source']}]"
    return f"{'*' if required else ' '} {need['name']}", value, told


def _number(told: object) -> str:
    from runthrough.core.values.requirements import NUMBERS  # noqa: PLC0415 - it needs pydantic

    return next((f" ({words})" for number, words in NUMBERS.items() if number == told), "")


def _text(value: object) -> str:
    import json  # noqa: PLC0415 - only for what is no text

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
