"""A shop whose first script waits for a file, so that a run of it is on for as long as wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.desk import Desk, shop
from tests.support.pipelines import CLEAN
from tests.support.served import Served, until

RUNS = "/api/v1/sessions/demo/runs"
HELD = CLEAN.replace(
    "def main(input_paths, output_paths, environ_vars, job_args):",
    """import os, signal, time
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    here = Path(input_paths["orders"]).parent
    (here / "new").write_text(str(os.getpid()))
    (here / "new").rename(here / "started")
    while not (here / "go").exists():
        time.sleep(0.02)""",
)
"""It waits whatever it is told, and writes its process id."""


@contextmanager
def held_shop(folder: Path) -> Iterator[Desk]:
    """The shop, whose first script waits, and a session that could run."""
    with shop(folder) as begun:
        begun.script("clean", HELD)
        begun.begin()
        begun.shell.run("configure", "report", "--arg", "top=1")
        yield begun


def token(desk: Desk) -> str:
    """The text of a new token, for an admin."""
    return desk.application("owner").tokens.create(
        "ada", "admin", sessions=None, expires_in_s=3600, created_by="owner"
    )[0]


def begun_run(begun: Served, desk: Desk, made: str) -> tuple[str, int]:
    """Begin a run, and wait until its first script waits: the run, and the script's process."""
    with begun.client(made) as client:
        answer = client.post(RUNS)
    assert answer.status_code == 202, answer.text
    started = desk.folder / "data/started"
    until(started.exists)
    return answer.json()["run"], int(started.read_text())


def let_go(desk: Desk) -> None:
    """Let the script that waits go on."""
    (desk.folder / "data/go").touch()
