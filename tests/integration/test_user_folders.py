"""Where this user's data and caches lie."""

import os
import subprocess
import sys

import pytest

NOBODY = """
import os, sys
from runthrough.adapters.user_folders import user_folder
from runthrough.errors import SettingError
os.setgid(45678)
os.setuid(45678)
for kind in ("data", "cache"):
    try:
        print(user_folder(kind))
    except SettingError as refused:
        print(refused.message, refused.fix)
"""


def told(**environ):
    """What a user without an account is told, line by line."""
    done = subprocess.run(
        [sys.executable, "-c", NOBODY], env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without an account")
def test_a_user_without_a_home_is_told_what_to_set():
    """In a container the user may be a number: what is missing is named, and a variable helps."""
    assert told() == [
        f"This user has no home folder, so where the {kind} of runthrough lies is not known. "
        f"set HOME, or XDG_{kind.upper()}_HOME, to a folder that can be written"
        for kind in ("data", "cache")
    ]
    assert told(XDG_DATA_HOME="/data", XDG_CACHE_HOME="/cache") == [
        "/data/runthrough",
        "/cache/runthrough",
    ]
    assert told(HOME="/tmp")[0] == "/tmp/.local/share/runthrough"
