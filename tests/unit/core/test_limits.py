"""Limits as people write them."""

import pytest

from runthrough.core.values.limits import UNLIMITED, Limits, limits_of


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [
        (1, 1),
        ("4096", 4096),
        ("2GiB", 2 * 2**30),
        ("2 gib", 2 * 2**30),
        ("1.5 MiB", 3 * 2**19),
        ("300KB", 300_000),
        ("1tb", 10**12),
    ],
)
def test_memory_is_bytes_or_a_size(written, size_bytes):
    """A size has a unit of 1000 or, with an `i`, of 1024; a bare number is bytes."""
    assert limits_of({"memory": written}) == Limits(memory_bytes=size_bytes)


def test_the_other_limits_are_whole_numbers():
    """Seconds and files are counted in whole numbers, also where they come as text."""
    limits = limits_of({"cpu_s": "60", "open_files": 256.0})
    assert limits == Limits(cpu_s=60, open_files=256)


@pytest.mark.parametrize(
    "wrong",
    [
        {"memory": "2 gigs"},
        {"memory": 0},
        {"memory": "0GiB"},
        {"memory": -5},
        {"memory": None},
        {"memory": True},
        {"cpu_s": 1.5},
        {"cpu_s": "1.5"},
        {"cpu_s": "2GiB"},
        {"open_files": "-3"},
        {"open_files": []},
        {"memory": "9" * 400 + "GiB"},
        {"memory": "9" * 9_000},
        {"memory": 2**63},
        {"cpu_s": 1e300},
        {"open_files": "9" * 9_000},
    ],
)
def test_what_is_no_limit_is_refused(wrong):
    """A value that bounds nothing, or cannot be read, is refused with what it could be."""
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"the limit {name} is .*, above 0"):
        limits_of(wrong)


def test_an_unknown_limit_is_refused_with_those_there_are():
    """A limit that there is not is named beside those that there are."""
    with pytest.raises(ValueError, match="no limit 'ram'; there are memory, cpu_s, open_files"):
        limits_of({"ram": "2GiB"})


def test_a_new_limit_leaves_the_others():
    """What is said stands for what was there, limit by limit."""
    before = Limits(memory_bytes=1, cpu_s=2)
    assert Limits(cpu_s=3).over(before) == Limits(memory_bytes=1, cpu_s=3)
    assert UNLIMITED.over(before) == before
