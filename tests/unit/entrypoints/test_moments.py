"""Versions and times as people type them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import typer

from runthrough.bootstrap import now
from runthrough.entrypoints.cli.moments import moment, span_typed, time_typed


def test_number_is_a_version_and_all_else_a_time():
    """A day begins at midnight in UTC, and a zone is taken into account."""
    assert moment("--since", "41") == 41
    assert moment("--since", "2026-11-28") == datetime(2026, 11, 28, tzinfo=UTC)
    told = moment("--since", "2026-11-28T09:30+01:00")
    assert told == datetime(2026, 11, 28, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("read", [moment, time_typed])
def test_so_long_ago_is_counted_from_now(read):
    """`2d` is two days before the command."""
    before = now()
    told = read("--since", "2d")
    assert before <= told + timedelta(days=2) <= now()


def test_day_ends_where_its_end_is_asked_for():
    """The last microsecond of a day is in it; a time with hours, and `2d`, are moments."""
    end = datetime(2026, 11, 28, 23, 59, 59, 999999, tzinfo=UTC)
    assert time_typed("--until", "2026-11-28", end_of_day=True) == end
    assert time_typed("--until", "9999-12-31", end_of_day=True).year == 9999
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert time_typed("--until", "2026-11-28T12", end_of_day=True) == noon
    assert time_typed("--until", "0s", end_of_day=True) <= now()


@pytest.mark.parametrize(
    "given",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2x",
        "-1",
        "99999999999d",
        "9" * 5000,
        f"{'9' * 5000}d",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-14:00",
        "\uff14\uff11",
    ],
)
@pytest.mark.parametrize("read", [moment, time_typed])
def test_what_is_no_moment_is_refused_with_what_to_write(read, given):
    """However long a number, and however far from a zone's midnight, it is a usage error."""
    with pytest.raises(typer.BadParameter, match="2026-11-28T09:30") as refused:
        read("--since", given)
    assert refused.value.param_hint == "'--since'"


@pytest.mark.parametrize("given", ["41", "2099"])
def test_number_is_no_time(given):
    """Where only a time is asked for, a version is a mistake."""
    with pytest.raises(typer.BadParameter, match="is no time"):
        time_typed("--since", given)


def span(given):
    """Seconds that are typed where `never` may be typed as well."""
    return span_typed("--expires", given, or_else="never")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("90d", 7_776_000), ("12h", 43_200), ("30m", 1_800), ("2w", 1_209_600), ("0s", 0)],
)
def test_a_length_is_that_many_seconds(given, seconds):
    """The units are those of times that lie behind."""
    assert span(given) == seconds


def test_a_time_is_as_far_from_now_as_it_is():
    """A day begins at midnight in UTC; what has passed lies below nothing."""
    end = now() + timedelta(days=1)
    for zone in (UTC, timezone(timedelta(hours=9))):
        before = now()
        seconds = span(end.astimezone(zone).isoformat())
        assert end - now() <= timedelta(seconds=seconds) <= end - before
    assert span("2020-01-01") < 0


@pytest.mark.parametrize("given", ["", "soon", "90", "90 d", "-1d", "1.5d", "2026-13-01", "12q"])
def test_what_is_no_length_is_told_with_what_is_one(given):
    """The error shows each form, `never` among them, and no time that lies behind."""
    with pytest.raises(typer.BadParameter, match="write never, 90d or 12h") as refused:
        span(given)
    assert refused.value.param_hint == "'--expires'"
    assert "ago" not in refused.value.message


@pytest.mark.parametrize("given", ["999999999999d", "9" * 400 + "s", "9" * 5000 + "d"])
def test_a_length_beyond_all_calendars_is_too_long(given):
    """It is refused, however many digits it has, and not repeated."""
    with pytest.raises(typer.BadParameter, match=r"^it is too long$"):
        span(given)
