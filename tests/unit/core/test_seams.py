"""What a producer wrote, against what its consumer reads."""

import pytest
from tests.support.builders import need

from runthrough.core.validation.seams import judged, looked_into
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.outcomes import FILES_NAMED

SOURCE = Output("Clean", "out")
CSV = ContentFacts(format="csv", rows=3, columns=("a", "b"))
MISSING = ContentFacts()


def folder(*files):
    """A folder with these files."""
    return ContentFacts(format="folder", files=files)


def seam(content=MISSING, reads=None, *, source=SOURCE, **more):
    """The result for `Clean.out` feeding `Train.data`."""
    return judged(source, "Train", "data", absent=None, content=content, need=reads, **more)


def only(result):
    """The one issue of a result."""
    (issue,) = result.issues
    return issue


def test_what_is_absent_is_an_error_and_nothing_else_is_asked():
    """The words say what was not written; there is nothing else to judge."""
    reads = need("data", files=("a.csv",))
    result = judged(SOURCE, "Train", "data", absent="it is empty", need=reads)
    assert result.compatible is False
    assert only(result).code == "OUTPUT_NOT_WRITTEN"
    assert only(result).message == "Clean.out is to feed data: it is empty"


def test_what_is_as_it_is_read_is_compatible():
    """Format, rows and columns of both sides are told."""
    result = seam(CSV, need("data", container_path="/opt/ml/input/train.csv"))
    assert (result.compatible, result.issues) == (True, ())
    assert (result.format_written, result.format_read) == ("csv", "csv")
    assert (result.rows, result.columns) == (3, ("a", "b"))


def test_a_file_that_cannot_be_read_is_an_error():
    """A fault of the content is the consumer's end, whatever it reads."""
    result = seam(ContentFacts(format="text", fault="it is no JSON"))
    assert result.compatible is False
    assert (only(result).code, only(result).severity) == ("SEAM_UNREADABLE", "error")
    assert "it is no JSON" in only(result).message
    assert only(result).fix.endswith("runthrough configure Train --input data=PATH")


def test_a_broken_file_in_a_folder_is_an_error():
    """Of a folder the files that the consumer names are judged, each by its own name."""
    reads = need("data", files=("a.csv", "b.json"))
    parts = {"a.csv": CSV, "b.json": ContentFacts(format="text", fault="it is no JSON")}
    result = seam(folder("a.csv", "b.json"), reads, parts=parts)
    assert result.compatible is False
    assert only(result).message.endswith("b.json: it is no JSON")
    assert result.format_read == "csv, json"


@pytest.mark.parametrize(
    ("level", "compatible"),
    [("required", False), ("fallback", False), ("optional", True), ("conditional", True)],
)
def test_none_of_the_named_files_is_an_error_where_the_input_is_required(level, compatible):
    """A script that can do without the input may look before it reads."""
    reads = need("data", level=level, files=("a.csv", "b.csv", "*.json"))
    result = seam(folder("c.txt"), reads, parts={"a.csv": MISSING, "b.csv": MISSING})
    assert result.compatible is compatible
    assert only(result).code == "SEAM_FILES_MISSING"
    assert only(result).message.endswith("the folder has no a.csv, b.csv; it holds c.txt")


def test_what_a_pattern_reads_may_be_enough():
    """A script that goes over `*.csv` may only look whether a named file is there too."""
    reads = need("data", files=("schema.json", "*.csv"))
    result = seam(folder("a.csv"), reads, parts={"schema.json": MISSING})
    assert result.compatible is True
    assert (only(result).code, only(result).severity) == ("SEAM_FILES_MISSING", "warning")


def test_some_of_the_named_files_is_a_warning():
    """Which of them the script can do without nobody can see."""
    reads = need("data", files=("a.csv", "b.csv"))
    result = seam(folder("a.csv"), reads, parts={"a.csv": CSV, "b.csv": MISSING})
    assert result.compatible is True
    assert (only(result).code, only(result).severity) == ("SEAM_FILES_MISSING", "warning")
    assert (result.rows, result.columns) == (3, ("a", "b"))


def test_files_that_lie_below_a_folder_are_found_there():
    """The fix is the connection to the sub-folder that holds all that is missing."""
    reads = need("data", files=("a.csv", "b.csv"))
    held = folder("train/a.csv", "train/b.csv", "val/a.csv")
    parts = {"a.csv": MISSING, "b.csv": MISSING}
    issue = only(seam(held, reads, parts=parts))
    assert issue.fix == "runthrough connect Clean.out/train Train.data"
    assert issue.candidates == (issue.fix,)
    inner = only(seam(held, reads, parts=parts, source=Output("Clean", "out", "v1")))
    assert inner.fix == "runthrough connect Clean.out/v1/train Train.data"


@pytest.mark.parametrize(
    ("files", "pattern", "fine"),
    [
        (("a.csv",), "*.csv", True),
        (("x/a.csv",), "**/*.csv", True),
        (("a.csv",), "**/*.csv", True),
        (("a.csv",), "./*.csv", True),
        (("a.parquet",), "*.csv", False),
        (("part-1",) * FILES_NAMED, "*.csv", True),
    ],
)
def test_patterns_are_only_warned_of(files, pattern, fine):
    """Nothing fits a pattern: that is told, unless there are more files than were named."""
    result = seam(folder(*files), need("data", files=(pattern,)))
    assert result.compatible is True
    assert [issue.code for issue in result.issues] == ([] if fine else ["SEAM_FILES_MISSING"])


@pytest.mark.parametrize(
    ("content", "reads", "words"),
    [
        (ContentFacts(format="parquet"), {"container_path": "/x/a.csv"}, "it holds parquet, and"),
        (CSV, {"files": ("a.csv",)}, "it is a file, and Train reads a.csv in a folder"),
        (folder("a.csv"), {"container_path": "/x/a.csv"}, "it is a folder, and Train reads"),
    ],
)
def test_another_form_than_is_read_is_a_warning(content, reads, words):
    """A script may look at what it got before it reads it."""
    result = seam(content, need("data", **reads))
    assert result.compatible is True
    assert (only(result).code, only(result).severity) == ("SEAM_FORMAT", "warning")
    assert words in only(result).message


@pytest.mark.parametrize(
    "reads",
    [None, need("data"), need("data", container_path="/opt/ml/data")],
)
def test_what_nothing_is_known_of_is_not_judged(reads):
    """Without a suffix or a file's name the consumer may read anything."""
    for content in (CSV, folder("a.csv"), ContentFacts(format="binary")):
        assert seam(content, reads).issues == ()


def test_what_cannot_be_seen_in_a_name_is_told_as_an_escape():
    """A file's name may hold anything, and a message stays one line."""
    reads = need("data", files=("a.csv",))
    issue = only(seam(folder("b\n.csv"), reads, parts={"a.csv": MISSING}))
    assert issue.message.endswith("it holds b\\n.csv")


def test_what_was_not_checked_is_no_fault():
    """It is told, and the connection stays compatible."""
    result = seam(ContentFacts(format="pickle", unchecked="not loaded"))
    assert (result.compatible, result.unchecked) == (True, "not loaded")
    reads = need("data", files=("a.pkl",))
    parts = {"a.pkl": ContentFacts(format="pickle", unchecked="not loaded")}
    assert seam(folder("a.pkl"), reads, parts=parts).unchecked == "a.pkl: not loaded"


def test_only_names_that_stay_inside_the_folder_are_looked_into():
    """Patterns, absolute names and names that climb are not opened; a folder is not either."""
    files = ("./a.csv", "b/c.csv", "*.csv", "/etc/x.csv", "../y.csv", "a/../../z.csv", "", "d/")
    reads = need("data", files=files)
    assert looked_into(reads, folder()) == ("a.csv", "b/c.csv", "d")
    assert looked_into(reads, CSV) == ()
    assert looked_into(None, folder()) == ()
