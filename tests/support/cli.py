"""The command line as a user meets it: real child processes over a real database."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.databases import lay
from tests.support.pipelines import CLEAN, ORDERS, REPORT, TOTAL, tree

from runthrough.application.answers import Answers
from runthrough.bootstrap import load_pipeline, wire

DEADLINE_S = 120
"""For what takes a second: two cores may be busy with other tests."""
PIPELINE = """\
name: orders
scripts: [scripts]
nodes:
  clean:
    inputs: {orders: data/orders.csv}
  total: {}
  report: {}
edges:
  - [clean, total]
  - [total, report]
"""


@dataclass(frozen=True)
class Done:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The result on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A user at a shell, in a folder of a test, with a database of their own."""

    folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "log.db"

    def environ(self, **more: str) -> dict[str, str]:
        """What the commands see: no settings but the test's own."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RUNTHROUGH_", "XDG_")) and name not in DISTURBING
        }
        return {
            **kept,
            "RUNTHROUGH_DATABASE_URL": f"sqlite:///{self.database}",
            "RUNTHROUGH_ACTOR": "ann",
            "RUNTHROUGH_HOST": "here",
            "XDG_DATA_HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": str(self.folder / "home"),
            **more,
        }

    def run(self, *words: str, code: int = 0, cwd: Path | None = None, **environ: str) -> Done:
        """Type one command, which must end with `code`."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "runthrough", *words],
            cwd=cwd or self.folder,
            env=self.environ(**environ),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr or words[0] == "logs", done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def file(self, name: str, content: str) -> Path:
        """Write a file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def stored(self) -> bytes:
        """Every byte that the database and the session's folders hold."""
        told = [self.database, *self.folder.glob("log.db-*")]
        files = [*told, *(p for p in self.folder.rglob(".runthrough/**/*") if p.is_file())]
        return b"".join(path.read_bytes() for path in files)

    def snapshot(self, name: str) -> Any:
        """Every path below a folder with its content."""
        return tree(self.folder / name)


DISTURBING = {"NO_COLOR", "CI", "COLUMNS", "FORCE_COLOR", "PYTHONWARNINGS"}


def orders_shell(folder: Path) -> Shell:
    """A folder with three scripts in a row: `clean` and `report` need a person, `total` none."""
    shell = Shell(folder)
    shell.file("scripts/clean.py", CLEAN.lstrip())
    shell.file("scripts/total.py", TOTAL.lstrip())
    shell.file("scripts/report.py", REPORT.lstrip())
    shell.file("data/orders.csv", ORDERS)
    shell.file("pipeline.yaml", PIPELINE)
    return shell


def begun(folder: Path) -> Shell:
    """The three scripts with a session called `demo`."""
    shell = orders_shell(folder)
    _begin(shell)
    return shell


def answered(folder: Path) -> Shell:
    """The session with nothing left to answer."""
    shell = orders_shell(folder)
    _begin(
        shell,
        clean=Answers(environ_vars={"CURRENCY": "EUR"}),
        report=Answers(job_args={"top": 1}),
    )
    return shell


def _begin(shell: Shell, **answers: Answers) -> None:
    """Begin and configure in this process: what a test starts from need not start five others."""
    lay(shell.database)
    with wire("cli", cwd=str(shell.folder), environ=shell.environ()) as application:
        definition = load_pipeline(shell.folder / "pipeline.yaml")
        session = application.sessions.start(definition, name="demo")
        for node, given in answers.items():
            session.configure(node, given)
