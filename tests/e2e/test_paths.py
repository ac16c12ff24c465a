"""Paths as people type them: through the command line, onto real files."""

import shlex

import pytest
from tests.support.cli import Shell, begun, orders_shell
from tests.support.pipelines import orders

pytestmark = pytest.mark.slow

TRAIN = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    rows = (Path(input_paths["tables"]) / "train.csv").read_text()
    Path(output_paths["model"]).write_text(rows)
"""
CONTRACT = """
entry_point: clean.py
expected_input_paths: {orders: /opt/ml/processing/input/orders.csv}
"""
PIPELINE = """
scripts: [scripts]
nodes: {train: {}}
"""


def problems(shell: Shell, node: str, *words: str, code: int = 0) -> dict[str, dict]:
    """What is told of an answer, by code."""
    done = shell.run("configure", node, "--json", *words, code=code).json
    told = done["error"]["problems"] if code else done["problems"]
    return {problem["code"]: problem for problem in told}


def clean(shell: Shell, *words: str, code: int = 0) -> dict[str, dict]:
    """The same of the first node, whose variable is given."""
    return problems(shell, "clean", "--env", "CURRENCY=EUR", *words, code=code)


def trainer(folder) -> Shell:
    """One node, whose script reads a table in a folder."""
    shell = Shell(folder / "at home")
    shell.file("scripts/train.py", TRAIN.lstrip())
    shell.file("pipeline.yaml", PIPELINE)
    shell.run("new", "pipeline.yaml")
    return shell


def test_dots_that_stay_inside_lead_to_the_plain_path(tmp_path):
    """`data/../data/./orders.csv` is `data/orders.csv`, and nothing looks wrong."""
    shell = begun(tmp_path)
    assert clean(shell, "--input", "orders=data/../data/./orders.csv") == {}
    assert shell.run("status", "--json").json["nodes"]["clean"]["state"] == "configured"


@pytest.mark.parametrize("typed", ["../orders.csv", "{above}/orders.csv"])
def test_a_path_outside_the_workspace_is_taken_with_a_warning(tmp_path, typed):
    """Whether it climbs or begins at the root; the node is configured all the same."""
    (tmp_path / "orders.csv").write_text("customer,currency,amount\nada,EUR,1\n")
    shell = begun(tmp_path / "project")
    told = clean(shell, "--input", f"orders={typed.format(above=tmp_path)}")
    assert list(told) == ["PATH_OUTSIDE"]
    assert told["PATH_OUTSIDE"]["severity"] == "warning"
    assert told["PATH_OUTSIDE"]["message"].endswith(f": {tmp_path}/orders.csv")
    assert shell.run("status", "--json").json["nodes"]["clean"]["state"] == "configured"


@pytest.mark.parametrize(
    "name", ["größe 名前.csv", "it's $HOME.csv", "two\nlines.csv", "-n=1.csv"]
)
def test_a_path_of_any_letters_is_looked_at_and_its_problem_can_be_typed(tmp_path, name):
    """An empty file is told by its name on one line; filled, the typed path is accepted."""
    shell = begun(tmp_path)
    file = shell.file(f"data/{name}", "")
    told = clean(shell, "--input", f"orders=data/{name}", code=2)
    assert told["INPUT_EMPTY"]["message"] == (
        "Input file is empty: data/" + name.replace("\n", "\\n")
    )
    file.write_text("customer,currency,amount\nada,EUR,1\n")
    assert clean(shell, "--input", f"orders=data/{name}") == {}


def test_a_fix_for_names_with_spaces_can_be_pasted(tmp_path):
    """The words of the fix, its placeholder filled in, configure the node."""
    shell = Shell(tmp_path)
    shell.file("pipeline.yaml", "nodes: {my node: {script: scripts/keep it.py}}\n")
    source = "def main(input_paths, output_paths, environ_vars, job_args):\n    "
    shell.file("scripts/keep it.py", source + "print(job_args['a b'])\n")
    shell.run("new", "pipeline.yaml")
    (told,) = problems(shell, "my node", code=2).values()
    assert told["fix"] == "runthrough configure 'my node' --arg 'a b'=VALUE"
    shell.run(*shlex.split(told["fix"])[1:])
    assert shell.run("status", "--json").json["nodes"]["my node"]["state"] == "configured"


def test_a_file_where_the_script_reads_a_folder_is_told(tmp_path):
    """The folder that holds it is in the fix, which can be pasted."""
    shell = trainer(tmp_path)
    shell.file("my data/train.csv", "a,b\n1,2\n")
    told = problems(shell, "train", "--input", "tables=my data/train.csv")
    assert told["INPUT_FORMAT"]["message"] == (
        "Input is a file, and the script reads train.csv in a folder: my data/train.csv"
    )
    assert told["INPUT_FORMAT"]["fix"] == "runthrough configure train --input tables='my data'"
    assert problems(shell, *shlex.split(told["INPUT_FORMAT"]["fix"])[2:]) == {}


def test_a_folder_where_the_script_reads_a_file_is_told(tmp_path):
    """The contract names a table; a folder may do, and another format under its name cannot."""
    shell = orders_shell(tmp_path)
    shell.file("scripts/clean.contract.yaml", CONTRACT.lstrip())
    shell.run("new", "pipeline.yaml")
    told = clean(shell, "--input", "orders=data")
    assert told["INPUT_FORMAT"]["severity"] == "warning"
    assert told["INPUT_FORMAT"]["message"] == (
        "Input is a folder, and the script reads a .csv file: data"
    )
    (tmp_path / "data/other.csv").write_bytes(b"PAR1" + bytes(99) + b"PAR1")
    told = clean(shell, "--input", "orders=data/other.csv", code=2)
    assert told["INPUT_FORMAT"]["message"] == (
        "Input file holds parquet, and the script reads .csv: data/other.csv"
    )


def test_a_file_below_a_file_does_not_exist(tmp_path):
    """Nor can an output be made there."""
    shell = begun(tmp_path)
    inside = "data/orders.csv/part.csv"
    words = ("--input", f"orders={inside}", "--output", f"clean_orders={inside}.out")
    told = clean(shell, *words, code=2)
    assert set(told) == {"INPUT_NOT_FOUND", "OUTPUT_NOT_WRITABLE"}


def test_content_against_its_name_is_told(tmp_path):
    """A table that holds no text is a slip of whoever copied it."""
    shell = begun(tmp_path)
    (tmp_path / "data/other.csv").write_bytes(b"PAR1" + bytes(99) + b"PAR1")
    told = clean(shell, "--input", "orders=data/other.csv")
    assert told["INPUT_FORMAT"]["message"] == (
        "Input file holds parquet, and its name says .csv: data/other.csv"
    )


@pytest.mark.parametrize("linked", [False, True])
def test_an_output_may_not_overwrite_its_input(tmp_path, linked):
    """Neither by its own name nor by a link to it."""
    shell = begun(tmp_path)
    (tmp_path / "link.csv").symlink_to("data/orders.csv")
    target = "link.csv" if linked else "data/orders.csv"
    told = clean(shell, "--output", f"clean_orders={target}", code=2)
    assert told["OUTPUT_IS_INPUT"]["message"] == (
        f"Output clean_orders would overwrite the input orders: {target}"
    )


def test_an_output_and_an_input_in_each_other_are_warnings(tmp_path):
    """What a script does in the folder decides whether that goes well."""
    shell = begun(tmp_path)
    told = clean(shell, "--output", "clean_orders=data")
    assert told["OUTPUT_IS_INPUT"]["severity"] == "warning"
    told = clean(shell, "--input", "orders=data", "--output", "clean_orders=data/out.csv")
    assert told["OUTPUT_IS_INPUT"]["severity"] == "warning"


def test_an_output_that_is_another_nodes_output_is_rejected(tmp_path):
    """One below the other is a warning."""
    shell = begun(tmp_path)
    clean(shell, "--output", "clean_orders=out")
    told = problems(shell, "total", "--output", "totals=out", code=2)
    assert told["OUTPUT_CLASH"]["severity"] == "error"
    told = problems(shell, "total", "--output", "totals=out/totals.json")
    assert told["OUTPUT_CLASH"]["severity"] == "warning"


def test_an_output_may_not_overwrite_what_was_read_before(tmp_path):
    """The raw data of an upstream node stay as they are."""
    shell = begun(tmp_path)
    told = problems(shell, "total", "--output", "totals=data/orders.csv", code=2)
    assert told["OUTPUT_IS_INPUT"]["message"] == (
        "Output totals would overwrite the input orders of clean, which does not run afterwards: "
        "data/orders.csv"
    )


def test_an_input_where_a_later_node_writes_is_told(tmp_path):
    """The path is taken; what is connected instead must not run later, so both fixes are told."""
    shell = begun(tmp_path)
    problems(shell, "total", "--output", "totals=out/totals.json")
    shell.file("out/totals.json", "{}")
    told = clean(shell, "--input", "orders=out/totals.json")
    assert told["OUTPUT_IS_INPUT"]["message"] == (
        "Input orders is where total.totals is written, and no connection says so: out/totals.json"
    )


def test_links_that_lead_nowhere_do_not_exist(tmp_path):
    """A link to itself, and one to a file that is gone."""
    shell = begun(tmp_path)
    (tmp_path / "data/loop").symlink_to("loop")
    (tmp_path / "data/gone").symlink_to("nowhere.csv")
    for name in ("loop", "gone"):
        told = clean(shell, "--input", f"orders=data/{name}", code=2)
        assert told["INPUT_NOT_FOUND"]["message"] == f"Input file does not exist: data/{name}"


def test_a_preview_finds_all_problems_at_once_and_records_nothing(tmp_path):
    """Whatever is wrong with an answer, the log stays as it was."""
    place, dag = orders(tmp_path)
    table = place.file("workspace/table.csv", "")
    with place.factory(dag) as factory:
        before = place.logged("position, payload")
        told = factory.validate_configuration_preview(
            "CleanOrders",
            {"order": place.workspace / "x", "orders": table, "else": place.workspace / "y"},
            expected_outputs={"clean_orders": table, "clean_order": place.workspace / "o"},
            job_args={"rate": 1},
            user_notes="to be mended",
        )
        assert told == [
            "Input file does not exist: x",
            "Input file is empty: table.csv",
            "Input file does not exist: y",
            "Output clean_orders would overwrite the input orders: table.csv",
            "Missing required environment variable: CURRENCY",
        ]
        assert place.logged("position, payload") == before


def test_nothing_typed_makes_a_place_in_the_workspace(tmp_path):
    """Looking at paths, accepted or rejected, writes nothing there."""
    shell = begun(tmp_path)
    before = shell.snapshot("data")
    clean(shell, "--output", "clean_orders=made/later/clean.csv")
    clean(shell, "--input", "orders=not/there.csv", code=2)
    assert shell.snapshot("data") == before
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "not").exists()


def test_an_output_never_lies_on_the_database_that_remembers(tmp_path):
    """The log survives whatever is answered, also by a link to it."""
    shell = begun(tmp_path)
    (tmp_path / "link.db").symlink_to("log.db")
    for place in ("log.db", "log.db-wal", "link.db"):
        told = problems(shell, "total", "--output", f"totals={place}", code=2)
        assert "overwrite the log of all sessions" in told["OUTPUT_IS_INPUT"]["message"]
    assert shell.run("audit", "verify", "--json").json["ok"]
