"""Telling what can go wrong with the database here, before it does."""

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runthrough.entrypoints.cli.failing import FAILED, PASSED
from runthrough.entrypoints.cli.screen import Piece
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runthrough.core.values.health import Finding

_MARKS = {
    "ok": ("✓ ok", "green"),
    "warning": ("! warning", "bold yellow"),
    "error": ("✗ error", "bold red"),
}


@visiting(session=False)
def doctor(visit: Visit) -> int:
    """Look at versions, settings and the database; say what is wrong and what to do."""
    from runthrough.bootstrap import examine  # noqa: PLC0415 - heavy, inside commands
    from runthrough.core.views.health import judge  # noqa: PLC0415 - as above

    health = examine(cwd=str(Path.cwd()), environ=os.environ, flags=visit.flags())
    findings = [
        # Of all that may be told here, only this one is a command as it stands.
        replace(finding, fix=visit.typed_here(finding.fix))
        if finding.check == "schema" and finding.fix is not None
        else finding
        for finding in judge(health)
    ]
    wrong = any(finding.level == "error" for finding in findings)
    database = health.database
    visit.screen.result(
        {
            "ok": not wrong,
            "database": database.place if database else None,
            "origin": database.origin if database else None,
            "versions": asdict(health.versions),
            "findings": [asdict(finding) for finding in findings],
        }
    )
    _draw(visit, findings)
    return FAILED if wrong else PASSED


def _draw(visit: Visit, findings: "Sequence[Finding]") -> None:
    rows: list[tuple[str | Piece, ...]] = []
    for finding in findings:
        name = finding.check.replace("_", " ")
        rows.append((_MARKS[finding.level], name, finding.message))
        if finding.fix is not None:
            rows.append(("", "", (f"→ {finding.fix}", "bold")))
    visit.screen.rows(rows, indent="")
    visit.screen.blank()
    errors, warnings = (
        counted(sum(finding.level == level for finding in findings), level)
        for level in ("error", "warning")
    )
    visit.screen.line(f"{errors}, {warnings}")
    if visit.password_hint is not None:
        visit.screen.line((visit.password_hint, "dim"))


COMMANDS = (doctor,)
