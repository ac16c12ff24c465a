"""The generated part of docs/reference/lifecycle.md, made from the rows of core/lifecycle.

    python -m tests.support.lifecycle_page

writes it into the page again after the rows changed.
"""

from pathlib import Path

from runthrough.core.lifecycle import PERMISSIONS, TRANSITIONS, Phase

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "lifecycle.md"
BEGIN = "<!-- generated from core/lifecycle.py; do not edit by hand -->"
END = "<!-- end of the generated part -->"
_PICTURE = "![What leads from one state to another](../images/lifecycle.svg)"
"""Drawn from the same rows, by `lifecycle_picture`."""


def generated() -> str:
    """Picture, table of transitions and table of phases, between their two marks."""
    parts = (BEGIN, _PICTURE, "## Transitions", _transitions(), "## Phases", _phases(), END)
    return "\n\n".join(parts)


def written(page: str) -> str:
    """The generated part as it stands in a page, marks included."""
    return page[page.index(BEGIN) : page.index(END) + len(END)]


def _transitions() -> str:
    rows = [
        f"| `{trigger}` | {', '.join(sources)} | {dest} |"
        for trigger, sources, dest in TRANSITIONS
    ]
    return "\n".join(("| trigger | from | to |", "| --- | --- | --- |", *rows))


def _phases() -> str:
    rows = [f"| `{verb}` | {' | '.join(cells)} |" for verb, cells in PERMISSIONS.items()]
    head = f"| command | {' | '.join(Phase)} |"
    return "\n".join((head, "| --- " * (1 + len(Phase)) + "|", *rows))


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(written(text), generated()), encoding="utf-8")
