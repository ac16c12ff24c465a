"""Drafting a pipeline at the command line, and beginning a session on whatever file there is."""

import json

import pytest
from tests.support.cli import Shell, orders_shell

pytestmark = pytest.mark.slow


def drafted(folder):
    """A shell in the folder of a drafted pipeline."""
    shell = orders_shell(folder)
    (folder / "pipeline.yaml").unlink()
    shell.run("new", "--from-folder", "scripts")
    return shell


def test_a_folder_of_scripts_becomes_a_file_to_begin_with(tmp_path):
    """The draft is told with its connections, and the command to type next works."""
    shell = orders_shell(tmp_path)
    (tmp_path / "pipeline.yaml").unlink()
    done = shell.run("new", "--from-folder", "scripts")
    assert done.out.startswith("pipeline.yaml: 3 nodes, 2 connections, 3 needs open\n")
    assert "Total.clean_orders ← Clean.clean_orders" in done.out
    assert done.out.splitlines()[-1] == "next:  runthrough new pipeline.yaml"
    begun = shell.run("new", "pipeline.yaml")
    assert "3 scripts, 1 configured by itself, 2 pending" in " ".join(begun.out.split())


def test_a_draft_begins_no_session_and_touches_no_script(tmp_path):
    """Drafting writes the one file and nothing else, neither sessions nor sources."""
    shell = orders_shell(tmp_path)
    (tmp_path / "pipeline.yaml").unlink()
    before = shell.snapshot("scripts")
    shell.run("new", "--from-folder", "scripts", "-o", "draft.yaml")
    assert shell.snapshot("scripts") == before
    assert not shell.database.exists()
    assert (tmp_path / "draft.yaml").is_file()
    assert not (tmp_path / "pipeline.yaml").exists()


def test_machines_are_answered_on_stdout(tmp_path):
    """With --json the file, its nodes, connections and open needs are on stdout alone."""
    shell = orders_shell(tmp_path)
    done = shell.run("new", "--from-folder", "scripts", "-o", "draft.yaml", "--json")
    assert done.json["file"] == "draft.yaml"
    assert done.json["nodes"] == ["Clean", "Total", "Report"]
    fed = {(one["node"], one["input"], one["from_node"]) for one in done.json["connections"]}
    assert fed == {("Total", "clean_orders", "Clean"), ("Report", "totals", "Total")}
    assert done.json["open"] == [
        {"node": "Clean", "kind": "environ_var", "name": "CURRENCY"},
        {"node": "Clean", "kind": "input", "name": "orders"},
        {"node": "Report", "kind": "job_arg", "name": "top"},
    ]
    assert "next:  runthrough new draft.yaml" in done.err


def test_a_file_that_is_there_is_never_overwritten(tmp_path):
    """A second draft is refused with exit 2, and names the option for another file."""
    shell = drafted(tmp_path)
    before = (tmp_path / "pipeline.yaml").read_text()
    done = shell.run("new", "--from-folder", "scripts", code=2)
    assert "the file is there already" in done.err
    assert "--output FILE" in done.err
    assert (tmp_path / "pipeline.yaml").read_text() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "PIPELINE"),
        (("p.yaml", "--from-folder", "s"), "PIPELINE"),
        (("--from-folder", "s", "--name", "n"), "--name"),
        (("--from-folder", "s", "--workspace", "w"), "--workspace"),
        (("p.yaml", "--output", "o"), "--output"),
        (("--from-folder", "gone"), "There is no folder"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, words, said):
    """Options of drafting and of beginning are not mixed: exit 2 names the odd one."""
    assert said in Shell(tmp_path).run("new", *words, code=2).err


def test_new_reads_a_sagemaker_definition(tmp_path):
    """A definition is told by its content, and its scripts are found in the workspace."""
    shell = orders_shell(tmp_path / "project")
    step = {
        "Name": "CleanOrders",
        "Type": "Processing",
        "Arguments": {
            "AppSpecification": {"ContainerEntrypoint": ["python3", "/code/clean.py"]},
            "Environment": {"CURRENCY": "EUR"},
            "ProcessingInputs": [
                {"InputName": "orders", "S3Input": {"S3Uri": {"Get": "Parameters.Orders"}}}
            ],
        },
    }
    definition = {
        "Version": "2020-12-01",
        "Parameters": [{"Name": "Orders", "DefaultValue": "../project/data/orders.csv"}],
        "Steps": [
            step,
            {"Name": "Register", "Type": "RegisterModel", "DependsOn": ["CleanOrders"]},
        ],
    }
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "definition.json").write_text(json.dumps(definition))
    done = shell.run("new", "../aws/definition.json", "--workspace", ".")
    assert "1 script, 1 configured by itself, 0 pending" in done.out
    shell.run("run")


def test_a_wrong_file_leaves_nothing_behind(tmp_path):
    """A pipeline file that cannot be read makes no database."""
    shell = Shell(tmp_path)
    assert "there is no such file" in shell.run("new", "gone.yaml", code=2).err
    assert not shell.database.exists()
