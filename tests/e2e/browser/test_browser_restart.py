"""A page that is open while its service is stopped and started again."""

import os
import re
import signal
import subprocess
import sys

import pytest
from playwright.sync_api import expect
from tests.support.held import let_go
from tests.support.page_shops import page_shop, week
from tests.support.served import until
from tests.support.windows import CUT_OFF

from runthrough.application.answers import Answers

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(tmp_path):
    """A service that these tests stop, before a session whose first script waits."""
    with page_shop(week(tmp_path / "week")) as begun:
        session = begun.begin("demo", (begun.desk.folder / "pipeline.yaml").read_text())
        session.configure("clean", Answers(input_paths={"orders": "data/orders.csv"}))
        session.confirm(["take.gamma"])
        yield begun


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_an_open_page_tells_that_it_is_cut_off_and_goes_on_by_itself(tim, shop):
    """What was recorded meanwhile is asked for from where it left off, and shown unasked."""
    tim.expected |= CUT_OFF
    began_behind = []
    tim.page.on(
        "request",
        lambda asked: (
            began_behind.append(asked.headers.get("last-event-id"))
            if "/live" in asked.url
            else None
        ),
    )
    tim.go("/sessions/demo?node=report")
    tim.keep()
    sign = tim.page.locator("[data-live]").first
    expect(sign).to_have_text("live")
    bob = shop.enter("demo")
    bob.note("before")
    expect(tim.main).to_contain_text(f"version {bob.version}")

    shop.stop(signal.SIGTERM)
    expect(sign).to_have_text("not live")
    tim.shoot("not-live-wide")
    bob.configure("report", Answers(job_args={"top": 6}))
    shop.start()
    expect(sign).to_have_text("live")
    expect(tim.page.locator("[name='job_arg:top']")).to_have_value("6")
    expect(tim.main).to_contain_text(f"version {bob.version}")
    assert began_behind[0] is None
    assert began_behind[-1].isdecimal()

    bob.note("after")
    expect(tim.main).to_contain_text(f"version {bob.version}")
    assert tim.kept


def test_a_run_whose_service_was_killed_is_told_and_goes_on_by_a_button(tim, shop):
    """The page, left open, tells that it was interrupted; Retry runs what is left."""
    shop.enter("demo").configure("report", Answers(job_args={"top": 1}))
    tim.expected |= CUT_OFF
    tim.go("/sessions/demo")
    tim.press("Run", within=tim.part("run-bar"))
    expect(tim.node("clean")).to_contain_text("running")
    tim.keep()
    started = shop.desk.folder / "data/started"
    until(started.exists)
    pid = int(started.read_text())
    shop.stop(signal.SIGKILL)
    expect(tim.page.locator("[data-live]").first).to_have_text("not live")
    until(lambda: gone(pid))
    shop.start()
    expect(tim.page.locator("[data-live]").first).to_have_text("live")
    expect(tim.part("run-bar")).to_contain_text("interrupted")
    expect(tim.part("next")).to_contain_text("It was interrupted")
    expect(tim.node("clean")).to_contain_text("interrupted")
    expect(tim.main).not_to_contain_text("running")
    expect(tim.page.locator("[data-elapsed]")).to_have_count(0)
    assert tim.kept
    tim.looks("interrupted")

    let_go(shop.desk)
    tim.part("run-bar").get_by_role("button", name=re.compile("^(Retry|Run)$")).last.click()
    expect(tim.part("run-bar")).to_contain_text("Last run")
    for node in ("clean", "total", "report", "make", "take"):
        expect(tim.node(node)).to_contain_text("passed")
    ended = [payload["status"] for _, _, payload in shop.desk.events("RunFinished")]
    assert ended[-1] == "passed"
    assert "passed" not in ended[:-1]
    assert shop.desk.application().auditing.verify().ok


def test_a_page_whose_first_connection_fails_becomes_live_by_itself(tim, shop):
    """Where the service is too busy at first, it is asked again, and the sign tells both."""
    tim.expected |= {"429", "503"}
    refused = [429, 503]
    tim.page.route(
        "**/live?*",
        lambda route: route.fulfill(status=refused.pop(0)) if refused else route.continue_(),
    )
    tim.go("/sessions/demo")
    sign = tim.page.locator("[data-live]").first
    expect(sign).to_have_text("live")
    assert not refused
    bob = shop.enter("demo")
    bob.note("heard")
    expect(tim.main).to_contain_text(f"version {bob.version}")


def test_a_run_whose_command_line_was_killed_is_told_by_an_open_page(tim, shop):
    """That a tester is gone is no event; the page, which looks now and then, shows it unasked."""
    tim.page.clock.install()
    tim.go("/sessions/demo")
    expect(tim.page.locator("[data-live]").first).to_have_text("live")
    typed = [sys.executable, "-m", "runthrough", "run", "--session", "demo", "clean"]
    environ = shop.desk.shell.environ()
    with subprocess.Popen(
        typed,
        cwd=shop.desk.folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        started = shop.desk.folder / "data/started"
        until(started.exists)
        expect(tim.node("clean")).to_contain_text("running")
        expect(tim.part("run-bar")).to_contain_text("running")
        expect(tim.main).to_contain_text(f"version {shop.enter('demo').version}")
        tim.page.clock.fast_forward(1_000)  # what waits for its turn is asked for before the end
        tim.page.evaluate("fetch('/healthz').then(() => null)")
        running.kill()
    until(lambda: gone(int(started.read_text())))
    tim.page.clock.fast_forward(15_000)
    expect(tim.part("run-bar")).to_contain_text("interrupted")
