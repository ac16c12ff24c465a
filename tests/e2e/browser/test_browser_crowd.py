"""Several people, a command and a program at one session: windows show what the others do."""

import pytest
from playwright.sync_api import expect

from runthrough import InteractiveRuntimeTestingFactory
from runthrough.application.answers import Answers

pytestmark = pytest.mark.browser
TOP = "[name='job_arg:top']"
REPORT = "/sessions/{}?node=report"


def at_report(desktop, shop, name, actor):
    """A window on the form of `report`, that hears what others do and was not loaded again."""
    window = desktop.window(shop.url, shop.tokens[actor])
    window.go(REPORT.format(name))
    window.keep()
    return window


def answer(shop, name):
    """What is recorded for the argument of `report`."""
    rows = shop.enter(name).whole_node("report")["values"]
    return {row["name"]: row["value"] for row in rows}["arg.top"]


def test_two_windows_a_command_and_a_program_see_one_another(desktop, shop):
    """What anybody records stands in all windows without loading them again."""
    shop.begin("crowd")
    tim, tess = (at_report(desktop, shop, "crowd", actor) for actor in ("tim", "tess"))
    tess.page.fill(TOP, "3")
    tess.part("node").get_by_role("button", name="Save", exact=True).click()
    expect(tess.page.get_by_role("status").filter(has_text="arg.top")).to_contain_text("3")
    expect(tim.page.locator(TOP)).to_have_value("3")
    expect(tim.part("group-waiting")).to_contain_text("report")
    expect(tim.main).to_contain_text("tess")

    tess.go(REPORT.format("crowd"))
    tess.keep()
    shop.desk.shell.run("configure", "report", "--arg", "top=5", "--session", "crowd")
    for window in (tim, tess):
        expect(window.page.locator(TOP)).to_have_value("5")
        expect(window.main).to_contain_text("ann")

    with InteractiveRuntimeTestingFactory.resume(
        "crowd", database_url=f"sqlite:///{shop.desk.shell.database}", actor="pia"
    ) as program:
        program.configure_script_testing("report", job_arguments={"top": 7})
    for window in (tim, tess):
        expect(window.page.locator(TOP)).to_have_value("7")
        expect(window.main).to_contain_text("pia")
        assert window.kept


def test_the_program_and_the_command_see_what_a_window_records(desktop, shop):
    """An answer of a form is an event like any other, by who signed in, at the door page."""
    shop.begin("seen")
    tim = at_report(desktop, shop, "seen", "tim")
    tim.page.fill(TOP, "4")
    tim.page.keyboard.press("Enter")
    expect(tim.page.get_by_role("status").filter(has_text="arg.top")).to_contain_text("4")
    told = shop.desk.shell.run("history", "--session", "seen", "--json").json[-1]
    assert (told["actor"], told["door"], told["after"]["arg.top"]) == ("tim", "page", 4)
    session = shop.enter("seen")
    assert "report" not in [row.node for row in session.worklist() if row.category == "needs_you"]


def test_what_is_half_typed_stays_while_others_act(desktop, shop):
    """Text, cursor and opened parts stay; that the node was changed meanwhile is told."""
    bob = shop.begin("half")
    tim = at_report(desktop, shop, "half", "tim")
    more = tim.part("node").locator("details.more")
    more.locator("summary").click()
    tim.page.locator(TOP).click()
    tim.page.keyboard.type("1")
    expect(tim.page.locator("[data-begun]")).to_have_text("not saved yet")

    bob.note("from elsewhere")
    expect(tim.main).to_contain_text(f"version {bob.version}")
    expect(tim.page.locator("[data-begun]")).to_have_text("not saved yet")
    bob.configure("report", Answers(job_args={"top": 8}))
    expect(tim.part("group-waiting")).to_contain_text("report")
    expect(tim.page.locator("[data-begun]")).to_contain_text("somebody changed it meanwhile")

    tim.page.keyboard.type("2")
    expect(tim.page.locator(TOP)).to_have_value("12")
    expect(tim.page.locator(TOP)).to_be_focused()
    expect(more).to_have_attribute("open", "")
    assert tim.kept


@pytest.mark.parametrize(("button", "kept"), [("Keep mine", 12), ("Use theirs", 8)])
def test_a_stale_form_is_decided_by_a_person(desktop, shop, button, kept):
    """Before, theirs and mine stand beside each other; nothing is recorded until one is chosen."""
    name = f"stale-{kept}"
    bob = shop.begin(name)
    bob.configure("report", Answers(job_args={"top": 5}))
    tim = at_report(desktop, shop, name, "tim")
    tim.expected.add("409")
    tim.page.fill(TOP, "12")
    bob.configure("report", Answers(job_args={"top": 8}))
    expect(tim.page.locator("[data-begun]")).to_contain_text("somebody changed it meanwhile")
    tim.part("node").get_by_role("button", name="Save", exact=True).click()
    clash = tim.page.locator(".clash")
    expect(clash).to_be_focused()
    expect(clash).to_contain_text("ann changed report while you filled this in")
    cells = clash.locator("tr.clashes").locator("th, td")
    assert cells.all_inner_texts() == ["arg.top", "5", "8", "12"]
    assert answer(shop, name) == 8
    tim.looks(f"conflict-{kept}")

    clash.get_by_role("button", name=button).click()
    expect(tim.page.locator(TOP)).to_have_value(str(kept))
    assert answer(shop, name) == kept
