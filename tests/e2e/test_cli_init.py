"""`init`: a project folder that runs as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import DEADLINE_S, Shell
from tests.support.inside import Inside

from runthrough.adapters.pipeline_files.editing import SCHEMA_FILE, schema_line
from runthrough.adapters.starter import SHIPPED


@pytest.fixture
def desk(tmp_path):
    """An empty folder."""
    return Inside(tmp_path)


def commands_told(out):
    """What is printed behind `next:`, line by line."""
    lines = out.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("next:"))
    return [line.removeprefix("next:").strip() for line in lines[first:]]


@pytest.mark.slow
def test_the_printed_commands_lead_to_a_green_run(tmp_path):
    """Pasted into a shell as they stand, the pipeline is begun and passes."""
    shell = Shell(tmp_path)
    commands = commands_told(shell.run("init", "my project").out)
    assert commands[0] == "cd 'my project'"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(commands)],
        cwd=tmp_path,
        env=shell.environ(PATH=path),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 pending" in done.stdout
    assert "passed: 2 passed" in done.stdout
    assert done.stdout.rstrip().endswith("next:  runthrough report")


def test_the_project_needs_no_person(desk):
    """All of it is configured at once, the connection found by itself."""
    desk.run("init")
    desk.run("new", "pipeline.yaml")
    view = desk.run("status", "--json").json
    assert view["ready_for_testing"]
    (connection,) = view["connections"]
    assert (connection["from_node"], connection["status"]) == ("CleanOrders", "accepted")
    assert desk.run("check").out.startswith("Nothing is wrong.")


def test_the_files_are_what_is_told(desk):
    """Every file that the result names is there, and no other."""
    result = desk.run("init", "deep/project", "--json").json
    folder = desk.folder / "deep" / "project"
    assert result["folder"] == str(folder)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == set(result["files"]) == {*SHIPPED.values(), SCHEMA_FILE}
    assert result["commands"][0] == "cd deep/project"


def test_the_pipeline_file_begins_with_the_editors_line(desk):
    """So that an editor completes and checks it from the first letter."""
    desk.run("init")
    text = (desk.folder / "pipeline.yaml").read_text()
    assert text.splitlines()[0] == schema_line()


def test_the_settings_are_all_commented_out(desk):
    """A new project changes nothing of what its person had set."""
    desk.run("init")
    view = desk.run("config", "show", "--json").json
    assert view["file"] == str(desk.folder / "runthrough.toml")
    assert view["file"] not in {row["origin"] for row in view["settings"]}


def test_nothing_is_overwritten(desk):
    """Files that are there are all named, and not one is written."""
    desk.file("pipeline.yaml", "mine")
    desk.file("scripts/clean_orders.py", "mine")
    desk.file(SCHEMA_FILE, "mine")
    before = desk.snapshot(".")
    done = desk.run("init", code=2)
    assert f"already: pipeline.yaml, scripts/clean_orders.py, {SCHEMA_FILE}" in done.err
    assert "runthrough init FOLDER" in done.err
    assert desk.snapshot(".") == before


def test_a_link_that_leads_nowhere_counts_as_there(desk):
    """Writing through it would make a file elsewhere."""
    (desk.folder / "runthrough.toml").symlink_to(desk.folder / "elsewhere.toml")
    assert "runthrough.toml" in desk.run("init", code=2).err
    assert not (desk.folder / "elsewhere.toml").exists()


def test_other_files_are_left_alone(desk):
    """A project may begin in a folder that holds something else."""
    kept = desk.file("scripts/own.py", "mine")
    desk.run("init")
    assert kept.read_text() == "mine"


def test_a_schema_that_cannot_be_written_leaves_nothing(desk):
    """The last file fails, so that those before it go again."""
    (desk.folder / f".{SCHEMA_FILE}.{os.getpid()}.part").mkdir()
    done = desk.run("init", code=2)
    assert f"No project is started in .: {SCHEMA_FILE}: the schema cannot be written" in done.err
    assert not [path for path in desk.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("given", ["taken", "taken/below"])
def test_a_file_is_no_folder(desk, given):
    """What stands in the way is named, also above the folder."""
    place = desk.file("taken", "mine")
    done = desk.run("init", given, code=2)
    assert f"{place} is no folder" in done.err
    assert place.read_text() == "mine"


def test_the_database_that_was_named_is_told_again(desk):
    """What to type next is about the same database."""
    url = f"sqlite:///{desk.folder}/own.db"
    commands = desk.run("init", "p", "--json", "--database", url).json["commands"]
    assert commands[1:] == [
        f"runthrough new pipeline.yaml --database {url}",
        f"runthrough run --database {url}",
    ]
