"""Situations in which a session is seen, or goes on, on another machine than its own."""

import shutil
import signal
from datetime import timedelta

import pytest
from tests.e2e.test_cli_run import driven, gated
from tests.support import days
from tests.support.cli import DEADLINE_S
from tests.support.desk import NAME, outcomes, states, top

from runthrough import bootstrap
from runthrough.application.taking_over import LEASE_S

AUTO, PERSON = "auto_configured", "configured"


@pytest.mark.slow
def test_17_the_tester_is_killed_on_another_host(desk):
    """Nobody here can see it die: a move is refused until its lease is over, then closes it."""
    gate = gated(desk.shell)
    desk.begin(report=top())
    child = driven(desk.shell, "run")
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=DEADLINE_S)

    there = {"RUNTHROUGH_HOST": "there", "RUNTHROUGH_ACTOR": "bob"}
    moves = ("resume", "--here", "--session", NAME)
    done = desk.shell.run(*moves, code=4, **there)
    assert "A run is in progress by ann" in done.err
    assert "a minute has passed" in done.err

    gate.touch()
    later = bootstrap.now() + timedelta(seconds=LEASE_S + 1)
    with days.on(later):
        bob = desk.enter("bob", host="there")
        bob.move_home(workspaces=[str(desk.folder)])
        assert outcomes(bob.run()) == {"clean": "reused", "total": "passed", "report": "passed"}
    ends = [end["outcome"] for _, node, end in desk.events("ScriptExecuted") if node == "total"]
    assert ends == ["lost", "passed"]
    assert desk.count("ScriptStarted", "clean") == 1


@pytest.mark.slow
def test_21_resume_on_a_colleagues_machine(desk):
    """It is shown, not un-configured; it runs there once its home was moved there by name."""
    desk.begin(report=top())
    clone = desk.folder.parent / "clone"
    shutil.copytree(
        desk.folder, clone, ignore=shutil.ignore_patterns(".runthrough", "log.db*", "home")
    )
    shutil.rmtree(desk.folder / "scripts")
    desk.orders.unlink()
    there = {"RUNTHROUGH_HOST": "there", "RUNTHROUGH_ACTOR": "bob"}

    def typed(*words, code=0):
        return desk.shell.run(*words, "--session", NAME, code=code, cwd=clone, **there)

    before = len(desk.events())
    shown = typed("status", "--json")
    assert {node: view["state"] for node, view in shown.json["nodes"].items()} == {
        "clean": AUTO,
        "total": AUTO,
        "report": PERSON,
    }
    assert "lives on" in shown.err
    typed("resume")
    assert "WorldChanged" not in [kind for kind, _, _ in desk.events()[before:]]
    assert states(desk.enter("cy", host="there"))["clean"] == AUTO

    refused = typed("run", code=2)
    assert f"runthrough resume --session {NAME} --here" in refused.err
    typed("configure", "report", "--arg", "top=2")
    assert desk.count("ScriptStarted") == 0

    typed("resume", "--here", "--workspace", ".")
    assert desk.count("HomeMoved") == 1
    results = typed("run", "--json").json
    assert outcomes(results) == dict.fromkeys(("clean", "total", "report"), "passed")

    back = desk.shell.run("run", "--session", NAME, code=2)
    assert f"runthrough resume --session {NAME} --here" in back.err
