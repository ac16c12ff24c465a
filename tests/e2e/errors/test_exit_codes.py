"""Each exit code of DESIGN § 11, met by a command; what has no error of its own among them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import DEADLINE_S
from tests.support.hanging import HANGS
from tests.support.provoked import (
    Victim,
    at_the_start,
    met,
    provokes,
    with_answers,
    with_questions,
)
from tests.support.scripts import until

from runthrough import bootstrap

FAILS = "def main(input_paths, output_paths, environ_vars, job_args):\n    raise ValueError('x')\n"


def test_0_read_or_passed(tmp_path):
    """What was asked is told, or done."""
    victim = with_answers(tmp_path)
    victim.line("status")
    victim.line("run")
    victim.line("run")  # everything is reused


def test_1_a_script_failed(tmp_path):
    """A failed script is no error of the command; `logs`, which is advised, tells why."""
    victim = with_answers(tmp_path)
    victim.file(
        "scripts/total.py", FAILS.replace("raise", "input_paths['clean_orders']\n    raise")
    )
    done = victim.line("run", code=1)
    assert "ValueError: x" in done.out
    assert "→ runthrough logs total" in done.out
    assert "ValueError" in victim.line("logs total").out


def test_1_check_found_an_error(tmp_path):
    """`check` tells by its exit code that something is to be mended."""
    victim = with_questions(tmp_path)
    victim.line("check", code=1)
    victim.line("configure clean --env CURRENCY=EUR")
    victim.line("configure report --arg top=1")
    victim.line("check")


def test_6_the_log_is_not_what_was_written(tmp_path):
    """A note of another log than the one that is here breaks its verification."""
    victim = with_questions(tmp_path)
    victim.line("audit checkpoint -o note.json")
    victim.database.unlink()
    for beside in tmp_path.glob("log.db-*"):
        beside.unlink()
    victim.line("new pipeline.yaml --name other")
    assert "✗" in victim.line("audit verify --against note.json", code=6).out


def test_10_there_is_work_to_do(tmp_path):
    """`plan --exit-code` tells by its exit code that a run would run something."""
    victim = with_answers(tmp_path)
    victim.line("plan --exit-code", code=10)
    victim.line("run")
    victim.line("plan --exit-code")


@provokes("INTERNAL")
def test_70_a_fault_of_ours(tmp_path, monkeypatch):
    """A fault inside is told in one line, is no secret's way out, and says what to do."""
    victim = with_questions(tmp_path)

    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("postgresql://ann:hunter2@host/db")

    monkeypatch.setattr(bootstrap, "wire", fails)
    victim.refused(
        "status",
        "INTERNAL",
        "runthrough failed inside: ZeroDivisionError: postgresql://ann:[masked]@host/db",
        "this is a fault of runthrough, not of your pipeline; nothing that was recorded is lost. "
        "Report it where runthrough came from, with the traceback (RUNTHROUGH_DEBUG=1 shows it)",
        code=70,
    )


def child(victim: Victim, *words: str, **how: object) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "runthrough", *words],
        cwd=victim.folder,
        env=victim.environ(),
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how},
    )


@pytest.mark.slow
@provokes("INTERRUPTED")
def test_130_interrupted(tmp_path):
    """Ctrl-C ends the scripts, and the command that is advised goes on."""
    victim = Victim(tmp_path)
    victim.file("scripts/hangs.py", HANGS.lstrip())
    hold, ran = victim.file("hold", ""), tmp_path / "ran"
    arguments = f"{{ran: '{ran}', hold: '{hold}'}}"
    victim.file(
        "hangs.yaml",
        f"name: hangs\nscripts: [scripts]\nnodes: {{hangs: {{job_args: {arguments}}}}}\n",
    )
    victim.line("new hangs.yaml")
    tester = child(victim, "run")
    until(lambda: ran.exists() and ran.read_text() != "", "the script runs")
    tester.send_signal(signal.SIGINT)
    out, err = tester.communicate(timeout=DEADLINE_S)
    assert tester.returncode == 130, out + err
    hold.unlink()
    told = "error: interrupted; what had happened is recorded\n  → runthrough run\n"
    assert err.endswith(told)
    victim.line("run")
    met("INTERRUPTED")


@pytest.mark.slow
def test_141_nobody_reads(tmp_path):
    """Behind a reader that is gone a command ends as by SIGPIPE, without a word."""
    victim = with_questions(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    command = child(victim, "status", stdout=writing)
    os.close(writing)
    assert command.communicate(timeout=DEADLINE_S)[1] == ""
    assert command.returncode == 141


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@provokes("OUTPUT")
def test_4_the_output_cannot_be_written(tmp_path):
    """A full disk is told on the other stream, and what was done is told by what is advised."""
    victim = at_the_start(tmp_path)
    with Path("/dev/full").open("w") as full:
        command = child(victim, "new", "pipeline.yaml", stdout=full)
        err = command.communicate(timeout=DEADLINE_S)[1]
    assert command.returncode == 4
    assert err == (
        "error: The output cannot be written: No space left on device.\n  → send it where there "
        "is room; what the command did is recorded: runthrough history tells it\n"
    )
    assert "SessionStarted" in victim.line("history --json").out
    met("OUTPUT")
