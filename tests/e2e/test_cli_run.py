"""Running at the command line: what is told, what is reused, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from tests.support.cli import DEADLINE_S, answered, begun

BROKEN = """\
def spend(amounts):
    amounts = list(amounts)
    return amounts[99]

def main(input_paths, output_paths, environ_vars, job_args):
    print("adding up")
    spend([1, 2])
"""
MAIN = "def main(input_paths, output_paths, environ_vars, job_args):\n"
GATED = """\
import json, os, time

def main(input_paths, output_paths, environ_vars, job_args):
    assert os.path.exists(input_paths["clean_orders"])
    while not os.path.exists(GATE):
        time.sleep(0.01)
    with open(output_paths["totals"], "w") as target:
        json.dump({"ada": 1}, target)
"""


def gated(shell):
    """Let the script `total` wait until a file is there; its path."""
    gate = shell.folder / "gate"
    shell.file("scripts/total.py", GATED.replace("GATE", repr(str(gate))))
    return gate


def driven(shell, *words):
    """A run in the background, which has come to the script `total`."""
    child = subprocess.Popen(
        [sys.executable, "-m", "runthrough", *words],
        cwd=shell.folder,
        env=shell.environ(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in child.stdout:
        if line.startswith("▶ total"):
            return child
    raise AssertionError(child.stderr.read())


@pytest.mark.slow
def test_a_run_tells_each_node_and_ends_with_a_table(tmp_path):
    """Each node is told as it starts and ends; a table has outcome and seconds."""
    shell = answered(tmp_path)
    told = shell.run("run").out
    lines = told.splitlines()
    assert lines[0] == "run of 3 nodes: 3 to run, 0 unchanged, 0 blocked"
    assert "▶ clean" in lines
    assert any(line.startswith("✓ clean  passed  ") for line in lines)
    assert any(line.split()[:3] == ["✓", "passed", "report"] for line in lines)
    assert "passed: 3 passed · " in told
    assert lines[-1] == "next:  runthrough report"


@pytest.mark.slow
def test_a_run_in_json(tmp_path):
    """--json is the founding plan's results with run, outcomes and root causes."""
    shell = answered(tmp_path)
    done = shell.run("run", "--json")
    assert {
        "pipeline_success",
        "script_results",
        "data_flow_results",
        "execution_order",
        "errors",
        "step_catalog_analysis",
        "interactive_factory_info",
        "run",
        "outcomes",
        "root_causes",
    } <= set(done.json)
    assert done.json["pipeline_success"] is True
    assert {n: o["outcome"] for n, o in done.json["outcomes"].items()} == {
        "clean": "passed",
        "total": "passed",
        "report": "passed",
    }
    assert "✓ clean  passed" in done.err


@pytest.mark.slow
def test_the_same_run_again_reuses_everything(tmp_path):
    """What passed and is unchanged is reused, visibly, and that is exit 0; --no-reuse runs it."""
    shell = answered(tmp_path)
    shell.run("run")
    told = shell.run("run").out
    assert "run of 3 nodes: 0 to run, 3 unchanged, 0 blocked" in told
    assert told.count("= reused") == 3
    assert re.search(r"= reused +\d", told) is None
    told = shell.run("run", "--no-reuse").out
    assert "3 to run" in told
    assert "passed: 3 passed" in told


@pytest.mark.slow
def test_a_changed_value_runs_only_what_depends_on_it(tmp_path):
    """After one argument changed, its node is stale and runs; what lies above is reused."""
    shell = answered(tmp_path)
    shell.run("run")
    shell.run("configure", "report", "--arg", "top=2")
    told = shell.run("status").out
    assert "~ stale" in told
    assert "top  1 → 2" in told
    outcomes = shell.run("run", "--json").json["outcomes"]
    assert {node: one["outcome"] for node, one in outcomes.items()} == {
        "clean": "reused",
        "total": "reused",
        "report": "passed",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("select", "ran"),
    [
        (["clean"], {"clean"}),
        (["+total"], {"clean", "total"}),
        (["clean+"], {"clean", "total", "report"}),
        (["clean", "total"], {"clean", "total"}),
        (["+total+"], {"clean", "total", "report"}),
    ],
)
def test_a_selection_runs_what_it_names(tmp_path, select, ran):
    """NODE, NODE+ (and below), +NODE (and above), and several of them."""
    outcomes = answered(tmp_path).run("run", *select, "--json").json["outcomes"]
    assert set(outcomes) == ran


@pytest.mark.slow
def test_a_selection_that_matches_nothing_is_exit_5(tmp_path):
    """An unknown name in a selection is exit 5 and names the nearest."""
    done = answered(tmp_path).run("run", "+repor", code=5)
    assert "The selection '+repor' matches no node. Did you mean 'report'?" in done.err


@pytest.mark.slow
def test_pending_nodes_of_the_selection_are_exit_3(tmp_path):
    """A run that would meet a pending node is refused with a line each; others do not matter."""
    shell = begun(tmp_path)
    done = shell.run("run", code=3)
    assert "Cannot execute testing - missing configuration for 2 scripts:" in done.err
    assert "runthrough configure clean" in done.err
    shell.run("configure", "clean", "--env", "CURRENCY=EUR")
    assert set(shell.run("run", "clean", "total", "--json").json["outcomes"]) == {"clean", "total"}


@pytest.mark.slow
def test_a_result_missing_outside_the_selection_is_exit_3(tmp_path):
    """Below an unselected node that never passed nothing runs, and the way out is named."""
    done = answered(tmp_path).run("run", "total", code=3)
    assert "⊘ total  blocked  by clean" in done.out
    assert done.out.splitlines()[-1] == "next:  runthrough run +total"


def test_a_failure_is_told_well(tmp_path):
    """Exit 1: the frames with three source lines, the exit code, what it blocked, a command."""
    shell = answered(tmp_path)
    shell.file("scripts/total.py", BROKEN)
    shell.run("resume")
    shell.run("configure", "total", "--output", "totals=out/totals.json")
    done = shell.run("run", "--json", code=1)
    assert "✗ total failed: IndexError: list index out of range" in done.err
    assert "scripts/total.py:7 in main" in done.err
    assert "scripts/total.py:3 in spend" in done.err
    assert "    >    3 │     return amounts[99]" in done.err
    assert "         2 │     amounts = list(amounts)" in done.err
    assert "exit code 1" in done.err
    assert "blocked: report" in done.err
    assert "stderr.log" not in done.err
    assert done.json["outcomes"]["total"]["log"].endswith("stderr.log")
    assert "→ runthrough logs total" in done.err
    assert "failed: 1 passed · 1 failed · 1 blocked" in done.err
    assert done.err.splitlines()[-1] == "next:  runthrough logs total"
    logs = shell.run("logs", "total", "--json")
    assert "adding up" in logs.err
    assert "IndexError" in logs.err
    assert logs.json["stdout"] == "adding up\n"
    assert done.json["root_causes"] == [{"node": "total", "blocked": ["report"]}]
    assert done.json["outcomes"]["report"]["outcome"] == "blocked"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    import os; os.kill(os.getpid(), 11)\n", "crashed: ended by SIGSEGV ("),
        ("    raise SystemExit(3)\n", "failed: ended with exit code 3"),
        ("    output_paths['totals']\n", "failed: OUTPUT_NOT_WRITTEN"),
        ("    pass\n", "failed: 2 passed · 1 connection incompatible"),
        ("    import time; time.sleep(60)\n", "timed out: "),
    ],
)
def test_each_bad_end_has_its_words(tmp_path, body, told):
    """A signal, an exit code, a missing output and a time-out are told in words; exit 1."""
    shell = answered(tmp_path)
    shell.file("scripts/total.py", MAIN + body)
    shell.run("configure", "total", "--timeout", "1")
    done = shell.run("run", "+total", code=1)
    assert told in done.out


@pytest.mark.slow
def test_logs_of_a_node_that_never_ran_say_so(tmp_path):
    """A node without an attempt has no log, which is said with the command that makes one."""
    told = begun(tmp_path).run("logs", "total").out
    assert "no attempt that ended" in told
    assert told.splitlines()[-1] == "next:  runthrough run +total"


@pytest.mark.slow
def test_ctrl_c_is_exit_130_and_the_same_run_goes_on(tmp_path):
    """Ctrl-C ends the children, says how to go on, and the same run typed again completes."""
    shell = answered(tmp_path)
    gate = gated(shell)
    child = driven(shell, "run")
    deadline = time.monotonic() + DEADLINE_S
    claims = [*tmp_path.rglob("total/*/claim")]
    while not claims and time.monotonic() < deadline:
        claims = [*tmp_path.rglob("total/*/claim")]
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 130, out + err
    assert "interrupted" in err
    assert "→ runthrough run" in err
    assert "Traceback" not in err
    gate.touch()
    again = shell.run("run", "--json").json
    assert again["outcomes"]["clean"]["outcome"] == "reused"
    assert again["pipeline_success"] is True


@pytest.mark.slow
def test_a_run_that_is_on_refuses_another_with_exit_4(tmp_path):
    """While a run is on, a second is refused: RUN_IN_PROGRESS, who and since when."""
    shell = answered(tmp_path)
    gate = gated(shell)
    with driven(shell, "run", "+total") as child:
        told = shell.run("run", "--json", "--as", "bob", code=4).json
        assert "running" in shell.run("status").out
        gate.touch()
        child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 0
    assert told["error"]["code"] == "RUN_IN_PROGRESS"
    assert "by ann" in told["error"]["message"]


@pytest.mark.slow
def test_jobs_run_at_once(tmp_path):
    """-j takes a positive number of scripts at once; anything else is a usage error."""
    shell = answered(tmp_path)
    shell.run("run", "-j", "2")
    assert "--jobs" in shell.run("run", "-j", "0", code=2).err


@pytest.mark.slow
def test_status_after_a_run_shows_what_passed(tmp_path):
    """Passed nodes are shown with seconds; the worklist of --json has every category."""
    shell = answered(tmp_path)
    shell.run("run")
    view = shell.run("status", "--json").json
    assert {row["category"] for row in view["worklist"]} == {"passed"}
    assert view["next_command"] == "runthrough report"
    assert {
        "dag_name",
        "total_scripts",
        "configured_scripts",
        "auto_configured_scripts",
        "manually_configured_scripts",
        "pending_scripts",
        "ready_for_testing",
        "completion_percentage",
        "script_details",
        "session_id",
        "name",
        "version",
        "phase",
        "home",
        "nodes",
        "connections",
        "worklist",
        "next_command",
    } <= set(view)
    assert os.linesep.join(shell.run("status").out.splitlines()).count("✓ passed") == 3
