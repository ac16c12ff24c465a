"""Which node starts when, and what a failure stops."""

import random
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.application.scheduler import Scheduler

DIAMOND = {"left": ["top"], "right": ["top"], "bottom": ["left", "right"]}
DIAMOND_ORDER = ("top", "left", "right", "bottom")
MANY = 100
"""More jobs than any of these DAGs has nodes."""


@dataclass
class Crew:
    """Runs nodes without a thread: a node ends as it starts, or when another one has finished."""

    failing: frozenset[str] = frozenset()
    at_once: frozenset[str] = frozenset()
    """Nodes that are done without running."""
    until: dict[str, str] = field(default_factory=dict)
    """Node → the node at whose finish it ends."""
    chance: random.Random | None = None
    """Decides what is left running while something else ends."""
    started: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    running: dict[str, Future[bool]] = field(default_factory=dict)
    most: int = 0

    def start(self, node):
        self.started.append(node)
        if node in self.at_once:
            return None
        future = self.running[node] = Future()
        self.most = max(self.most, len(self.running))
        ends = [other for other, there in self.running.items() if there.done()]
        if node not in self.until and not (self.chance and ends and self.chance.random() < 0.5):
            self._end(node)
        return future

    def finish(self, node, passed):
        del self.running[node]
        self.finished.append(node)
        for other, awaited in self.until.items():
            if awaited == node:
                self._end(other)
        still = [other for other, future in self.running.items() if not future.done()]
        if self.chance and still and len(still) == len(self.running):
            self._end(self.chance.choice(still))
        return passed

    def _end(self, node):
        self.running[node].set_result(node not in self.failing)

    def drive(self, order, above, *, jobs=MANY, fail_fast=False, stop=lambda: False):
        scheduler = Scheduler(order, above, jobs=jobs, fail_fast=fail_fast)
        scheduler.drive(self.start, self.finish, stop=stop)
        assert not self.running, "the scheduler left while something ran"
        return self.started


def test_a_chain_runs_from_above_to_below():
    """Each node starts when the one above it has finished."""
    assert Crew().drive("abc", {"b": "a", "c": "b"}, jobs=1) == ["a", "b", "c"]


def test_nothing_to_do_is_done():
    """No node, no call."""
    assert Crew().drive((), {}) == []


def test_a_diamond_starts_its_ends_once():
    """The node below two others waits for both, and starts once."""
    assert Crew().drive(DIAMOND_ORDER, DIAMOND) == list(DIAMOND_ORDER)
    assert Crew().drive(DIAMOND_ORDER, DIAMOND, jobs=1) == list(DIAMOND_ORDER)


def test_a_node_waits_for_the_slowest_above_it():
    """The second of two finishes last; only then the node below both starts."""
    crew = Crew(until={"left": "right"})
    crew.drive(DIAMOND_ORDER, DIAMOND)
    assert crew.finished == ["top", "right", "left", "bottom"]


def test_ready_nodes_start_in_the_given_order():
    """Whatever ended first, of what is ready the first in order starts first."""
    above = {"d": ["b"], "c": ["a"]}
    assert Crew().drive("abcd", above, jobs=1) == ["a", "b", "c", "d"]
    assert Crew().drive("badc", above, jobs=1) == ["b", "a", "d", "c"]
    crew = Crew(until={"a": "b"})
    assert crew.drive("abcd", above, jobs=2) == ["a", "b", "d", "c"]


def test_several_that_end_together_are_taken_in_by_their_order():
    """The log of a run does not hang on which thread was a little faster."""
    crew = Crew(until=dict.fromkeys("cab", "z"))
    crew.drive("zcab", {})
    assert crew.finished == ["z", "c", "a", "b"]


@pytest.mark.parametrize("jobs", [1, 2, 3, 7])
def test_no_more_run_than_there_are_jobs(jobs):
    """Ten nodes with no edge keep exactly so many jobs busy."""
    crew = Crew()
    crew.drive("abcdefghij", {}, jobs=jobs)
    assert crew.most == jobs
    assert crew.finished == list("abcdefghij")


def test_below_a_failure_nothing_starts_and_elsewhere_it_goes_on():
    """One branch stops; the other runs to its end."""
    above = {"b": "a", "c": "b", "y": "x", "z": "y"}
    crew = Crew(failing=frozenset("b"))
    assert crew.drive("abcxyz", above, jobs=1) == ["a", "b", "x", "y", "z"]


def test_one_failure_above_is_enough_to_stop_a_node():
    """Below a diamond's failed side the end never starts."""
    crew = Crew(failing=frozenset({"left"}))
    assert crew.drive(DIAMOND_ORDER, DIAMOND) == ["top", "left", "right"]


def test_failing_fast_starts_nothing_new_but_takes_in_what_runs():
    """What was running at the failure is finished; what was ready never starts."""
    crew = Crew(failing=frozenset("b"), until={"a": "b"})
    assert crew.drive("abcd", {"d": "a"}, jobs=2, fail_fast=True) == ["a", "b"]
    assert crew.finished == ["b", "a"]


def test_failing_fast_without_a_failure_runs_all():
    """The switch alone stops nothing."""
    assert Crew().drive(DIAMOND_ORDER, DIAMOND, fail_fast=True) == list(DIAMOND_ORDER)


def test_a_node_that_is_done_at_once_takes_no_job():
    """What lies below it is released at once, and another node has the only job meanwhile."""
    crew = Crew(at_once=frozenset("ab"))
    assert crew.drive("abcd", {"b": "a", "c": "b"}, jobs=1) == ["a", "b", "c", "d"]
    assert crew.finished == ["c", "d"]


def test_all_done_at_once_needs_nobody_to_wait():
    """A run that reuses everything ends without a future."""
    crew = Crew(at_once=frozenset(DIAMOND_ORDER))
    assert crew.drive(DIAMOND_ORDER, DIAMOND) == list(DIAMOND_ORDER)
    assert crew.finished == []


def test_predecessors_outside_of_the_order_count_as_done():
    """A selection runs though what lies above it is not part of it."""
    assert Crew().drive("bc", {"b": ["a"], "c": ["a", "b"]}) == ["b", "c"]


def test_a_fault_of_a_report_ends_the_drive():
    """What `finish` raises is raised; nothing new starts."""
    crew = Crew()

    def finish(node, passed):
        raise LookupError(node)

    with pytest.raises(LookupError, match="a"):
        Scheduler("abc", {"c": "a"}, jobs=2, fail_fast=False).drive(crew.start, finish)
    assert crew.started == ["a", "b"]


def test_a_run_that_is_not_wanted_from_the_start_starts_nothing():
    """`stop` is asked before the first node."""
    assert Crew().drive("abc", {}, stop=lambda: True) == []


def test_from_the_first_yes_on_nothing_starts_and_what_runs_is_taken_in():
    """Also when the next answers would be no: a run does not begin again."""
    crew = Crew(until={"a": "b"})
    answers = iter((False, False, True))
    crew.drive("abcd", {"d": "a"}, stop=lambda: next(answers, False))
    assert crew.started == ["a", "b"]
    assert crew.finished == ["b", "a"]


def test_what_lies_below_what_passed_does_not_start_after_a_stop():
    """A node that passes while the run is ending releases nothing that would start."""
    crew = Crew()
    crew.drive("abc", {"b": "a", "c": "b"}, jobs=1, stop=lambda: "a" in crew.finished)
    assert crew.started == ["a"]


def test_a_reused_node_does_not_hide_a_stop():
    """`stop` is asked between nodes that are done at once, too."""
    crew = Crew(at_once=frozenset("abc"))
    crew.drive("abc", {"b": "a", "c": "b"}, stop=lambda: "b" in crew.started)
    assert crew.started == ["a", "b"]


def test_a_stop_is_asked_for_while_nothing_ends():
    """A script that hangs is ended by who was asked; the drive waits for that."""
    crew, asked = Crew(until={"a": "never"}), []

    def stop():
        asked.append(None)
        if len(asked) == 3:
            crew.running["a"].set_result(False)
        return len(asked) >= 3

    crew.drive("ab", {"b": "a"}, stop=stop)
    assert crew.finished == ["a"]


def test_a_stop_is_asked_on_until_what_runs_has_ended():
    """Who lets scripts come to their end may still end them."""
    crew, yes = Crew(until={"a": "never"}), []

    def stop():
        if not crew.started:
            return False
        yes.append(None)
        if len(yes) == 3:
            crew.running["a"].set_result(True)
        return True

    crew.drive("ab", {"b": "a"}, stop=stop)
    assert crew.finished == ["a"]
    assert crew.started == ["a"]


@st.composite
def dags(draw):
    """Nodes in topological order, and what lies directly above each."""
    order = [f"n{number}" for number in range(draw(st.integers(0, 12)))]
    above = {
        node: draw(st.lists(st.sampled_from(order[:place]), unique=True, max_size=4))
        for place, node in enumerate(order)
        if place
    }
    return order, above


@given(
    dag=dags(),
    jobs=st.integers(1, 4),
    fails=st.sets(st.integers(0, 11)),
    reused=st.sets(st.integers(0, 11)),
    chance=st.randoms(use_true_random=False),
)
def test_a_node_runs_exactly_when_all_above_it_passed(dag, jobs, fails, reused, chance):
    """Over any DAG, with any failures, in any order of ends and with any number of jobs."""
    order, above = dag
    failing = frozenset(f"n{number}" for number in fails - reused)
    crew = Crew(
        failing=failing, at_once=frozenset(f"n{number}" for number in reused), chance=chance
    )
    crew.drive(order, above, jobs=jobs)

    passed, runs = set(), set()
    for node in order:
        if passed.issuperset(above.get(node, ())):
            runs.add(node)
            passed |= {node} - failing
    assert sorted(crew.started) == sorted(runs), "each that may run starts once, no other does"
    assert crew.most <= jobs
    places = {node: place for place, node in enumerate(crew.started)}
    assert all(places[up] < places[node] for node in runs for up in above.get(node, ()))


@given(dag=dags(), fails=st.sets(st.integers(0, 11), min_size=1), jobs=st.integers(1, 4))
def test_after_the_first_failure_failing_fast_starts_nothing(dag, fails, jobs):
    """All that started before it are finished, and that is all."""
    order, above = dag
    crew = Crew(failing=frozenset(f"n{number}" for number in fails))
    started_before_failure = []

    def finish(node, passed):
        if not passed and not started_before_failure:
            started_before_failure.extend(crew.started)
        return crew.finish(node, passed)

    Scheduler(order, above, jobs=jobs, fail_fast=True).drive(crew.start, finish)
    assert sorted(crew.finished) == sorted(crew.started)
    assert crew.started == (started_before_failure or crew.started)


@given(dag=dags(), jobs=st.integers(1, 4), after=st.integers(0, 12))
def test_a_stop_leaves_the_rest_untouched(dag, jobs, after):
    """Over any DAG: what started is finished, at most what was asked for has started."""
    order, above = dag
    crew = Crew()
    crew.drive(order, above, jobs=jobs, stop=lambda: len(crew.started) >= after)
    assert sorted(crew.started) == sorted(crew.finished)
    assert len(crew.started) == min(after, len(order))
