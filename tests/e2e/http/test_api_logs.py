"""Logs over HTTP: their ends, and piece by piece while a script runs."""

import os

import pytest
from tests.support.pipelines import tree
from tests.support.scripts import until
from tests.support.senders import refused, senders, told

PLANTED = "hunter2-of-the-test"
SAYS = """
import sys
import time
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(input_paths["totals"]).read_text()
    folder = Path(output_paths["report"]).parent
    here = Path(__file__).parent.parent
    print("grüße " * 3000, flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    here.joinpath("said").write_text("x")
    limit = time.monotonic() + 20
    while here.joinpath("hold").exists():
        assert time.monotonic() < limit, "nobody let it go on"
        time.sleep(0.005)
    print("at the end ü")
    Path(output_paths["report"]).write_text("x")
"""
WHOLE = "grüße " * 3000 + "\nat the end ü\n"
LEAKS = """
import os
import time
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(input_paths["totals"]).read_text()
    here = Path(__file__).parent.parent
    with open(os.path.join(os.path.dirname(os.getcwd()), "stdout.log"), "a") as log:
        log.write(f"first line\\nit is {environ_vars['WORD']}, and {environ_vars['WORD']}")
    here.joinpath("said").write_text("x")
    limit = time.monotonic() + 20
    while here.joinpath("hold").exists():
        assert time.monotonic() < limit, "nobody let it go on"
        time.sleep(0.005)
    Path(output_paths["report"]).write_text("x")
"""


def speaking(sender, source=SAYS, **configured):
    """Let the last node run a script that says something and waits; the run, and its file."""
    desk = sender.counter.desk
    desk.script("report", source)
    hold = desk.shell.file("hold", "x")
    if configured:
        told(sender.configure("report", json=configured))
    run = told(sender.send("POST", "runs"), 202)["run"]
    until((hold.parent / "said").exists, "the script has said something")
    return run, hold


def pieces(sender, stream="stdout", *, limit, node="report", **more):
    """Read a log as far as it is there, piece by piece: text, next byte, and whether it ended."""
    text, after, ended = "", 0, False
    while True:
        params = {"after": after, "limit": limit, **more}
        answer = sender.get(f"nodes/{node}/logs/{stream}", params=params)
        assert answer.status_code == 200, answer.text
        assert len(answer.content) <= 2 * limit
        text += answer.text
        ended = answer.headers["x-log-ended"] == "true"
        if int(answer.headers["x-log-next"]) == after or ended:
            return text, int(answer.headers["x-log-next"]), ended
        after = int(answer.headers["x-log-next"])


@pytest.fixture
def people(tmp_path):
    with senders(tmp_path, environ={"SHOP_WORD": PLANTED}) as people:
        yield people


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """People before a session which the tests that share it leave as it is."""
    with senders(tmp_path_factory.mktemp("unchanged")) as people:
        before = people[0].version
        yield people
        assert people[0].version == before


@pytest.mark.parametrize(
    "limit", [1001, *(pytest.param(n, marks=pytest.mark.slow) for n in (16, 65_536))]
)
def test_a_log_is_read_piece_by_piece_while_its_script_runs(people, limit):
    """Whatever the pieces, no character is cut, nothing is told twice, and the end is told."""
    vera, tim, _ = people
    run, hold = speaking(tim)
    begun, after, ended = pieces(vera, limit=max(limit, 1001))
    assert (begun, ended) == (WHOLE[: WHOLE.index("\n") + 1], False)
    hold.unlink()
    tim.over(run)
    rest = vera.get("nodes/report/logs/stdout", params={"after": after})
    assert begun + rest.text == WHOLE
    assert rest.headers["content-type"] == "text/plain; charset=utf-8"
    assert rest.headers["x-log-size"] == str(len(WHOLE.encode()))
    text, _, ended = pieces(vera, limit=limit, stream="stderr")
    assert (text, ended) == ("to stderr\n", True)


def test_the_ends_of_both_logs_are_told_with_their_sizes(people):
    """Of a long log the last lines are told, and all of a short one; while it runs as well."""
    vera, tim, _ = people
    run, hold = speaking(tim)
    on = told(vera.get("nodes/report/logs"))
    assert (on["run"], on["running"], on["stderr"]) == (run, True, "to stderr\n")
    hold.unlink()
    tim.over(run)
    over = told(vera.get("nodes/report/logs", params={"limit": 1000}))
    assert (over["running"], over["attempt"]) == (False, on["attempt"])
    assert over["stdout"] == "at the end ü\n"
    assert over["stdout_bytes"] == len(WHOLE.encode())
    shell = vera.counter.desk.shell.run("logs", "report", "--json").json
    whole = told(vera.get("nodes/report/logs", params={"limit": 65_536}))
    assert {key: whole[key] for key in shell} == shell


def test_an_older_attempt_is_read_by_its_id(people):
    """Each attempt keeps its log; one of another node is not found."""
    vera, tim, _ = people
    run, hold = speaking(tim)
    hold.unlink()
    tim.over(run)
    first = told(vera.get("nodes/report/logs"))["attempt"]
    tim.counter.desk.script("report", SAYS.replace("at the end ü", "otherwise"))
    tim.run()
    assert pieces(vera, limit=65_536)[0].endswith("otherwise\n")
    assert pieces(vera, limit=65_536, attempt=first)[0] == WHOLE
    for node, attempt in (("clean", first), ("report", "nothing"), ("report", "../../../x")):
        params = {"attempt": attempt}
        refused(vera.get(f"nodes/{node}/logs", params=params), 404, "ATTEMPT_UNKNOWN")
        refused(vera.get(f"nodes/{node}/logs/stdout", params=params), 404, "ATTEMPT_UNKNOWN")


def test_a_node_without_an_attempt_has_empty_logs(unchanged):
    """There is nothing to be read, and nothing to wait for."""
    vera, _, _ = unchanged
    assert told(vera.get("nodes/report/logs")) == {
        "node": "report",
        "run": None,
        "attempt": None,
        "running": False,
        "stdout": "",
        "stderr": "",
        "stdout_bytes": 0,
        "stderr_bytes": 0,
    }
    assert pieces(vera, limit=1000) == ("", 0, True)


def test_a_secret_is_masked_also_while_the_script_runs(people):
    """What a script writes into its own log, past what masks it, is masked when it is read."""
    vera, tim, _ = people
    run, hold = speaking(tim, LEAKS, environ_vars={"WORD": {"secret": "SHOP_WORD"}})
    log = next(tim.counter.desk.folder.rglob("report/*/stdout.log"))
    assert PLANTED in log.read_text()  # else nothing would be shown here
    on, _, ended = pieces(vera, limit=1000)
    assert (on, ended) == ("first line\n", False)
    assert PLANTED not in vera.get("nodes/report/logs").text
    for after in range(len(log.read_bytes())):
        piece = vera.get("nodes/report/logs/stdout", params={"after": after}).text
        assert not piece.strip("\n") or piece == "first line\n", (after, piece)
    hold.unlink()
    tim.over(run)
    assert pieces(vera, limit=1000)[0] == "first line\nit is [masked], and [masked]"


def test_a_log_that_a_script_made_a_link_is_not_followed(people, tmp_path_factory):
    """Where a link, a folder or a pipe lies in the log's place there is no log."""
    vera, tim, _ = people
    run, hold = speaking(tim)
    hold.unlink()
    tim.over(run)
    theirs = tmp_path_factory.mktemp("theirs") / "passwords"
    theirs.write_text("theirs alone")
    log = next(tim.counter.desk.folder.rglob("report/*/stdout.log"))
    inside = tim.counter.desk.shell.file("inside", "theirs alone")
    for put in (
        lambda: log.symlink_to(theirs),
        lambda: log.symlink_to(inside),
        log.mkdir,
        lambda: os.mkfifo(log),
    ):
        log.rmdir() if log.is_dir() and not log.is_symlink() else log.unlink()
        put()
        answer = vera.get("nodes/report/logs/stdout")
        assert (answer.status_code, answer.text) == (200, "")
        assert told(vera.get("nodes/report/logs"))["stdout"] == ""
    log.unlink()
    folder, elsewhere = log.parent, theirs.parent / "attempt"
    folder.rename(elsewhere)
    elsewhere.joinpath("stdout.log").write_text("theirs alone")
    folder.symlink_to(elsewhere)
    assert vera.get("nodes/report/logs/stdout").text == ""


@pytest.mark.slow
def test_a_large_log_is_not_read_whole(people):
    """A piece has at most 64 KiB, wherever in a log of 200 MB it lies."""
    vera, tim, _ = people
    run, hold = speaking(tim)
    hold.unlink()
    tim.over(run)
    log = next(tim.counter.desk.folder.rglob("report/*/stdout.log"))
    size = 200_000_000
    os.truncate(log, size)
    answer = vera.get("nodes/report/logs/stdout", params={"after": 100_000_000})
    assert len(answer.content) == 65_536
    assert answer.headers["x-log-next"] == str(100_065_536)
    assert answer.headers["x-log-size"] == str(size)
    behind = vera.get("nodes/report/logs/stdout", params={"after": size + 5})
    assert (behind.text, behind.headers["x-log-next"]) == ("", str(size + 5))


@pytest.mark.parametrize(
    "path",
    [
        "logs/stdin",
        "logs/result.json",
        "logs/stdout?after=-1",
        "logs/stdout?after=9999999999999999999",
        "logs/stdout?limit=65537",
        "logs/stdout?limit=1",
        "logs?limit=0",
    ],
)
def test_a_piece_that_there_is_not_is_refused(unchanged, path):
    """Another file of the attempt's folder is no stream, and bounds are kept."""
    vera, _, _ = unchanged
    refused(vera.get(f"nodes/report/{path}"), 422, "REQUEST_INVALID")


@pytest.mark.slow
def test_reading_a_log_leaves_everything_as_it_was(people):
    """No file changes and no event is recorded."""
    vera, tim, _ = people
    run, hold = speaking(tim)
    hold.unlink()
    tim.over(run)
    folder = tim.counter.desk.folder / ".runthrough"
    before, version = tree(folder), vera.version
    told(vera.get("nodes/report/logs"))
    pieces(vera, limit=1000)
    assert (tree(folder), vera.version) == (before, version)


@pytest.mark.slow
def test_the_log_of_a_session_elsewhere_is_refused_with_where_it_lies(people):
    """One that lives on another host has its logs there."""
    vera, tim, _ = people
    run, hold = speaking(tim)
    hold.unlink()
    tim.over(run)
    desk = vera.counter.desk
    desk.application("bob", "there").sessions.open("demo").move_home(workspaces=[str(desk.folder)])
    for path in ("logs", "logs/stdout"):
        problem = refused(vera.get(f"nodes/report/{path}"), 422, "SESSION")
        assert "where the session lives" in problem["detail"]
