"""Problems of inputs and outputs, each read whole and mended by what is advised."""

import os

import pytest
from tests.support.provoked import provokes, with_answers

pytestmark = pytest.mark.slow

INPUT = "runthrough configure clean --input orders=PATH"
OUTPUT = "runthrough configure clean --output clean_orders=ANOTHER_PATH"
DATA = "data/orders.csv"


@provokes("INPUT_MISSING")
def test_an_input_without_a_path(tmp_path):
    """A path that is given as advised is enough."""
    victim = with_answers(tmp_path)
    pipeline = tmp_path / "pipeline.yaml"
    pipeline.write_text(
        pipeline.read_text().replace(
            "    inputs: {orders: data/orders.csv}\n", "    outputs: {}\n"
        )
    )
    victim.line("new pipeline.yaml --name open")
    victim.line("close --session demo")
    told = victim.found("INPUT_MISSING", "Missing required input: orders", INPUT)
    victim.line("configure clean --env CURRENCY=EUR --partial")
    victim.follow(told, INPUT, PATH=DATA)
    victim.gone("INPUT_MISSING")


@pytest.mark.parametrize(
    ("code", "path", "made", "message", "fix"),
    [
        (
            "INPUT_NOT_FOUND",
            "nope.csv",
            None,
            "Input file does not exist: nope.csv",
            f"put it there, or {INPUT}",
        ),
        (
            "INPUT_EMPTY",
            "empty.csv",
            "",
            "Input file is empty: empty.csv",
            f"fill it, or {INPUT}",
        ),
        (
            "INPUT_EMPTY",
            "folder",
            "folder",
            "Input folder holds no non-empty file: folder",
            f"fill it, or {INPUT}",
        ),
        (
            "INPUT_UNREADABLE",
            "pipe",
            "pipe",
            "Input is neither a file nor a folder: pipe",
            INPUT,
        ),
    ],
)
@provokes("INPUT_NOT_FOUND", "INPUT_EMPTY", "INPUT_UNREADABLE", one=True)
def test_an_input_that_cannot_be_taken(tmp_path, code, path, *, made, message, fix):
    """What lies at a path is told, and another path taken as advised."""
    victim = with_answers(tmp_path)
    match made:
        case "folder":
            (tmp_path / path).mkdir()
        case "pipe":
            os.mkfifo(tmp_path / path)
        case str():
            victim.file(path, made)
    told = victim.rejected(f"configure clean --input orders={path}", code, message, fix)
    victim.follow(told, INPUT, PATH=DATA)
    victim.gone(code)


@provokes("INPUT_FORMAT")
def test_an_input_of_another_format(tmp_path):
    """A file that is not what its name says is warned of, and another one taken."""
    victim = with_answers(tmp_path)
    (tmp_path / "binary.csv").write_bytes(b"\x00\x01" * 200)
    told = victim.warned(
        "configure clean --input orders=binary.csv",
        "INPUT_FORMAT",
        "Input file holds binary content, and its name says .csv: binary.csv",
        INPUT,
    )
    victim.follow(told, INPUT, PATH=DATA)
    victim.gone("INPUT_FORMAT")


@provokes("INPUT_UNKNOWN")
def test_an_input_that_the_script_does_not_name(tmp_path):
    """The near name is taken as advised; one that is kept is left out again."""
    victim = with_answers(tmp_path)
    victim.line("configure total --input clean_orders=data/orders.csv")
    told = victim.warned(
        f"configure clean --input zzz={DATA}",
        "INPUT_UNKNOWN",
        "The script does not name the input zzz",
        "runthrough configure clean --unset input.zzz; runthrough requirements clean lists what "
        "it reads",
    )
    assert "orders" in victim.follow(told, "runthrough requirements clean").out
    victim.follow(told, "runthrough configure clean --unset input.zzz")
    victim.gone("INPUT_UNKNOWN")


@provokes("OUTPUT_UNKNOWN")
def test_an_output_that_the_script_does_not_name(tmp_path):
    """A slip in a name is rejected, and the near one taken as advised."""
    victim = with_answers(tmp_path)
    told = victim.rejected(
        "configure clean --output clean_order=out.csv",
        "OUTPUT_UNKNOWN",
        "The script does not name the output clean_order. Did you mean 'clean_orders'?",
        "runthrough configure clean --output clean_orders=PATH",
    )
    victim.follow(told, told.fix, PATH="out.csv")
    victim.gone("OUTPUT_UNKNOWN")


@provokes("OUTPUT_CLASH")
def test_two_outputs_at_one_path(tmp_path):
    """Another path is taken as advised."""
    victim = with_answers(tmp_path)
    victim.line("configure clean --output clean_orders=out.csv")
    told = victim.rejected(
        "configure total --output totals=out.csv",
        "OUTPUT_CLASH",
        "Output totals has the same path as output clean_orders of node clean: out.csv",
        "runthrough configure total --output totals=ANOTHER_PATH",
    )
    victim.follow(told, told.fix, ANOTHER_PATH="totals.json")
    victim.gone("OUTPUT_CLASH")


@provokes("OUTPUT_NOT_WRITABLE")
def test_an_output_that_cannot_be_written(tmp_path):
    """A path below a file can never be made; another one is taken as advised."""
    victim = with_answers(tmp_path)
    told = victim.rejected(
        f"configure clean --output clean_orders={DATA}/out.csv",
        "OUTPUT_NOT_WRITABLE",
        f"Output cannot be written: {DATA}/out.csv",
        OUTPUT,
    )
    victim.follow(told, told.fix, ANOTHER_PATH="out.csv")
    victim.gone("OUTPUT_NOT_WRITABLE")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (DATA, f"Output clean_orders would overwrite the input orders: {DATA}"),
        (
            "scripts/clean.py",
            "Output clean_orders would overwrite the script of clean: scripts/clean.py",
        ),
        (
            "pipeline.yaml",
            "Output clean_orders would overwrite the pipeline file: pipeline.yaml",
        ),
        (
            "log.db",
            "Output clean_orders would overwrite the log of all sessions: log.db",
        ),
        (
            ".runthrough/x.csv",
            (
                "Output clean_orders lies in the folder that runthrough keeps for itself: "
                ".runthrough/x.csv"
            ),
        ),
    ],
)
@provokes("OUTPUT_IS_INPUT")
def test_an_output_that_would_destroy_something(tmp_path, path, message):
    """What no script may write over is told, and another path taken as advised."""
    victim = with_answers(tmp_path)
    line = f"configure clean --output clean_orders={path}"
    told = victim.rejected(line, "OUTPUT_IS_INPUT", message, OUTPUT)
    victim.follow(told, told.fix, ANOTHER_PATH="out.csv")
    victim.gone("OUTPUT_IS_INPUT")


@provokes("PATH_OUTSIDE")
def test_a_path_outside_of_the_workspace(tmp_path):
    """What does not move along is warned of; a path inside is taken as advised."""
    victim = with_answers(tmp_path / "work" if (tmp_path / "work").mkdir() is None else tmp_path)
    outside = tmp_path / "outside.csv"
    outside.write_text("customer,currency,amount\nada,EUR,30\n")
    told = victim.warned(
        f"configure clean --input orders={outside}",
        "PATH_OUTSIDE",
        f"Input orders lies outside the workspace, so it does not move with it: {outside}",
        "runthrough configure clean --input orders=PATH_IN_THE_WORKSPACE",
    )
    victim.follow(told, told.fix, PATH_IN_THE_WORKSPACE=DATA)
    victim.gone("PATH_OUTSIDE")


@provokes("EXTERNAL_NOT_FOUND")
def test_an_output_of_something_outside_that_is_not_there(tmp_path):
    """What is to come from outside is missed, until a path is given as advised."""
    victim = with_answers(tmp_path)
    victim.line("external clean --output clean_orders=late.csv")
    told = victim.found(
        "EXTERNAL_NOT_FOUND",
        "Input file does not exist: late.csv (output clean_orders of the external node clean)",
        "put it there, or runthrough configure total --input clean_orders=PATH",
    )
    command = "runthrough configure total --input clean_orders=PATH"
    victim.follow(told, command, PATH=DATA)
    victim.gone("EXTERNAL_NOT_FOUND")


@provokes("NOT_CHECKED_HERE")
def test_paths_of_another_machine(tmp_path):
    """What was not looked at here is looked at after the move that is advised."""
    victim = with_answers(tmp_path)
    there = {"RUNTHROUGH_HOST": "there"}
    told = victim.found(
        "NOT_CHECKED_HERE",
        "Input orders was not looked at, for the session lives on another machine: "
        "data/orders.csv",
        "runthrough resume --here",
        severity="warning",
        **there,
    )
    victim.follow(told, told.fix, environ=there)
    victim.gone("NOT_CHECKED_HERE", **there)
