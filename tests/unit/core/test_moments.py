"""Moments as they are written: versions, times in any zone, and so long ago."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.values.moments import moment_of, time_of

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("41", 41),
        ("2026-11-28", datetime(2026, 11, 28, tzinfo=UTC)),
        ("2026-11-28T09:30", datetime(2026, 11, 28, 9, 30, tzinfo=UTC)),
        ("2026-11-28T09:30Z", datetime(2026, 11, 28, 9, 30, tzinfo=UTC)),
        ("2026-11-28T09:30+01:00", datetime(2026, 11, 28, 8, 30, tzinfo=UTC)),
        ("2d", NOW - timedelta(days=2)),
        ("90m", NOW - timedelta(minutes=90)),
    ],
)
def test_a_moment_is_read_as_people_write_it(text, moment):
    """A bare number is a version, and a time without a zone is taken as UTC."""
    assert moment_of(text, now=NOW) == moment


def test_a_day_ends_with_its_last_microsecond():
    """Only where the end is asked for, and only of a day; what names an hour is that hour."""
    last = datetime(2026, 11, 28, 23, 59, 59, 999999, tzinfo=UTC)
    assert time_of("2026-11-28", now=NOW, end_of_day=True) == last
    hour = datetime(2026, 11, 28, 9, tzinfo=UTC)
    assert time_of("2026-11-28T09", now=NOW, end_of_day=True) == hour
    assert time_of("2d", now=NOW, end_of_day=True) == NOW - timedelta(days=2)


@pytest.mark.parametrize(
    "text", ["", "soon", "99999999999d", "-1", "41.5", "0001-01-01T00:00+23:59", "9999-12-32"]
)
def test_what_is_no_moment_is_a_value_error(text):
    """Also what lies behind the ends of the calendar."""
    with pytest.raises(ValueError, match=r".*"):
        moment_of(text, now=NOW)


@given(st.text(max_size=30))
def test_every_text_is_a_moment_or_refused(text):
    """A version, an aware time in UTC, or a ValueError; never anything else."""
    try:
        moment = moment_of(text, now=NOW)
    except ValueError:
        return
    assert isinstance(moment, int) or moment.utcoffset() == timedelta(0)
