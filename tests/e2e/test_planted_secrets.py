"""Secrets planted wherever a user might leave one: afterwards they are found nowhere.

Each planted value is its own, so that a test that fails names the way by which it got out.
What is the user's own is not searched: pipeline file, scripts, and what scripts write.
"""

import base64
import json
import os
import traceback
from pathlib import Path

import pytest
from tests.support.cli import Shell
from tests.support.pipelines import Place
from tests.support.planted import LEAKS, PIECE, Search

from runthrough import ConfigurationInvalidError, PipelineDAG, Secret
from runthrough.errors import ConfigurationWarning

pytestmark = pytest.mark.slow


def test_the_search_finds_what_is_there(tmp_path):
    """The tests below would see a piece of a secret, in a file of any kind, or in base64."""
    search = Search()
    value = search.plant("note")
    assert search.found() == {}
    search.say("nothing", f"{value[:5]}…{value[-5:]}", value[: PIECE - 1])
    assert search.found() == {}
    (tmp_path / "own.txt").write_text(value)
    search.files(tmp_path, own=(r"own\.txt",))
    assert search.found() == {}
    (tmp_path / "log.db-wal").write_bytes(b"\0\xff" + value[3:12].encode() + b"\0")
    search.files(tmp_path, own=(r"own\.txt",))
    assert search.found() == {"note 0": ["log.db-wal"]}
    search.say("a header", base64.b64encode(b"ann:" + value.encode()).decode())
    assert search.found() == {"note 0": ["a header", "log.db-wal"]}


PIPELINE = """\
name: uploads
scripts: [scripts, "{folder}"]
nodes:
  passes: &leaks
    script: scripts/leaks.py
    environ_vars:
      API_TOKEN: {variable}
    job_args:
      store: {url}
      nested: {{db: {{password: {nested}}}}}
  raises: *leaks
  exits: *leaks
  falls: *leaks
  total:
    python: "{python}"
    inputs:
      orders: {input}
    outputs:
      totals: {output}
"""
READS = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["totals"]).write_text(Path(input_paths["orders"]).read_text())
"""
OWN = (r"pipeline\.yaml", r"scripts/.*", r"workspace/scripts/.*", r"(workspace/)?told-.*")
LEAKING = ("passes", "raises", "exits", "falls")
TYPED = {
    "typed variable": "--env SERVICE_TOKEN={}",
    "typed argument": "--arg db_password={}",
    "typed url": "--arg store=https://ann:{}@host/x",
    "typed url with signs": "--arg other=https://ann:p@/{}#@host/x",
    "typed query": "--env LINK=https://host/x?access_token={}",
    "typed input": "--input orders=https://ann:{}@host/x.csv",
    "typed output": "--output told=https://ann:{}@host/x.csv",
    "typed json": '--arg db={{"api_key":["{}"]}}',
}
SCREENS = (
    "status",
    "status --json",
    "requirements passes",
    "requirements total --json",
    "history",
    "history --json",
    "check --json",
    "sessions --json",
    *(f"logs {node}" for node in LEAKING),
    "audit export -o export.jsonl",
    "audit checkpoint -o note.json",
    "doctor --json",
)


def left_in_a_pipeline_file(folder: Path, search: Search) -> Shell:
    """A shell in a folder whose pipeline file holds secrets."""
    shell = Shell(folder)
    shell.file("scripts/leaks.py", LEAKS.lstrip())
    shell.file("scripts/total.py", READS.lstrip())
    file = PIPELINE.format(
        folder=search.plant("file folder", form="https://ann:{}@host/scripts"),
        python=search.plant("file python", form="ssh://ann:{}@host/bin/python"),
        variable=search.plant("file variable"),
        url=search.plant("file url", form="postgresql://ann:{}@host/db"),
        nested=search.plant("file argument"),
        input=search.plant("file input", form="https://ann:{}@host/orders.csv"),
        output=search.plant("file output", form="s3://ann:{}@bucket/totals"),
    )
    shell.file("pipeline.yaml", file)
    return shell


def test_planted_through_the_command_line_a_secret_is_found_nowhere(tmp_path):
    """Typed, written into the pipeline file, or told by a script: no byte of it is left."""
    search = Search()
    shell = left_in_a_pipeline_file(tmp_path, search)
    known = {"LOGIN": search.plant("variable"), "PASSWORD": search.plant("argument")}

    def typed(line: str, *words: str, code: int = 0) -> None:
        done = shell.run(*line.split(), *words, code=code, RUNTHROUGH_LOG_LEVEL="debug", **known)
        search.say(line, done.out, done.err)

    typed("new pipeline.yaml")
    for node in ("passes", "total"):
        given = [search.plant(place, form=form) for place, form in TYPED.items()]
        typed(f"configure {node}", *" ".join(given).split(), code=2)
    for form in ("postgresql://ann:{}@127.0.0.1:1/db", "postgresql://ann:p@/{}@127.0.0.1:1/db"):
        typed("sessions --database", search.plant("database", form=form), code=4)
    note = search.plant("note", form="as in postgresql://ann:{}@host/db, see")
    login = 'login={"password": {"secret": "PASSWORD"}}'
    plain = "--env API_TOKEN=@plain:none --arg store=none --arg nested=none"
    for node in LEAKING:
        line = f"configure {node} --env LOGIN=@secret:LOGIN {plain} --arg end={node} --arg"
        typed(line, login, "--output", f"told={tmp_path}/told-{node}", "--note", note)
    typed(f"run {' '.join(LEAKING)} --json", code=1)
    for line in SCREENS:
        typed(line, code=1 if line.startswith("check") else 0)

    search.files(tmp_path, own=OWN)
    assert [path.read_text() for path in tmp_path.glob("told-*")] == [known["LOGIN"]] * 4
    for held in (b"ScriptExecuted", b"export.jsonl", b"note.json", b"result.json", b"no login"):
        assert held in search.read()
    assert search.read().count(b"[masked]") > 100
    assert search.found() == {}


def test_planted_through_python_a_secret_is_found_nowhere(tmp_path, monkeypatch, capfd):
    """Results, views, errors with their causes, and all files: no byte of a secret."""
    search = Search()
    place = Place(tmp_path)
    place.script("leaks", LEAKS)
    monkeypatch.setenv("LOGIN", search.plant("variable"))
    monkeypatch.setenv("PASSWORD", search.plant("argument"))
    left = {
        "environ_vars": {
            "SERVICE_TOKEN": search.plant("refused variable"),
            "LINK": search.plant("refused url", form="see https://ann:{}@host/x"),
        },
        "job_args": {"login": {"password": [search.plant("refused argument")]}},
        "input_paths": {"orders": search.plant("refused input", form="https://ann:{}@host/x")},
        "user_notes": search.plant("refused note", form="redis://:{}@host"),
    }
    kept = {
        "environ_vars": {"LOGIN": Secret("LOGIN")},
        "job_args": {"login": {"password": Secret("PASSWORD")}, "end": "raises"},
        "output_paths": {"told": tmp_path / "told-raises"},
        "user_notes": search.plant("note", form="redis://:{}@host"),
    }
    with place.factory(PipelineDAG(["leaks"])) as factory:
        search.say("preview", *factory.validate_configuration_preview("leaks", **left))
        with pytest.raises(ConfigurationInvalidError) as rejected:
            factory.configure_script_testing("leaks", **left)
        told = traceback.format_exception(rejected.value)
        search.say("error", rejected.value.problems, *told)
        with pytest.warns(ConfigurationWarning) as warned:
            search.say("spec", repr(factory.configure_script_testing("leaks", **kept)))
        search.say("warnings", *[warning.message for warning in warned])
        search.say("results", json.dumps(factory.execute_dag_guided_testing()))
        kept["job_args"]["end"] = "passes"
        with pytest.warns(ConfigurationWarning):
            factory.configure_script_testing("leaks", **kept)
        search.say("results", json.dumps(factory.execute_dag_guided_testing()))
        views = (
            factory.status(),
            factory.worklist(),
            factory.history(),
            factory.get_testing_factory_summary(),
            factory.get_script_testing_requirements("leaks"),
            factory.get_script_info("leaks"),
        )
        search.say("views", *map(json.dumps, views), repr(factory))
    search.say("standard output and error", *capfd.readouterr())
    search.files(tmp_path, own=OWN)
    search.files(user_home(), own=())
    assert (tmp_path / "told-raises").read_text() == os.environ["LOGIN"]
    assert search.read().count(b"[masked]") > 20
    assert search.found() == {}


def user_home() -> Path:
    """Where this user's caches and data lie; see `own_user`."""
    return Path(os.environ["XDG_CACHE_HOME"]).parent


def test_a_secret_of_the_keyring_reaches_the_script_and_nothing_else(tmp_path, monkeypatch):
    """What the environment has not is taken from the keyring when the script starts."""
    keyring = pytest.importorskip("keyring", reason="the extra keyring is not installed")
    from keyring.backend import KeyringBackend

    search = Search()
    value = search.plant("keyring")

    class Held(KeyringBackend):
        priority = -1  # never chosen by itself, in other tests

        def get_password(self, service, username):
            return value if (service, username) == ("runthrough", "LOGIN") else None

        def set_password(self, service, username, password):
            raise AssertionError("nothing is ever written into a user's keyring")

    monkeypatch.delenv("LOGIN", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(Held())
    try:
        results = logged_in(tmp_path)
    finally:
        keyring.set_keyring(before)
    search.say("results", json.dumps(results))
    search.files(tmp_path, own=OWN)
    assert results["outcomes"]["leaks"]["outcome"] == "passed", results["errors"]
    assert (tmp_path / "workspace" / "told-passes").read_text() == value
    assert search.found() == {}


def test_a_secret_that_nobody_knows_is_told_with_what_to_type(tmp_path, monkeypatch):
    """The node fails before its script starts; the error names environment and keyring."""
    monkeypatch.delenv("LOGIN", raising=False)
    results = logged_in(tmp_path)
    assert results["outcomes"]["leaks"]["outcome"] == "failed"
    (told,) = results["errors"]
    assert "The secret LOGIN is not set where the scripts run: the environment has none" in told
    assert "keyring" in told
    assert "export LOGIN=…" in told


def logged_in(folder):
    """The results of a script whose one secret is called LOGIN."""
    place = Place(folder)
    place.script("leaks", LEAKS)
    with place.factory(PipelineDAG(["leaks"])) as factory:
        factory.configure_script_testing(
            "leaks",
            environ_vars={"LOGIN": Secret("LOGIN")},
            job_args={"login": {"password": {"plain": "nobody"}}, "end": "passes"},
            output_paths={"told": place.workspace / "told-passes"},
        )
        return factory.execute_dag_guided_testing()
