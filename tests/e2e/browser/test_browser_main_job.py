"""The main job through the page, by those who may do it; and those who may only look."""

import re

import pytest
from playwright.sync_api import expect
from tests.support.held import let_go
from tests.support.page_shops import page_shop, week
from tests.support.windows import FORMS

from runthrough.application.answers import Answers

pytestmark = pytest.mark.browser
ORDERS = "[name='input:orders']"
TOP = "[name='job_arg:top']"


@pytest.fixture
def shop(tmp_path):
    """A pipeline with two questions, a proposal, a script that waits and one that fails."""
    with page_shop(week(tmp_path / "week")) as begun:
        yield begun


def came_in_by_the_link(window, shop):
    """The printed link signs in, once."""
    window.page.goto(shop.served.link)
    expect(window.main).to_contain_text("This link signs in once")
    window.looks("sign-in-by-link")
    window.press("Sign in")
    expect(window.main).to_contain_text("There is no session yet")
    window.looks("sessions-none")


def began(window, name):
    """A session on the one pipeline file of the folder."""
    window.follow("Begin with a pipeline file")
    window.looks("new-session")
    window.page.get_by_label("Name").first.fill(name)
    window.press("Begin the session")
    window.told("Begun on week: 5 scripts")
    expect(window.page.locator("h1 bdi")).to_have_text(name)


def answered_with_a_mistake(window):
    """An error stands at the field that has the focus; a button there mends it."""
    window.choose("clean")
    expect(window.part("node-title")).to_have_text("clean")
    window.page.fill(ORDERS, "data/order.csv")
    window.press("Save", within=window.part("node"))
    expect(window.page.locator(ORDERS)).to_be_focused()
    expect(window.page.locator(ORDERS)).to_have_value("data/order.csv")
    expect(window.page.locator(ORDERS)).to_have_attribute("aria-invalid", "true")
    expect(window.page.locator(ORDERS)).to_have_accessible_description(
        re.compile("Input file does not exist")
    )
    window.looks("answer-with-a-mistake")
    row = window.page.locator(".field").filter(has=window.page.locator(ORDERS))
    row.get_by_role("button", name=re.compile("^Use")).first.click()
    window.told("data/orders.csv")


def answered_report(window, top):
    window.choose("report")
    expect(window.part("node-title")).to_have_text("report")
    window.page.fill(TOP, str(top))
    window.press("Save", within=window.part("node"))
    window.told("arg.top")


def confirmed_at_the_picture(window):
    """The asked line of the picture leads to its proposal, where a button confirms it."""
    line = window.part("picture").locator("a:has(.rt-asked)")
    expect(line).to_have_count(1)
    line.focus()
    window.page.keyboard.press("Enter")
    expect(window.page).to_have_url(re.compile("#asked-"))
    proposal = window.part("proposals").locator("li").first
    expect(proposal).to_be_in_viewport()
    proposal.get_by_role("button", name=re.compile("^Use it")).click()
    expect(window.part("proposals")).to_have_count(0)
    expect(window.page.locator(".rt-asked")).to_have_count(0)


def ran_before_ones_eyes(window, shop):
    """Nodes change in the picture and in the list while the run is on, without loading."""
    window.press("Run", within=window.part("run-bar"))
    expect(window.part("runs")).to_contain_text("running")
    window.keep()
    expect(window.node("clean")).to_contain_text("running")
    expect(window.part("group-running")).to_contain_text("clean")
    window.looks("running")
    let_go(shop.desk)
    expect(window.node("clean")).to_contain_text("passed")
    expect(window.node("take")).to_contain_text("passed")
    expect(window.node("report")).to_contain_text("failed")
    expect(window.part("run-bar")).to_contain_text("Last run")
    expect(window.part("run-bar")).to_contain_text("top must be at least 1")
    assert window.kept
    window.looks("failed")


def read_why(window):
    """The log tells why, with what the script printed."""
    window.part("run-bar").get_by_role("link", name="Log of report").click()
    expect(window.page.get_by_role("log").filter(has_text="customers: 2")).to_have_count(1)
    expect(window.page.get_by_role("log").filter(has_text="nobody would be named")).to_be_visible()
    expect(window.main).to_contain_text("top must be at least 1")
    window.looks("logs")
    window.page.get_by_label("Where you are").get_by_role("link", name="report").click()


def tried_again(window):
    window.press("Retry", within=window.part("run-bar"))
    expect(window.node("report")).to_contain_text("passed")
    expect(window.part("run-bar")).to_contain_text("Last run")
    expect(window.part("run-bar")).not_to_contain_text("failed")
    window.looks("passed")


def travelled_back(window):
    """The slider leads to an address of a moment, which shows the past and no form."""
    slider = window.part("at")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    slider.press("Enter")
    expect(window.page).to_have_url(re.compile(r"[?&]at=\d+"))
    expect(window.part("past")).to_contain_text("This is the past")
    window.looks("past")
    return window.page.url


def forked(window, shop, name):
    """Another session begins where the past stood."""
    box = window.page.get_by_label(re.compile("^Fork from here"))
    box.fill(name)
    window.press("Fork")
    expect(window.page.locator("h1 bdi")).to_have_text(name)
    assert shop.enter(name).version


def took_back(window, shop, name):
    """The last thing is shown before it is taken back, and is what it was afterwards."""
    answered_report(window, 1)
    window.part("menu").locator("summary").first.click()
    window.looks("menu")
    window.follow("Undo…", within=window.part("menu"))
    window.looks("undo")
    window.press("Take back")
    window.told("went back")
    rows = shop.enter(name).whole_node("report")["values"]
    assert {row["name"]: row["value"] for row in rows}["arg.top"] != 1


def compared(window):
    """What differs between then and now."""
    window.follow("Compare")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("What differs")
    window.page.get_by_label("Old").fill("1")
    window.press("Compare")
    expect(window.main).to_contain_text("arg.top")
    window.looks("diff")


def went_through_history(window):
    window.follow("History")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("History")
    expect(window.main).to_contain_text("arg.top")
    window.looks("history")
    window.page.go_back()


def test_the_whole_job_from_the_printed_link_to_the_sign_out(desktop, shop):
    """Begin, answer, confirm, run, read why it failed, mend, go back, fork, undo, compare."""
    ann = desktop.window(shop.url)
    ann.expected.add("422")
    came_in_by_the_link(ann, shop)
    began(ann, "demo")
    answered_with_a_mistake(ann)
    answered_report(ann, 0)
    confirmed_at_the_picture(ann)
    ran_before_ones_eyes(ann, shop)
    read_why(ann)
    answered_report(ann, 2)
    tried_again(ann)
    went_through_history(ann)
    then = travelled_back(ann)

    tess = desktop.window(shop.url, shop.tokens["tess"])
    tess.page.goto(then)
    expect(tess.part("past")).to_have_text(ann.part("past").inner_text())

    forked(ann, shop, "other")
    took_back(ann, shop, "other")
    compared(ann)
    ann.press("Sign out")
    expect(ann.page).to_have_url(re.compile("/sign-in$"))
    ann.page.go_back()
    ann.go("/sessions")
    expect(ann.page).to_have_url(re.compile("/sign-in"))
    doors = {row.door for row in shop.enter("demo").history() if row.actor == "ann"}
    assert doors <= {"page", "system"}
    assert shop.desk.application().auditing.verify().ok


def test_a_tester_signs_in_with_a_token(desktop, shop):
    """A wrong one is refused at its field; the right one leads to where one wanted to go."""
    shop.begin("demo", (shop.desk.folder / "pipeline.yaml").read_text())
    let_go(shop.desk)
    tim = desktop.window(shop.url)
    tim.expected.add("401")
    tim.go("/sessions/demo")
    expect(tim.page).to_have_url(re.compile("/sign-in"))
    tim.page.get_by_label("Token").fill("rt_wrong")
    tim.press("Sign in")
    expect(tim.page.get_by_label("Token")).to_have_accessible_description(re.compile("unknown"))
    tim.looks("sign-in-refused")
    tim.page.get_by_label("Token").fill(shop.tokens["tim"])
    tim.press("Sign in")
    expect(tim.page).to_have_url(re.compile("/sessions/demo$"))
    expect(tim.page.locator(".who")).to_contain_text("tim")
    tim.choose("clean")
    tim.page.fill(ORDERS, "data/orders.csv")
    tim.press("Save", within=tim.part("node"))
    answered_report(tim, 1)
    confirmed_at_the_picture(tim)
    tim.press("Run", within=tim.part("run-bar"))
    expect(tim.part("run-bar")).to_contain_text("Last run")
    told = shop.enter("demo").status()["worklist"]
    assert {row["category"] for row in told} == {"passed"}


ACTIONS = {
    "answers": {"node": "report", "version": "1", "was:job_arg:top": "", "job_arg:top": "3"},
    "connections": {"node": "take", "version": "1", "target": "take.gamma", "verb": "confirm"},
    "script": {"node": "take", "version": "1", "path": "scripts/take.py"},
    "external": {"node": "take", "version": "1", "outputs": ""},
    "internal": {"node": "take", "version": "1"},
    "clear": {"node": "take", "version": "1"},
    "accept": {"node": "take", "version": "1"},
    "undo": {"node": "", "version": "1", "after": "0"},
    "undo-to": {"to": "1", "version": "1"},
    "redo": {},
    "runs": {},
    "retry": {},
    "cancel": {},
    "note": {"text": "hello"},
    "approve": {"version": "1"},
    "rename": {"name": "mine"},
    "fork": {"at": "1", "name": "mine"},
    "close": {},
    "reopen": {},
    "archive": {"sure": "1"},
    "resume": {},
    "home": {},
}
"""Every form of a session's screen, as somebody could forge it."""


def test_viewers_see_all_and_have_no_button(desktop, shop):
    """No screen has a form that changes anything; each that is forged is refused."""
    pipeline = (shop.desk.folder / "pipeline.yaml").read_text()
    session = shop.begin("demo", pipeline)
    session.configure("report", Answers(job_args={"top": 1}))
    before = len(shop.desk.events())
    vera = desktop.window(shop.url, shop.tokens["vera"])
    here = f"/sessions/{session.session_id}"
    screens = ("", "?node=report", "?at=3", "/history", "/diff?one=1", "/plan")
    for path in (f"{here}{rest}" for rest in screens):
        assert vera.go(path).status == 200, path
        expect(vera.page.get_by_role("heading", level=1)).to_be_visible()
        assert vera.page.locator(FORMS).count() == 0, path
    vera.go("/sessions")
    expect(vera.page.get_by_text("New session")).to_have_count(0)
    vera.go(f"{here}?node=report")
    vera.looks("viewer")
    for action, fields in ACTIONS.items():
        answer = vera.page.context.request.post(
            f"{shop.url}{here}/{action}", form=fields, headers={"Origin": shop.url}
        )
        assert answer.status == 403, f"{action}: {answer.status} {answer.text()[:300]}"
    forged = {"pipeline": str(shop.desk.folder / "pipeline.yaml"), "name": "mine"}
    answer = vera.page.context.request.post(
        f"{shop.url}/sessions", form=forged, headers={"Origin": shop.url}
    )
    assert answer.status == 403
    assert len(shop.desk.events()) == before


def test_every_form_of_the_page_is_among_those_that_are_forged():
    """A route that takes a form is one that viewers are refused."""
    from runthrough.entrypoints.http.pages import PAGE_ROUTES

    taken = {
        route.path.removeprefix("/sessions/{session}/")
        for router in PAGE_ROUTES
        for route in router.routes
        if "POST" in route.methods
    }
    assert taken - {"/sessions"} == set(ACTIONS)
