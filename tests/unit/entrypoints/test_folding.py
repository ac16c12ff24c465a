"""Long lists for people."""

from hypothesis import given
from hypothesis import strategies as st

from runthrough.entrypoints.cli.folding import (
    FIRST,
    FIRST_URGENT,
    MANY,
    Row,
    by_kind,
    folded,
)

KINDS = ("failed", "passed", "ready")


def rows(**counts):
    """So many rows of each kind, in the order of the kinds."""
    return [Row(kind, f"{kind}{n}", "") for kind in counts for n in range(counts[kind])]


def test_few_rows_are_all_told():
    """Up to a screenful nothing is left out, whatever it is."""
    few = rows(passed=MANY)
    assert list(folded(few, urgent={"failed"})) == few


def test_of_many_the_first_of_each_kind_are_told():
    """What is alike is counted early, what somebody must look at late."""
    shown = list(folded(rows(failed=40, passed=240), urgent={"failed"}))
    assert [row.node for row in shown if row.kind == "failed"] == [
        *(f"failed{n}" for n in range(FIRST_URGENT)),
        "… 20 more",
    ]
    assert [row.node for row in shown if row.kind == "passed"][FIRST:] == ["… 235 more"]


def test_everything_can_be_asked_for():
    """Then each row is told."""
    many = rows(failed=40, passed=240)
    assert list(folded(many, urgent=(), everything=True)) == many


@given(counts=st.fixed_dictionaries({kind: st.integers(0, 60) for kind in KINDS}))
def test_what_is_told_and_what_is_counted_are_all(counts):
    """No row disappears without being counted, and no row stands for a single one."""
    shown = list(folded(rows(**counts), urgent={"failed"}))
    for kind in KINDS:
        told = [row.node for row in shown if row.kind == kind]
        rest = [int(node.split()[1]) for node in told if node.startswith("…")]
        assert len(told) - len(rest) + sum(rest) == counts[kind]
        assert all(number > 1 for number in rest)


def test_kinds_are_put_in_order():
    """Rows of one kind come together and keep their order."""
    mixed = [Row("ready", "a", ""), Row("failed", "b", ""), Row("ready", "c", "")]
    assert [row.node for row in by_kind(mixed, KINDS)] == ["b", "a", "c"]
