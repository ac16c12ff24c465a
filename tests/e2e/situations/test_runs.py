"""Situations in which something is running, has failed, was killed, or ran only in part."""

import signal

import pytest
from tests.e2e.test_cli_run import driven, gated
from tests.support.cli import DEADLINE_S
from tests.support.desk import categories, outcomes, states, top
from tests.support.pipelines import TOTAL

from runthrough.application.answers import Answers
from runthrough.core.lifecycle import Phase
from runthrough.errors import PendingScriptsError, RunInProgressError

EACH = ("clean", "total", "report")


@pytest.fixture
def hold(desk):
    """A gate before the script `total`: while it is shut, a run stands still there."""
    return gated(desk.shell)


@pytest.fixture
def running(desk, hold):
    """The session, with a run by ann in another process that has come to `total`."""
    desk.begin(report=top())
    child = driven(desk.shell, "run")
    yield child
    hold.touch()
    child.communicate(timeout=DEADLINE_S)


def test_06_a_failed_node_is_retried(desk):
    """Only it and what it blocked run again, with the configuration and script as they are now."""
    desk.script("total", TOTAL.replace('int(row["amount"])', 'int(row["sum"])'))
    ann = desk.begin(report=top())
    assert outcomes(ann.run()) == {"clean": "passed", "total": "failed", "report": "blocked"}
    assert categories(ann) == {"clean": "passed", "total": "failed", "report": "blocked"}

    desk.script("total", TOTAL)
    bob = desk.enter("bob")
    bob.configure("report", top(2))
    retried = bob.to_retry()
    assert retried == ("total", "report")
    assert outcomes(bob.run(retried)) == {"total": "passed", "report": "passed"}
    assert desk.count("ScriptStarted", "clean") == 1
    assert bob.state.nodes["report"].spec.job_args == {"top": 2}
    assert set(categories(bob).values()) == {"passed"}


@pytest.mark.slow
def test_12_configure_while_running(desk, hold):
    """A node of the run's plan is refused, and that is recorded; another one is configured."""
    desk.begin(report=top())
    child = driven(desk.shell, "run", "clean", "total")
    bob = desk.enter("bob")
    with pytest.raises(RunInProgressError) as refused:
        bob.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    assert "ann" in refused.value.message
    (told,) = desk.events("CommandRefused")
    assert (told[2]["command"], told[2]["code"]) == ("configure", "RUN_IN_PROGRESS")

    bob.configure("report", top(2))
    hold.touch()
    child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 0
    bob.refresh()
    assert bob.state.nodes["clean"].spec.environ_vars == {"CURRENCY": "EUR"}
    assert bob.state.nodes["report"].spec.job_args == {"top": 2}
    assert states(bob) == {"clean": "executed", "total": "executed", "report": "configured"}


@pytest.mark.slow
def test_15_fork_while_running(desk, hold, running):
    """The fork has what had passed, no run and no open attempt; the run goes on in the parent."""
    fork = desk.application("bob").sessions.fork("demo", name="what-if")
    assert (fork.state.phase, fork.state.running) == (Phase.OPEN, None)
    assert fork.state.nodes["clean"].passed is not None
    assert fork.state.nodes["total"].running is None
    assert states(fork) == {
        "clean": "executed",
        "total": "auto_configured",
        "report": "configured",
    }

    hold.touch()
    assert outcomes(fork.run()) == {"clean": "reused", "total": "passed", "report": "passed"}
    running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 0
    parent = desk.enter("ann")
    assert set(states(parent).values()) == {"executed"}
    own = [place for place in desk.folder.glob(".runthrough/*/runs") if any(place.iterdir())]
    assert {place.parent.name for place in own} == {fork.session_id, parent.session_id}


@pytest.mark.slow
def test_16_the_tester_is_killed_here(desk, hold, running):
    """Its attempt is lost and its run interrupted; the same run typed again completes the rest."""
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=DEADLINE_S)
    bob = desk.enter("bob")
    assert bob.state.phase is Phase.RUNNING

    hold.touch()
    assert outcomes(bob.run()) == {"clean": "reused", "total": "passed", "report": "passed"}
    ends = [end["outcome"] for _, node, end in desk.events("ScriptExecuted") if node == "total"]
    assert ends == ["lost", "passed"]
    assert [end["status"] for _, _, end in desk.events("RunFinished")] == ["interrupted", "passed"]
    assert desk.count("ScriptStarted", "clean") == 1


@pytest.mark.slow
def test_22_a_node_is_run_whose_upstream_never_ran(desk):
    """It is blocked and nothing runs: exit 3, and the selection that takes the upstream along."""
    desk.begin(report=top())
    done = desk.shell.run("run", "total", "--session", "demo", code=3)
    assert done.out.splitlines()[-1] == "next:  runthrough run +total --session demo"
    assert desk.count("ScriptStarted") == 0
    bob = desk.enter("bob")
    assert states(bob)["total"] == "auto_configured"
    assert outcomes(bob.run(["+total"])) == {"clean": "passed", "total": "passed"}


def test_23_a_partial_run_with_a_pending_node_elsewhere(desk):
    """What is pending stops a run only when it is selected."""
    ann = desk.begin()
    assert states(ann)["report"] == "pending"
    with pytest.raises(PendingScriptsError):
        ann.run()
    assert outcomes(ann.run(["+total"])) == {"clean": "passed", "total": "passed"}
    assert states(ann) == {"clean": "executed", "total": "executed", "report": "pending"}


UNREADABLE = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    assert Path(input_paths["clean_orders"]).exists()
    Path(output_paths["totals"]).write_text("ada: 35")
"""
DEAF = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["report"]).write_text(f"{Path(input_paths['totals'])} {job_args.top}")
"""


@pytest.mark.slow
def test_27_an_incompatible_seam_between_passed_scripts(desk):
    """Both scripts pass and the run does not: what was written is not what its suffix says."""
    desk.script("total", UNREADABLE)
    desk.script("report", DEAF)
    totals = Answers(output_paths={"totals": str(desk.folder / "out/totals.json")})
    ann = desk.begin(report=top(), total=totals)

    results = ann.run()
    assert set(outcomes(results).values()) == {"passed"}
    assert not results["pipeline_success"]
    seam = results["data_flow_results"]["total->report"]
    assert not seam["compatible"]
    assert "JSON" in " ".join(seam["compatibility_issues"])
    assert results["data_flow_results"]["clean->total"]["compatible"]
    assert categories(ann) == {"total": "failed", "report": "blocked", "clean": "passed"}
    done = desk.shell.run("run", "--session", "demo", code=1)
    assert "total" in done.out

    desk.script("total", TOTAL)
    assert ann.run()["pipeline_success"]
