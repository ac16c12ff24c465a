"""The page of situations and the tests of them tell of the same ones."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "explanation" / "situations.md"
TESTS = REPOSITORY / "tests" / "e2e" / "situations"
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
SENTENCE = re.compile(r"^[^.]+\.$")
"""One full stop, at the end."""


def rows():
    return [match.groups() for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


def went_through():
    """The names of all tests of situations, without `test_`."""
    return {
        node.name.removeprefix("test_")
        for module in TESTS.glob("test_*.py")
        for node in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def named(number, title):
    """What the test of a row is called."""
    words = re.sub(r"[^a-z0-9 ]", "", title.lower().replace("-", " "))
    return "_".join([f"{int(number):02}", *words.split()])


def test_each_row_has_a_test_of_its_number_and_name():
    """A situation on the page is one that a test goes through."""
    assert {named(number, title) for number, title, *_ in rows()} - went_through() == set()


def test_each_test_has_a_row_of_its_number():
    """What is tested is told, once."""
    numbers = sorted(int(number) for number, *_ in rows())
    assert numbers == list(range(1, len(numbers) + 1))
    assert {int(name[:2]) for name in went_through()} == set(numbers)


def test_each_row_says_what_and_why_in_one_sentence_each():
    """A row is read at a glance."""
    for _, title, what, why in rows():
        assert SENTENCE.match(what), title
        assert SENTENCE.match(why), title


@pytest.mark.parametrize(
    "page",
    [
        "how-to/resume-a-session.md",
        "how-to/rerun-what-changed.md",
        "how-to/configure-a-node.md",
        "how-to/connect-outputs.md",
        "how-to/share-a-database.md",
        "how-to/keep-secrets-out.md",
    ],
)
def test_the_how_tos_lead_to_it(page):
    """Who does a thing finds what may come of it."""
    text = PAGE.parents[1].joinpath(page).read_text(encoding="utf-8")
    assert "(../explanation/situations.md" in text
