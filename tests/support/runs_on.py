"""Scripts of the shop that wait for a file to go, or fail while one is there."""

from pathlib import Path

from tests.support.browsing import Browser
from tests.support.desk import NAME
from tests.support.scripts import has_content, until
from tests.support.service import Counter

WAITS = """
import sys
import time
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(input_paths["clean_orders"]).read_text()
    print("\\x1b[32mwaiting\\x1b[0m", flush=True)
    here = Path(__file__).parent.parent
    here.joinpath("began").write_text("x")
    limit = time.monotonic() + 20
    while here.joinpath("hold").exists():
        assert time.monotonic() < limit, "nobody let it go on"
        time.sleep(0.005)
    Path(output_paths["totals"]).write_text('{"ada": 3}')
"""
FAILS = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(input_paths["clean_orders"]).read_text()
    if Path(__file__).parent.parent.joinpath("broken").exists():
        raise RuntimeError("as <b>it</b> was told to")
    Path(output_paths["totals"]).write_text('{"ada": 3}')
"""


def rewritten(counter: Counter, source: str, *, flag: str) -> Path:
    """Give the middle node another script, which looks at a file; that file."""
    counter.desk.script("total", source)
    file = counter.desk.folder / flag
    file.write_text("x")
    return file


def waiting(counter: Counter, browser: Browser) -> Path:
    """Begin a run whose second script runs as long as a file is there; that file."""
    hold = rewritten(counter, WAITS, flag="hold")
    page = browser.send(browser.get(f"/sessions/{NAME}"), "/runs")
    assert page.status == 200, page.told()
    until(lambda: has_content(hold.parent / "began"), "the second script runs")
    return hold


def over(counter: Counter) -> None:
    """Wait until the session's run is over."""
    session = counter.application.sessions.open(NAME)

    def ended() -> bool:
        session.refresh()
        return session.state.run is not None and session.state.running is None

    until(ended, "the run is over")


def ran(counter: Counter, browser: Browser) -> None:
    """Run all of it by the button, and wait until that is over."""
    page = browser.send(browser.get(f"/sessions/{NAME}"), "/runs")
    assert page.status == 200, page.told()
    over(counter)
