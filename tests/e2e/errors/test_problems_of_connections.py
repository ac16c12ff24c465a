"""Problems of connections and of what goes through them, each mended by what is advised."""

from pathlib import Path

import pytest
from tests.support.provoked import Victim, provokes, with_answers

pytestmark = pytest.mark.slow

WRITES = """\
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    {}
"""
READS = """\
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    {}
"""
FLOW = """\
name: flow
scripts: [scripts]
nodes: {writes: {}, reads: {}}
edges: [[writes, reads]]
"""


@pytest.mark.parametrize(
    ("line", "message", "fix", "filled"),
    [
        (
            "connect claen.clean_orders total.clean_orders",
            "No node is called claen, so claen.clean_orders cannot feed clean_orders",
            "runthrough configure total --input clean_orders=@clean.clean_orders",
            {},
        ),
        (
            "connect clean.tidy total.clean_orders",
            "clean has no output tidy; it has clean_orders",
            "runthrough configure total --input clean_orders=@clean.clean_orders",
            {},
        ),
        (
            "connect clean.clean_orders/../x total.clean_orders",
            "clean.clean_orders/../x leads out of the output clean_orders of clean",
            "runthrough configure total --input clean_orders=@clean.clean_orders",
            {},
        ),
    ],
)
@provokes("CONNECTION_UNKNOWN")
def test_a_source_that_is_none(tmp_path, line, message, fix, filled):
    """The near source is connected as advised."""
    victim = with_answers(tmp_path)
    told = victim.rejected(line, "CONNECTION_UNKNOWN", message, fix)
    victim.follow(told, told.fix, **filled)
    victim.gone("CONNECTION_UNKNOWN")


@provokes("CONNECTION_CYCLE")
def test_a_source_that_runs_afterwards(tmp_path):
    """A path is given in its place, as advised."""
    victim = with_answers(tmp_path)
    told = victim.rejected(
        "connect report.report clean.orders",
        "CONNECTION_CYCLE",
        "report.report runs after clean, so feeding orders from it would be a cycle",
        "runthrough configure clean --input orders=PATH",
    )
    victim.follow(told, told.fix, PATH="data/orders.csv")
    victim.gone("CONNECTION_CYCLE")


def flow(folder: Path, write: str, read: str) -> Victim:
    """One node that writes, and one that reads, by one statement each."""
    victim = Victim(folder)
    victim.file("scripts/writes.py", WRITES.format(write))
    victim.file("scripts/reads.py", READS.format(read))
    victim.file("pipeline.yaml", FLOW)
    victim.line("new pipeline.yaml --name demo")
    return victim


WRITE = 'Path(output_paths["out"]).write_text("{}")'
READ = 'Path(input_paths["out"]).read_text()'
READ_BELOW = '(Path(input_paths["out"]) / "table.json").read_text()'
GIVEN = "runthrough configure reads --input out=PATH"


@pytest.mark.parametrize(
    "choice",
    [
        "runthrough connect writes.train_data reads.data",
        "runthrough connect writes.test_data reads.data",
        "runthrough configure reads --input data=PATH",
    ],
)
@provokes("CONNECTION_AMBIGUOUS")
def test_a_source_that_is_not_sure(tmp_path, choice):
    """Each of the ways that are advised answers the question."""
    two = 'Path(output_paths["train_data"]).touch()\n    Path(output_paths["test_data"]).touch()'
    victim = flow(tmp_path, two, 'Path(input_paths["data"]).read_text()')
    told = victim.found(
        "CONNECTION_AMBIGUOUS",
        "Missing required input: data (proposed: writes.train_data, score 0.0, nothing but the "
        "edge speaks for it; next best writes.test_data; or from outside)",
        "runthrough connect writes.train_data reads.data, or runthrough connect "
        "writes.test_data reads.data, or runthrough configure reads --input data=PATH",
    )
    filled = {"PATH": "pipeline.yaml"} if "PATH" in choice else {}
    victim.follow(told, choice, **filled)
    victim.gone("CONNECTION_AMBIGUOUS")


@provokes("OUTPUT_NOT_WRITTEN")
def test_an_output_that_was_not_written(tmp_path):
    """A producer that passes without writing blocks its consumer, until a path is given."""
    victim = flow(tmp_path, f"if environ_vars.get('FULL'):\n        {WRITE}", READ)
    told = victim.seam(
        "run",
        "OUTPUT_NOT_WRITTEN",
        "writes.out is to feed out: nothing was written to the path in output_paths, inside the "
        "attempt's folder",
        f"make writes write it, or {GIVEN}",
    )
    victim.follow(told, GIVEN, PATH="pipeline.yaml")
    victim.line("run")


@provokes("SEAM_UNREADABLE")
def test_an_output_that_is_broken(tmp_path):
    """What cannot be read as its name says is told, until the producer writes it whole."""
    write = (
        'folder = Path(output_paths["out"])\n    folder.mkdir()\n'
        '    (folder / "table.json").write_text("{")'
    )
    victim = flow(tmp_path, write, READ_BELOW)
    told = victim.seam(
        "run",
        "SEAM_UNREADABLE",
        "writes.out is to feed out: table.json: its name says .json, and it is no JSON: "
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        f"make writes write table.json whole, or {GIVEN}",
    )
    assert told.fix.startswith("make writes write table.json whole")
    victim.file("scripts/writes.py", WRITES.format(write.replace('"{"', '"{}"')))
    victim.line("run")


@provokes("SEAM_FILES_MISSING")
def test_a_folder_that_lacks_a_file(tmp_path):
    """Where the file lies in a sub-folder, that is connected by the command that is advised."""
    write = (
        "for name in job_args.files:\n"
        '        place = Path(output_paths["out"]) / name\n'
        "        place.parent.mkdir(parents=True)\n"
        '        place.write_text("{}")'
    )
    victim = flow(tmp_path, write, READ_BELOW)
    victim.line("configure writes --arg files='[\"sub/table.json\"]'")
    told = victim.seam(
        "run",
        "SEAM_FILES_MISSING",
        "writes.out is to feed out: the folder has no table.json; it holds sub/table.json",
        "runthrough connect writes.out/sub reads.out",
    )
    assert victim.line("status --json").json["next_command"] == told.fix
    victim.follow(told, told.fix)
    victim.line("run")


@provokes("SEAM_FORMAT")
def test_a_file_where_a_folder_is_read(tmp_path):
    """A file in the place of a folder is warned of; another output is connected as advised."""
    folder = (
        '(Path(output_paths["tables"]) / "table.json").parent.mkdir()\n'
        '    (Path(output_paths["tables"]) / "table.json").write_text("{}")\n'
    )
    victim = flow(tmp_path, f"{folder}    {WRITE}", READ_BELOW)
    victim.line("connect writes.out reads.out")
    told = victim.seam(
        "run",
        "SEAM_FORMAT",
        "writes.out is to feed out: it is a file, and reads reads table.json in a folder",
        "runthrough connect NODE.OUTPUT reads.out",
        severity="warning",
    )
    victim.follow(told, told.fix, NODE="writes", OUTPUT="tables")
    victim.line("run")
