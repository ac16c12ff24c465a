"""Beginning, finding, resuming and listing sessions at the command line."""

import pytest
from tests.support.cli import PIPELINE, answered, begun, orders_shell

pytestmark = pytest.mark.slow


def test_new_tells_the_session_and_what_to_type_next(tmp_path):
    """`new` names the session, counts its scripts, and ends with one command to type."""
    shell = orders_shell(tmp_path)
    done = shell.run("new", "pipeline.yaml", "--name", "demo")
    assert "session demo (" in done.out
    assert "3 scripts, 1 configured by itself, 2 pending" in done.out
    assert done.out.splitlines()[-1] == "next:  runthrough configure clean --env CURRENCY=VALUE"


def test_new_answers_machines_on_stdout_and_people_on_stderr(tmp_path):
    """With --json, stdout holds the id, name and version alone; the text goes to stderr."""
    shell = orders_shell(tmp_path)
    done = shell.run("new", "pipeline.yaml", "--name", "demo", "--json")
    assert set(done.json) == {"session_id", "name", "version"}
    assert done.json["name"] == "demo"
    assert "next:  runthrough configure clean" in done.err


def test_a_session_without_a_name_gets_one(tmp_path):
    """A name is made up where none is given."""
    assert orders_shell(tmp_path).run("new", "pipeline.yaml", "--json").json["name"]


def test_a_name_that_is_taken_is_refused(tmp_path):
    """Two open sessions cannot share a name: exit 2, and the fix names both ways out."""
    shell = begun(tmp_path)
    done = shell.run("new", "pipeline.yaml", "--name", "demo", code=2)
    assert done.err.startswith("error: An open session is already called 'demo'.\n  → ")
    assert done.out == ""


def test_new_writes_nothing_beside_the_users_files(tmp_path):
    """Beginning a session and looking at it leaves the pipeline's folder as it was."""
    shell = orders_shell(tmp_path / "project")
    before = shell.snapshot(".")
    shell.run("new", "pipeline.yaml", RUNTHROUGH_DATABASE_URL=f"sqlite:///{tmp_path}/other.db")
    shell.run("status", RUNTHROUGH_DATABASE_URL=f"sqlite:///{tmp_path}/other.db")
    after = {name: text for name, text in shell.snapshot(".").items() if not _ours(name)}
    assert after == before


def _ours(name):
    return name.split("/")[0] in {"home", ".runthrough"}


@pytest.mark.parametrize("typed", ["nowhere", "n" * 300], ids=["nowhere", "too long"])
def test_a_workspace_must_be_there(tmp_path, typed):
    """A mistyped --workspace is a usage error, not a new folder, however long its name is."""
    shell = orders_shell(tmp_path)
    done = shell.run("new", "pipeline.yaml", "--workspace", typed, code=2)
    assert f"there is no folder '{typed}'" in " ".join(done.err.split())
    assert not (tmp_path / "nowhere").exists()


def test_scripts_of_further_workspaces_are_found(tmp_path):
    """--workspace may be repeated; scripts are looked for in each."""
    shell = orders_shell(tmp_path)
    (tmp_path / "far").mkdir()
    (tmp_path / "scripts" / "total.py").rename(tmp_path / "far" / "total.py")
    (tmp_path / "near").mkdir()
    shell.run("new", "pipeline.yaml", "--workspace", "near", "--workspace", "far")
    view = shell.run("status", "--json").json
    assert view["nodes"]["total"]["script_path"].endswith("total.py")


def test_where_a_script_was_looked_for_is_told(tmp_path):
    """A workspace that holds no scripts is named by `new`, and none where all were found."""
    shell = orders_shell(tmp_path)
    shell.file("pipeline.yaml", "nodes: {total: {}}\n")
    (tmp_path / "elsewhere").mkdir()
    done = shell.run("new", "pipeline.yaml", "--workspace", "elsewhere")
    assert f"looked in {tmp_path / 'elsewhere'}\n" in done.out
    both = shell.run("new", "pipeline.yaml", "--workspace", "elsewhere", "--workspace", ".")
    assert "looked in" not in both.out


def test_among_several_sessions_each_next_command_names_its_own(tmp_path):
    """What is typed later is about the session that was looked at, whichever was touched since."""
    shell = begun(tmp_path)
    assert "--session" not in shell.run("status").out
    shell.run("new", "pipeline.yaml", "--name", "other")
    told = shell.run("status").out.splitlines()[-1]
    assert told == "next:  runthrough configure clean --env CURRENCY=VALUE --session other"
    refused = shell.run("run", code=3)
    assert "→ runthrough configure --session other clean" in refused.err


def test_sessions_lists_all(tmp_path):
    """`sessions` lists every session, the latest event first."""
    shell = begun(tmp_path)
    shell.run("new", "pipeline.yaml", "--name", "second")
    done = shell.run("sessions", "--json")
    text = done.err
    assert [one["name"] for one in done.json] == ["second", "demo"]
    assert set(done.json[0]) == {
        "session_id",
        "name",
        "dag_name",
        "phase",
        "version",
        "last_actor",
        "updated_at",
        "parent",
        "forked_at",
        "archived",
    }
    assert "demo" in text
    assert "ann, just now" in text


def test_without_sessions_the_first_step_is_named(tmp_path):
    """Where there is no session, `sessions` and `status` name `runthrough new`."""
    shell = orders_shell(tmp_path)
    shell.run("db", "upgrade")
    assert "next:  runthrough new PIPELINE" in shell.run("sessions").out
    assert "runthrough new PIPELINE" in shell.run("status", code=2).err


def test_the_only_open_session_of_the_folder_is_meant(tmp_path):
    """Without --session, the only open one whose roots hold the current folder is meant."""
    here, there = tmp_path / "here", tmp_path / "there"
    shell = orders_shell(here)
    orders_shell(there)
    url = {"RUNTHROUGH_DATABASE_URL": f"sqlite:///{tmp_path}/both.db"}
    shell.run("new", "pipeline.yaml", "--name", "here", **url)
    shell.run("new", "pipeline.yaml", "--name", "there", cwd=there, **url)
    assert shell.run("status", "--json", **url).json["name"] == "here"
    below = there / "scripts"
    assert shell.run("status", "--json", cwd=below, **url).json["name"] == "there"


def test_elsewhere_the_callers_last_session_is_meant(tmp_path):
    """From a folder of no session, it is the last in which this actor has an event."""
    shell = begun(tmp_path / "project")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert shell.run("status", "--json", cwd=elsewhere).json["name"] == "demo"
    done = shell.run("status", "--as", "bob", cwd=elsewhere, code=2)
    assert "Sessions: demo (open)" in done.err


def test_a_session_may_be_named(tmp_path):
    """--session takes a name, an id or @last; RUNTHROUGH_SESSION does the same for all."""
    shell = begun(tmp_path)
    second = shell.run("new", "pipeline.yaml", "--name", "second", "--json").json["session_id"]
    shell.run("resume", "--session", "demo")
    for asked in ("second", second):
        assert shell.run("status", "--json", "--session", asked).json["name"] == "second"
    assert shell.run("status", "--json", RUNTHROUGH_SESSION="demo").json["name"] == "demo"
    assert shell.run("status", "--json", "--session", "@last").json["name"] == "second"


def test_the_next_command_keeps_the_named_session(tmp_path):
    """Who named a session is told to type it again."""
    shell = begun(tmp_path)
    shell.run("new", "pipeline.yaml", "--name", "second")
    last = shell.run("status", "--session", "demo").out.splitlines()[-1]
    assert last == "next:  runthrough configure clean --env CURRENCY=VALUE --session demo"


def test_an_unknown_session_is_refused_with_those_there_are(tmp_path):
    """An unknown --session is exit 2 and lists the sessions, in text and in JSON."""
    shell = begun(tmp_path)
    done = shell.run("status", "--session", "deno", "--json", code=2)
    assert "Sessions: demo (open)" in done.err
    assert done.json["error"]["code"] == "SESSION_UNKNOWN"
    assert "runthrough sessions" in done.json["error"]["fix"]


def test_another_actor_goes_on_in_another_process(tmp_path):
    """What ann left, bob resumes; history says who did what."""
    shell = begun(tmp_path)
    shell.run("configure", "clean", "--env", "CURRENCY=EUR")
    done = shell.run("resume", "--as", "bob", "--json")
    assert done.json["name"] == "demo"
    shell.run("configure", "report", "--arg", "top=1", "--as", "bob")
    actors = {
        row["node"]: row["actor"]
        for row in shell.run("history", "--json").json
        if row["type"] == "ScriptConfigured"
    }
    assert actors == {"clean": "ann", "report": "bob"}


def test_resume_says_what_changed_meanwhile(tmp_path):
    """A script that vanished meanwhile is told, its node is pending; it comes back restored."""
    shell = answered(tmp_path)
    assert "Every configuration holds as before." in shell.run("resume").out
    script = tmp_path / "data" / "orders.csv"
    kept = script.read_text()
    script.unlink()
    told = shell.run("resume").out
    assert "1 node pending again" in told
    assert "orders" in told
    script.write_text(kept)
    assert "1 node restored" in shell.run("resume").out


def test_looking_leaves_no_event(tmp_path):
    """status, requirements, history, logs and sessions record nothing."""
    shell = begun(tmp_path)
    before = shell.database.read_bytes()
    shell.run("status")
    shell.run("requirements", "clean")
    shell.run("logs", "clean")
    shell.run("history")
    shell.run("sessions")
    assert shell.database.read_bytes() == before


def test_history_tells_each_value_as_it_was_and_is(tmp_path):
    """A changed value is shown before → after, with its version, time and actor."""
    shell = answered(tmp_path)
    shell.run("configure", "report", "--arg", "top=2", "--as", "bob")
    done = shell.run("history", "--node", "report", "--json")
    told = done.err.splitlines()
    assert told[-2].endswith("bob  configured report")
    assert told[-1] == "    arg.top  1 → 2"
    row = done.json[-1]
    assert (row["before"], row["after"]) == ({"arg.top": 1}, {"arg.top": 2})
    assert {"position", "version", "type", "node", "actor", "recorded_at", "sentence"} <= set(row)


def test_history_of_an_unknown_node_names_the_nearest(tmp_path):
    """A mistyped node is exit 2 with the name that was meant."""
    assert (
        "Did you mean 'report'?" in begun(tmp_path).run("history", "--node", "reprt", code=2).err
    )


def test_two_pipelines_of_one_file_name_do_not_disturb_each_other(tmp_path):
    """Sessions of different folders share a database."""
    shell = begun(tmp_path / "a")
    other = tmp_path / "b"
    orders_shell(other)
    (other / "pipeline.yaml").write_text(PIPELINE.replace("name: orders", "name: other"))
    shell.run("new", "pipeline.yaml", cwd=other)
    assert {one["dag_name"] for one in shell.run("sessions", "--json").json} == {"orders", "other"}
