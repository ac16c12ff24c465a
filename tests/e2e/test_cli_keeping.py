"""Sessions as a whole at the command line: noted upon, approved, named, put away, listed."""

import pytest
from tests.support.desk import shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(tmp_path):
    """A session that is configured and has not run."""
    with shop(tmp_path) as desk:
        shell = desk.shell
        shell.run("new", "pipeline.yaml", "--name", "demo")
        shell.run("configure", "report", "--arg", "top=1")
        yield shell


def test_a_note_stands_in_the_history_without_its_secret(shell):
    """What looks like one is masked before it is recorded."""
    secret = "ghp_" + "a1" * 18
    done = shell.run("note", f"key {secret}\nsecond line")
    assert done.out.splitlines()[0].endswith("noted: key [masked] second line")
    assert shell.run("history", "--type", "NoteAdded", "--json").json[0]["node"] is None
    assert secret.encode() not in shell.database.read_bytes()
    assert "says nothing" in shell.run("note", " ", code=2).err


def test_an_approval_is_told_until_something_is_another_one(shell):
    """By whom, of which version, since when it is stale and for what."""
    assert "not every script had passed" in shell.run("approve", code=2).err
    shell.run("run")
    version = shell.run("status", "--json").json["version"]
    done = shell.run("approve", "--as", "bob")
    assert f"bob approved version {version} (3 nodes passed)" in done.out
    assert f"approved at {version} by bob" in shell.run("status").out.splitlines()
    changed = shell.run("configure", "report", "--arg", "top=2", "--json").json["version"]
    told = f"approved at {version} by bob, stale since {changed}: report changed"
    assert told in shell.run("status").out.splitlines()
    assert shell.run("status", "--json").json["approval"]["nodes"] == ["report"]
    assert "versions 1 to" in shell.run("approve", "999", code=2).err


def test_a_session_is_called_otherwise(shell):
    """By its new name from then on."""
    assert "session demo is called other now" in shell.run("rename", "other").out
    assert shell.run("rename", "third", "--session", "other", "--json").json["name"] == "third"
    assert "No session fits 'demo'" in shell.run("status", "--session", "demo", code=2).err
    assert "cannot be called" in shell.run("rename", "@x", code=2).err


def test_a_closed_session_is_reopened_under_a_free_name(shell):
    """Where its own was taken meanwhile, the refusal names the option."""
    assert "session demo is closed" in shell.run("close").out
    assert "SESSION_CLOSED" in shell.run("rename", "x", "--json", code=2).out
    identity = shell.run("sessions", "--json").json[0]["session_id"]
    shell.run("new", "pipeline.yaml", "--name", "demo")
    done = shell.run("reopen", "--session", identity, code=2)
    assert "already called 'demo'" in done.err
    assert "--name NAME, with a name that is free" in done.err
    done = shell.run("reopen", "--session", identity, "--name", "again", "--json")
    assert done.json["name"] == "again"
    assert "'reopen' is refused" in shell.run("reopen", "--session", "again", code=2).err


def test_an_archive_is_a_file_and_no_longer_listed(shell):
    """It is exported whole before, nothing of it is deleted, and it can be reopened."""
    done = shell.run("archive", code=2)
    assert "close it first: runthrough close" in done.err
    shell.run("close")
    done = shell.run("archive", "--json")
    assert done.json["file"] == "demo.jsonl"
    assert shell.run("audit", "verify", "demo.jsonl", "--json").json["ok"]
    assert shell.run("sessions", "--json").json == []
    assert "1 session archived: runthrough sessions --all" in shell.run("sessions").out
    (one,) = shell.run("sessions", "--all", "--json").json
    assert (one["name"], one["archived"]) == ("demo", True)
    shell.run("history", "--session", "demo")
    shell.run("reopen", "--session", "demo")
    shell.run("close")
    assert "is there already" in shell.run("archive", code=2).err
    shell.run("archive", "-o", "second.jsonl")


def test_sessions_tells_who_was_last_and_what_is_forked_of_whom(shell):
    """And at which version."""
    version = shell.run("note", "x", "--as", "bob", "--json").json["version"]
    shell.run("fork", "--name", "copy", "--as", "cy")
    fork, parent = shell.run("sessions", "--json").json
    assert (fork["parent"], fork["forked_at"]) == (parent["session_id"], version)
    assert (parent["parent"], parent["forked_at"], parent["last_actor"]) == (None, None, "bob")
    first, second = shell.run("sessions").out.splitlines()
    assert f"cy, just now · fork of demo at {version}" in first
    assert second.endswith("bob, just now")


def test_what_is_typed_next_is_about_the_session_that_was_made_or_named(shell):
    """It carries its name wherever a plain command would reach another session."""

    def last(done):
        return done.out.splitlines()[-1]

    assert last(shell.run("new", "pipeline.yaml", "--name", "second")).endswith("--session second")
    shell.run("close", "--session", "second")
    done = shell.run("new", "pipeline.yaml", "--name", "third", RUNTHROUGH_SESSION="demo")
    assert last(done).endswith("--session third")
    assert last(shell.run("close", RUNTHROUGH_SESSION="third")) == "next:  runthrough reopen"
    assert "--session" not in last(shell.run("rename", "other"))
    done = shell.run("rename", "again", RUNTHROUGH_SESSION="other")
    assert last(done).endswith("--session again")


def test_a_name_that_is_taken_is_told_in_the_words_of_rename(shell):
    """It has no option for the name."""
    shell.run("new", "pipeline.yaml", "--name", "second")
    done = shell.run("rename", "demo", "--session", "second", code=2)
    assert "rename --session second NAME, with a name that is free" in done.err


def test_who_resembles_no_session_is_told_the_option(shell):
    """`new --like` has no `--session`."""
    done = shell.run("new", "pipeline.yaml", "--like", "nosuch", code=2)
    assert "--like NAME chooses one" in done.err
    assert "--session" not in done.err


@pytest.mark.parametrize("name", ["password=hunter2", "api_key: k3y-of-mine", "--token 9z9z9z9z"])
def test_a_name_that_holds_a_secret_is_refused(shell, name):
    """As a note of such words would be masked; a name cannot be, and nothing keeps it."""
    refused = shell.run("rename", "--", name, code=2)
    assert "the name looks as if it held a secret" in refused.err
    assert name.encode() not in shell.database.read_bytes()
    shell.run("rename", "password-rotation")
