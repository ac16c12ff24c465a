"""What every command answers with `--json`, in one story over real scripts and files."""

import io
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from tests.support.cli import PIPELINE, Shell, answered
from tests.support.served import served

from runthrough.bootstrap import wire
from runthrough.core.events import EventEnvelope, ScriptStarted
from runthrough.entrypoints.cli.app import run_command_line

TWO_READERS = """\
name: asked
scripts: [scripts]
nodes:
  clean:
    inputs: {orders: data/orders.csv}
    environ_vars: {CURRENCY: EUR}
  count: {}
edges:
  - [clean, count]
"""
COUNT = '''
"""Count the rows of a table whose name says little."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    rows = Path(input_paths["clean_rows"]).read_text().splitlines()
    Path(output_paths["count"]).write_text(str(len(rows)))
'''
HOLD = '''
"""Never end by itself."""
import time


def main(input_paths, output_paths, environ_vars, job_args):
    while True:
        time.sleep(0.05)
'''
BROKEN = (
    "def main(input_paths, output_paths, environ_vars, job_args):\n    raise ValueError('no')\n"
)

Answers = dict[str, list[Any]]


class Teller:
    """Types commands in this process, and keeps what they answer by verb."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.answers: Answers = defaultdict(list)

    def type(self, verb: str, *words: str, code: int = 0) -> Any:
        """Type a command with `--json`; what it answered."""
        with redirect_stdout(_Text()) as out, redirect_stderr(io.StringIO()) as err:
            ended = run_command_line([*verb.split(), *words, "--json"])
        assert ended == code, f"{verb} {words}: {ended}\n{out.getvalue()}{err.getvalue()}"
        value = json.loads(out.getvalue())
        kind = "error" if isinstance(value, dict) and "error" in value else verb
        self.answers[kind].append(value)
        return value


class _Text(io.StringIO):
    """Standard output that also takes bytes, as a file of the system does."""

    @property
    def buffer(self) -> "_Text":
        return self

    def write(self, text: str | bytes) -> int:
        return super().write(text.decode() if isinstance(text, bytes) else text)


def all_answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Each command's answers, by verb; those of errors under `error`."""
    shell = answered(folder)
    monkeypatch.chdir(folder)
    for name, value in shell.environ().items():
        monkeypatch.setenv(name, value)
    teller = Teller(shell)
    _configuring(teller)
    _running(teller)
    _looking_back(teller)
    _keeping(teller)
    _letting_in(teller)
    _questions(teller)
    _cancelled(teller)
    _without_session(teller)
    monkeypatch.setenv("RUNTHROUGH_SESSION", "demo")
    monkeypatch.setenv("RUNTHROUGH_DATABSE_URL", "sqlite:///nowhere.db")
    teller.type("config show", "--session", "held")
    return teller.answers


def _configuring(teller: Teller) -> None:
    tell = teller.type
    tell("status")
    tell("next")
    tell("requirements", "report")
    tell("check")
    tell("plan")
    tell("why", "report")
    tell("show", "report")
    tell("logs", "report")
    tell("configure", "report", "--arg", "top=2", "--note", "why", "--timeout", "60")
    tell("configure", "report", "--arg", "tops=2")
    tell("configure", "report", "--input", "totals=gone.json", code=2)
    tell("configure", "report", "--arg", "top=3", "--based-on", "1", code=4)
    tell("reject", "total.clean_orders")
    tell("plan", code=3)
    tell("show", "total")
    tell("run", code=3)
    tell("connect", "clean.clean_orders", "total.clean_orders")
    tell("disconnect", "total.clean_orders")
    tell("clear", "total")
    tell("confirm", "total.clean_orders")
    tell("bind", "total", "scripts/total.py")
    tell("external", "total", "--output", "totals=totals.json")
    tell("status")
    tell("show", "total")
    tell("internal", "total")
    tell("undo")
    tell("redo")
    teller.shell.file("other.yaml", PIPELINE.replace("name: orders", "name: others"))
    tell("update", "other.yaml")
    tell("export", "--pipeline", "written.yaml")
    tell("export", "--schema", "schema.json")


def _running(teller: Teller) -> None:
    tell, scripts = teller.type, teller.shell.folder / "scripts"
    total = scripts / "total.py"
    tell("run")
    tell("run")
    tell("report")
    tell("logs", "report")
    tell("approve")
    tell("status")
    tell("show", "report")
    total.write_text(total.read_text() + "\nUNUSED = 1\n")
    tell("status")
    tell("why", "report")
    tell("why", "total")
    tell("show", "total")
    tell("plan")
    tell("resume")
    tell("accept", "total")
    tell("plan")
    report = scripts / "report.py"
    healthy = report.read_text()
    report.write_text(BROKEN)
    tell("run", code=1)
    tell("retry", code=1)
    tell("show", "report")
    tell("report")
    report.write_text(healthy)
    teller.shell.file("data/orders.csv", "customer,currency,amount\nada,EUR,7\n")
    tell("status")
    tell("resume")
    tell("run")


def _looking_back(teller: Teller) -> None:
    tell = teller.type
    tell("history")
    tell("as-of", "3")
    tell("diff", "3")
    tell("note", "looks fine")
    tell("fork", "--name", "branch")
    tell("diff", "demo", "branch", "--session", "demo")
    tell("audit verify")
    tell("audit checkpoint", "--output", "log.note")
    tell("audit verify", "--against", "log.note")
    tell("audit export", "--output", "log.jsonl")
    tell("audit verify", "log.jsonl")
    elsewhere = f"sqlite:///{teller.shell.folder}/other.db"
    tell("audit import", "log.jsonl", "--database", elsewhere)
    tell("audit verify", "log.jsonl", "--database", elsewhere)


def _keeping(teller: Teller) -> None:
    tell = teller.type
    tell("approve", "--session", "demo")
    tell("rename", "renamed", "--session", "demo")
    tell("close", "--session", "renamed")
    tell("resume", "--session", "renamed")
    tell("archive", "--session", "renamed")
    tell("reopen", "--session", "renamed")
    tell("sessions")


def _letting_in(teller: Teller) -> None:
    tell = teller.type
    tell("token list")
    tell("token create", "bob", "--session", "branch")
    tell("token create", "ci", "--role", "viewer", "--expires", "never")
    tell("token list")
    tell("token revoke", "ci")
    tell("token revoke", "ci")
    tell("token list", "--all")
    with served(teller.shell) as begun:
        teller.answers["serve"].append(begun.answer)


def _questions(teller: Teller) -> None:
    """A session with a proposal."""
    tell, shell = teller.type, teller.shell
    shell.file("scripts/count.py", COUNT)
    shell.file("asked.yaml", TWO_READERS)
    tell("new", "asked.yaml", "--name", "asked")
    for verb in (("status",), ("requirements", "count"), ("show", "count"), ("check",)):
        tell(verb[0], *verb[1:], "--session", "asked", code=1 if verb == ("check",) else 0)


def _cancelled(teller: Teller) -> None:
    """A run that a person ends from elsewhere while it is on."""
    shell = teller.shell
    shell.file("scripts/hold.py", HOLD)
    shell.file("hold.yaml", "name: hold\nscripts: [scripts]\nnodes: {hold: {}}\n")
    teller.type("new", "hold.yaml", "--name", "held")
    with _a_run_is_on(shell):
        teller.type("status", "--session", "held")
        teller.type("cancel", "--session", "held")
    teller.type("show", "hold", "--session", "held")


@contextmanager
def _a_run_is_on(shell: Shell) -> Iterator[None]:
    started = threading.Event()

    def told(envelope: EventEnvelope) -> None:
        if isinstance(envelope.event, ScriptStarted):
            started.set()

    def drive() -> None:
        with wire("cli", cwd=str(shell.folder), environ=shell.environ()) as application:
            application.sessions.open("held").run(told=told)

    tester = threading.Thread(target=drive)
    tester.start()
    assert started.wait(60)
    yield
    tester.join(60)
    assert not tester.is_alive()


def _without_session(teller: Teller) -> None:
    tell = teller.type
    tell("new", "--from-folder", "scripts", "--output", "drafted.yaml")
    tell("init", "project")
    tell("completion", "bash")
    tell("doctor")
    tell("db upgrade")
    tell("db current")
    tell("requirements", "nobody", "--session", "held", code=2)
