"""The generated part of docs/reference/lifecycle.md, made from the rows of core/lifecycle.

    python -m tests.support.lifecycle_page

writes it into the page again after the rows changed.
"""

from pathlib import Path

from runthrough.core.lifecycle import ABSENT, PERMISSIONS, TRANSITIONS, Phase

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "lifecycle.md"
BEGIN = "<!-- generated from core/lifecycle.py; do not edit by hand -->"
END = "<!-- end of the generated part -->"
_NOWHERE = "[*]"
"""How a Mermaid state diagram writes the start and the end."""


def generated() -> str:
    """Diagram, table of transitions and table of phases, between their two marks."""
    parts = (BEGIN, _diagram(), "## Transitions", _transitions(), "## Phases", _phases(), END)
    return "\n\n".join(parts)


def written(page: str) -> str:
    """The generated part as it stands in a page, marks included."""
    return page[page.index(BEGIN) : page.index(END) + len(END)]


def _diagram() -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for trigger, sources, dest in TRANSITIONS:
        for source in sources:
            arrows.setdefault((source, dest), []).append(trigger)
    lines = [
        f"    {_place(source)} --> {_place(dest)}: {', '.join(triggers)}"
        for (source, dest), triggers in arrows.items()
        if (source, dest) != (ABSENT, ABSENT)
    ]
    return "\n".join(("```mermaid", "stateDiagram-v2", *lines, "```"))


def _place(state: str) -> str:
    return _NOWHERE if state == ABSENT else state


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
