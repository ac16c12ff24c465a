"""Times, ids, paths and parts of views, as the screens take them."""

import os
from typing import TYPE_CHECKING

from runthrough.core.views.rows import rows_of
from runthrough.core.views.telling import ago, counted, one_line, short_id, stamp

if TYPE_CHECKING:
    from runthrough.application.session import Session

__all__ = [
    "ago",
    "counted",
    "elsewhere",
    "harmless",
    "near",
    "one_line",
    "rows_of",
    "short_id",
    "stamp",
]

_ORDERS = {
    code: chr(code).encode("unicode_escape").decode()
    for code in (*range(0x20), *range(0x7F, 0xA0))
    if chr(code) not in "\n\t"
}
"""What moves a cursor or begins an order, as source has it."""


def elsewhere(session: "Session") -> str:
    """That a session's files are on another machine, or nobody knows where on this one."""
    paths, home = session.paths_elsewhere, session.home_name
    verbs = ("is", "was") if paths == 1 else ("are", "were")
    there = "" if home == session.here_name else f"{verbs[0]} on {home} and "
    return f"{counted(paths, 'path')} {there}{verbs[1]} not looked at; {session.away_words}"


def harmless(text: str) -> str:
    """Lines that give the terminal no orders: names are read from scripts that anybody wrote."""
    return text.translate(_ORDERS)


def near(path: str) -> str:
    """A path below the current folder without it; another one whole."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
