"""Undo and redo at the command line."""

import pytest
from tests.support.desk import shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(tmp_path):
    """A session that bob and ann have worked on."""
    with shop(tmp_path) as desk:
        shell = desk.shell
        shell.run("new", "pipeline.yaml", "--name", "demo", "--as", "bob")
        shell.run("configure", "clean", "--env", "CURRENCY=USD", "--as", "bob")
        shell.run("configure", "report", "--arg", "top=2", "--as", "ann")
        yield shell


def test_undo_and_redo_say_what_they_did(shell):
    """The action with its actor, each value from and to, what is missing now, and what is next."""
    done = shell.run("undo", "--as", "ann")
    told = [" ".join(line.split()) for line in done.out.splitlines()]
    assert told[0].startswith("took back (version ")
    assert told[1].endswith("ann configured report")
    assert told[2:6] == [
        "report",
        "state configured → pending",
        "arg.top 2 → not set",
        "? report: Missing required argument: top",
    ]
    assert told[-1] == "next: runthrough configure report --arg top=VALUE"
    again = shell.run("redo", "--as", "ann")
    assert "did again" in again.out
    assert "arg.top  not set → 2" in again.out
    assert again.out.splitlines()[-1] == "next:  runthrough run"


def test_another_s_action_is_refused_and_taken_back_with_anyone(shell):
    """Exit code 2 with who did what; then everything back to a version, for machines."""
    shell.run("undo", "--as", "ann")
    refused = shell.run("undo", "--as", "ann", code=2)
    assert "bob configured clean" in refused.err
    assert "runthrough undo --anyone" in refused.err
    shell.run("redo", "--as", "ann")
    start = next(
        row["version"] - 1
        for row in shell.run("history", "--json").json
        if row["type"] == "ScriptConfigured"
    )
    result = shell.run("undo", "--to", str(start), "--anyone", "--json", "--as", "ann").json
    assert [(one["actor"], one["nodes"]) for one in result["undone"]] == [
        ("bob", ["clean"]),
        ("ann", ["report"]),
    ]
    assert result["nodes"]["report"]["problems"][0]["code"] == "ARG_MISSING"
    assert result["changes"][0]["after"] == {"state": "auto_configured", "env.CURRENCY": "EUR"}
    assert set(result) == {"version", "undone", "nodes", "changes", "next_command"}


def test_what_cannot_be_is_an_error_that_says_what_to_type(shell):
    """A version that is no number, one that never was, one within a command, nothing to redo."""
    assert "--to" in shell.run("undo", "--to", "yesterday", code=2).err
    assert "not yet at 999" in shell.run("undo", "--to", "999", code=2).err
    assert "runthrough undo --to" in shell.run("undo", "--to", "2", code=2).err
    error = shell.run("redo", "--json", code=2).json["error"]
    assert error["message"].startswith("Nothing was undone")
    assert error["fix"] == "runthrough history shows what was done"


def test_an_undo_goes_back_to_a_time_too(shell):
    """As a fork does; what is neither version nor time is told so."""
    done = shell.run("undo", "--to", "2h", "--anyone", code=2)
    assert "was not there yet at" in done.err
    assert ".0" not in done.err.split("it began at")[0].split(" at ")[1]
    done = shell.run("undo", "--to", "soon", code=2)
    assert "'soon' is neither a version nor a time" in done.err
    later = shell.run("history", "--json").json[-1]["recorded_at"]
    assert "nothing to undo" in shell.run("undo", "--to", later, code=2).err
