"""What an open page tells once something behind it has ended: a script, an access, the service."""

import re
import signal

import pytest
from playwright.sync_api import expect
from tests.support.desk import shop as small_shop
from tests.support.desk import top
from tests.support.held import HELD, let_go
from tests.support.page_shops import page_shop
from tests.support.windows import CUT_OFF

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(tmp_path):
    """A service that these tests stop, before a session whose first script waits."""
    desk = small_shop(tmp_path / "shop")
    desk.script("clean", HELD)
    with page_shop(desk) as begun:
        begun.begin("demo").configure("report", top(1))
        yield begun


def test_a_log_that_ends_tells_how_without_a_reload(tim, shop):
    """The outcome, the counts, and that nothing was written come in place of what was so far."""
    tim.go("/sessions/demo")
    tim.press("Run", within=tim.part("run-bar"))
    expect(tim.node("clean")).to_contain_text("running")
    tim.go("/sessions/demo/nodes/clean/logs")
    expect(tim.part("log-told")).to_contain_text("its logs go on here")
    expect(tim.main).to_contain_text("Nothing is written yet.")
    tim.page.evaluate("document.documentElement.dataset.kept = 'yes'")
    let_go(shop.desk)
    expect(tim.part("log-told")).to_contain_text("passed")
    expect(tim.main).to_contain_text("Nothing was written.")
    expect(tim.main).not_to_contain_text("Nothing is written yet.")
    expect(tim.main).not_to_contain_text("go on here")
    assert tim.kept


def test_who_is_let_in_no_more_is_told_once_with_the_way_back(tim, shop):
    """The page stays to be read, its stream is not asked for again, and the sign-in says why."""
    tim.expected |= CUT_OFF | {"401"}
    tim.go("/sessions/demo?node=report")
    tim.keep()
    refused = []
    tim.page.on(
        "response", lambda answer: refused.append(answer.url) if answer.status == 401 else None
    )
    shop.desk.application("owner").tokens.revoke("tim")
    shop.stop(signal.SIGTERM)
    shop.start()
    notice = tim.part("notice")
    expect(notice).to_contain_text("Your access has ended")
    expect(tim.page.locator("#live")).to_have_count(0)
    expect(tim.page.locator("[data-live]").first).to_have_text("not live")
    assert len([url for url in refused if "/live" in url]) == 1
    assert tim.kept
    tim.looks("access-ended")
    with tim.page.expect_popup() as opened:
        notice.get_by_role("link", name="Sign in again").click()
    expect(opened.value.locator("main")).to_contain_text("Your access has ended")


def test_a_form_that_a_stopped_service_would_lose_is_kept(tim, shop):
    """Nothing is sent, and that is said; once the service is back, the same press does it."""
    tim.expected |= CUT_OFF
    tim.go("/sessions/demo?node=report")
    tim.live()
    shop.stop(signal.SIGTERM)
    expect(tim.page.locator("[data-live]").first).to_have_text("not live")
    tim.page.locator("[name='job_arg:top']").fill("4")
    tim.press("Save", within=tim.part("node"))
    expect(tim.part("notice")).to_contain_text("The service does not answer; nothing was sent.")
    tim.looks("does-not-answer")
    expect(tim.page.locator("[name='job_arg:top']")).to_have_value("4")
    shop.start()
    tim.press("Save", within=tim.part("node"))
    tim.page.wait_for_url(re.compile("saved="))
    assert shop.enter("demo").state.nodes["report"].spec.job_args == {"top": 4}


def test_links_that_look_like_buttons_follow_the_enter_key(tim, shop):
    """They are links: to a screen reader too."""
    del shop
    tim.go("/sessions")
    new = tim.page.get_by_role("link", name="New session")
    expect(tim.page.get_by_role("button", name="New session")).to_have_count(0)
    new.focus()
    tim.page.keyboard.press("Enter")
    tim.page.wait_for_url("**/sessions/new")
    tim.looks("new-session")
