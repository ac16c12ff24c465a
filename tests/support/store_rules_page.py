"""The generated part of docs/reference/store-rules.md, made from the rules themselves.

    python -m tests.support.store_rules_page

writes it into the page again after rules changed.
"""

import sys
from itertools import groupby
from pathlib import Path

from runthrough.entrypoints.store_suite import RULES, Rule

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "store-rules.md"
BEGIN = "<!-- generated from entrypoints/store_suite; do not edit by hand -->"
END = "<!-- end of the generated part -->"


def generated() -> str:
    """A heading, a line and a table for each module of rules, between their two marks."""
    groups = groupby(RULES, key=lambda rule: rule.check.__module__)
    tables = (_table(module, list(rules)) for module, rules in groups)
    return "\n\n".join((BEGIN, f"There are {len(RULES)} of them.", *tables, END))


def written(page: str) -> str:
    """The generated part as it stands in a page, marks included."""
    return page[page.index(BEGIN) : page.index(END) + len(END)]


def _table(module: str, rules: list[Rule]) -> str:
    title, _, about = (sys.modules[module].__doc__ or "").partition("\n")[0].partition(": ")
    rows = [f"| `{rule.name}` | {rule.sentence} |" for rule in rules]
    table = "\n".join(("| rule | promise |", "| --- | --- |", *rows))
    return f"### {title}\n\n{about[:1].upper()}{about[1:]}\n\n{table}"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(written(text), generated()), encoding="utf-8")
