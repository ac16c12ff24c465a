"""Output that nobody reads, or that has nowhere to go: how a command ends then."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import DEADLINE_S, answered

pytestmark = pytest.mark.slow

LOOKING = (
    ("history",),
    ("history", "--json"),
    ("status",),
    ("sessions",),
    ("audit", "export"),
    ("audit", "verify"),
    ("doctor",),
)


def ended(shell, *words, **streams):
    """Exit code and standard error of a command with these streams."""
    done = subprocess.run(
        [sys.executable, "-m", "runthrough", *words],
        cwd=shell.folder,
        env=shell.environ(),
        **{"stderr": subprocess.PIPE, **streams},
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, done.stderr


def unread():
    """The end of a pipe whose reader is gone already."""
    reads, writes = os.pipe()
    os.close(reads)
    return writes


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_a_reader_that_is_gone_ends_a_command_quietly(tmp_path, words):
    """As with other tools the exit code is that of SIGPIPE, and nothing is said."""
    shell = answered(tmp_path)
    assert ended(shell, *words, stdout=unread()) == (141, "")


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_output_that_cannot_be_written_is_exit_4(tmp_path, words):
    """A full disk is no fault of runthrough, and it is told what cannot be written."""
    shell = answered(tmp_path)
    with Path("/dev/full").open("w") as full:
        code, told = ended(shell, *words, stdout=full)
    assert code == 4
    error, fix = told.splitlines()[-2:]
    assert error == "error: The output cannot be written: No space left on device."
    assert fix.startswith("  → send it where there is room")


def test_an_error_that_cannot_be_told_keeps_its_exit_code(tmp_path):
    """Where even the error has nowhere to go, the code is the error's own."""
    shell = answered(tmp_path)
    words = ("status", "--session", "other", "--json")
    with Path("/dev/full").open("w") as full:
        assert ended(shell, *words, stdout=full)[0] == 2
        assert ended(shell, *words, stdout=full, stderr=full)[0] == 2


def test_text_beside_a_result_that_nobody_reads(tmp_path):
    """Text for people on a standard error that is gone ends the command as well."""
    shell = answered(tmp_path)
    assert ended(shell, "status", "--json", stdout=subprocess.PIPE, stderr=unread())[0] == 141
