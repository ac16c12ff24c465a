"""A session's versions on the page: the slider, and screens of the past."""

import re
from datetime import datetime, timedelta

import pytest
from tests.support.at_report import S, answered
from tests.support.runs_on import ran

pytestmark = pytest.mark.slow


def test_the_timeline_tells_the_version_and_what_happened_last(counter, vera):
    """The slider has a label and ends at now; there is a way back, also without a script."""
    page = vera.get(S)
    slider = page.root.find(".//*[@id='at']")
    latest = str(counter.session.version)
    assert (slider.get("type"), slider.get("min"), slider.get("max"), slider.get("value")) == (
        "range",
        "1",
        latest,
        latest,
    )
    assert "report waits for a person" in page.told(".//*[@id='at-moment']")
    (back,) = page.all(".//nav[@aria-label='Versions']/a")
    assert f"at={counter.session.version - 1}" in back.get("href")
    typed = page.root.find(".//*[@id='at-typed']")
    assert typed.get("name") == "at"


def test_going_back_shows_picture_work_list_and_node_as_they_were(counter, tim):
    """Plainly marked, with what happened then; the links go on through the past."""
    before = counter.session.version
    answered(tim, 3)
    page = tim.get(f"{S}?at={before + 1}&node=report")
    assert "noted" not in page.told(".//*[@id='timeline']")
    assert "configured report" in page.told(".//*[@id='at-moment']")
    assert "arg.top not set → 3" in page.told(".//*[@id='at-moment']")
    then = tim.get(f"{S}?at={before}&node=report")
    assert f"As it was at version {before}" in then.told(".//*[@id='past']")
    assert "needs you" in "".join(then.root.find(".//svg").itertext())
    assert "not set, needed" in then.told(".//*[@id='node']")
    (back,) = then.all(".//nav[@aria-label='Versions']/a[@rel='prev']")
    assert f"at={before - 1}&" in back.get("href")
    assert "now" in then.told(".//nav[@aria-label='Versions']")


def test_a_moment_is_told_while_the_slider_moves(counter, vera):
    """Who did what when, for one version; one that is not there yet is the last one."""
    part = vera.counter.client.get(f"{S}/parts/moment?at=1", headers=counter.as_("vera")).text
    assert "started demo on pipeline shop" in part
    assert "ann" in part
    ahead = counter.client.get(f"{S}/parts/moment?at=9999", headers=counter.as_("vera"))
    assert "report waits for a person" in ahead.text


def test_a_moment_is_named_by_a_time_and_one_that_never_was_is_told(counter, vera):
    """An address with a time can be shared; nonsense is an error that says what to write."""
    assert "This is the past" in vera.get(f"{S}?at=0s").told(".//*[@id='past']")
    wrong = vera.get(f"{S}?at=yesterday")
    assert wrong.status == 422
    assert "Back to the session" in wrong.text
    assert "Back to the session" not in vera.get("/sessions/nowhere").text
    assert vera.get(f"{S}?at=9999").status == 404


def test_the_past_offers_viewers_to_compare_and_nothing_else(counter, vera):
    """No form and no way to take back."""
    page = vera.get(f"{S}?at=5")
    leads = [one.get("href") for one in page.all(".//*[@id='past']//a")]
    assert any("/diff?one=5&other=now" in one for one in leads)
    assert not any("take-back" in one for one in leads)
    assert not page.has(".//*[@id='past']//form")


# ---- times


def test_every_time_is_in_utc_and_programs_understand_it(counter, tim):
    """One way on all screens, in words that the command line has as well."""
    for number in (3, 4):
        answered(tim, number)
        ran(counter, tim)
    for address in (
        f"{S}?node=report",
        f"{S}?at=20&node=report",
        f"{S}?at=2001-01-01",
        f"{S}/history",
        f"{S}/nodes/report/logs",
        f"{S}/take-back",
        "/sessions",
    ):
        page = tim.get(address)
        times = page.all(".//time")
        assert times, address
        for one in times:
            assert datetime.fromisoformat(one.get("datetime")).utcoffset() == timedelta(0)
            told = one.get("title") or "".join(one.itertext())
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC", told), told
        within = {id(part) for one in times for part in one.iter()}
        loose = [one.text or "" for one in page.root.iter() if id(one) not in within]
        loose += [one.tail or "" for one in page.root.iter()]
        assert not [text for text in loose if re.search(r"\d\d:\d\d", text)], address
