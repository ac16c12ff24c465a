"""What a run shows in place on a terminal."""

import io

import pytest
from rich.console import Console
from tests.support.builders import plan_of

from runthrough.core.views.remaining import Remaining
from runthrough.entrypoints.cli.region import ROWS, Region, clock_text, remaining_text


class Watch:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


def region(*nodes, watch=None, past_s=None, jobs=2):
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    return Region(
        console,
        plan_of(*nodes),
        predecessors={},
        past_s=past_s or {},
        jobs=jobs,
        clock=watch or Watch(),
    )


def seen(shown):
    console = Console(file=io.StringIO(), width=80)
    console.print(shown.drawn())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_running_nodes_have_their_time():
    """Each node that runs is a row with minutes and seconds since it started."""
    watch = Watch()
    shown = region("clean", "total", watch=watch)
    shown.started("clean")
    watch.now = 62.0
    shown.started("total")
    assert seen(shown)[1:] == ["▶ clean  1:02", "▶ total  0:00"]


def test_it_counts_what_is_through_and_what_failed():
    """Done of all, and failures by name only where there are some."""
    shown = region("clean", "total", "report")
    assert seen(shown)[0].endswith("0/3 done")
    shown.started("clean")
    shown.ended("clean")
    assert seen(shown)[0].endswith("1/3 done")
    shown.ended("total", failed=True)
    assert seen(shown) == [seen(shown)[0]]
    assert seen(shown)[0].endswith("2/3 done · 1 failed")


def test_the_end_is_told_from_the_past_and_comes_nearer():
    """The expected seconds shrink as time passes, without any event."""
    watch = Watch()
    shown = region("clean", watch=watch, past_s={"clean": 30.0})
    shown.started("clean")
    assert seen(shown)[0].endswith("0/1 done · about 30 s left")
    watch.now = 10.0
    assert seen(shown)[0].endswith("about 20 s left")


def test_of_unknown_nodes_no_end_is_told():
    """Where no node passed before there is no guess; where some did, a lower bound."""
    assert "left" not in seen(region("clean", "total"))[0]
    assert seen(region("clean", "total", past_s={"clean": 3.0}))[0].endswith("at least 3 s left")


def test_more_than_a_screen_of_running_nodes_is_counted():
    """Rows have a limit, and the rest is a number."""
    names = [f"n{place}" for place in range(ROWS + 3)]
    shown = region(*names)
    for name in names:
        shown.started(name)
    assert len(seen(shown)) == ROWS + 2
    assert seen(shown)[-1] == "  and 3 more"


def test_lines_stay_and_the_region_goes():
    """A line told meanwhile is written once; closing twice is no harm."""
    shown = region("clean")
    shown.open()
    shown.line(("✗ ", "red"), "clean  failed")
    shown.close()
    shown.close()
    assert shown._console.file.getvalue().count("✗ clean  failed") == 1


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0:00"), (754, "12:34"), (3723, "1:02:03")])
def test_elapsed_time_reads_as_a_clock(seconds, told):
    """Hours only where there are any."""
    assert clock_text(seconds) == told


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (Remaining(12.4, at_least=False), "about 12 s left"),
        (Remaining(150.0, at_least=True), "at least 2 min left"),
    ],
)
def test_what_is_left_reads_in_a_unit_that_fits(expected, told):
    """Two digits at most of what nobody knows exactly."""
    assert remaining_text(expected) == told
