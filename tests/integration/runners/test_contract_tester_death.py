"""What becomes of scripts when their tester dies."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.support.scripts import Stage, has_content, until

from runthrough.adapters.session_files import LocalSessionFiles

SCRIPT = """
    import os, signal, subprocess, time
    from pathlib import Path

    def main(input_paths, output_paths, environ_vars, job_args):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        children = [subprocess.Popen(["sleep", "600"], start_new_session=own) for own in (0, 1)]
        print("the key is", environ_vars["KEY"])
        pids = [os.getpid(), *[child.pid for child in children]]
        Path("pids").write_text(" ".join(map(str, pids)))
        time.sleep(600)
"""
TESTER = """
import json, sys
from runthrough.adapters.runners.registry import open_runner
from runthrough.core.values.attempts import ScriptRequest

request = ScriptRequest(**json.loads(sys.argv[1]))
if __name__ == "__main__":
    print(open_runner(sys.argv[2], 1).submit(request).result())
"""


@pytest.fixture
def attempt(tmp_path, runner_url):
    """A script that hangs with its children, below a tester of its own; yields both."""
    request = Stage(tmp_path, None).request(
        SCRIPT, environ_vars={"KEY": "s3cr3t-key"}, secrets=("s3cr3t-key",)
    )
    fields = {name: getattr(request, name) for name in request.__slots__ if name != "limits"}
    tester = subprocess.Popen(
        [sys.executable, "-c", TESTER, json.dumps(fields), runner_url], stdout=subprocess.DEVNULL
    )
    try:
        yield Path(request.folder), tester
    finally:
        tester.kill()
        tester.wait()


def is_no_end_of_its_own(folder):
    """Nothing was told, or only that a worker, which outlives the tester, ended it."""
    result = LocalSessionFiles().result(str(folder))
    return result is None or result.outcome == "cancelled"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_script_dies_with_its_tester(attempt, number):
    """When the tester dies, the script, its host and its children go, and no end is told."""
    folder, tester = attempt
    pids = folder / "work" / "pids"
    until(lambda: has_content(pids), "the script runs")
    host = int((folder / "claim").read_text())
    below = [host, *map(int, pids.read_text().split())]

    os.kill(tester.pid, number)

    until(lambda: not any(map(psutil.pid_exists, below)), "all of them are gone")
    assert is_no_end_of_its_own(folder)
    assert (folder / "claim").exists()
    assert (folder / "stdout.log").read_text() == "the key is [masked]\n"


@pytest.mark.slow
def test_a_tester_that_dies_at_once_leaves_nothing(attempt):
    """A tester killed while the interpreter starts leaves no process and no result."""
    folder, tester = attempt
    until((folder / "stderr.log").exists, "the interpreter starts")
    below = psutil.Process(tester.pid).children(recursive=True)
    tester.kill()
    until(lambda: not any(one.is_running() for one in below), "all of them are gone")
    assert is_no_end_of_its_own(folder)
