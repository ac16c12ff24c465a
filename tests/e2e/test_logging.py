"""Log lines: for who asks for them, beside what a command prints."""

import json
import os
import subprocess
import sys

import pytest

from runthrough.bootstrap import wire


def run(folder, *words, **variables):
    done = subprocess.run(
        [sys.executable, "-m", "runthrough", *words],
        cwd=folder,
        env={
            **os.environ,
            "RUNTHROUGH_DATABASE_URL": f"sqlite:///{folder}/log.db",
            "RUNTHROUGH_ACTOR": "ann",
            **variables,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, [json.loads(line) for line in done.stderr.splitlines() if line[:1] == "{"]


def pipeline(folder):
    folder.joinpath("scripts").mkdir()
    folder.joinpath("scripts", "only.py").write_text(
        "def main(input_paths, output_paths, environ_vars, job_args):\n    return 1\n"
    )
    folder.joinpath("pipeline.yaml").write_text("name: one\nnodes: {Only: {}}\n")


@pytest.mark.slow
def test_a_line_a_command_and_one_a_script_are_logged_where_somebody_listens(tmp_path):
    """At level info each command and each script is a JSON line on standard error."""
    pipeline(tmp_path)
    printed, lines = run(tmp_path, "new", "pipeline.yaml", "--json", RUNTHROUGH_LOG_LEVEL="info")
    session = json.loads(printed)["session_id"]
    assert [line["command"] for line in lines] == ["StartSession"]
    assert lines[0]["actor"] == "ann"
    _, lines = run(tmp_path, "run", RUNTHROUGH_LOG_LEVEL="info")
    (script,) = [line for line in lines if line["event"] == "script"]
    assert (script["node"], script["outcome"]) == ("Only", "passed")
    assert {line["session_id"] for line in lines} == {session}
    runs = {line["correlation_id"] for line in lines if line.get("command") == "StartScript"}
    assert runs == {script["correlation_id"]}


def test_nothing_is_logged_where_nobody_listens(tmp_path):
    """At the default level standard error holds no log line."""
    pipeline(tmp_path)
    _, lines = run(tmp_path, "new", "pipeline.yaml")
    assert lines == []


@pytest.mark.parametrize(
    ("door", "level", "told"),
    [
        ("cli", "warning", []),
        ("cli", "info", [("went", "info"), ("lost", "warning"), ("broke", "error")]),
        ("cli", "error", []),
        ("http", "info", [("went", "info"), ("lost", "warning"), ("broke", "error")]),
        ("http", "warning", [("lost", "warning"), ("broke", "error")]),
        ("http", "error", [("broke", "error")]),
        ("http", "critical", []),
    ],
)
def test_a_service_tells_failures_unasked(tmp_path, capfd, door, level, told):
    """A command tells its failures itself; nobody stands beside a service who would see them."""
    environ = {
        "RUNTHROUGH_DATABASE_URL": f"sqlite:///{tmp_path}/log.db",
        "RUNTHROUGH_LOG_LEVEL": level,
    }
    with wire(door, cwd=str(tmp_path), environ=environ) as application:
        application.log("went", node="a")
        application.log("lost", failed="The database is away.")
        application.log("broke", fault="Traceback …")
    lines = map(json.loads, capfd.readouterr().err.splitlines())
    assert [(line["event"], line["level"]) for line in lines] == told


@pytest.mark.slow
def test_what_a_session_leaves_is_kept_out_of_git(tmp_path):
    """The folder of attempts and logs tells git to pass over it."""
    pipeline(tmp_path)
    run(tmp_path, "new", "pipeline.yaml")
    run(tmp_path, "run")
    assert tmp_path.joinpath(".runthrough", ".gitignore").read_text() == "*\n"
