"""What is special to hosts that are started for each attempt: they say when they are done."""

import sys
from contextlib import contextmanager
from pathlib import Path
from socket import socketpair
from subprocess import Popen

import pytest
from tests.support.scripts import PATIENCE_S, Stage

from runthrough.adapters.runners.process import ProcessRunner

HOST = """
import os, sys, time
os.read(0, 1 << 16)
if sys.argv[1:]:
    with open("result.json", "w") as file:
        file.write(sys.argv[1])
os.write(0, b"!")
while not os.path.exists("go"):
    time.sleep(0.005)
os._exit(3)
"""
RESULT = '{"outcome": "passed", "duration_s": 1.5}'


@pytest.fixture
def hosted(tmp_path):
    """Give a stage whose host is the one above, and the processes that were started."""
    started = []

    def open_(*said):
        @contextmanager
        def start(python, request):
            life, theirs = socketpair()
            with theirs:
                code = [sys.executable, "-c", HOST, *said]
                host = Popen(code, stdin=theirs.fileno(), cwd=request.folder)
            started.append(host)
            with host, life:
                yield host, life

        return Stage(tmp_path, ProcessRunner(1, start=start)), started

    return open_


def test_a_result_is_told_before_its_host_is_gone(hosted):
    """Nobody waits for the end of a process that has nothing more to say; closing collects it."""
    stage, started = hosted(RESULT)
    request = stage.request("def main(): pass")
    ending = stage.runner.submit(request)
    try:
        result = ending.result(timeout=PATIENCE_S)
        assert (result.outcome, result.duration_s) == ("passed", 1.5)
        assert started[0].returncode is None
    finally:
        Path(request.folder, "go").touch()
        stage.runner.close()
    assert started[0].returncode == 3


def test_a_host_that_leaves_no_result_is_judged_by_its_end(hosted):
    """What counts is the file, not that the host says it is there."""
    stage, _started = hosted()
    request = stage.request("def main(): pass")
    Path(request.folder, "go").touch()
    result = stage.runner.submit(request).result(timeout=PATIENCE_S)
    assert result.outcome == "failed"
    assert "ended with exit code 3 and left no result" in result.error.message
    stage.runner.close()
