"""What goes between scripts, told at the command line, from questions to hints."""

import json

import pytest
from tests.support.cli import Shell

pytestmark = pytest.mark.slow

SPLIT = """\
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    for side, names in job_args.files.items():
        folder = Path(output_paths[side])
        folder.mkdir()
        for name, text in names.items():
            (folder / name).write_text(text)
    Path(output_paths["north"]), Path(output_paths["south"])
"""
JOIN = """\
import csv
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    folder = Path(input_paths["parts"])
    rows = list(csv.DictReader((folder / "customers.csv").open()))
    list(csv.DictReader((folder / "regions.csv").open()))
    Path(output_paths["joined"]).write_text(str([row["labl"] for row in rows]))
"""
PIPELINE = """\
name: parts
scripts: [scripts]
nodes: {split: {}, join: {}}
edges: [[split, join]]
"""
TABLE = "label,x\n1,2\n"


def written(regions=TABLE):
    """The argument that says what is written, in which output and file."""
    south = {"customers.csv": TABLE, "regions.csv": regions}
    return f"files={json.dumps({'north': {'orders.csv': TABLE}, 'south': south})}"


@pytest.fixture
def shell(tmp_path):
    """Two outputs of which nobody can read what is written there, and a consumer that waits."""
    shell = Shell(tmp_path)
    shell.file("scripts/split.py", SPLIT)
    shell.file("scripts/join.py", JOIN)
    shell.file("pipeline.yaml", PIPELINE)
    shell.run("new", "pipeline.yaml", "--name", "demo")
    return shell


def test_running_a_producer_answers_the_question_about_it(shell):
    """The waiting consumer is configured by the real files, and its failure is explained."""
    shell.run("configure", "split", "--arg", written())
    nodes = shell.run("status", "--json").json["nodes"]
    assert nodes["join"]["state"] == "pending"
    assert "passed: 1 passed" in shell.run("run", "split").out
    nodes = shell.run("status", "--json").json["nodes"]
    assert nodes["join"]["state"] == "auto_configured"
    told = shell.run("run", code=1).out
    assert "join failed: KeyError: labl" in told.replace("'", "")
    hint = "parts/customers.csv has: label, x; did you mean 'label'?"
    assert f"    → {hint}" in told.splitlines()
    results = shell.run("run", "--json", code=1).json
    assert results["script_results"]["join"]["error_hints"][0] == hint
    flow = results["data_flow_results"]["split->join"]
    assert (flow["compatible"], flow["data_format_a"], flow["data_format_b"]) == (
        True,
        "folder",
        "csv",
    )


def test_an_unreadable_output_is_told_with_its_connection_and_fix(shell):
    """All scripts but the consumer passed, and the broken file is named before it is guessed."""
    shell.run("configure", "split", "--arg", written(regions=""))
    shell.run("run", "split")
    told = shell.run("run", code=1).out
    assert "✗ split.south → join.parts SEAM_UNREADABLE" in told
    assert "regions.csv: its name says .csv, and it holds nothing" in " ".join(told.split())
    assert "1 connection incompatible" in told
    assert told.rstrip().endswith("next:  runthrough logs split"), "no command mends the file"
