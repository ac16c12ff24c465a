"""Errors of commands that the session's state does not allow, with real testers beside."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support.cli import Done
from tests.support.hanging import HANGS
from tests.support.provoked import Victim, provokes, with_answers, with_questions
from tests.support.scripts import until

from runthrough.errors import (
    AttemptClosedError,
    CommandRefusedError,
    NotAskedError,
    NotAtHomeError,
    NotClosedError,
    PendingScriptsError,
    RunInProgressError,
    SessionClosedError,
    VersionConflictError,
)

STATUS = "runthrough status"


@pytest.mark.parametrize(
    ("line", "message", "fix", "mended"),
    [
        (
            "confirm --all",
            "There is nothing to confirm at once: no connection is proposed.",
            STATUS,
            STATUS,
        ),
        (
            "note ''",
            "The note says nothing.",
            "runthrough note TEXT",
            "runthrough note TEXT",
        ),
        (
            "rename demo",
            "The session is called 'demo' already.",
            "choose another name",
            None,
        ),
        (
            "redo",
            "Nothing was undone that could be done again.",
            "runthrough history shows what was done",
            "runthrough history",
        ),
        (
            "connect clean.clean_orders total.clean_order",
            (
                "total reads no input clean_order; it reads clean_orders. Did you mean "
                "'clean_orders'?"
            ),
            "runthrough requirements total",
            "runthrough requirements total",
        ),
        (
            "disconnect clean.orders",
            "No output feeds clean.orders, so nothing can be disconnected.",
            "runthrough requirements clean shows what feeds each input",
            "runthrough requirements clean",
        ),
        (
            "bind total nope.py",
            "There is no script at nope.py.",
            "runthrough bind total PATH, with the path of a Python file",
            None,
        ),
        (
            "cancel",
            "No run is on, so there is nothing to cancel.",
            STATUS,
            STATUS,
        ),
        (
            "approve",
            (
                "At version 12 not every script had passed: clean, total, report. Only what has "
                "passed can be approved."
            ),
            "runthrough run",
            None,
        ),
        (
            "accept total",
            "total has not passed yet, so nothing can stand.",
            "runthrough run total",
            None,
        ),
    ],
)
@provokes(CommandRefusedError)
def test_what_the_state_does_not_allow(tmp_path, line, message, fix, mended):
    """A refusal says what stands in the way, and the command that is named is one."""
    victim = with_questions(tmp_path)
    told = victim.refused(line, CommandRefusedError, message, fix)
    if mended:
        victim.follow(told, mended)


@provokes(CommandRefusedError)
def test_what_has_not_passed_is_approved_after_the_run_that_is_advised(tmp_path):
    """The advice of a refused approval leads to one that is taken."""
    victim = with_answers(tmp_path)
    told = victim.refused(
        "approve",
        CommandRefusedError,
        "At version 14 not every script had passed: clean, total, report. Only what has passed "
        "can be approved.",
        "runthrough run",
    )
    victim.follow(told, "runthrough run")
    victim.line("approve")


@provokes(SessionClosedError)
def test_a_closed_session(tmp_path):
    """A closed session is opened again by the command that is advised."""
    victim = with_questions(tmp_path)
    victim.line("close")
    told = victim.refused(
        "configure report --arg top=1",
        SessionClosedError,
        "The session is closed, so 'configure' is refused.",
        "open it again: runthrough reopen",
    )
    victim.follow(told, "runthrough reopen")
    victim.line("configure report --arg top=1")


@provokes(NotClosedError)
def test_an_open_session(tmp_path):
    """What is for closed sessions alone says how to go on, or how to close."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "reopen",
        NotClosedError,
        "The session is open, so 'reopen' is refused.",
        "go on with it as it is: runthrough status",
    )
    victim.follow(told, STATUS)
    told = victim.refused(
        "archive",
        NotClosedError,
        "The session is open, so 'archive' is refused.",
        "close it first: runthrough close",
    )
    victim.follow(told, "runthrough close")
    victim.line("archive")


@provokes(PendingScriptsError)
def test_nodes_that_need_a_person(tmp_path):
    """A run of what is pending is exit 3; each fix in turn leads to a run."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "run",
        PendingScriptsError,
        "Cannot execute testing - missing configuration for 2 scripts:\n"
        "  - clean: Missing required environment variable: CURRENCY\n"
        "  - report: Missing required argument: top",
        "runthrough configure clean --env CURRENCY=VALUE",
        code=3,
    )
    victim.follow(told, "runthrough configure clean --env CURRENCY=VALUE", VALUE="EUR")
    told = victim.refused(
        "run",
        PendingScriptsError,
        "Cannot execute testing - missing configuration for 1 script:\n"
        "  - report: Missing required argument: top",
        "runthrough configure report --arg top=VALUE",
        code=3,
    )
    victim.follow(told, "runthrough configure report --arg top=VALUE", VALUE="1")
    victim.line("run")


@provokes(NotAskedError)
def test_nobody_can_be_asked(tmp_path):
    """Without a terminal what is missing is told, and typed instead nothing is missing."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "next",
        NotAskedError,
        "Nobody can be asked here: --json never asks. What is missing:\n"
        "  - clean: CURRENCY: no value\n"
        "  - report: top: no value",
        "runthrough configure clean --env CURRENCY=VALUE",
        code=3,
    )
    victim.follow(told, told.fix, VALUE="EUR")
    victim.line("configure report --arg top=1")
    victim.line("next")


@provokes(VersionConflictError)
def test_somebody_changed_the_same_node(tmp_path):
    """The one who was slower reads what is there, and bases the command on that."""
    victim = with_questions(tmp_path)
    victim.line("configure report --arg top=2 --as bob")
    told = victim.refused(
        "configure report --arg top=1 --based-on 12",
        VersionConflictError,
        "report was changed by bob (ScriptConfigured, version 13) after version 12, which your "
        "command is based on.\n"
        "  arg.top: base not set, theirs 2, yours 1",
        "look at what is there (runthrough history --node report), then repeat",
        code=4,
    )
    assert "bob" in victim.follow(told, "runthrough history --node report").out
    version = victim.line("status --json").json["version"]
    victim.line(f"configure report --arg top=1 --based-on {version}")


@provokes(NotAtHomeError)
def test_a_session_of_another_machine(tmp_path):
    """What needs files is done here after the move that is advised."""
    victim = with_answers(tmp_path)
    told = victim.refused(
        "run",
        NotAtHomeError,
        "The session lives on HOST (here), and its files are not looked at from HOST (there), so "
        "'run' is refused.",
        "do it there, or move the session to this machine: runthrough resume --here",
        RUNTHROUGH_HOST="there",
    )
    there = {"RUNTHROUGH_HOST": "there"}
    victim.follow(told, "runthrough resume --here", environ=there)
    victim.line("run", **there)


@contextlib.contextmanager
def running(victim: Victim) -> Iterator[subprocess.Popen[str]]:
    """A tester in a process of its own, whose script waits for a file to go."""
    victim.file("scripts/hangs.py", HANGS.lstrip())
    hold, ran = victim.file("hold", ""), victim.folder / "ran"
    victim.file(
        "hangs.yaml",
        f"name: hangs\nscripts: [scripts]\nnodes:\n  hangs:\n"
        f"    job_args: {{ran: '{ran}', hold: '{hold}'}}\n",
    )
    victim.line("new hangs.yaml --name demo")
    tester = subprocess.Popen(
        [sys.executable, "-m", "runthrough", "run", "--as", "bob", "--json"],
        cwd=victim.folder,
        env=victim.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: ran.exists() and ran.read_text() != "", "the script runs")
        yield tester
    finally:
        hold.unlink(missing_ok=True)
        tester.kill()
        tester.communicate()


BUSY = (
    "wait until it ends (runthrough status shows it), or end it: runthrough cancel; if its "
    "process is gone, runthrough resume closes it, from another machine with --here and when a "
    "minute has passed without a sign of life, or with --take-over"
)


@pytest.mark.slow
@provokes(RunInProgressError)
def test_a_run_is_on(tmp_path):
    """While a tester runs others wait; when its process is gone, `resume` closes the run."""
    victim = Victim(tmp_path)
    with running(victim) as tester:
        told = victim.refused(
            "run",
            RunInProgressError,
            "A run is in progress by bob on HOST since TIME UTC, so 'run' is refused.",
            BUSY,
            code=4,
        )
        assert "▶ running   hangs" in victim.follow(told, STATUS).out
        script = int((tmp_path / "ran").read_text())
        tester.send_signal(signal.SIGKILL)
        tester.wait()
        with contextlib.suppress(ProcessLookupError):
            os.kill(script, signal.SIGKILL)
        victim.follow(told, "runthrough resume")
        (tmp_path / "hold").unlink()
        victim.line("run")


@pytest.mark.slow
@provokes(AttemptClosedError)
def test_a_run_that_was_taken_over(tmp_path):
    """A tester whose run somebody on another machine took over ends, and says who may know."""
    victim = Victim(tmp_path)
    with running(victim) as tester:
        victim.line("resume --here --take-over", RUNTHROUGH_HOST="there")
        (tmp_path / "hold").unlink()
        out, err = tester.communicate(timeout=60)
    assert tester.returncode == 2
    told = victim.read(
        Done(tester.returncode, out, err),
        AttemptClosedError,
        "Attempt ID of hangs is not open: another tester took the run over.",
        "runthrough status shows who holds the run",
    )
    victim.follow(told, STATUS)
