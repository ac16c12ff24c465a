"""One node on one screen: `show`."""

from datetime import datetime
from typing import TYPE_CHECKING

from runthrough.core.views.configured_words import configured_words
from runthrough.entrypoints.cli.reading import NODE
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import ago, near, one_line, rows_of
from runthrough.entrypoints.cli.worklist import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import JsonValue

    from runthrough.core.views.nodes import View
    from runthrough.entrypoints.cli.screen import Piece, Screen

    Row = Mapping[str, JsonValue]

_ORIGINS = {
    "pipeline": "pipeline file",
    "person": "a person",
    "found": "found",
    "default": "default",
    "declared": "declared in the pipeline file",
    "accepted": "connected by itself",
    "confirmed": "confirmed by a person",
    "connection": "connected",
}
_DIGEST_SHOWN = 12
"""Signs of a digest that tell one from another; --json has it whole."""


@visiting()
def show(visit: Visit, node: NODE) -> None:
    """Show all that is known of a node: script, values, connections, problems, attempts."""
    with visit.opened() as (_, session):
        view = session.whole_node(node)
        own = view["next"] if view["category"] == "needs_you" else None
        next_command = str(own) if own else session.next_command()
        visit.screen.result({**view, "next_command": next_command})
        _draw(visit, view)
        visit.next(next_command)


def _draw(visit: Visit, view: "View") -> None:
    screen = visit.screen
    mark, style = STYLES[str(view["category"])]
    state = "external" if view["external"] else str(view["state"])
    category = str(view["category"]).replace("_", " ")
    screen.line((str(view["node"]), "bold"), f" · {state} · ", (f"{mark} {category}", style))
    if view["text"]:
        screen.line(one_line(str(view["text"])), lead="    ")
    screen.blank()
    screen.rows(_facts(view))
    values = rows_of(view["values"])
    _titled(screen, "values", [(_name(row), _value(row), _origin(row)) for row in values])
    _titled(screen, "inputs from", [*_wires(view["inputs_from"], incoming=True)])
    _titled(screen, "outputs to", [*_wires(view["outputs_to"], incoming=False)])
    _draw_written(screen, view["written"])
    changes = rows_of(view["stale"])
    if changes:
        screen.blank()
        screen.line(("changed since it passed", "bold"))
        _draw_changes(screen, changes)
    attempts = rows_of(view["attempts"])
    _titled(screen, "attempts, newest first", [*_attempts(attempts)])
    newest = next((str(one["log"]) for one in attempts[:1] if one["log"]), None)
    if newest is not None:
        screen.typed("  log of the newest: ", near(newest))
    problems = rows_of(view["problems"])
    if problems:
        screen.blank()
    for problem in problems:
        screen.line(("? ", "bold yellow"), str(problem["message"]))
        screen.typed("    → ", visit.advice(str(problem["fix"])))


def _draw_written(screen: "Screen", written: "JsonValue") -> None:
    """Where the outputs lie, each a path to copy."""
    if isinstance(written, dict) and written:
        screen.blank()
        screen.line(("written by the last attempt that passed", "bold"))
        for name, path in written.items():
            screen.typed(f"  {one_line(name)}  ", near(str(path)))


def _titled(screen: "Screen", title: str, rows: "Sequence[tuple[str | Piece, ...]]") -> None:
    if rows:
        screen.blank()
        screen.line((title, "bold"))
        screen.rows(rows)


def _facts(view: "View") -> "Iterator[tuple[str | Piece, ...]]":
    """What the node is, a row each; what there is nothing to tell of is left out."""
    script, interpreter = view["script"], view["interpreter"]
    if isinstance(script, dict):
        chosen = " (chosen by a person)" if script["bound"] else ""
        yield ("script", "dim"), f"{near(str(script['path']))}{chosen}"
        if script["description"]:
            yield ("", "dim"), one_line(str(script["description"]))
        if script["digest"]:
            yield ("digest", "dim"), str(script["digest"])[:_DIGEST_SHOWN]
        if script["framework"]:
            yield ("framework", "dim"), str(script["framework"])
    elif not view["external"]:
        yield ("script", "dim"), "none"
    if not view["external"] and isinstance(interpreter, dict):
        python = interpreter["python"] or "runthrough's own"
        yield ("python", "dim"), f"{python} ({_ORIGINS[str(interpreter['origin'])]})"
    if view["accepted_at"] and view["configured_by"]:
        yield ("configured", "dim"), _configured(view)
    for key, title in (("upstream", "above"), ("downstream", "below")):
        names = view[key]
        if isinstance(names, list) and names:
            yield (title, "dim"), ", ".join(map(str, names))


def _configured(view: "View") -> str:
    by_hand = [
        str(wire["input"])
        for wire in rows_of(view["inputs_from"])
        if wire["status"] == "confirmed"
    ]
    by = configured_words(str(view["configured_by"]), str(view["accepted_by"]), by_hand)
    return one_line(f"{by}, {_ago(view['accepted_at'])}")


def _ago(at: "JsonValue") -> str:
    from runthrough.bootstrap import now  # noqa: PLC0415 - heavy, so inside commands

    return ago(datetime.fromisoformat(str(at)), now())


def _name(row: "Row") -> str:
    return one_line(str(row["name"]))


def _value(row: "Row") -> str:
    from runthrough.core.views.value_words import value_words  # noqa: PLC0415 - in commands

    return one_line(value_words(row["value"]))


def _origin(row: "Row") -> "Piece":
    return f"[{_ORIGINS[str(row['origin'])]}]", "dim"


def _wires(value: "JsonValue", *, incoming: bool) -> "Iterator[tuple[str | Piece, ...]]":
    """One row a connection: ends, what stands of it, its score and the reason."""
    for wire in rows_of(value):
        output = f"{wire['from_node']}.{wire['output']}"
        choices = wire["subpath_choices"]
        if isinstance(choices, list) and len(choices) > 1:
            output += f"/[{' | '.join(map(str, choices))}]"
        elif wire["subpath"]:
            output += f"/{wire['subpath']}"
        question = "?" if wire["status"] == "proposed" else ""
        ends = (
            f"{wire['input']} ← {output}{question}"
            if incoming
            else f"{wire['output']} → {wire['node']}.{wire['input']}{question}"
        )
        score = f", score {wire['score']:.2f}" if isinstance(wire["score"], float) else ""
        told = one_line(f"{wire['status']}{score}: {wire['reason']}")
        yield one_line(ends), (told, "yellow" if question else "dim")


def _draw_changes(screen: "Screen", changes: "Sequence[Row]") -> None:
    from runthrough.core.staleness import Change  # noqa: PLC0415 - inside commands
    from runthrough.core.views.changes import change_words  # noqa: PLC0415 - as above

    for row in changes:
        change = Change(str(row["part"]), str(row["name"]), row["old"], row["new"])
        screen.line(f"  {one_line(change_words(change))}")


def _attempts(attempts: "Sequence[Row]") -> "Iterator[tuple[str | Piece, ...]]":
    for one in attempts:
        style = "green" if one["outcome"] == "passed" else "red"
        yield (
            (str(one["outcome"]).replace("_", " "), style),
            f"{one['duration_s']:.1f} s",
            _ago(one["at"]),
            one_line(str(one["error"] or "")),
        )


COMMANDS = (show,)
