"""The page that lists the decisions, made from the head of each.

    python -m tests.support.adr_page

writes it anew after one was added, and tells what the map of the site lacks.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "adr"
PAGE = FOLDER / "index.md"
HEAD = re.compile(r"# (\d+)\. (.+)\n\nStatus: (.+)\.\n")
DECISION = re.compile(r"^## Decision\n\n(.+)$", re.MULTILINE)
INTRODUCTION = """\
# Decisions

Each page tells one decision: what made it necessary, what was decided, and what follows.
A decision that no longer holds is superseded by another page and stays as it was written.

| | about | decided | status |
| --- | --- | --- | --- |
"""


def decisions() -> list[tuple[int, str, str, str, str]]:
    """Number, title, the sentence that decides, status and file of each decision."""
    found = []
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        head, decided = HEAD.match(text), DECISION.search(text)
        assert head, f"{path.name} does not begin with a number, a title and a status"
        assert decided, f"{path.name} has no sentence below `## Decision`"
        assert int(head[1]) == int(path.name[:4]), path.name
        found.append((int(head[1]), head[2], decided[1], head[3], path.name))
    return found


def generated() -> str:
    """The whole page."""
    rows = (
        f"| {number} | [{title}]({name}) | {decided} | {status} |\n"
        for number, title, decided, status, name in decisions()
    )
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(generated(), encoding="utf-8")
