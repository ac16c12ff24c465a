"""What the page offers next, and what it says of forks, nodes and attempts."""

from tests.support.desk import top
from tests.support.pipelines import CLEAN

from runthrough.core.events import RunStarted

DEFAULTS = """
def main(input_paths, output_paths, environ_vars, job_args):
    margin = job_args.get("margin", 18)
    with open(input_paths["totals"]) as source, open(output_paths["text"], "w") as target:
        target.write(source.read() * job_args["top"] + str(margin))
"""


def links(page, path):
    """Where the links below a path lead."""
    return [one.get("href") for one in page.all(f"{path}//a")]


def test_what_has_passed_is_signed_off_and_told_from_the_card(counter, tim, vera):
    """By a form and links; once it is signed off, the button is gone; viewers have the links."""
    counter.session.configure("report", top(1))
    counter.session.run()
    page = tim.get("/sessions/demo")
    at = f"/sessions/{counter.session.session_id}"
    told = [
        f"{at}/report",
        f"/api/v1{at}/report?format=junit",
        f"/api/v1{at}/report?format=markdown",
    ]
    assert links(page, ".//*[@id='next']") == told
    assert links(vera.get("/sessions/demo"), ".//*[@id='next']") == told
    assert not vera.get("/sessions/demo").has(".//*[@id='next']//form")
    approved = tim.send(page, "/approve")
    assert approved.status == 200
    assert "by tim" in approved.told(".//main")
    assert not approved.has(".//*[@id='next']//form")
    assert links(approved, ".//*[@id='next']") == told


def test_the_report_is_a_page_that_runs_nothing(counter):
    """It brings its own style, so it has a policy of its own, which lets no script run."""
    counter.session.configure("report", top(1))
    counter.session.run()
    answer = counter.client.get("/sessions/demo/report", headers=counter.as_("vera"))
    assert answer.status_code == 200
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "<h1" in answer.text


def test_a_report_before_any_run_is_refused_as_a_screen(vera):
    """There is nothing to be told yet."""
    page = vera.get("/sessions/demo/report")
    assert page.status >= 400
    assert page.has(".//h1[@id='wrong']")


def test_a_fork_tells_what_it_is_a_fork_of(counter, tim):
    """With a link to that version, and one to what differs since."""
    counter.session.configure("report", top(1))
    at = counter.session.version
    counter.application.sessions.fork("demo", name="branch")
    page = tim.get("/sessions/branch")
    head = ".//div[@class='headline']"
    assert f"fork of demo at {at}" in page.told(head)
    then, compared, *_ = links(page, head)
    assert tim.get(then).told(".//h1").startswith("demo")
    assert tim.get(compared).status == 200
    assert "fork of" not in tim.get("/sessions/demo").told(head)


def test_a_failed_node_is_led_to_where_none_is_chosen(counter, tim):
    """Nobody is told that no node waits while one has failed."""
    counter.session.configure("report", top(1))
    counter.desk.script("clean", CLEAN.replace('environ_vars["CURRENCY"]', '{}["currency"]'))
    counter.session.run()
    empty = tim.get("/sessions/demo")
    assert "clean failed" in empty.told(".//*[@id='node']")
    assert "No node waits" not in empty.told(".//main")
    (address,) = links(empty, ".//*[@id='node']")
    assert "currency" in tim.get(address).told(".//*[@class='failure']")


def test_a_failure_from_before_a_change_is_told_as_that(counter, tim):
    """It is not red any more: what it depended on is another."""
    counter.session.configure("report", top(1))
    counter.desk.script("clean", CLEAN.replace('environ_vars["CURRENCY"]', '{}["currency"]'))
    counter.session.run()
    counter.desk.script("clean", CLEAN)
    page = tim.get("/sessions/demo?node=clean")
    old = page.told(".//*[@class='failure old']")
    assert old.startswith("Last attempt, before what changed since:")
    assert not page.has(".//*[@class='failure old']//*[@class='word bad']")


def test_a_node_that_never_was_is_told_in_the_past_too(counter, tim):
    """As it is now: with the near names."""
    version = counter.session.version
    page = tim.get(f"/sessions/demo?node=Nope&at={version}")
    assert "'Nope'" in page.told(".//*[@role='alert'][@class='notice bad']")


def test_what_a_script_takes_by_itself_stands_at_its_field(counter, tim):
    """Whoever leaves it empty knows what comes of it."""
    counter.desk.script("report", DEFAULTS)
    counter.session.resume()
    page = tim.get("/sessions/demo?node=report")
    assert page.field("job_arg:margin").get("placeholder") == "18"
    assert "left empty, the script takes 18" in page.told(".//*[@id='node']")
    tim.send(page, "/answers", **{"job_arg:top": "1", "job_arg:margin": "3"})
    page = tim.get("/sessions/demo?node=report")
    assert "left empty" not in page.told(".//*[@id='node']")


def test_the_form_and_the_work_list_are_skipped_to(tim):
    """Each is a place that takes the focus."""
    page = tim.get("/sessions/demo")
    skips = [one.get("href") for one in page.all(".//a[@class='skip']")]
    assert skips == ["#main", "#node", "#worklist"]
    for place in skips:
        assert page.has(f".//*[@id='{place[1:]}'][@tabindex='-1']")


def test_links_are_links(tim):
    """What leads elsewhere says so: a button would be pressed by the space bar as well."""
    assert tim.get("/sessions/demo").has(".//*[@id='next']/a")
    for address in (
        "/sessions",
        "/sessions/demo",
        "/sessions/demo?at=1",
        "/sessions/demo/history",
    ):
        assert not tim.get(address).has(".//a[@role='button']")


def test_an_undo_tells_the_values_before_it_is_done(counter, tim):
    """As they are now, and as they would be, whatever ran in between."""
    counter.session.configure("report", top(1))
    counter.session.configure("report", top(7))
    page = tim.get("/sessions/demo/take-back")
    assert "report arg.top 7 → 1" in page.told(".//*[@aria-labelledby='values-title']")
    back = counter.session.version - 2
    page = tim.get(f"/sessions/demo/take-back?to={back}")
    assert "arg.top 7 → not set" in page.told(".//*[@aria-labelledby='values-title']")


def test_a_run_that_has_just_begun_is_not_asked_to_be_run_again(counter, tim):
    """Before the first script has started it is running all the same."""
    counter.session.configure("report", top(1))
    seen = []

    def told(envelope):
        if isinstance(envelope.event, RunStarted):
            seen.append(tim.get("/sessions/demo").told(".//*[@id='next']"))

    counter.session.run(told=told)
    assert len(seen) == 1
    assert "It is running" in seen[0]


def test_fixes_name_buttons_and_fields_of_the_page(counter, tim, vera):
    """A shell is no way out for who sits in front of a field, or may not do it anyway."""
    counter.begin(name="other")
    refused = tim.send(tim.get("/sessions/demo"), "/rename", name="other")
    assert "type another name, one that is free" in refused.told(".//*[@id='answered']")
    denied = vera.get("/sessions/new").told(".//main")
    assert "ask an admin for a token with the role tester" in denied
    assert "runthrough" not in denied
