"""Real signals at a real terminal's program: once in order, twice at once; and `cancel`."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import DEADLINE_S, answered
from tests.support.hanging import alive
from tests.support.scripts import has_content, until

pytestmark = pytest.mark.slow

HANGS = """\
import json, os, signal, subprocess, sys

STAYS = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"

def main(input_paths, output_paths, environ_vars, job_args):
    assert os.path.exists(input_paths["clean_orders"])
    if not os.path.exists(GATE):
        signal.signal(signal.SIGTERM, SIGTERM)
        below = subprocess.Popen([sys.executable, "-c", STAYS], start_new_session=True)
        with open(PIDS + ".new", "w") as pids:
            pids.write(f"{os.getpid()} {below.pid}")
        os.rename(PIDS + ".new", PIDS)
        while True:
            signal.pause()
    with open(output_paths["totals"], "w") as target:
        json.dump({"ada": 1}, target)
"""
POLITE, STUBBORN = "signal.SIG_DFL", "signal.SIG_IGN"


class Hanging:
    """A user whose script `total` hangs until a gate is open, with a stubborn child."""

    def __init__(self, folder, on_sigterm=POLITE):
        self.shell = answered(folder)
        self.gate = folder / "gate"
        self.pids_file = folder / "pids"
        script = HANGS.replace("GATE", repr(str(self.gate)))
        script = script.replace("PIDS", repr(str(self.pids_file)))
        self.shell.file(
            "scripts/total.py", script.replace("SIGTERM, SIGTERM", f"SIGTERM, {on_sigterm}")
        )

    def run(self, *words):
        """`run` in the background, come to the script that hangs."""
        child = subprocess.Popen(
            [sys.executable, "-m", "runthrough", *(words or ("run",))],
            cwd=self.shell.folder,
            env=self.shell.environ(PYTHONUNBUFFERED="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until(lambda: has_content(self.pids_file) or child.poll() is not None, "the script runs")
        assert child.poll() is None, child.communicate()
        return child

    def gone(self):
        """The script and what it started are no more."""
        for pid in map(int, self.pids_file.read_text().split()):
            until(lambda pid=pid: not alive(pid), f"process {pid} has ended")

    def history(self):
        """Type and node of each event."""
        return self.shell.run("history", "--json").json

    def statuses(self):
        """How each run ended, in words."""
        return [row["sentence"] for row in self.history() if row["type"] == "RunFinished"]

    def completes(self):
        """The same run, typed again, does what is left."""
        self.gate.touch()
        outcomes = self.shell.run("run", "--json").json["outcomes"]
        assert {node: one["outcome"] for node, one in outcomes.items()} == {
            "clean": "reused",
            "total": "passed",
            "report": "passed",
        }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_the_run_in_order(tmp_path, number):
    """Exit 130, the run `interrupted`, the attempt `cancelled`, no process left; it goes on."""
    user = Hanging(tmp_path)
    child = user.run()
    child.send_signal(number)
    _, err = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 130, err
    user.gone()
    assert "ending the scripts; once more ends them at once" in err
    assert "→ runthrough run" in err
    assert "Traceback" not in err
    (end,) = user.statuses()
    assert "interrupted" in end
    assert [row["node"] for row in user.history() if row["type"] == "ScriptExecuted"] == [
        "clean",
        "total",
    ]
    user.completes()


def test_a_second_signal_ends_everything_at_once(tmp_path):
    """Exit 130 without waiting for a script that ignores SIGTERM; the next run closes the rest."""
    user = Hanging(tmp_path, STUBBORN)
    child = user.run()
    child.send_signal(signal.SIGINT)
    told = ""
    for line in child.stderr:
        told += line
        if "once more" in line:
            break
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 130, told + err
    user.gone()
    assert user.statuses() == [], "nothing was written after the second"
    user.completes()
    assert len(user.statuses()) == 2


def test_a_signal_that_a_script_ignores_still_ends_it(tmp_path):
    """What ignores SIGTERM gets SIGKILL after its grace, and the run ends in order."""
    user = Hanging(tmp_path, STUBBORN)
    child = user.run()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 130, err
    user.gone()
    assert len(user.statuses()) == 1


def test_an_interrupted_run_in_json_is_one_mapping(tmp_path):
    """Standard output holds the error alone, with how to go on."""
    user = Hanging(tmp_path)
    child = user.run("run", "--json")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 130, err
    assert '"code": "INTERRUPTED"' in out
    assert "runthrough run" in out


def test_cancel_ends_a_run_from_another_terminal(tmp_path):
    """It answers at once; the run ends `cancelled` with exit 1, and the session goes on."""
    user = Hanging(tmp_path)
    child = user.run()
    done = user.shell.run("cancel", "--json", "--as", "bob")
    assert set(done.json) == {"run", "version"}
    assert "ends the run within seconds" in done.err
    out, err = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 1, out + err
    user.gone()
    (end,) = user.statuses()
    assert "cancelled" in end
    assert "No run is on" in user.shell.run("cancel", code=2).err
    user.completes()


def test_retry_runs_what_failed_and_what_that_blocked(tmp_path):
    """After a mend; what passed is no part of it, and then there is nothing more to retry."""
    shell = answered(tmp_path)
    whole = Path(shell.folder, "scripts/total.py").read_text()
    shell.file("scripts/total.py", whole.replace("totals = Counter()", "totals = None"))
    shell.run("run", code=1)
    shell.run("retry", code=1)
    shell.file("scripts/total.py", whole)
    outcomes = shell.run("retry", "--json", "-j", "2").json["outcomes"]
    assert {node: one["outcome"] for node, one in outcomes.items()} == {
        "total": "passed",
        "report": "passed",
    }
    done = shell.run("retry", code=5)
    assert "nothing to retry" in done.err
    assert "runthrough plan" in done.err


def test_plan_why_and_accept_tell_and_settle_a_change(tmp_path):
    """3 while a person is needed, 10 while there is work, 0 else; an accepted change is none."""
    shell = answered(tmp_path)
    assert "3 to run" in shell.run("plan", "--exit-code", code=10).out
    assert "SELECTION_EMPTY" in shell.run("plan", "nobody", "--json", code=5).out
    shell.run("run")
    assert "3 unchanged" in shell.run("plan", "--exit-code").out
    script = Path(shell.folder, "scripts/total.py")
    script.write_text(script.read_text() + "\nUNUSED = 1\n")
    planned = shell.run("plan", "--exit-code", "--json", code=10).json
    assert [row["node"] for row in planned["run"]] == ["total", "report"]
    why = shell.run("why", "report", "--json").json
    assert [above["node"] for above in why["upstream"]] == ["total"]
    (change,) = shell.run("accept", "total", "--json").json["accepted"]
    assert (change["part"], change["name"]) == ("script", "total")
    assert "3 unchanged" in shell.run("plan", "--exit-code").out
    assert "nothing has changed since" in shell.run("why", "total").out
    assert "nothing to accept" in shell.run("accept", "total", code=2).err
    shell.run("clear", "report")
    assert "1 pending" in shell.run("plan", "--exit-code", code=3).out
