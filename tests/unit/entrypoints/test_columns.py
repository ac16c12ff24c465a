"""Rows in aligned columns on screens of any width."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from runthrough.entrypoints.cli.columns import BELOW, GAP, aligned

WORDS = st.text("ab京é", min_size=1, max_size=30)
SENTENCES = st.lists(WORDS, max_size=8).map(" ".join)
ROWS = st.lists(st.tuples(WORDS, WORDS, SENTENCES), min_size=1, max_size=6)
FAILED = ("✗ failed", "ConvertCurrency_production", "KeyError: 'USD'")
PASSED = ("✓ passed", "CleanOrders", "0.1 s")


def drawn(*rows, columns=80, indent=""):
    """The lines of rows of plain text."""
    console = Console(file=io.StringIO(), width=columns)
    cells = [[(text, "") for text in row] for row in rows]
    return [line.plain for line in aligned(cells, console=console, indent=indent)]


@given(rows=ROWS, columns=st.integers(6, 130), indent=st.sampled_from(["", "  "]))
@example(rows=[FAILED, PASSED], columns=20, indent="  ")
def test_nothing_is_lost_and_nothing_is_too_wide(rows, columns, indent):
    """Every sign is drawn, in order, and each line fits the screen."""
    lines = drawn(*rows, columns=columns, indent=indent)
    assert all(cell_len(line) <= columns for line in lines)
    told = "".join("".join(lines).split())
    assert told == "".join("".join("".join(row).split()) for row in rows)
    assert all(line == line.rstrip() for line in lines)


def test_columns_are_aligned_by_what_is_seen():
    """A sign that takes two columns counts as two, and one that takes none as none."""
    lines = drawn(("a", "京", "x"), ("b", "cafe\u0301", "y"), ("c", "d", "z"))
    assert [cell_len(line) for line in lines] == [1 + GAP + 4 + GAP + 1] * 3


def test_a_word_that_has_no_room_stands_below_its_row_whole():
    """Rather than to fall apart in a narrow column, a text gets a line of its own."""
    long = "ConvertCurrency_production.converted_orders"
    lines = drawn(("… waiting", "MonthlyStatement", f"for {long}"), PASSED, columns=60)
    assert lines[0] == "… waiting   MonthlyStatement"
    assert lines[1] == f"{' ' * BELOW}for {long}"
    assert lines[2].split() == ["✓", "passed", "CleanOrders", "0.1", "s"]


def test_one_long_name_does_not_take_the_room_of_all():
    """What is told of it stands in the next line, at the column of the others."""
    lines = drawn(FAILED, PASSED, columns=60)
    assert lines[0] == "✗ failed   ConvertCurrency_production   KeyError: 'USD'"
    lines = drawn((*FAILED[:2], f"{FAILED[2]} is no currency"), PASSED, columns=60)
    assert lines[0] == "✗ failed   ConvertCurrency_production"
    assert lines[2] == "✓ passed   CleanOrders   0.1 s"
    assert lines[1].index("KeyError") == lines[2].index("0.1")


def test_a_cell_that_is_too_long_keeps_its_distance():
    """Between two cells of a row there is always a gap."""
    (line, *_) = drawn(("x" * 30, "y", "z"), ("a", "b", "word " * 20), columns=60)
    assert line.startswith(f"{'x' * 30}{' ' * GAP}y")


@pytest.mark.parametrize("text", ["", "one\ntwo"])
def test_a_single_column_is_only_indented(text):
    """Lines of a text stay lines; of nothing nothing is drawn but its line."""
    assert drawn((text,), indent="  ") == [f"  {line}".rstrip() for line in text.split("\n")]
