"""Looking after the database's tables."""

import os
from pathlib import Path

from runthrough.entrypoints.cli.failing import PASSED, UNAVAILABLE
from runthrough.entrypoints.cli.visit import Visit, visiting


@visiting(session=False)
def upgrade(visit: Visit) -> None:
    """Bring the database's tables up to this version of runthrough."""
    from runthrough.bootstrap import (  # noqa: PLC0415 - heavy, inside commands
        shown_database,
        upgrade_database,
    )

    url = _url(visit)
    place = shown_database(url)
    done = upgrade_database(url)
    visit.screen.result(
        {
            "database": place,
            "before": done.before,
            "schema": done.after,
            "triggers": list(done.triggers),
        }
    )
    if done.before != done.after:
        told = f"migrated from schema {done.before}" if done.before else "got its tables"
        visit.screen.line(("✓ ", "green"), f"{place} {told}: schema {done.after}")
    elif not done.triggers:
        visit.screen.line(
            ("✓ ", "green"), f"{place} has schema {done.after} already; nothing was to be done"
        )
    else:
        visit.screen.line(
            ("! ", "bold yellow"),
            f"{place} has schema {done.after}; somebody had taken off what keeps events as they "
            f"are, and it was made again: {', '.join(done.triggers)}",
        )
        visit.next("runthrough audit verify")


@visiting(session=False)
def current(visit: Visit) -> int:
    """Show the database's schema, and the one this version needs; exit 4 where they differ."""
    from runthrough.bootstrap import (  # noqa: PLC0415 - heavy, inside commands
        current_schema,
        shown_database,
    )

    url = _url(visit)
    place = shown_database(url)
    found, wanted = current_schema(url)
    visit.screen.result({"database": place, "schema": found, "wanted": wanted})
    has = f"{place} has {f'schema {found}' if found else 'no schema yet'}"
    if found == wanted:
        visit.screen.line(("✓ ", "green"), f"{has}, which this version needs")
        return PASSED
    visit.screen.line(("! ", "bold yellow"), f"{has}; this version needs {wanted}")
    if found is None or found < wanted:
        visit.next("runthrough db upgrade")
    else:
        visit.screen.line("  → it was written by a newer runthrough: upgrade this one")
    return UNAVAILABLE


def _url(visit: Visit) -> str:
    from runthrough.settings import load_settings  # noqa: PLC0415 - heavy, inside commands

    return load_settings(Path.cwd(), os.environ, visit.flags()).database_url


DB_COMMANDS = (upgrade, current)
