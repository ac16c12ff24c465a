"""`show`: one node whole."""

import json
from pathlib import Path

import pytest
from tests.support.cli import answered
from tests.support.inside import Inside


@pytest.fixture
def desk(tmp_path):
    """A session that is configured and has run."""
    answered(tmp_path)
    desk = Inside(tmp_path)
    desk.run("run")
    return desk


def shown(desk, node, *words):
    """The view of a node."""
    return desk.run("show", node, "--json", *words).json


def test_a_node_is_told_whole(desk):
    """Script, interpreter, who configured it, neighbours, and the attempt with its log."""
    view = shown(desk, "report")
    assert view["script"]["path"] == str(desk.folder / "scripts" / "report.py")
    assert view["script"]["description"] == "Name the best customers."
    assert len(view["script"]["digest"]) == 64
    assert view["interpreter"] == {"python": None, "origin": "default"}
    assert (view["state"], view["category"], view["accepted_by"]) == ("executed", "passed", "ann")
    assert (view["upstream"], view["downstream"]) == (["total"], [])
    (attempt,) = view["attempts"]
    assert attempt["outcome"] == "passed"
    assert attempt["log"].endswith("stderr.log")
    assert Path(view["written"]["report"]).read_text() == "ada"
    assert view["spec"]["job_args"] == {"top": 1}
    assert [need["name"] for need in view["requirements"]["job_arguments"]] == ["top"]


def test_each_value_tells_where_it_came_from(desk):
    """The pipeline file, a person, a connection by itself and one by a person."""
    origins = {row["name"]: row["origin"] for row in shown(desk, "clean")["values"]}
    assert origins == {"input.orders": "pipeline", "env.CURRENCY": "person"}
    origins = {row["name"]: row["origin"] for row in shown(desk, "report")["values"]}
    assert origins == {"input.totals": "accepted", "arg.top": "person"}
    desk.run("connect", "total.totals", "report.totals")
    origins = {row["name"]: row["origin"] for row in shown(desk, "report")["values"]}
    assert origins["input.totals"] == "confirmed"


def test_the_screen_tells_the_same_in_words(desk):
    """A reader finds script, values with origins, connections with reasons, attempts, next."""
    told = desk.run("show", "total").out
    assert told.startswith("total · executed · ✓ passed")
    assert "scripts/total.py" in told
    assert "runthrough's own (default)" in told
    assert "clean_orders ← clean.clean_orders   accepted, score" in told
    assert "totals → report.totals" in told
    assert "attempts, newest first" in told
    written = told.partition("written by the last attempt that passed")[2].split()
    assert written[0] == "totals"
    assert Path(desk.folder, written[1]).is_file()
    assert told.rstrip().endswith("next:  runthrough report")


def test_what_changed_is_told_old_to_new(desk):
    """A stale node names each part that differs from its passed attempt."""
    desk.run("configure", "report", "--arg", "top=2")
    view = shown(desk, "report")
    assert [(row["name"], row["old"], row["new"]) for row in view["stale"]] == [("top", 1, 2)]
    told = desk.run("show", "report").out
    assert "changed since it passed" in told
    assert "1 → 2" in told


def test_a_node_that_needs_a_person_tells_what_to_type(desk):
    """Its needs, each with its fix, and the command that answers as the next one."""
    desk.run("clear", "report")
    done = desk.run("show", "report")
    assert "? Missing required argument: top" in done.out
    assert done.out.rstrip().endswith("next:  runthrough configure report --arg top=VALUE")
    assert shown(desk, "report")["spec"]["job_args"] == {}


@pytest.mark.slow
def test_the_newest_of_many_attempts_come_first(desk):
    """Ten are kept; a failure tells its error in one line."""
    for number in range(11):
        desk.run("configure", "report", "--arg", f"top={number + 2}")
        desk.run("run", "report")
    desk.file("scripts/report.py", "def main(a, b, c, d):\n    raise ValueError('no\\nmore')\n")
    desk.run("run", "report", code=1)
    attempts = shown(desk, "report")["attempts"]
    assert [one["outcome"] for one in attempts] == ["failed", *["passed"] * 9]
    assert attempts[0]["error"] == "ValueError: no"


def test_a_renamed_node_keeps_its_attempts(desk):
    """What it ran under its old name is told under the new one."""
    renamed = (desk.folder / "pipeline.yaml").read_text().replace("report", "summary")
    desk.file(
        "pipeline.yaml", renamed.replace("summary: {}", "summary: {script: scripts/report.py}")
    )
    desk.run("update", "--rename", "report=summary")
    assert [one["outcome"] for one in shown(desk, "summary")["attempts"]] == ["passed"]


def test_secrets_are_told_by_their_names(desk, monkeypatch):
    """Neither the screen nor the result holds a value."""
    desk.run("configure", "report", "--env", "API_TOKEN=@secret:VAULT")
    done = desk.run("show", "report", VAULT="open-sesame")
    assert "@secret:VAULT" in done.out
    view = shown(desk, "report")
    assert {"name": "env.API_TOKEN", "value": {"secret": "VAULT"}, "origin": "person"} in view[
        "values"
    ]
    assert "open-sesame" not in done.out + json.dumps(view)


def test_an_external_node_tells_what_it_provides(desk):
    """It has no script, no interpreter to tell and no state."""
    desk.run("external", "total", "--output", "totals=data/orders.csv")
    view = shown(desk, "total")
    assert (view["state"], view["external"], view["script"]) == (None, True, None)
    assert view["values"] == [
        {"name": "output.totals", "value": "data/orders.csv", "origin": "person"}
    ]
    told = desk.run("show", "total").out
    assert told.startswith("total · external")
    assert "python" not in told


def test_showing_records_nothing(desk):
    """Neither for a node that is well nor for one that is not there."""
    before = desk.run("status", "--json").json["version"]
    desk.run("show", "report")
    assert "Did you mean 'report'?" in desk.run("show", "reprot", code=2).err
    assert desk.run("status", "--json").json["version"] == before


def test_names_in_a_script_give_the_terminal_no_orders(tmp_path):
    """Whoever wrote the script, no screen and no error clears or colours another one's."""
    desk = Inside(tmp_path)
    desk.file(
        "own.py",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        '    """Own \x1b[2J."""\n'
        '    open(input_paths["raw\\x1b[2J"]).read(), environ_vars["MODE\\x1b[2J"]\n',
    )
    desk.file("p.yaml", "nodes: {own: {script: own.py}}")
    desk.run("new", "p.yaml")
    for words in (["status"], ["show", "own"], ["requirements", "own"], ["check"], ["next"]):
        done = desk.attempt(*words)
        told = done.out + done.err
        assert "raw\\x1b[2J" in told, words
        assert "\x1b" not in told, words


def test_a_node_that_failed_before_it_started_is_to_be_tried_again(tmp_path):
    """A secret that is not set leaves no log, so that the next command is no look at one."""
    answered(tmp_path)
    desk = Inside(tmp_path)
    desk.run("configure", "clean", "--env", "CURRENCY=@secret:NOWHERE_SET")
    desk.run("run", code=1)
    view = shown(desk, "clean")
    assert (view["category"], view["next"]) == ("failed", "runthrough retry")
    assert desk.run("status", "--json").json["next_command"] == "runthrough retry"
