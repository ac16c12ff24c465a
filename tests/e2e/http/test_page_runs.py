"""Runs on the page: planned, begun, followed, stopped, and told at their end."""

import pytest
from tests.support.browsing import Browser
from tests.support.desk import top
from tests.support.runs_on import FAILS, over, ran, rewritten, waiting
from tests.support.service import service

from runthrough.entrypoints.http.limits import RUN_STARTS

RUNS = ".//*[@id='runs']"


@pytest.fixture
def counter(counter):
    """The shop's service before a session `demo` that is ready to run."""
    counter.session.configure("report", top(3))
    return counter


def test_the_plan_tells_each_node_with_its_reason_and_runs_what_it_tells(counter, tim, vera):
    """A selection and its flags come along to the button; viewers read the plan without it."""
    page = tim.get("/sessions/demo/plan?what=%2Btotal&no_reuse=1")
    assert "2 nodes: 2 to run, 0 unchanged, 0 blocked, 0 pending" in page.told(".//main")
    assert "never passed" in page.told(".//main")
    assert not Browser(counter, "vera").get("/sessions/demo/plan").has(".//main//form")
    tim.send(page, "/runs")
    over(counter)
    (started,) = (payload for _, _, payload in counter.desk.events("RunStarted"))
    assert started["plan"]["order"] == ["clean", "total"]
    assert started["reuse"] is False
    assert "unchanged since it passed" in vera.get("/sessions/demo/plan").told(".//main")


def test_the_plan_alone_is_given_to_the_script_of_the_page(counter):
    """Without the frame of a screen, so that it fits into one."""
    headers = counter.as_("vera") | {"HX-Request": "true"}
    part = counter.client.get("/sessions/demo/plan", headers=headers).text
    assert "3 to run" in part
    assert "<html" not in part


def test_the_button_of_what_is_next_runs_with_the_options_that_are_ticked(counter, tim):
    """It belongs to the form that holds them, so it needs no script for that."""
    page = tim.get("/sessions/demo")
    assert page.has(".//*[@id='next']/button[@form='run-form']")
    assert not page.has(".//*[@id='next']//form")
    assert page.has(".//form[@id='run-form']//input[@name='no_reuse']")
    assert page.has(".//form[@id='run-form']//input[@name='fail_fast']")


def test_a_run_is_begun_by_its_button_and_its_end_is_told(counter, tim, vera):
    """Who began it, how many passed, and how long it took; reload does not run again."""
    ran(counter, tim)
    told = vera.get("/sessions/demo").told(RUNS)
    assert "✓ Last run passed: 3 passed," in told
    assert "by tim," in told
    assert counter.desk.count("RunStarted") == 1
    ((_, _, started),) = counter.desk.events("RunStarted")
    assert started["holder"]["pid"]


def test_options_of_the_form_are_those_of_the_run(counter, tim):
    """Typed patterns beat the choice; the rest is as it is ticked."""
    page = tim.get("/sessions/demo?node=clean")
    options = [one.get("value") for one in page.all(f"{RUNS}//option")]
    assert options == ["", "clean", "clean+", "+clean"]
    form = {"what": "report", "select": "clean\n\ntotal\n", "jobs": "2", "fail_fast": "1"}
    tim.post("/sessions/demo/runs", form)
    over(counter)
    ((_, _, started),) = counter.desk.events("RunStarted")
    assert started["plan"]["order"] == ["clean", "total"]
    assert (started["jobs"], started["fail_fast"], started["reuse"]) == (2, True, True)


@pytest.mark.parametrize("jobs", ["0", "257", "two", "-1", "1.5"])
def test_a_number_of_scripts_that_is_none_is_told_at_the_button(counter, tim, jobs):
    """Nothing runs, and what was chosen stands there still."""
    page = tim.post("/sessions/demo/runs", {"jobs": jobs, "what": "clean", "fail_fast": "1"})
    assert page.status == 422
    assert f"'{jobs}' is no number of scripts" in page.told(".//*[@id='run-told']")
    assert page.field("jobs").get("value") == jobs
    assert "checked" in page.field("fail_fast").attrib
    assert counter.desk.count("RunStarted") == 0


def test_nodes_that_wait_for_a_person_refuse_a_run_and_lead_to_their_forms(tmp_path):
    """What each needs stands beside its link."""
    with service(tmp_path / "shop") as counter:
        counter.begin()
        tim = Browser(counter, "tim")
        page = tim.send(tim.get("/sessions/demo"), "/runs")
        assert page.status == 409
        refusal = page.root.find(".//*[@id='run-told']")
        assert "missing configuration for 1 script" in page.told(".//*[@id='run-told']")
        (link,) = refusal.iter("a")
        assert link.get("href").endswith("?node=report#node")
        assert "top" in page.told(".//*[@id='run-told']//li")
        assert page.has(".//*[@id='run-told']//*[@autofocus]")
        assert counter.desk.count("RunStarted") == 0


@pytest.mark.slow
def test_a_run_that_is_on_is_told_and_stopped(counter, tim, vera):
    """How far it is, who drives it where, and what runs; viewers see no button to stop it."""
    waiting(counter, tim)
    page = tim.get("/sessions/demo")
    told = page.told(RUNS)
    assert "running 1 of 3 done" in told
    assert "by tim on " in told
    assert "total" in page.told(f"{RUNS}//*[@class='runners small']")
    assert page.has(f"{RUNS}//time[@data-elapsed]")
    assert not any(one.get("action", "").endswith("/runs") for one in page.all(f"{RUNS}//form"))
    assert not vera.get("/sessions/demo").has(f"{RUNS}//form")
    tim.send(page, "/cancel")
    over(counter)
    ended = tim.get("/sessions/demo").told(RUNS)
    assert "Last run cancelled" in ended
    assert "stopped by tim" in ended


def test_a_second_run_is_refused_with_who_runs_where_and_since(counter, tim, ada):
    """The screen that was open before says so where the button was."""
    before = ada.get("/sessions/demo")
    hold = waiting(counter, tim)
    page = ada.send(before, "/runs")
    assert page.status == 409
    told = page.told(".//*[@id='run-told']")
    assert "A run is in progress by tim on " in told
    assert "since 20" in told
    assert "stop it" in told
    assert page.has(".//form[@method='post']//input[@name='run']")
    hold.unlink()
    over(counter)


def test_a_run_that_has_ended_meanwhile_is_not_stopped(counter, tim):
    """That is told where the button was."""
    hold = waiting(counter, tim)
    page = tim.get("/sessions/demo")
    hold.unlink()
    over(counter)
    late = tim.send(page, "/cancel")
    assert late.status == 409
    assert late.has(".//*[@id='run-told']//*[@role='alert']")


def test_root_causes_are_told_first_with_what_they_blocked_and_are_retried(counter, tim):
    """Markup in a message does nothing; a retry runs what did not pass."""
    broken = rewritten(counter, FAILS, flag="broken")
    ran(counter, tim)
    page = tim.get("/sessions/demo?node=total")
    (cause,) = page.all(f"{RUNS}//*[@class='causes']/li")
    told = " ".join("".join(cause.itertext()).split())
    assert "total failed: RuntimeError: as <b>it</b> was told to" in told
    assert "blocked: report" in told
    assert "state:failed" in [one.get("value") for one in page.all(f"{RUNS}//option")]
    broken.unlink()
    retry = next(
        one for one in page.all(".//button") if (one.get("formaction") or "").endswith("/retry")
    )
    tim.post(retry.get("formaction"), {})
    over(counter)
    assert "Last run passed: 2 passed" in tim.get("/sessions/demo").told(RUNS)
    nothing = tim.post("/sessions/demo/retry", {})
    assert "There is nothing to retry" in nothing.told(".//*[@id='run-told']")


def test_only_an_admin_takes_a_run_over(counter, tim, ada):
    """A tester is told so, and nothing is begun."""
    page = tim.post("/sessions/demo/runs", {"take_over": "1"})
    assert page.status == 403
    assert "needs the role admin" in page.told(".//*[@id='run-told']")
    assert counter.desk.count("RunStarted") == 0
    assert ada.post("/sessions/demo/runs", {"take_over": "1"}).status == 200
    over(counter)


def test_runs_begun_by_a_loop_are_refused_at_the_button(counter, tim):
    """With how long to wait; the limit is the one of the interface for programs."""
    for _ in range(RUN_STARTS.amount):
        counter.client.app.state.service.limits.take(RUN_STARTS, "tim")
    headers = counter.as_("tim") | {"Origin": counter.origin}
    answer = counter.client.post("/sessions/demo/runs", data={}, headers=headers)
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    page = tim.post("/sessions/demo/runs", {})
    assert page.status == 429
    assert "Too many runs were started" in page.told(".//*[@id='run-told']")
    assert "try again" in page.told(".//*[@id='run-told']")


def test_the_address_of_a_run_that_was_refused_leads_to_the_screen(tim):
    """So that a reload after it shows the session and begins nothing."""
    for action in ("runs", "retry", "cancel"):
        assert tim.get(f"/sessions/demo/{action}").has(RUNS)


def test_the_parts_that_come_by_themselves_tell_the_run(counter, tim):
    """What the script of the page asks for after each event has the progress."""
    hold = waiting(counter, tim)
    headers = counter.as_("tim") | {"HX-Request": "true"}
    part = counter.client.get("/sessions/demo/parts/screen", headers=headers).text
    assert 'max="3" value="1"' in part
    hold.unlink()
    over(counter)
