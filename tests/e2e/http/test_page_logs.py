"""Logs on the page: their ends, why a script did not pass, and how they grow."""

import pytest
from tests.support.desk import top
from tests.support.runs_on import FAILS, over, ran, rewritten, waiting

from runthrough.entrypoints.http.pages.logs import SHOWN_BYTES

LOGS = "/sessions/demo/nodes/total/logs"
WRITES = """
import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(input_paths["clean_orders"]).read_text()
    sys.stdout.buffer.write({written!r})
    sys.stdout.flush()
    Path(output_paths["totals"]).write_text('{{"ada": 3}}')
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def counter(counter):
    """The shop's service before a session `demo` that is ready to run."""
    counter.session.configure("report", top(3))
    return counter


def wrote(counter, tim, written: bytes):
    """Run a script that writes so; the screen of its logs."""
    counter.desk.script("total", WRITES.format(written=written))
    ran(counter, tim)
    page = tim.get(LOGS)
    assert page.status == 200
    return page


def text_of(page) -> str:
    """What standard output is shown as."""
    (shown,) = page.all(".//pre[@aria-label='Standard output, may be scrolled']")
    return "".join(shown.itertext())


def test_a_node_without_an_attempt_has_no_log(vera):
    """That is said, and the whole text is empty."""
    page = vera.get(LOGS)
    assert "It has had no attempt" in page.told(".//main")
    assert not page.has(".//pre")


def test_a_failure_is_told_with_the_frames_of_the_user_and_the_exit_code(counter, tim, vera):
    """In the node's panel and above its logs, with the line that it happened at."""
    rewritten(counter, FAILS, flag="broken")
    ran(counter, tim)
    for address in (LOGS, "/sessions/demo?node=total"):
        page = vera.get(address)
        told = page.told(".//*[@class='failure']")
        assert "/scripts/total.py:" in told
        assert "in main" in told
        assert "raise RuntimeError" in page.told(".//*[@class='source']/*[@class='it']")
        assert "exit code 1" in told
    page = vera.get(LOGS)
    assert "failed after" in page.told(".//main")
    assert "RuntimeError: as <b>it</b> was told to" in page.told(".//*[@class='failure']")
    assert "Traceback" in page.told(".//pre[@aria-label='Standard error, may be scrolled']")


def test_orders_to_terminals_markup_and_broken_bytes_do_nothing(counter, tim):
    """Colours are gone, a progress bar is lines, and what cannot be decoded is a sign."""
    written = (
        b"\x1b[31mred\x1b[0m <script>alert(1)</script> \xff\n10%\r20%\r\n\x07\xe2\x80\xae end\n"
    )
    page = wrote(counter, tim, written)
    assert text_of(page) == ("red <script>alert(1)</script> \ufffd\n10%\n20%\n\\u202e end\n")
    assert "<script>alert" not in page.text


def test_of_a_long_log_the_end_is_shown_from_a_line_on_and_the_whole_is_a_link_away(
    counter, tim, vera
):
    """Nothing of what is shown is cut within a line, and the link has every byte."""
    lines = b"".join(b"line %07d\n" % number for number in range(40_000))
    page = wrote(counter, tim, lines)
    shown = text_of(page)
    assert SHOWN_BYTES - 100 < len(shown) <= SHOWN_BYTES
    assert shown.startswith("line ")
    assert lines.endswith(shown.encode())
    assert "520000" not in shown.splitlines()[0]
    whole = next(one for one in page.all(".//a") if "".join(one.itertext()) == "the whole text")
    answer = counter.client.get(whole.get("href"), headers=counter.as_("vera"))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == lines


def test_a_long_line_is_shown_whole(counter, tim):
    """It is wrapped by the style, not cut."""
    assert len(text_of(wrote(counter, tim, b"x" * 100_000))) == 100_000


def test_an_earlier_attempt_is_chosen(counter, tim, vera):
    """Each attempt has its outcome, its text and its reason; what never was is not found."""
    broken = rewritten(counter, FAILS, flag="broken")
    ran(counter, tim)
    broken.unlink()
    ran(counter, tim)
    page = vera.get(LOGS)
    rows = page.all(".//*[@class='card attempts']//li")
    assert ["".join(one.itertext()).split()[1] for one in rows] == ["passed", "failed"]
    assert not page.has(".//*[@class='failure']")
    earlier = vera.get(rows[1].find("a").get("href"))
    assert "as <b>it</b> was told to" in earlier.told(".//*[@class='failure']")
    assert "Traceback" in earlier.told(".//main")
    assert vera.get(f"{LOGS}?attempt=none").status == 404


def test_the_attempts_stand_in_the_panel_of_the_node(counter, tim, vera):
    """With when, how long and a link to what each wrote."""
    ran(counter, tim)
    page = vera.get("/sessions/demo?node=total")
    told = page.told(".//*[@class='attempts']")
    assert "passed" in told
    assert " s " in told
    links = [one.get("href") for one in page.all(".//*[@class='attempts']//a")]
    assert len(links) == 1
    assert "/nodes/total/logs?attempt=" in links[0]
    assert vera.get(links[0]).status == 200


def test_a_log_grows_while_its_script_runs(counter, tim, vera):
    """The screen says where to go on; what follows is asked for from that byte, to the end."""
    hold = waiting(counter, tim)
    page = vera.get(LOGS)
    assert "running" in page.told(".//*[@id='log-told']")
    card = page.root.find(".//section[@data-log]")
    assert text_of(page) == "waiting\n"
    assert card.get("data-next") == str(len(b"\x1b[32mwaiting\x1b[0m\n"))
    headers = counter.as_("vera")
    first = counter.client.get(card.get("data-log"), headers=headers, params={"after": 0})
    assert first.text == "waiting\n"
    assert first.headers["x-log-ended"] == "false"
    assert first.headers["x-log-next"] == card.get("data-next")
    hold.unlink()
    over(counter)
    last = counter.client.get(
        card.get("data-log"), headers=headers, params={"after": card.get("data-next")}
    )
    assert (last.text, last.headers["x-log-ended"]) == ("", "true")
    assert not vera.get(LOGS).has(".//section[@data-log]")


def test_the_logs_of_a_node_that_is_not_there_are_not_found(vera):
    """As everything else of it."""
    assert vera.get("/sessions/demo/nodes/nobody/logs").status == 404
    assert vera.get("/sessions/demo/nodes/nobody/logs/stdout").status == 404
    assert vera.get("/sessions/demo/nodes/total/logs/elsewhere").status == 422
