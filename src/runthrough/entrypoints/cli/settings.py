"""What the program was told, and by what: `config show`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import near, one_line, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from runthrough.entrypoints.cli.screen import Piece

_UNSAID = {
    "session": "by the current folder, else your last",
    "workspace": "the pipeline file's folder",
    "host": "made at the first command",
    "compounds": "none beyond the known ones",
}
"""What holds where a setting says nothing."""


@visiting()
def show(visit: Visit) -> None:
    """Show every setting with its value, where that came from, and what it overruled."""
    from runthrough.bootstrap import tell_settings  # noqa: PLC0415 - heavy, inside commands

    view = tell_settings(cwd=str(Path.cwd()), environ=os.environ, flags=visit.flags())
    visit.screen.result(view)
    rows: list[tuple[str | Piece, ...]] = []
    for row in rows_of(view["settings"]):
        name = str(row["name"])
        rows.append((name, (f"[{_origin(row)}]", "dim"), _words(name, row["value"])))
        rows += [
            ("", (f"[{_origin(one)}]", "dim"), (f"instead of {_words(name, one['value'])}", "dim"))
            for one in rows_of(row["overrides"])
        ]
    visit.screen.rows(rows, indent="")
    visit.screen.blank()
    file = view["file"]
    visit.screen.line(f"settings file: {near(str(file)) if file else 'none here or above'}")
    for one in rows_of(view["unknown"]):
        visit.screen.line(
            ("! ", "bold yellow"), misspelt_words(str(one["variable"]), one["nearest"])
        )


def misspelt_words(variable: str, nearest: object) -> str:
    """That a variable sets nothing, and which one may be meant."""
    near_ones = [str(one) for one in nearest] if isinstance(nearest, list | tuple) else []
    meant = f"; did you mean {' or '.join(near_ones)}?" if near_ones else ""
    return one_line(f"{variable} is no setting of runthrough and sets nothing{meant}")


def _words(name: str, value: "JsonValue") -> str:
    if value is None or value in ([], {}):
        return _UNSAID.get(name, "none")
    if isinstance(value, list):
        return one_line(", ".join(map(str, value)))
    if isinstance(value, dict):
        return one_line(", ".join(f"{key} → {one}" for key, one in value.items()))
    return one_line(value if isinstance(value, str) else json.dumps(value))


def _origin(row: "Mapping[str, JsonValue]") -> str:
    origin = str(row["origin"])
    return near(origin) if os.sep in origin else origin


CONFIG_COMMANDS = (show,)
