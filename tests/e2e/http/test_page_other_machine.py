"""A session whose machine, or whose tester, is another one: taken over and moved on the page."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.audience import pid_lives
from tests.support.desk import Desk, shop, top
from tests.support.held import begun_run, held_shop, let_go
from tests.support.machines import Machine, clone, machine, run_out_of_sight, tokens_of
from tests.support.served import until

pytestmark = pytest.mark.slow
RUNS = ".//*[@id='runs']"
MENU = ".//*[@id='menu']"
ADVISED = ".//*[@id='run-told']"
WRONG = ".//*[@class='notice bad']"
HOME = "/sessions/demo/home"


@dataclass
class Away:
    """A session that was made at the desk, and a service on another machine."""

    desk: Desk
    there: Machine
    outside: Path
    """A checkout that lies on that machine, where its service may not look."""

    def roots(self) -> dict[str, str]:
        """Where the session's folders lie on that machine."""
        session = self.desk.application("ops", "there").sessions.open("demo")
        return {root: session.locate(f"{root}:.") for root in ("pipeline", "workspace", "session")}


@pytest.fixture
def away(tmp_path):
    """The session `demo`, which lacks nothing but its machine."""
    with shop(tmp_path / "shop") as desk:
        desk.begin(report=top())
        tokens = tokens_of(desk, ada="admin", tim="tester", vera="viewer")
        outside = clone(desk, tmp_path / "outside")
        with machine(desk, "there", clone(desk, tmp_path / "there"), tokens) as there:
            yield Away(desk, there, outside)


def session_files(folder):
    """What sessions wrote below a folder."""
    return [path for path in (folder / ".runthrough").rglob("*") if path.is_file()]


def passed(browser):
    """Wait until the last run has passed, as the page tells it."""
    until(lambda: "Last run passed: 3 passed" in browser.get("/sessions/demo").told(RUNS))


def actions(page, path="."):
    """What the forms of a part of a page do."""
    return [one.get("action").rpartition("/")[2] for one in page.all(f"{path}//form")]


def test_a_session_of_another_machine_is_moved_here_by_its_form(away):
    """It says where it lives; moved with nothing typed, it runs in the folder that is served."""
    tim = away.there.browser("tim")
    page = tim.get("/sessions/demo")
    assert "4 paths not looked at, nothing run from here" in page.told(".//main")
    assert page.has(".//*[@class='notice warn']//a[@href='#menu']")
    assert "home" in actions(page, MENU)
    assert not page.has(RUNS)
    assert not away.there.browser("vera").get("/sessions/demo").has(MENU)

    refused = tim.post("/sessions/demo/runs", {})
    assert refused.status == 409
    assert "The session lives on" in refused.told(ADVISED)
    assert refused.has(f"{ADVISED}//a[@href='#menu']")
    assert away.desk.events("CommandRefused")[-1][2]["code"] == "NOT_AT_HOME"
    assert away.desk.count("RunStarted") == 0

    page = tim.send(page, "/home")
    assert page.status == 200
    assert "moved the session to" in page.told(".//main")
    assert "home" not in actions(page)
    folder = str(away.there.folder)
    assert away.roots()["workspace"] == away.roots()["pipeline"] == folder
    tim.send(page, "/runs")
    passed(tim)
    assert session_files(away.there.folder)
    assert not session_files(away.desk.folder)
    assert away.desk.application("ops").auditing.verify().ok


def test_the_former_machine_is_told_and_takes_the_session_back(away):
    """There it lives elsewhere now, and the form that moved it moves it back to its folders."""
    with machine(away.desk, "here", away.desk.folder, away.there.tokens) as here:
        tim = away.there.browser("tim")
        tim.send(tim.get("/sessions/demo"), "/home")
        back = here.browser("tim")
        page = back.get("/sessions/demo")
        assert "nothing run from here" in page.told(".//main")
        assert back.post("/sessions/demo/runs", {}).status == 409
        page = back.send(page, "/home")
        assert page.status == 200
        back.send(page, "/runs")
        passed(back)
        assert "nothing run from here" in tim.get("/sessions/demo").told(".//main")
    assert session_files(away.desk.folder)
    assert [payload["home"]["host"] for _, _, payload in away.desk.events("HomeMoved")] == [
        "there",
        "here",
    ]


def test_a_session_is_moved_to_no_folder_outside_of_the_roots(away):
    """However that is named; nothing is recorded of it but the refusal, and the words stay."""
    (away.there.folder / "linked").symlink_to(away.outside)
    before = len(away.desk.events())
    tim = away.there.browser("tim")
    for place in (str(away.outside), "../outside", "linked"):
        for field, typed in (("workspace", place), ("pipeline", f"{place}/pipeline.yaml")):
            page = tim.send(tim.get("/sessions/demo"), "/home", **{field: typed})
            assert page.status == 422
            assert f"{typed!r} does not lie inside" in page.told(WRONG)
            assert page.field(field).get("value") == typed
            assert "open" in page.root.find(MENU).attrib
    assert {kind for kind, _, _ in away.desk.events()[before:]} <= {"CommandRefused"}
    assert not session_files(away.outside)


def test_a_checkout_below_the_roots_is_named_as_it_lies_to_them(away):
    """A relative folder is taken from the root of the service, and is where the session writes."""
    project = clone(away.desk, away.there.folder / "teams/shop")
    (away.there.folder / "pipeline.yaml").unlink()
    tim = away.there.browser("tim")
    page = tim.send(tim.get("/sessions/demo"), "/home", workspace="teams/shop")
    assert page.status == 200, page.told()
    assert away.roots()["workspace"] == away.roots()["pipeline"] == str(project)
    tim.send(page, "/runs")
    passed(tim)
    assert session_files(project)
    assert not session_files(away.there.folder)


def test_a_run_on_a_machine_that_is_gone_is_taken_over_with_its_session(tmp_path):
    """Until its lease is over only an admin who says so moves it; then a run goes on there."""
    with held_shop(tmp_path / "shop") as desk:
        tokens = tokens_of(desk, ada="admin", tim="tester")
        far = clone(desk, tmp_path / "there")
        with (
            machine(desk, "here", desk.folder, tokens) as here,
            machine(desk, "there", far, tokens) as there,
        ):
            run, pid = begun_run(here.served, desk, tokens["ada"])
            here.served.signed(signal.SIGKILL)
            here.served.ended()
            until(lambda: not pid_lives(pid))
            tim, ada = there.browser("tim"), there.browser("ada")

            page = tim.get("/sessions/demo")
            assert "running 0 of 3 done" in page.told(RUNS)
            assert "runs" not in actions(page)
            assert page.form("/home").find(".//input[@name='take_over']") is None
            assert tim.post(HOME, {"take_over": "1"}).status == 403
            page = tim.send(page, "/home")
            assert page.status == 409
            assert "A run is in progress by ada" in page.told(WRONG)
            assert "let an admin take the run over" in page.told(".//*[@class='fix']")
            assert desk.count("RunFinished") == 0

            page = ada.get("/sessions/demo")
            assert "runs" not in actions(page)
            page = ada.send(page, "/home", take_over="1")
            assert page.status == 200
            assert "moved the session to" in page.told(".//main")
            assert "Last run interrupted: 1 lost, 2 blocked" in page.told(RUNS)
            ((_, _, ended),) = desk.events("RunFinished")
            assert (ended["run"], ended["status"]) == (run, "interrupted")

            (far / "data/go").touch()
            tim.send(tim.get("/sessions/demo"), "/runs")
            passed(tim)
        assert desk.application("ops").auditing.verify().ok


def test_a_run_whose_tester_nobody_sees_is_taken_over_by_its_button(tmp_path):
    """As one of another container: who may not take it over is refused; an admin runs it anew."""
    with held_shop(tmp_path / "shop") as desk:
        let_go(desk)
        run = run_out_of_sight(desk)
        tokens = tokens_of(desk, ada="admin", tim="tester")
        with machine(desk, "here", desk.folder, tokens) as here:
            tim, ada = here.browser("tim"), here.browser("ada")
            page = tim.get("/sessions/demo")
            assert "on away" in page.told(RUNS)
            assert "runs" not in actions(page)
            refused = tim.post("/sessions/demo/runs", {})
            assert refused.status == 409
            assert "A run is in progress by ann on away" in refused.told(ADVISED)
            assert tim.post("/sessions/demo/runs", {"take_over": "1"}).status == 403

            page = ada.get("/sessions/demo")
            assert "The tester on away is gone" in page.told(f"{RUNS}//details")
            page = ada.send(page, "/runs")
            assert page.status == 200
            passed(ada)
    ends = [(end["run"] == run, end["status"]) for _, _, end in desk.events("RunFinished")]
    assert ends == [(True, "interrupted"), (False, "passed")]
    lost = [end["outcome"] for _, node, end in desk.events("ScriptExecuted") if node == "clean"]
    assert lost == ["lost", "passed"]
