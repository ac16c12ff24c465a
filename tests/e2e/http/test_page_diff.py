"""Two sides beside each other on the page."""

import pytest
from tests.support.api import token_for
from tests.support.browsing import Browser
from tests.support.desk import top
from tests.support.runs_on import ran

D = "/sessions/demo/diff"


@pytest.fixture
def counter(counter):
    """The shop's service before a session `demo` that is ready to run."""
    counter.session.configure("report", top(3))
    return counter


def test_now_is_held_against_the_last_run_that_passed(counter, tim, vera):
    """Values old → new, and what of a script's text is another one."""
    ran(counter, tim)
    green = counter.application.sessions.open("demo").state.green_at
    counter.session.configure("report", top(4))
    script = counter.desk.folder / "scripts/total.py"
    script.write_text(script.read_text().replace("import json", "import json\nLIMIT = '<b>'"))
    page = vera.get(D)
    assert page.told(".//*[@role='status']").startswith(f"version {green} → now 2 nodes differ")
    rows = {
        " ".join("".join(one.find("th").itertext()).split()): [
            "".join(cell.itertext()) for cell in one.findall("td")
        ]
        for one in page.all(".//tbody/tr")
        if one.find("th") is not None
    }
    assert rows["arg.top"] == ["3", "4"]
    added = ["".join(one.itertext()).strip() for one in page.all(".//*[@class='added']")]
    assert "+LIMIT = '<b>'" in added
    assert "<b>'" not in page.text


def test_versions_and_sessions_are_sides(counter, vera):
    """By what the command line calls them; each side leads to what it was."""
    page = vera.get(f"{D}?one=12&other=13")
    assert "version 12 → version 13" in page.told(".//*[@role='status']")
    assert [one.get("href").partition("?")[2] for one in page.all(".//*[@role='status']//a")] == [
        "at=12",
        "at=13",
    ]
    counter.application.sessions.fork("demo", name="fork").configure("report", top(7))
    other = vera.get(f"{D}?one=demo&other=fork")
    assert "fork, now" in other.told(".//*[@role='status']")
    assert "7" in other.told(".//tbody")
    assert "Nothing differs." in vera.get(f"{D}?one=13&other=13").told(".//main")


def test_a_side_that_never_was_is_told_beside_the_form(vera):
    """With what to write, and with what was typed."""
    for query, told in (
        ("?one=9999", "9999"),
        ("?one=nowhere", "nowhere"),
    ):
        page = vera.get(f"{D}{query}")
        assert page.status in {404, 422}
        assert told in page.told(".//*[@class='notice bad']")
        assert page.has(".//*[@id='one']")
    assert page.field("one").get("value") == "nowhere"


def test_a_session_outside_of_the_scope_is_no_side(counter):
    """It is neither offered nor found."""
    counter.begin(name="hidden")
    token_for(counter, "sue", "viewer", "demo")
    page = Browser(counter, "sue").get(f"{D}?one=hidden&other=now")
    assert page.status == 404
    assert [one.get("value") for one in page.all(".//datalist/option")] == ["now", "demo"]


def test_a_past_screen_leads_to_its_difference_from_now(vera):
    """With both sides in the address, so that it can be shared."""
    page = vera.get("/sessions/demo?at=12")
    (lead,) = [
        one.get("href") for one in page.all(".//*[@id='past']//a") if "/diff" in one.get("href")
    ]
    assert "version 12 → now" in vera.get(lead).told(".//*[@role='status']")
