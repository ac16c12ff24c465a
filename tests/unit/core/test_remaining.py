"""How long a run will go on, told from the past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.views.remaining import Remaining, remaining

CHAIN = {"b": ("a",), "c": ("b",)}


def left(order, predecessors, past_s, *, running_s=None, jobs=1):
    return remaining(
        list(order), predecessors, past_s=past_s, running_s=running_s or {}, jobs=jobs
    )


def test_nodes_in_a_row_add_up():
    """However many places there are, one after the other takes the sum."""
    past = {"a": 1.0, "b": 2.0, "c": 3.0}
    assert left("abc", CHAIN, past, jobs=8) == Remaining(6.0, at_least=False)


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 6.0), (2, 4.0), (3, 3.0)])
def test_places_are_shared(jobs, seconds):
    """Nodes that wait for nothing start in order, as many at once as there are places."""
    assert left("abc", {}, {"a": 1.0, "b": 2.0, "c": 3.0}, jobs=jobs).seconds == seconds


def test_what_runs_has_part_of_its_time_behind_it():
    """Elapsed seconds count, and a node that takes longer than before may end at any moment."""
    past = {"a": 5.0, "b": 2.0}
    assert left("ab", {"b": ("a",)}, past, running_s={"a": 4.0}).seconds == 3.0
    assert left("ab", {"b": ("a",)}, past, running_s={"a": 9.0}).seconds == 2.0


def test_what_is_through_holds_nothing_up():
    """A predecessor that is not left in the order counts as done."""
    assert left("c", CHAIN, {"c": 3.0}).seconds == 3.0


def test_unknown_nodes_make_it_a_lower_bound():
    """A node that never passed counts nothing, and that is told."""
    assert left("abc", CHAIN, {"a": 1.0}) == Remaining(1.0, at_least=True)


def test_of_nothing_known_nothing_is_said():
    """Where no node ever passed, or none is left, there is no answer."""
    assert left("abc", CHAIN, {}) is None
    assert left("", CHAIN, {"a": 1.0}) is None


@st.composite
def runs(draw):
    names = [f"n{i}" for i in range(draw(st.integers(1, 12)))]
    above = {
        name: tuple(draw(st.sets(st.sampled_from(names[:place])))) if place else ()
        for place, name in enumerate(names)
    }
    past = {name: float(draw(st.integers(0, 50))) for name in names}
    return names, above, past


@given(run=runs(), jobs=st.integers(1, 4))
def test_it_lies_between_what_no_schedule_beats_and_the_sum(run, jobs):
    """Never shorter than the longest path or the shared sum, never longer than one by one."""
    names, above, past = run
    longest = {}
    for name in names:
        longest[name] = past[name] + max((longest[up] for up in above[name]), default=0.0)
    told = left(names, above, past, jobs=jobs)
    total = sum(past.values())
    assert max(*longest.values(), total / jobs) <= told.seconds + 1e-9
    assert told.seconds <= total
    assert not told.at_least
