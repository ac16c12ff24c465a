"""Forms that others overtake, that are refused, taken back or sent twice."""

from html import unescape

import pytest
from tests.support.browsing import Browser, filled
from tests.support.mailing import TWO, TWO_NEEDS, started, values

pytestmark = pytest.mark.slow


@pytest.fixture
def mail(counter):
    """A session on one node with several needs."""
    return started(counter, "mail", TWO, send=TWO_NEEDS)


# ---- what others do meanwhile


def test_a_stale_form_tells_base_theirs_and_yours_and_keeps_what_is_chosen(counter, tim, ada):
    """Nothing is overwritten until somebody chose; who did it and what they did is told."""
    shown = tim.get("/sessions/demo?node=report")
    ada.send(ada.get("/sessions/demo?node=report"), "/answers", job_arg__top="5")
    clash = tim.send(shown, "/answers", job_arg__top="3")
    assert clash.status == 409
    told = clash.told(".//*[@class='notice warn clash']")
    assert "ada changed report while you filled this in" in told
    cells = [
        " ".join("".join(c.itertext()).split()) for c in clash.all(".//tr[@class='clashes']/*")
    ]
    assert cells == ["arg.top", "not set", "5", "3"]
    assert values(counter, "demo", "report")["arg.top"] == 5
    page = tim.send(clash, "/answers", ("all", "mine"))
    assert page.status == 200
    assert values(counter, "demo", "report")["arg.top"] == 3


def test_a_stale_form_gives_a_session_no_other_name(counter, tim, ada):
    """Who renames what somebody renamed meanwhile is told so, and does it knowingly."""
    shown = tim.get("/sessions/demo")
    ada.send(ada.get("/sessions/demo"), "/rename", name="theirs")
    shop = counter.application.sessions.open("theirs")
    stale = f"/sessions/{shop.session_id}/rename"
    page = tim.post(stale, filled(shown.form("/rename")) | {"name": "mine"})
    assert page.status == 409
    assert "is called 'theirs' by now, no longer 'demo'" in unescape(page.text)
    shop.refresh()
    assert shop.name == "theirs"
    assert tim.send(page, "/rename", name="mine").status == 200
    shop.refresh()
    assert shop.name == "mine"


def test_what_others_do_elsewhere_does_not_stand_in_the_way_of_a_name(counter, tim, ada):
    """A node that was answered since is none of its business."""
    shown = tim.get("/sessions/demo")
    ada.send(ada.get("/sessions/demo?node=report"), "/answers", job_arg__top="5")
    assert tim.send(shown, "/rename", name="mine").told(".//h1").startswith("mine")


def test_theirs_may_be_used_instead(counter, tim, ada):
    """Then nothing of one's own is recorded."""
    shown = tim.get("/sessions/demo?node=report")
    ada.send(ada.get("/sessions/demo?node=report"), "/answers", job_arg__top="5")
    clash = tim.send(shown, "/answers", job_arg__top="3")
    before = counter.application.sessions.open("demo").version
    page = tim.send(clash, "/answers", ("all", "theirs"))
    assert page.status == 200
    assert values(counter, "demo", "report")["arg.top"] == 5
    assert counter.application.sessions.open("demo").version == before


def test_of_several_values_each_is_chosen(counter, tim, ada):
    """A choice that is missing is asked for; then one is theirs and one is yours."""
    shown = tim.get("/sessions/demo?node=report")
    ada.send(
        ada.get("/sessions/demo?node=report"), "/answers", job_arg__top="5", user_notes="ada's"
    )
    clash = tim.send(shown, "/answers", job_arg__top="3", user_notes="tim's")
    assert len(clash.all(".//tr[@class='clashes']")) == 2
    still = tim.send(clash, "/answers", ("all", "chosen"))
    assert still.status == 422
    assert "neither theirs nor yours is chosen" in still.told(".//*[@id='node']")
    choices = {"choice:arg.top": "mine", "choice:user_notes": "theirs", "all": "chosen"}
    fields = filled(clash.form("/answers")) | choices
    page = tim.post(clash.form("/answers").get("action"), fields)
    assert page.status == 200
    held = values(counter, "demo", "report")
    assert (held["arg.top"], held["user_notes"]) == (3, "ada's")


def test_what_does_not_meet_is_saved_beside_what_others_did(counter, tim, ada):
    """Another value of the same node was changed: one's own stands, and theirs as well."""
    shown = tim.get("/sessions/demo?node=report")
    ada.send(ada.get("/sessions/demo?node=report"), "/answers", user_notes="ada's")
    clash = tim.send(shown, "/answers", job_arg__top="3")
    assert clash.status == 409
    assert not clash.all(".//tr[@class='clashes']")
    tim.send(clash, "/answers", ("all", "mine"))
    held = values(counter, "demo", "report")
    assert (held["arg.top"], held["user_notes"]) == (3, "ada's")


def test_what_others_do_to_other_nodes_hinders_nobody(counter, tim, ada):
    """A form is stale only where its own node was changed."""
    shown = tim.get("/sessions/demo?node=report")
    ada.send(ada.get("/sessions/demo?node=clean"), "/answers", user_notes="ada's")
    assert tim.send(shown, "/answers", job_arg__top="3").status == 200


# ---- what is refused


def test_a_closed_session_refuses_and_shows_what_was_typed(counter, tim):
    """Somebody closed it meanwhile: the form says so, and nothing typed is lost."""
    shown = tim.get("/sessions/demo?node=report")
    counter.session.close()
    page = tim.send(shown, "/answers", job_arg__top="3")
    assert page.status == 409
    assert "The session is closed" in page.told(".//*[@id='node']//*[@role='alert']")
    assert "3" in page.told(".//*[@id='typed']")


def test_a_path_outside_the_roots_is_refused_at_its_form(tim, mail):
    """Nothing there is looked at, and what was typed is shown again."""
    page = tim.send(tim.get(mail), "/answers", input__letter="/etc/hostname")
    assert page.status == 422
    assert "does not lie inside" in page.told(".//*[@id='node']")
    assert page.field("input:letter").get("value") == "/etc/hostname"


@pytest.mark.parametrize(
    "action", ["answers", "connections", "script", "external", "internal", "clear"]
)
def test_viewers_change_nothing(counter, action):
    """Each form is refused to them, as a page that says which role it needs."""
    before = counter.application.sessions.open("demo").version
    page = Browser(counter, "vera").post(
        f"/sessions/demo/{action}", {"node": "report", "version": "12", "job_arg:top": "3"}
    )
    assert page.status == 403
    assert "needs the role tester" in page.told(".//main")
    assert counter.application.sessions.open("demo").version == before


@pytest.mark.parametrize("fields", [{}, {"node": "report"}, {"node": "report", "version": "x"}])
def test_a_form_that_no_page_made_is_refused(tim, fields):
    """What says neither node nor version changes nothing."""
    assert tim.post("/sessions/demo/answers", fields).status == 422


def test_a_node_that_is_gone_is_told(tim):
    """A form about a node that there is not says so on the screen."""
    typed = {"job_arg:top": "3", "was:job_arg:top": ""}
    page = tim.post("/sessions/demo/answers", {"node": "gone", "version": "12", **typed})
    assert page.status == 404
    assert "'gone' not found" in page.told(".//main")
    assert "3" in page.told(".//*[@id='typed']")


def test_what_was_just_recorded_is_taken_back_by_a_button(counter, tim):
    """It is history as well, and there is no button to take that back."""
    page = tim.send(tim.get("/sessions/demo?node=report"), "/answers", job_arg__top="3")
    page = tim.send(page, "/undo")
    assert page.status == 200
    assert counter.application.sessions.open("demo").waits("report")
    assert counter.desk.count("ConfigurationReverted") == 1
    assert not [one for one in page.all(".//form") if one.get("action").endswith("/undo")]


def test_what_others_did_since_is_not_taken_back_with_it(counter, tim, ada):
    """The button is refused, and says why."""
    page = tim.send(tim.get("/sessions/demo?node=report"), "/answers", job_arg__top="3")
    ada.send(ada.get("/sessions/demo?node=report"), "/answers", user_notes="ada's")
    refused = tim.send(page, "/undo")
    assert refused.status == 409
    assert "ada" in refused.told(".//*[@role='alert'][@class='notice bad']")
    assert values(counter, "demo", "report")["arg.top"] == 3


def test_what_mends_a_field_is_said_of_the_field(tim, mail):
    """A command that would give its value is told as what to write there."""
    page = tim.send(tim.get(mail), "/answers", input__letter="nowhere.txt")
    assert "put it there, or type a path" in page.described("input:letter")
    assert "--input" not in page.described("input:letter")


def test_what_was_typed_into_a_form_that_comes_again_is_left_alone_by_news(tim, mail):
    """The script of the page does not touch it: what others do would take it away."""
    page = tim.get(mail)
    assert "hx-morph-skip" not in page.root.find(".//*[@id='node']").attrib
    page = tim.send(page, "/answers", input__letter="nowhere.txt")
    assert "hx-morph-skip" in page.root.find(".//*[@id='node']").attrib


def test_who_loads_the_address_of_a_form_again_comes_to_the_screen(tim):
    """A form that was not taken leaves its address in the browser."""
    for action in ("answers", "connections", "script", "external", "internal", "clear", "undo"):
        assert tim.get(f"/sessions/demo/{action}").has(".//*[@id='worklist']")


def test_a_form_that_is_sent_twice_is_recorded_once(counter, tim):
    """The second time all of it stands there already, which is no conflict."""
    shown = tim.get("/sessions/demo?node=report")
    tim.send(shown, "/answers", job_arg__top="3")
    page = tim.send(shown, "/answers", job_arg__top="3")
    assert page.status == 200
    assert page.field("job_arg:top").get("value") == "3"
    assert counter.desk.count("ScriptConfigured", "report") == 1
