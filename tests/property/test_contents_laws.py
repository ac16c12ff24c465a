"""Whatever a script wrote, a look into it ends and tells no lie."""

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.adapters.inspection.contents import content_of
from runthrough.core.validation.circumstances import Circumstances, TakenInput
from runthrough.core.validation.hints import hints
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.outcomes import Frame, ScriptError

SUFFIXES = ["", ".csv", ".tsv", ".json", ".jsonl", ".npy", ".zip", ".gz", ".tar.gz", ".parquet"]
HEADS = [b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"PAR1", b"\x80\x04", b"["]
CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from('\n",;'))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=9,
)


@pytest.fixture(scope="module")
def look():
    """Write bytes under a name, and look into them; one folder for all examples."""
    with tempfile.TemporaryDirectory() as folder:

        def one(name, content):
            file = Path(folder, name)
            file.write_bytes(content)
            return content_of(str(file))

        yield one


@given(suffix=st.sampled_from(SUFFIXES), head=st.sampled_from(HEADS), rest=st.binary())
def test_a_look_into_any_bytes_ends(look, suffix, head, rest):
    """No content raises, and what has a fault has no rows."""
    seen = look(f"a{suffix}", head + rest)
    assert seen.format is not None
    assert seen.fault is None or seen.rows is None


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=9))
def test_every_row_that_was_written_is_counted(look, rows):
    """Quotes, delimiters and line ends inside cells change no count."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("id", "text"), *rows])
    seen = look("a.csv", text.getvalue().encode())
    assert (seen.rows, seen.columns) == (len(rows), ("id", "text"))


@given(value=VALUES)
def test_json_that_was_written_is_json(look, value):
    """Whatever `json` writes has no fault; of a list the rows are counted."""
    seen = look("a.json", json.dumps(value).encode())
    assert (seen.format, seen.fault) == ("json", None)
    assert seen.rows == (len(value) if isinstance(value, list) else None)


@given(
    kind=st.sampled_from(["exception", "exit", "signal", "timeout"]),
    type_=st.sampled_from(
        ["KeyError", "AttributeError", "FileNotFoundError", "ModuleNotFoundError", "ParserError"]
    ),
    message=st.text()
    | st.builds("[Errno 2] No such file or directory: '{}'".format, st.text())
    | st.builds("job_args has no '{}'".format, st.text()),
    line=st.text(),
    log=st.text(),
    names=st.lists(st.text(), max_size=3),
)
def test_hints_of_any_words_are_few_lines(  # noqa: PLR0917 - hypothesis gives them by name
    kind, type_, message, line, log, names
):
    """No words raise, and each hint is one line, whatever scripts and files are called."""
    frame = Frame(file="/w/a.py", line=1, function="main", source=(line,))
    error = ScriptError(kind=kind, type=type_, message=message, frames=(frame,))
    content = ContentFacts(format="folder", files=tuple(names))
    table = ContentFacts(format="csv", columns=tuple(names))
    inputs = {
        name: TakenInput(f"/w/{name}", content=content, parts={"a": table}) for name in names
    }
    found = hints(error, Circumstances("Train", inputs, stderr_tail=log, job_args=tuple(names)))
    assert len(found) <= 3
    assert all("\n" not in hint for hint in found)
