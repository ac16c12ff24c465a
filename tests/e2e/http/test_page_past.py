"""What is taken back on the page, and sessions that go on from a version."""

import pytest
from tests.support.api import token_for
from tests.support.at_report import ALERT, S, answered, state
from tests.support.browsing import Browser

from runthrough.bootstrap import load_pipeline

pytestmark = pytest.mark.slow


def test_what_would_be_taken_back_is_told_before_it_is(counter, tim):
    """The last thing done; its button takes back just that, and redo brings it again."""
    answered(tim, 3)
    answered(tim, 4)
    page = tim.get(f"{S}/take-back")
    assert "configured report" in page.told(".//*[@class='gone']")
    assert len(page.all(".//*[@class='gone']/li")) == 1
    after = tim.send(page, "/undo-to")
    assert state(counter).nodes["report"].spec.job_args == {"top": 3}
    assert "arg.top 4 → 3" in after.told(".//*[@class='notice good']")
    tim.send(after, "/redo")
    assert state(counter).nodes["report"].spec.job_args == {"top": 4}


def test_all_since_a_version_is_taken_back_from_the_past(counter, tim):
    """The button of a past screen leads to what that would take back."""
    version = counter.session.version
    answered(tim, 3)
    answered(tim, 4)
    then = tim.get(f"{S}?at={version}")
    (lead,) = [
        one.get("href")
        for one in then.all(".//*[@id='past']//a")
        if "take-back" in one.get("href")
    ]
    page = tim.get(lead)
    assert len(page.all(".//*[@class='gone']/li")) == 2
    tim.send(page, "/undo-to")
    assert state(counter).nodes["report"].spec is None


def test_what_others_did_is_taken_back_by_an_admin_only(counter, tim, ada):
    """A tester is told whose it is, and has no button; one that is forged is refused."""
    answered(ada, 3)
    page = tim.get(f"{S}/take-back")
    assert "1 action of others is among it, which only an admin takes back" in page.told(".//main")
    assert not page.has(".//main//form")
    version = str(counter.application.sessions.open("demo").version)
    forged = tim.post(f"{S}/undo-to", {"to": "", "version": version, "anyone": "1"})
    assert forged.status == 403
    alone = tim.post(f"{S}/undo-to", {"to": "", "version": version})
    assert alone.status == 409
    assert state(counter).nodes["report"].spec.job_args == {"top": 3}
    answered(tim, 5)
    mine = ada.get(f"{S}/take-back")
    assert "Take back, also what others did" in mine.told(".//main//form")
    ada.send(mine, "/undo-to")
    assert state(counter).nodes["report"].spec.job_args == {"top": 3}


def test_what_was_done_since_the_question_is_not_taken_back(counter, tim):
    """It is told, and the page asks anew."""
    answered(tim, 3)
    page = tim.get(f"{S}/take-back")
    answered(tim, 4)
    late = tim.send(page, "/undo-to")
    assert late.status == 409
    assert "since you last looked" in late.told(ALERT)
    assert state(counter).nodes["report"].spec.job_args == {"top": 4}


def test_where_there_is_nothing_to_take_back_that_is_said(tim):
    """And there is no button."""
    page = tim.get(f"{S}/take-back")
    assert "There is nothing to take back" in page.told(".//main")
    assert not page.has(".//main//form")


# ---- going on from there


def test_a_fork_goes_on_from_the_version_that_is_shown(counter, tim):
    """Under the name that is given; its own work list is what stood then."""
    version = counter.session.version
    answered(tim, 3)
    page = tim.send(tim.get(f"{S}?at={version}"), "/fork", name="what-if")
    assert page.told(".//h1").startswith("what-if")
    fork = state(counter, "what-if")
    assert (fork.forked_at, fork.nodes["report"].spec) == (version, None)


def test_a_fork_that_cannot_be_is_told_where_it_was_asked(counter, tim):
    """A name that is taken, with what was typed; nothing is begun."""
    version = counter.session.version
    page = tim.send(tim.get(f"{S}?at={version}"), "/fork", name="demo")
    assert page.status == 409
    assert "demo" in page.told(ALERT)
    assert page.field("name").get("value") == "demo"
    assert len(counter.application.sessions.entries()) == 1


def test_a_token_for_some_sessions_begins_no_fork(counter):
    """It would be a session outside of them, so there is no form, and a forged one is refused."""
    token_for(counter, "sue", "tester", "demo")
    sue = Browser(counter, "sue")
    assert not any(one.get("action").endswith("/fork") for one in sue.get(S).all(".//form"))
    assert sue.post(f"{S}/fork", {"name": "other"}).status == 403


def test_a_version_amid_a_command_offers_the_versions_around_it(counter, tim):
    """A button for each of them, in the place of one that would be refused."""
    begun = counter.session.version
    text = (counter.desk.folder / "pipeline.yaml").read_text()
    file = counter.desk.shell.file("other.yaml", text.replace("report", "top"))
    counter.desk.script("top", (counter.desk.folder / "scripts/report.py").read_text())
    counter.session.update(load_pipeline(file))
    page = tim.get(f"{S}?at={begun + 1}")
    assert f"version {begun + 1} lies within what" in page.told(".//*[@id='past']")
    buttons = [one.get("value") for one in page.form("/fork").iter("button")]
    assert buttons == [str(begun), str(counter.session.version)]
    fork = tim.send(page, "/fork", press=("at", buttons[0]), name="what-if")
    assert fork.told(".//h1").startswith("what-if")
    assert state(counter, "what-if").forked_at == begun


def test_a_refused_fork_leads_on_by_a_button_right_there(counter, tim):
    """The command that does the same stays told for those who type."""
    page = tim.post(f"{S}/fork", {"at": "5", "name": "what-if"})
    assert page.status == 422
    told = page.told(f".//*[@id='past']/{ALERT[3:]}")
    assert "Version 5 lies within what one command recorded" in told
    assert "runthrough fork" in told
    assert len(page.all(ALERT)) == 1
    (button,) = page.form("/fork").iter("button")
    begun = tim.send(page, "/fork", press=("at", button.get("value")))
    assert begun.told(".//h1").startswith("what-if")
