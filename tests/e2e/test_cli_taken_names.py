"""Names at the command line when they change, are taken, or mean two sessions."""

import pytest
from tests.support.cli import begun

pytestmark = pytest.mark.slow


def test_who_named_a_session_is_told_its_new_name(tmp_path):
    """After `rename`, the next command can be typed as it stands."""
    shell = begun(tmp_path)
    done = shell.run("rename", "better", "--session", "demo")
    assert done.out.splitlines()[-1].endswith(" --session better")
    assert shell.run("status", "--session", "better", "--json").json["name"] == "better"


def test_a_closed_session_is_reopened_by_a_name_that_another_has_now(tmp_path):
    """The name means the closed one, since the open one cannot be meant; `--name` settles it."""
    shell = begun(tmp_path)
    closed = shell.run("close", "--session", "demo", "--json").json["session_id"]
    shell.run("new", "pipeline.yaml", "--name", "demo")
    refused = shell.run("reopen", "--session", "demo", code=2)
    assert "already called 'demo'" in refused.err
    assert "--name" in refused.err

    done = shell.run("reopen", "--session", "demo", "--name", "first", "--json")
    assert (done.json["session_id"], done.json["name"]) == (closed, "first")
    assert done.err.splitlines()[-1].endswith(" --session first")


def test_an_open_session_named_by_its_id_is_not_taken_for_its_namesake(tmp_path):
    """An id means one session: that it is open already is told."""
    shell = begun(tmp_path)
    shell.run("close", "--session", "demo")
    opened = shell.run("new", "pipeline.yaml", "--name", "demo", "--json").json["session_id"]
    refused = shell.run("reopen", "--session", opened, code=2)
    assert "The session is open" in refused.err


def test_a_version_in_the_middle_of_a_command_says_that_nothing_was_decided(tmp_path):
    """As of a version at which nodes were found and no more, nobody is named as who configured."""
    shell = begun(tmp_path)
    told = shell.run("as-of", "5", "--session", "demo").out
    assert "None" not in told
    assert "found, and not decided yet" in told
