"""The page by the keyboard alone: everything is reached, and where one is can be seen."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
STOPS_AT_MOST = 120
TOP = "[name='job_arg:top']"
SEEN = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const shape = one.querySelector("rect, circle");
  const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
    || one.matches("svg a") && shape && parseFloat(getComputedStyle(shape).strokeWidth) > 3;
  const there = box.width > 0 && box.bottom > 0 && box.top < innerHeight
    && box.right > 0 && box.left < innerWidth;
  return drawn && there ? "" : `${one.outerHTML.slice(0, 200)} ${JSON.stringify(box)}`;
}"""
OUT = "() => document.activeElement === document.body"
HERE = "(one) => one === document.activeElement"


def next_stop(window):
    """Go on by Tab; where one comes to must be seen."""
    window.page.keyboard.press("Tab")
    out = window.page.evaluate(OUT)
    hidden = "" if out else window.page.evaluate(SEEN)
    assert not hidden, f"the focus is not seen: {hidden}"
    return not out


def tab_to(window, there):
    """Go on by Tab until something has the focus."""
    expect(there).to_have_count(1)
    for _ in range(STOPS_AT_MOST):
        if next_stop(window) and there.evaluate(HERE):
            return
    pytest.fail(f"{there} is not reached by Tab")


def typed(window, *keys):
    for key in keys:
        window.page.keyboard.press(key)


def test_the_main_job_by_keys_alone(desktop, shop):
    """Sign in, reach the form, answer, run and go back in time, always seeing where one is."""
    shop.begin("keys")
    tim = desktop.window(shop.url)
    tim.go("/sign-in")
    tab_to(tim, tim.page.get_by_label("Token"))
    tim.page.keyboard.insert_text(shop.tokens["tim"])
    typed(tim, "Enter")
    tab_to(tim, tim.page.get_by_role("link", name="keys", exact=True))
    typed(tim, "Enter")
    tim.live()

    next_stop(tim)
    expect(tim.focused()).to_have_text("Skip to the content")
    typed(tim, "Enter")
    expect(tim.page.locator("#main")).to_be_focused()
    tab_to(tim, tim.page.get_by_role("link", name="Answer", exact=True))
    typed(tim, "Enter")
    expect(tim.page).to_have_url(re.compile("node=report#node"))
    tim.live()
    next_stop(tim)
    assert tim.part("node").locator(":focus").count() == 1, "Tab goes on behind the form"
    field = tim.page.locator(TOP)
    if not field.evaluate(HERE):
        tab_to(tim, field)
    tim.page.keyboard.insert_text("2")
    typed(tim, "Enter")
    tim.told("arg.top")

    tab_to(tim, tim.part("run-bar").get_by_role("button", name="Run", exact=True))
    typed(tim, "Enter")
    expect(tim.part("run-bar")).to_contain_text("Last run")
    next_stop(tim)
    assert tim.part("run-bar").locator(":focus").count() == 1, "Tab goes on behind the run"

    tab_to(tim, tim.part("at"))
    typed(tim, "ArrowLeft", "ArrowLeft")
    expect(tim.page).to_have_url(re.compile(r"[?&]at=\d+"))
    expect(tim.part("past")).to_contain_text("This is the past")
    expect(tim.part("at")).to_be_focused()


@pytest.mark.parametrize("path", ["", "?node=report", "?at=3", "/history", "/diff?one=1", "/plan"])
def test_no_screen_holds_the_keyboard(tim, shop, path):
    """Tab comes to everything that can be done, sees it, and leaves the page again."""
    name = "holds"
    if name not in {entry.name for entry in shop.desk.application().sessions.entries()}:
        shop.begin(name)
    tim.go(f"/sessions/{name}{path}")
    stops = 0
    while next_stop(tim):
        stops += 1
        assert stops < STOPS_AT_MOST, "Tab does not leave the page"
    assert stops > 5
