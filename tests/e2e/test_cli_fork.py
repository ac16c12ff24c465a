"""Forking a session at the command line."""

import pytest
from tests.support.cli import answered, begun

pytestmark = pytest.mark.slow


def test_a_fork_goes_on_from_where_its_parent_is(tmp_path):
    """`fork` names both sessions and the version, and what is typed next is about the fork."""
    shell = answered(tmp_path)
    version = shell.run("status", "--json").json["version"]
    done = shell.run("fork", "--name", "calm-owl", "--json")
    told = done.json
    assert {name: told[name] for name in ("name", "version", "at")} == {
        "name": "calm-owl",
        "version": version + 1,
        "at": version,
    }
    assert told["parent"] == shell.run("status", "--session", "demo", "--json").json["session_id"]
    assert f"session calm-owl ({told['session_id'][:4]}…" in done.err
    assert f"goes on from version {version} of demo (" in done.err
    assert "nothing was recorded in demo" in done.err
    assert done.err.splitlines()[-1] == "next:  runthrough run --session calm-owl"
    assert shell.run("status", "--session", "demo", "--json").json["version"] == version


def test_a_fork_runs_beside_its_parent(tmp_path):
    """What passed in the parent is reused, and what differs in the fork runs in its own folder."""
    shell = answered(tmp_path)
    shell.run("run")
    told = shell.run("fork", "--json").json
    shell.run("configure", "report", "--arg", "top=2", "--session", told["name"])
    ran = shell.run("run", "--session", told["name"], "--json").json
    outcomes = {node: row["outcome"] for node, row in ran["outcomes"].items()}
    assert outcomes == {"clean": "reused", "total": "reused", "report": "passed"}
    runs = tmp_path / ".runthrough" / told["session_id"] / "runs"
    assert [node.name for run in runs.iterdir() for node in run.iterdir()] == ["report"]
    assert shell.run("audit", "verify", "--json").json["ok"]
    assert shell.run("logs", "clean", "--session", told["name"]).code == 0
    assert shell.run("doctor").code == 0


def test_a_fork_of_an_earlier_version_or_time(tmp_path):
    """--at takes a version or a time; both leave out what was done since."""
    shell = begun(tmp_path)
    before = shell.run("status", "--json").json["version"]
    shell.run("configure", "clean", "--env", "CURRENCY=EUR")
    first = shell.run("fork", "--at", str(before), "--session", "demo", "--json").json
    assert (first["at"], first["version"]) == (before, before + 1)
    for name, pending in ((first["name"], True), ("demo", False)):
        view = shell.run("status", "--session", name, "--json").json
        assert (view["nodes"]["clean"]["state"] == "pending") is pending
    rows = shell.run("history", "--session", "demo", "--json").json
    at = rows[-1]["recorded_at"]
    second = shell.run("fork", "--at", at, "--session", "demo", "--json").json
    assert second["at"] == rows[-1]["version"]


@pytest.mark.parametrize(
    ("words", "told", "fix"),
    [
        (("--at", "yesterday"), "'yesterday' is neither a version nor a time", None),
        (("--at", "0"), "Session 'demo' has versions 1 to", "runthrough history lists them"),
        (("--at", "999"), "not 999", "runthrough history lists them"),
        (("--at", "1999-01-01"), "was not there yet", "runthrough history"),
        (("--at", "2"), "lies within what one command recorded", "runthrough fork --at "),
        (("--name", "demo"), "already called 'demo'", "choose another --name"),
        (("--name", "@x"), "its name holds @", "give a name"),
        (("--session", "nobody"), "No session fits 'nobody'", "runthrough sessions"),
    ],
)
def test_what_cannot_be_forked_is_refused(tmp_path, words, told, fix):
    """Exit 2, what is wrong, and what to type instead; no session is begun."""
    shell = begun(tmp_path)
    done = shell.run("fork", *words, code=2)
    assert told in done.err
    assert fix is None or fix in done.err
    assert [one["name"] for one in shell.run("sessions", "--json").json] == ["demo"]


def test_a_session_that_a_setting_names_is_forked(tmp_path):
    """RUNTHROUGH_SESSION names the parent, and what is typed next the fork all the same."""
    shell = begun(tmp_path)
    done = shell.run("fork", "--name", "calm-owl", RUNTHROUGH_SESSION="demo")
    assert "of demo (" in done.out
    assert "--session calm-owl" in done.out.splitlines()[-1]


def test_without_a_database_there_is_nothing_to_fork(tmp_path):
    """The error says what makes one, and no database is made."""
    shell = begun(tmp_path)
    elsewhere = f"sqlite:///{tmp_path}/none.db"
    done = shell.run("fork", code=4, RUNTHROUGH_DATABASE_URL=elsewhere)
    assert "runthrough new PIPELINE" in done.err
    assert not (tmp_path / "none.db").exists()
