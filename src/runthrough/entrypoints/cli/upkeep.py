"""Proving the log, and looking after the database."""

import os
from pathlib import Path

from runthrough.entrypoints.cli.failing import AUDIT_BROKEN
from runthrough.entrypoints.cli.visit import Visit, visiting


@visiting(session=False)
def verify(visit: Visit) -> int:
    """Recompute the chain of hashes over the whole log; exit 6 where it is broken."""
    with visit.application() as application:
        verdict = application.sessions.verify()
    bad = verdict.first_bad
    visit.screen.result(
        {
            "ok": verdict.ok,
            "checked": verdict.checked,
            "head_position": verdict.head_position,
            "first_bad": None if bad is None else {"position": bad.position, "kind": bad.kind},
        }
    )
    if bad is None:
        visit.screen.line(
            ("✓ ", "green"),
            f"the log verifies: {verdict.checked} events, head at {verdict.head_position}",
        )
        return 0
    visit.screen.line(
        ("✗ ", "bold red"),
        f"the log is broken at position {bad.position} ({bad.kind}); "
        f"{verdict.checked} events were checked",
    )
    visit.screen.line("  → what lies before it is what was written; restore a copy, and compare")
    return AUDIT_BROKEN


@visiting(session=False)
def upgrade(visit: Visit) -> None:
    """Bring the database's tables up to this version of runthrough."""
    from runthrough.bootstrap import upgrade_database  # noqa: PLC0415 - heavy, inside commands

    url = _url(visit)
    schema = upgrade_database(url)
    visit.screen.result({"database": _shown(url), "schema": schema})
    visit.screen.line(f"{_shown(url)} has schema {schema}")


@visiting(session=False)
def current(visit: Visit) -> None:
    """Show the schema of the database, and the one this version needs."""
    from runthrough.bootstrap import current_schema  # noqa: PLC0415 - heavy, inside commands

    url = _url(visit)
    found, wanted = current_schema(url)
    visit.screen.result({"database": _shown(url), "schema": found, "wanted": wanted})
    visit.screen.line(
        f"{_shown(url)} has {f'schema {found}' if found else 'no schema yet'}; "
        f"this version needs {wanted}"
    )
    if found != wanted:
        visit.next("runthrough db upgrade")


def _url(visit: Visit) -> str:
    from runthrough.settings import load_settings  # noqa: PLC0415 - heavy, inside commands

    return load_settings(Path.cwd(), os.environ, visit.flags()).database_url


def _shown(url: str) -> str:
    """The database's URL without its password."""
    from runthrough.core.values.secrets import masked_text  # noqa: PLC0415 - inside commands

    return masked_text(url)


AUDIT_COMMANDS = (verify,)
DB_COMMANDS = (upgrade, current)
