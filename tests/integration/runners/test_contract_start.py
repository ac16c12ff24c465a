"""Interpreters: the tester's own, others, and what is none."""

import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = "import sys\ndef main():\n    return sys.version_info[:2]\n"


def test_another_interpreter_can_be_chosen(stage):
    """A node may name its interpreter; it then runs there."""
    text = "import sys\ndef main():\n    return sys.executable\n"
    other = stage.root / "bin" / "python"
    subprocess.run(["python3", "-m", "venv", "--without-pip", str(stage.root)], check=True)
    assert stage.run(text, python=str(other)).result.returned.value == str(other)


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_every_python_from_3_9_on_can_run_scripts(stage, version):
    """The host runs in each CPython that is on this machine."""
    python = shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"python{version} is not on PATH")
    if subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip(f"{python} does not start")
    for name in ("train.py", "json.py"):
        result = stage.run(VERSION, name=name, python=python).result
        assert result.returned.value == [int(part) for part in version.split(".")]
    failed = stage.run("def main():\n    1 / 0\n", python=python).result
    assert (failed.outcome, failed.error.type) == ("failed", "ZeroDivisionError")
    assert [frame.function for frame in failed.error.frames] == ["main"]
    crashed = stage.run("import os\ndef main():\n    os.abort()\n", python=python).result
    assert crashed.outcome == "crashed"
    slow = stage.run(
        "import time\ndef main():\n    time.sleep(600)\n", python=python, timeout_s=1.0
    ).result
    assert (slow.outcome, "line 3 in main" in slow.stderr_tail) == ("timed_out", True)


def test_an_interpreter_that_is_not_there_is_told(stage):
    """A missing interpreter is a failure to start that says what to name instead."""
    result = stage.run(VERSION, python="/no/such/python").result
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert result.error.message == (
        "The interpreter /no/such/python cannot be started: No such file or directory. "
        "Name a CPython of 3.9 or newer as the node's python."
    )


def test_what_is_no_python_is_told(stage):
    """A program that is no Python leaves no result, and its last words are shown."""
    program = stage.root / "program"
    program.write_text("#!/bin/sh\necho not me >&2\nexit 4\n")
    program.chmod(0o755)
    result = stage.run(VERSION, python=str(program)).result
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert "ended with exit code 4 and left no result: not me. Name a CPython" in (
        result.error.message
    )


def test_a_python_that_is_too_old_is_told(stage):
    """An interpreter before 3.9 says which it is."""
    program = stage.root / "program"
    program.write_text("#!/bin/sh\necho 'this is Python 3.8.1' >&2\nexit 1\n")
    program.chmod(0o755)
    assert "left no result: this is Python 3.8.1. Name a CPython of 3.9" in (
        stage.run(VERSION, python=str(program)).result.error.message
    )


def test_an_attempt_without_a_folder_is_told(stage, runner_url):
    """An attempt whose folder is gone is a failure to start, not an exception."""
    request = stage.request(VERSION)
    shutil.rmtree(request.folder)
    result = stage.runner.submit(request).result()
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert request.folder in result.error.message
    there, shared = "See that the attempt's folder is there", "Let the worker's machine share it"
    assert (shared if runner_url == "dask-local:" else there) in result.error.message


def test_an_attempt_whose_working_folder_is_gone_is_told(stage):
    """A missing working folder is not taken for a missing interpreter."""
    request = stage.request(VERSION)
    Path(request.folder, "work").rmdir()
    result = stage.runner.submit(request).result()
    assert "The script cannot be started: " in result.error.message
    assert "work: No such file or directory" in result.error.message
