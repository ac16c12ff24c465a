"""A service that is stopped: streams end at once, scripts get their grace, and it ends well."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest
from tests.support.held import begun_run, held_shop, token
from tests.support.served import DEADLINE_S, served, until

pytestmark = pytest.mark.slow
STREAMS = 50


@pytest.fixture
def desk(tmp_path):
    """The shop, whose first script waits, and a session that could run."""
    with held_shop(tmp_path / "shop") as begun:
        yield begun


def listening(begun, made):
    """One who follows the log, over a connection of their own."""
    connection = socket.create_connection(begun.place, timeout=DEADLINE_S)
    host = "{}:{}".format(*begun.place)
    connection.sendall(
        f"GET /api/v1/events/stream HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {made}\r\n\r\n".encode()
    )
    assert b" 200 " in connection.recv(65536)
    return connection


def stops_taking(begun):
    """Whether nobody listens any more where the service did."""
    try:
        socket.create_connection(begun.place, timeout=DEADLINE_S).close()
    except OSError:
        return True
    return False


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def ends(desk):
    return [payload["status"] for _, _, payload in desk.events("RunFinished")]


def test_fifty_streams_and_a_script_that_hangs_do_not_hold_up_the_end(desk):
    """Streams end, the script is ended when its grace is over, and what became of it is kept."""
    made = [token(desk) for _ in range(STREAMS)]
    with served(desk.shell, "--grace", "0.5") as begun, ExitStack() as open_ones:
        _, pid = begun_run(begun, desk, made[0])
        streams = [open_ones.enter_context(listening(begun, each)) for each in made]
        begun.signed(signal.SIGTERM)
        for stream in streams:
            while stream.recv(65536):
                pass
        assert begun.ended() == 0
        assert "Traceback" not in begun.told()
    until(lambda: gone(pid))
    assert len(ends(desk)) == 1
    assert desk.count("ScriptExecuted", "clean") == 1
    assert desk.count("ScriptStarted") == 1
    assert desk.application("ann").auditing.verify().ok


def test_a_script_that_ends_within_its_grace_is_recorded_as_it_ended(desk):
    """No further script is started, and the run goes on where it was ended."""
    made = token(desk)
    with served(desk.shell, "--grace", "600") as begun:
        begun_run(begun, desk, made)
        begun.signed(signal.SIGTERM)
        until(lambda: stops_taking(begun))
        assert begun.process.poll() is None
        (desk.folder / "data/go").touch()
        assert begun.ended() == 0
    (executed,) = desk.events("ScriptExecuted")
    assert (executed[1], executed[2]["outcome"]) == ("clean", "passed")
    assert desk.count("ScriptStarted") == 1
    done = desk.shell.run("run", "--json")
    told = {node: row["outcome"] for node, row in done.json["outcomes"].items()}
    assert told == {"clean": "reused", "total": "passed", "report": "passed"}


def test_a_second_signal_gives_no_more_grace(desk):
    """Who cannot wait says so again; what became of the run is kept all the same."""
    made = token(desk)
    with served(desk.shell, "--grace", "600") as begun:
        _, pid = begun_run(begun, desk, made)
        begun.signed(signal.SIGINT)
        until(lambda: stops_taking(begun))
        begun.signed(signal.SIGTERM)
        assert begun.ended() == 0
    until(lambda: gone(pid))
    assert len(ends(desk)) == 1


def test_a_stop_without_anything_on_is_quick_and_silent(desk):
    """Nothing is waited for where nothing runs."""
    with served(desk.shell, "--grace", "600") as begun:
        begun.signed(signal.SIGTERM)
        assert begun.ended() == 0
        assert begun.told().count("Traceback") == 0
    assert desk.count("RunStarted") == 0


HANGS = """
import sys, threading
from runthrough.entrypoints.http import serving
serving.LAST_S = 0.05
last = serving.LastResort()
last.begin()
"""


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("threading.Event().wait()", 0),
        ("threading.Thread(target=threading.Event().wait).start(); last.returned()", 0),
        ("last.returned(); [t.join() for t in threading.enumerate()[1:]]; sys.exit(7)", 7),
    ],
    ids=["before all is let go of", "behind it", "nothing hangs"],
)
def test_what_hangs_does_not_hold_up_the_end_of_the_process(then, expected):
    """A request that waits for a database ends with the process; who embeds a service lives on."""
    done = subprocess.run([sys.executable, "-c", HANGS + then], timeout=DEADLINE_S, check=False)
    assert done.returncode == expected
