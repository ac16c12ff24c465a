"""The README: short, with a picture that is there, and figures that were taken."""

import re
from itertools import pairwise

from tests.support.pages import DOCS, REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BENCHMARKS = (DOCS / "explanation" / "benchmarks.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def section(title):
    """The text below a heading, up to the next one."""
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ")[0]


def rows(text, row=slice(None)):
    """The cells of the rows of a table, its first two lines left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [line.strip("| ").split(" | ")[row] for line in lines]


def taken(figure):
    """Whether a figure is one of those in the table of benchmarks, as far as it is written."""
    digits = len(figure.partition(".")[2])
    known = (float(number.replace(",", "")) for number in NUMBER.findall(BENCHMARKS))
    return float(figure.replace(",", "")) in {round(number, digits) for number in known}


def figures(cells):
    """The figures of some cells."""
    return [found for cell in cells for found in NUMBER.findall(cell)]


def test_the_readme_is_short():
    """Nobody reads more than a few screens."""
    assert len(README.splitlines()) <= 170


def test_the_first_screen_shows_what_it_is():
    """Before the first heading: a sentence or two, and a picture that is in the repository."""
    first = README.split("\n## ")[0]
    pictures = re.findall(r'src="([^"]+)"', first)
    assert pictures
    assert [name for name in pictures if not (REPOSITORY / name).is_file()] == []
    assert all("alt=" in tag for tag in re.findall(r"<img[^>]+>", first))
    assert "rehearse" in first.lower()


def test_the_sections_come_in_the_order_of_a_reader():
    """What to type first, then Python, then promises, cost and limits."""
    order = [
        "Two commands",
        "Your own pipeline",
        "The same in Python",
        "What it promises",
        "What it costs",
        "What it does not do",
        "Documentation",
    ]
    places = [README.index(f"\n## {title}") for title in order]
    assert all(first < second for first, second in pairwise(places))


def test_every_ratio_was_measured():
    """The ratios of the cost table, and the peers' times, stand in the table of benchmarks."""
    ratios = figures([row[2] for row in rows(section("What it costs"))])
    beside = figures(rows(section("Beside others"), slice(1, None))[-1])
    assert len(ratios) > 10
    assert [figure for figure in (*ratios, *beside) if not taken(figure)] == []


def test_a_figure_that_was_not_taken_is_found_out():
    """Another figure is not in the table; one that is rounded is."""
    assert not taken("0.123")
    assert taken("1.30")


def test_the_python_example_is_short():
    """The program below "The same in Python" has about ten lines."""
    program = re.search(r"```python\n(.*?)```", section("The same in Python"), re.DOTALL)[1]
    assert len(program.strip().splitlines()) <= 12
