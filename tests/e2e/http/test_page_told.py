"""What screens tell of what was just done or lost, and that programs are not answered by them."""

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.browsing import Page
from tests.support.desk import top
from tests.support.service import HOST

from runthrough.bootstrap import load_pipeline

pytestmark = pytest.mark.slow

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OWN = HTML | {"Origin": f"http://{HOST}"}


def screen(answer):
    """An answer, taken for a screen."""
    assert answer.headers["content-type"].startswith("text/html"), answer.text
    return Page(answer.status_code, str(answer.url), answer.text)


@pytest.mark.parametrize("address", ["/nowhere", "/sessions/demo/nowhere"])
def test_an_address_that_there_is_not_is_told_as_a_screen(counter, address):
    """What is wrong and where to go on, and no document for programs."""
    page = screen(counter.client.get(address, headers=HTML))
    assert page.status == 404
    assert "There is nothing at this address." in page.told(".//main")
    assert page.has(".//main//a[@href='/sessions']")


def test_a_method_that_an_address_does_not_take_is_told_as_a_screen(counter):
    """Which methods it takes stands in the header, as it does for programs."""
    answer = counter.client.post("/sessions/demo/live", headers=OWN)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert "takes no such request" in screen(answer).told(".//main")


@pytest.mark.parametrize(
    ("address", "headers"), [("/nowhere", {"Accept": "*/*"}), ("/api/v1/nowhere", HTML)]
)
def test_programs_are_answered_by_documents(counter, address, headers):
    """So is whoever asks below the interface for programs, whatever they say they accept."""
    answer = counter.client.get(address, headers=headers)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_refused_before_any_route_is_told_as_a_screen(counter):
    """Another site's form, in a person's browser."""
    answer = counter.client.post(
        "/sessions/demo/answers", data={"node": "x"}, headers=HTML | {"Origin": "http://evil.test"}
    )
    assert answer.status_code == 403
    assert "another origin" in screen(answer).told(".//main")
    assert "Content-Security-Policy" in answer.headers


# ---- what was recorded


def test_a_variable_that_no_script_reads_is_told_once_it_is_recorded(counter, tim):
    """It is accepted, and what looks wrong with it stands beside what was recorded."""
    page = tim.get("/sessions/demo?node=clean")
    form = page.form("/answers")
    key = {"was:environ_var:CURENCY": "", "environ_var:CURENCY": "USD"}
    version = next(one.get("value") for one in form.iter() if one.get("name") == "version")
    page = tim.post(form.get("action"), {"node": "clean", "version": version} | key)
    assert page.status == 200
    assert "CURENCY" in page.told(".//*[@class='warned']")


def test_a_secret_that_is_not_set_is_told_once_it_is_named(counter, tim):
    """The run may be elsewhere, so that it is accepted; of other values nothing is said."""
    page = tim.get("/sessions/demo?node=clean")
    page = tim.send(page, "/answers", environ_var__CURRENCY="@secret:NOWHERE_SET")
    assert page.status == 200
    assert "NOWHERE_SET" in page.told(".//*[@class='warned']")
    page = tim.send(tim.get("/sessions/demo?node=clean"), "/answers", user_notes="later")
    assert page.status == 200
    assert not page.has(".//*[@class='warned']")


def test_what_was_recorded_is_told_where_the_screen_is_scrolled_to(counter, tim):
    """With the form that stays in front of somebody; else at the top, above the next thing."""
    page = tim.send(tim.get("/sessions/demo?node=clean"), "/answers", user_notes="later")
    assert page.has(".//*[@id='node']//*[@id='saved']")
    address = page.root.find(".//*[@id='screen']").get("hx-get")
    assert tim.get(address).has(".//*[@id='saved']"), "what others do would take it away"
    page = tim.send(tim.get("/sessions/demo?node=report"), "/answers", job_arg__top="3")
    assert page.has(".//*[@id='saved']")
    assert not page.has(".//*[@id='screen']//*[@id='saved']")


def test_what_a_session_took_of_another_is_told_once(counter, tim):
    """How many answers of whom; after something else happened it is no news any more."""
    counter.session.configure("report", top(3))
    page = tim.send(tim.get("/sessions/new"), "/sessions", name="second", like="demo")
    assert page.status == 200
    told = page.told(".//*[@role='status']")
    assert "3 scripts" in told
    assert "1 answer of demo taken." in told
    counter.application.sessions.open("second").note("seen")
    assert "taken" not in tim.get(page.address).told(".//main")


def test_where_the_pipeline_says_otherwise_than_the_other_session_is_told(counter, tim):
    """A line for each value of which the pipeline's was kept."""
    counter.session.configure("report", top(3))
    file = counter.desk.folder / "pipeline.yaml"
    text = file.read_text()
    assert "report: {}" in text
    file.write_text(text.replace("report: {}", "report: {job_args: {top: 5}}"))
    page = tim.send(tim.get("/sessions/new"), "/sessions", name="second", like="demo")
    assert page.status == 200
    assert "top" in page.told(".//*[@role='status']/*[2]")


# ---- what was lost


def lost(counter, address, fields):
    """Where a form leads that is sent after the sign-in has ended."""
    answer = counter.client.post(address, data=fields, headers=OWN, follow_redirects=False)
    assert answer.status_code == 303
    there = urlsplit(answer.headers["location"])
    assert there.path == "/sign-in"
    return parse_qs(there.query)["next"][0]


def test_a_form_that_came_too_late_leads_back_to_its_node(counter, tim):
    """After signing in again it is told that nothing was recorded; what was typed is nowhere."""
    fields = {"node": "report", "version": "3", "job_arg:top": "typed-text"}
    back = lost(counter, "/sessions/demo/answers", fields)
    assert "typed-text" not in back
    page = tim.get(back)
    assert page.told(".//*[@id='node-title']") == "report"
    assert "was not recorded" in page.told(".//*[@role='alert'][@class='notice warn']")


def test_a_session_that_was_not_begun_leads_back_to_its_form(counter, tim):
    """It is told there that there is none."""
    page = tim.get(lost(counter, "/sessions", {"typed": "pipeline.yaml"}))
    assert "no session was begun" in page.told(".//main")
    assert page.form("/sessions") is not None


def test_whoever_signs_in_after_a_lost_form_comes_to_it(counter):
    """The way through the sign-in itself, with the place in the page."""
    back = lost(counter, "/sessions/demo/answers", {"node": "report"})
    answer = counter.client.post(
        "/sign-in",
        data={"token": counter.tokens["tim"], "next": back},
        headers=OWN,
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/sessions/demo?node=report&unsent=1#node"


def refusals(counter, code):
    """How often an error was told, as the service counts it."""
    text = counter.client.get("/metrics", headers=counter.as_("vera")).text
    begin = f'runthrough_refusals_total{{code="{code}"}} '
    lines = [one for one in text.splitlines() if one.startswith(begin)]
    return float(lines[0].removeprefix(begin)) if lines else 0.0


def test_what_screens_refuse_is_counted_as_well(counter, tim):
    """A screen that there is not, a form that was not taken, and a session that was not begun."""
    assert tim.get("/sessions/nobody").status == 404
    assert refusals(counter, "SESSION_UNKNOWN") == 1
    tim.send(tim.get("/sessions/demo?node=clean"), "/answers", input__orders="nowhere.csv")
    assert refusals(counter, "CONFIGURATION_INVALID") == 1
    tim.send(tim.get("/sessions/new"), "/sessions", name="demo")
    assert refusals(counter, "SESSION_NAME_TAKEN") == 1
    tim.get("/sessions/demo/diff?one=99")
    assert refusals(counter, "VERSION_UNKNOWN") >= 1


def test_a_session_that_lives_elsewhere_has_no_button_that_would_run_it(counter, tim):
    """It says where it lives, and leads to what moves it here."""
    definition = load_pipeline(counter.desk.folder / "pipeline.yaml")
    counter.desk.application("ann", "there").sessions.start(definition, name="far")
    page = tim.get("/sessions/far")
    assert not [one for one in page.all(".//form") if one.get("action", "").endswith("/runs")]
    assert page.has(".//*[@class='notice warn']//a[@href='#menu']")


def test_a_comparison_before_any_run_passed_asks_for_two_sides(tim):
    """There is nothing wrong yet: two sides are to be named."""
    page = tim.get("/sessions/demo/diff")
    assert page.status == 200
    assert "Nothing to compare with yet" in page.told(".//main")


def test_what_is_next_warns_of_secrets_that_are_not_set(counter, tim):
    """A run would fail for want of it, so who is about to begin one is told."""
    counter.begin(name="kept")
    report = {"job_args": {"top": 1}, "environ_vars": {"SIGNED_BY": "@secret:NOWHERE_SET"}}
    told = counter.client.patch(
        "/api/v1/sessions/kept/nodes/report/configuration",
        json=report,
        headers=counter.as_("tim"),
    )
    assert told.status_code == 200, told.text
    shown = tim.get("/sessions/kept").told(".//*[@id='next']")
    assert "The secret NOWHERE_SET" in shown
    assert "set NOWHERE_SET where the service runs (host " in shown
    assert "name another secret for SIGNED_BY in the form of report" in shown
    assert "Run" in shown
    assert "NOWHERE_SET" not in tim.get("/sessions/demo").told(".//*[@id='next']")
