"""The main job in a browser that runs no script: by forms and links alone."""

import re

import pytest
from playwright.sync_api import expect
from tests.support.held import let_go
from tests.support.page_shops import page_shop, week
from tests.support.served import until

pytestmark = pytest.mark.browser
ORDERS = "[name='input:orders']"
TOP = "[name='job_arg:top']"


@pytest.fixture
def shop(tmp_path):
    """A pipeline with two questions, a proposal, and a script that fails."""
    with page_shop(week(tmp_path / "week")) as begun:
        let_go(begun.desk)
        yield begun


def ended(window):
    """Load the screen again until the run is over."""

    def over():
        window.page.reload()
        return "Last run" in window.part("run-bar").inner_text()

    until(over)


def answered(window, top):
    form = window.choose("report")
    form.locator(TOP).fill(str(top))
    window.press("Save", within=form)


def began(window, shop, name):
    window.go("/sessions/new")
    window.page.get_by_label("Token").fill(shop.tokens["tim"])
    window.press("Sign in")
    expect(window.page).to_have_url(re.compile("/sessions/new$"))
    window.page.get_by_label("Name").first.fill(name)
    window.press("Begin the session")


def answered_with_a_mistake(window):
    form = window.choose("clean")
    form.locator(ORDERS).fill("data/order.csv")
    window.press("Save", within=form)
    expect(window.page.locator(ORDERS)).to_have_accessible_description(
        re.compile("Input file does not exist")
    )
    row = window.page.locator(".field").filter(has=window.page.locator(ORDERS))
    row.get_by_role("button", name=re.compile("^Use")).first.click()


def forked_from_an_answer(window, shop, name):
    """Go to a version by typing it, to the next one by a link, and go on from there."""
    rows = shop.enter("plain").history(node="report")
    version = next(row.version for row in rows if row.after.get("arg.top") == 0)
    window.part("at-typed").fill(str(version - 1))
    window.press("Go", within=window.part("timeline"))
    expect(window.part("past")).to_contain_text(f"As it was at version {version - 1}")
    window.page.locator("[rel=next]").click()
    expect(window.part("past")).to_contain_text(f"As it was at version {version}")
    window.page.get_by_label(re.compile("^Fork from here")).fill(name)
    window.press("Fork")
    expect(window.page.locator("h1 bdi")).to_have_text(name)


def test_the_main_job_needs_no_script(desktop, shop):
    """Sign in, begin, answer, mend, confirm, run, read the log, retry, go back, fork, undo."""
    tim = desktop.window(shop.url, scripts=False)
    tim.expected.add("422")
    began(tim, shop, "plain")
    answered_with_a_mistake(tim)
    answered(tim, 0)
    tim.part("proposals").get_by_role("button", name=re.compile("^Use it")).first.click()
    expect(tim.part("proposals")).to_have_count(0)
    tim.shoot("without-scripts")
    assert not tim.too_wide()

    tim.press("Run", within=tim.part("run-bar"))
    ended(tim)
    tim.part("run-bar").get_by_role("link", name="Log of report").click()
    expect(tim.main).to_contain_text("nobody would be named")
    tim.page.go_back()
    answered(tim, 1)
    tim.press("Retry", within=tim.part("run-bar"))
    ended(tim)
    expect(tim.node("report")).to_contain_text("passed")
    assert {row["category"] for row in shop.enter("plain").status()["worklist"]} == {"passed"}

    tim.press("Plan", within=tim.part("run-bar"))
    expect(tim.page.get_by_role("heading", level=1)).to_have_text("What a run would do")
    tim.page.go_back()
    forked_from_an_answer(tim, shop, "earlier")
    tim.go("/sessions/plain")
    tim.part("menu").locator("summary").first.click()
    tim.follow("Undo…", within=tim.part("menu"))
    tim.press("Take back")
    tim.told("arg.top  1 → 0")
    tim.follow("Compare")
    expect(tim.page.get_by_role("heading", level=1)).to_have_text("What differs")
    expect(tim.main).to_contain_text("arg.top")
    tim.press("Sign out")
    expect(tim.page).to_have_url(re.compile("/sign-in$"))
