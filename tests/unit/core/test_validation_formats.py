"""What lies at an input, against what the script reads there."""

import pytest
from tests.support.builders import need, nothing_at
from tests.support.proposals import only, proposal, seen

from runthrough.core.validation import problems_of
from runthrough.core.values.facts import PathFacts


def read(path, found, **more):
    """A file that holds something, at the one input."""
    path = f"workspace:{path}"
    return proposal(
        need("raw", **more), input_paths={"raw": path}, paths=[seen(path, format=found)]
    )


def folder(path):
    """A folder with something in it."""
    return PathFacts(path=path, kind="folder")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.csv", "csv"),
        ("a.CSV", "text"),
        ("a.csv", "json"),
        ("a.json", "csv"),
        ("a.jsonl", "csv"),
        ("a.parquet", "parquet"),
        ("a.pkl", "pickle"),
        ("a.pkl", "text"),
        ("a.pkl", "zip"),
        ("a.npz", "zip"),
        ("a.csv.gz", "binary"),
        ("model.tar.gz", "tar.gz"),
        ("model.joblib", "pickle"),
        ("model", "parquet"),
        ("a.csv", None),
    ],
)
def test_content_that_its_name_allows_is_no_problem(path, found):
    """Between texts nothing is judged, nor under a name that promises nothing."""
    assert not problems_of(read(path, found))


@pytest.mark.parametrize(
    ("path", "found", "text"),
    [
        ("a.csv", "parquet", "holds parquet, and its name says .csv"),
        ("a.json", "binary", "holds binary content, and its name says .json"),
        ("a.parquet", "text", "holds plain text, and its name says .parquet"),
        ("a.npy", "zip", "holds zip, and its name says .npy"),
        ("a.pkl", "parquet", "holds parquet, and its name says .pkl"),
        ("a.tgz", "binary", "holds binary content, and its name says .tgz"),
    ],
)
def test_content_against_its_own_name_is_a_warning(path, found, text):
    """A script may look at what it got before it reads it."""
    problem = only(read(path, found))
    assert (problem.code, problem.severity) == ("INPUT_FORMAT", "warning")
    assert problem.message == f"Input file {text}: {path}"
    assert problem.fix == "runthrough configure train --input raw=PATH"


def test_content_against_what_the_script_reads_is_a_warning():
    """The file says nothing wrong of itself."""
    problem = only(read("a.parquet", "parquet", container_path="/opt/ml/input/a.csv"))
    assert problem.severity == "warning"
    assert problem.message == "Input file holds parquet, and the script reads .csv: a.parquet"


def test_content_against_both_is_an_error():
    """The script reads what the name promises, and will not find it."""
    problem = only(read("b.csv", "parquet", container_path="/opt/ml/input/a.csv"))
    assert problem.severity == "error"
    assert problem.message == "Input file holds parquet, and the script reads .csv: b.csv"


def test_an_input_that_nobody_names_is_judged_by_its_name_alone():
    """The script may read it under a name that is computed."""
    made = proposal(input_paths={"x": "workspace:a.csv"}, paths=[seen("workspace:a.csv")])
    assert only(made).code == "INPUT_UNKNOWN"
    facts = [seen("workspace:a.csv", format="zip")]
    made = proposal(input_paths={"x": "workspace:a.csv"}, paths=facts)
    assert [problem.code for problem in problems_of(made)] == ["INPUT_UNKNOWN", "INPUT_FORMAT"]


@pytest.mark.parametrize(
    ("files", "path", "typed"),
    [
        (("train.csv",), "d/train.csv", "d"),
        (("x/*.csv",), "train.csv", "."),
        (("train.csv",), "d/other.csv", "FOLDER"),
    ],
)
def test_a_file_where_a_folder_is_read_is_a_warning(files, path, typed):
    """Its own folder is named where the file is one that the script reads there."""
    problem = only(read(path, "csv", files=files))
    assert (problem.code, problem.severity) == ("INPUT_FORMAT", "warning")
    assert problem.message == (
        f"Input is a file, and the script reads {files[0]} in a folder: {path}"
    )
    assert problem.fix == f"runthrough configure train --input raw={typed}"
    assert problem.candidates == (() if typed == "FOLDER" else (typed,))


def test_a_folder_where_a_file_is_read_is_a_warning():
    """The container's path tells that it is one."""
    made = proposal(
        need("raw", container_path="/opt/ml/input/a.csv"),
        input_paths={"raw": "workspace:d"},
        paths=[folder("workspace:d")],
    )
    problem = only(made)
    assert (problem.code, problem.severity) == ("INPUT_FORMAT", "warning")
    assert problem.message == "Input is a folder, and the script reads a .csv file: d"
    assert problem.fix == "runthrough configure train --input raw=FILE.csv"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"container_path": "/opt/ml/input"},
        {"container_path": "/opt/ml/v1.2"},
        {"container_path": "/opt/ml/a.csv", "files": ("x.csv",)},
    ],
)
def test_a_folder_where_nobody_says_file_is_fine(more):
    """Neither is a folder whose name has a dot."""
    made = proposal(
        need("raw", **more),
        input_paths={"raw": "workspace:d.csv"},
        paths=[folder("workspace:d.csv")],
    )
    assert not problems_of(made)
    unnamed = proposal(input_paths={"x": "workspace:d"}, paths=[folder("workspace:d")])
    assert only(unnamed).code == "INPUT_UNKNOWN"


def test_what_is_neither_file_nor_folder_is_not_read():
    """A pipe or a device would hang a script or end it."""
    pipe = PathFacts(path="workspace:p", kind="other")
    problem = only(proposal(need("raw"), input_paths={"raw": "workspace:p"}, paths=[pipe]))
    assert problem.code == "INPUT_UNREADABLE"
    assert problem.message == "Input is neither a file nor a folder: p"
    assert problem.fix == "runthrough configure train --input raw=PATH"


def test_a_folder_that_cannot_be_read_is_opened_whole():
    """The rights of all that lies below are mended."""
    closed = PathFacts(path="workspace:my data", kind="folder", readable=False)
    made = proposal(need("raw"), input_paths={"raw": "workspace:my data"}, paths=[closed])
    assert only(made).fix == (
        "chmod -R u+rX 'my data', or runthrough configure train --input raw=PATH"
    )


@pytest.mark.parametrize("files", [(), ("model.json",)])
def test_a_file_where_the_script_writes_into_a_folder_is_a_warning(files):
    """It may take the file away first."""
    output = {"output_paths": {"model": "workspace:m"}}
    wanted = need("model", "output", files=files)
    found = problems_of(proposal(wanted, paths=[seen("workspace:m")], **output))
    told = [(problem.code, problem.severity, problem.message) for problem in found]
    text = "Output model is a file by now, and the script writes model.json in a folder there: m"
    assert told == ([("OUTPUT_NOT_WRITABLE", "warning", text)] if files else [])
    for there in (nothing_at("workspace:m"), folder("workspace:m")):
        assert not problems_of(proposal(wanted, paths=[there], **output))
