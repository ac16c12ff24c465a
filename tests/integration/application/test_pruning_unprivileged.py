"""Pruning without root's rights, for whom no folder is closed."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

NOBODY = 65534
PRUNES = f"""
import os, sys
from pathlib import Path
from runthrough.adapters.session_files import LocalSessionFiles

if os.getuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
runs = Path(sys.argv[1], "runs")
for attempt in ("1/a/closed", "1/a/open", "1/unreadable/x", "2/a/new"):
    runs.joinpath(attempt).mkdir(parents=True)
    runs.joinpath(attempt, "stdout.log").touch()
runs.joinpath("1/a/closed").chmod(0o500)
runs.joinpath("1/unreadable").chmod(0)
for line in LocalSessionFiles().prune(str(runs), keep_runs=1, kept=()):
    print(line)
"""


@pytest.fixture
def folder():
    """A folder of everybody's, which pytest's own is not."""
    made = Path(tempfile.mkdtemp(prefix="pruning-"))
    if os.getuid() == 0:
        os.chown(made, NOBODY, NOBODY)
    yield made
    for closed in ("1/a/closed", "1/unreadable"):
        (made / "runs" / closed).chmod(0o700)
    shutil.rmtree(made)


def test_what_cannot_be_deleted_is_told_and_the_rest_goes(folder):
    """A closed folder and one that cannot be read are named with the reason; others are gone."""
    ended = subprocess.run(
        [sys.executable, "-c", PRUNES, str(folder)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    told = ended.stdout.splitlines()
    assert len(told) == 2
    assert all("Permission denied" in line for line in told)
    runs = folder / "runs"
    assert any(line.startswith(f"{runs}/1/a/closed/stdout.log: ") for line in told)
    assert any(line.startswith(f"{runs}/1/unreadable: ") for line in told)
    assert (runs / "1/a/closed/stdout.log").exists()
    assert not (runs / "1/a/open").exists()
    assert (runs / "2/a/new/stdout.log").exists()
