"""README and tutorial, followed as a stranger would: from the wheel, in a fresh environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sybil.example import SybilFailure
from tests.support.followed import PAGES, follow
from tests.support.pages import REPOSITORY, follower

pytestmark = pytest.mark.slow
READ = [name for name in PAGES if name == "README.md" or name.startswith("docs/tutorial/")]
UNREACHABLE = ("NewConnectionError", "connection broken", "ConnectTimeout", "Temporary failure")
"""What pip says where it cannot reach an index."""
REQUIRED = "RUNTHROUGH_TEST_REQUIRE_POSTGRES"
"""Set where nothing may be skipped."""


def installed(*words):
    """Let pip work; where no index can be reached, nothing can be said of the pages."""
    done = subprocess.run(
        [*words, "--disable-pip-version-check"],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    if done.returncode and REQUIRED not in os.environ and any(s in told for s in UNREACHABLE):
        pytest.skip(f"no package index can be reached: {told.strip().splitlines()[-1]}")
    assert done.returncode == 0, told


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Where the commands of a new environment lie, into which only the wheel was installed."""
    place = tmp_path_factory.mktemp("stranger")
    wheels = place / "wheels"
    installed(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", wheels, REPOSITORY)
    (wheel,) = wheels.glob("runthrough-*.whl")
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    found = place / "venv" / "bin"
    pins = REPOSITORY / "constraints.txt"
    installed(found / "python", "-m", "pip", "install", "-q", "-c", pins, wheel)
    return found


def test_the_wheel_is_what_is_tried(programs, tmp_path):
    """The package that answers lies in the new environment, not in the checkout."""
    someone = follower(tmp_path / "work", programs)
    code, place = someone.type("python -c 'import runthrough; print(runthrough.__file__)'")
    assert code == 0, place
    assert Path(place.strip()).is_relative_to(programs.parent)
    code, place = someone.type("command -v runthrough")
    assert (code, place.strip()) == (0, str(programs / "runthrough"))


@pytest.mark.parametrize("name", READ)
def test_a_stranger_can_follow(name, programs, tmp_path):
    """Every command and program of the page works outside of the checkout, as it is shown."""
    someone = follower(tmp_path / "orders", programs)
    try:
        follow(name, someone)
    except SybilFailure as failure:
        pytest.fail(str(failure), pytrace=False)
    assert sum("runthrough" in command for command in someone.typed) > 1
    assert not someone.here.is_relative_to(REPOSITORY)
