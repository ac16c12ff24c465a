"""What lies at a path, looked into: rows, columns, and what cannot be read as its name says."""

import errno
import gzip
import io
import json
import os
import pickle
import struct
import sys
import tarfile
import zipfile
from contextlib import closing

import pytest
from tests.integration.inspection.test_formats import archive, zipped

from runthrough.adapters.inspection import LocalInspector, binaries, contents
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.outcomes import FILES_NAMED


@pytest.fixture
def look(tmp_path):
    """Write a file, and look into it."""
    inspector = LocalInspector(probe=lambda _: None)

    def one(name, content):
        (tmp_path / name).write_bytes(content)
        return inspector.content(str(tmp_path / name))

    yield one
    inspector.close()


def array(header, body=b"", version=1):
    """The bytes of a NumPy file."""
    text = header.encode().ljust(len(header) + 1, b"\n")
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + body


MATRIX = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"
FIELDS = "{'descr': [('age', '<i4'), ('name', '<U5')], 'fortran_order': False, 'shape': (1,), }"
TEXTS = "{'descr': '<U2', 'fortran_order': False, 'shape': (3,), }"


@pytest.mark.parametrize(
    ("name", "content", "rows", "columns"),
    [
        ("a.csv", b"label,x1\n1,2\n3,4\n", 2, ("label", "x1")),
        ("a", b"label\tx1\r\n1\t2\r\n", 1, ("label", "x1")),
        ("a.csv", b",a,b\n0,1,2\n", 1, ("", "a", "b")),
        ("a.csv", b"1,2\n3,4\n", 2, None),
        ("a.csv", b"nan,2\n", 1, None),
        ("a.csv", b"a,a\nb,c\n", 2, None),
        ("a.csv", b"a,\nb,c\n", 2, None),
        ("a.csv", b'id,text\n1,"two\nlines, one cell"\n\n2,x\n', 2, ("id", "text")),
        ("a.csv", b"\xef\xbb\xbflabel,x\n1,2\n", 1, ("label", "x")),
        ("a.csv", "größe;x\n1;2\n".encode("utf-16"), 1, ("größe", "x")),
        ("a.csv", b"\nid,x\n1,2\n3,4\n", 2, ("id", "x")),
        ("a.csv", b"id,text\n1,one\x0btwo\n", 1, ("id", "text")),
        ("a.csv", b"id,text\n1,caf\xe9" + b"e" * 99 + b"\x1f\n", 1, ("id", "text")),
        ("a.csv", b"label\n0\n1\n", 2, ("label",)),
        ("a.json", b'[{"a": 1, "b": 2}, {"a": 3}]', 2, ("a", "b")),
        ("a.json", b"[1, 2, 3]", 3, None),
        ("a.json", b"[]", 0, None),
        ("a.json", b'{"a": 1}', None, None),
        ("a.json", b"3", None, None),
        ("a.json", b'{"a": 1}\n{"a": 2}\n', 2, ("a",)),
        ("a.json", b'[{"a": "caf\xe9"}]', 1, ("a",)),
        ("a.json", b"[" + b"9" * 5_000 + b"]", 1, None),
        ("a.jsonl", b'{"a": 1}\n\n{"a": 2}\n', 2, ("a",)),
        ("a.jsonl", b'{"a": "caf\xe9"}\n', 1, ("a",)),
        ("a.jsonl", '{"a": 1}\n{"a": 2}\n'.encode("utf-16"), 2, ("a",)),
        ("a.npy", array(MATRIX, b"\0" * 48), 2, None),
        ("a.npy", array(MATRIX, b"\0" * 48, version=2), 2, None),
        ("a.npy", array(FIELDS, b"\0" * 24), 1, ("age", "name")),
        ("a.npy", array(TEXTS, b"\0" * 24), 3, None),
        ("a.npy", array(FIELDS.replace("age", "größe"), b"\0" * 24, 3), 1, ("größe", "name")),
        ("a.txt", b"Dear reader,\nthis is prose.\n", None, None),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_rows_and_columns_are_read(look, name, content, rows, columns):
    """Rows without the header, and the names of columns where there are any."""
    seen = look(name, content)
    assert (seen.rows, seen.columns) == (rows, columns)
    assert (seen.fault, seen.unchecked) == (None, None)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", bytes(range(256)), "its name says .csv, and it holds binary content"),
        ("a.csv", b"PAR1" + b"\0" * 9 + b"PAR1", "its name says .csv, and it holds parquet"),
        ("a.csv", b"", "its name says .csv, and it holds nothing"),
        ("a.json", b"{'a': 1}", "its name says .json, and it is no JSON: "),
        ("a.json", b"Dear reader\n", "its name says .json, and it is no JSON: "),
        ("a.json", b'{"a": 1}\n{"b', "its name says .json, and it is no JSON: Extra data"),
        ("a.json", b"\x00\x01", "its name says .json, and it holds binary content"),
        ("a.jsonl", b'{"a": 1}\n{"b', "line 2 is no JSON: "),
        ("a.parquet", b"a,b\n1,2\n", "its name says .parquet, and it holds csv"),
        ("a.parquet", b"PAR1" + b"\0" * 9, "its name says .parquet, and it holds binary"),
        ("a.zip", zipped()[:-8], "the archive is broken: "),
        ("a.zip", b"a\n", "its name says .zip, and it holds plain text"),
        ("a.tar.gz", archive()[:-8], "the archive is broken: "),
        ("a.gz", gzip.compress(b"x" * 99)[:-8], "it cannot be unpacked: "),
        ("a.gz", bytes(range(256)), "its name says .gz, and it is not compressed by gzip"),
        ("a.npy", array(MATRIX, b"\0" * 47), "the array is cut off before its end"),
        ("a.npy", array(TEXTS, b"\0" * 23), "the array is cut off before its end"),
        ("a.npy", b"\x93NUMPY\x01\x00rest", "it begins like a NumPy array, and has no header"),
        ("a.npy", array("{'shape': 3}"), "it begins like a NumPy array, and has no header"),
        ("a.npy", array("__import__('os')"), "it begins like a NumPy array, and has no header"),
        ("a.pkl", b"a,b\n1,2\n", "its name says .pkl, and it holds csv"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_cannot_be_read_as_its_name_says_has_a_fault(look, name, content, words):
    """The words say what its name promises and what is wrong."""
    fault = look(name, content).fault
    assert fault is not None
    assert fault.startswith(words)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.log", b""),
        ("a", b""),
        ("a", b"{not json}"),
        ("a", bytes(range(256))),
        ("a.csv", b"Dear reader,\nthis is prose.\n"),
        ("a.pkl", b"(lp0\nI1\na."),
        ("a.zip", zipped()),
        ("a.tar.gz", archive()),
        ("a.csv.gz", gzip.compress(b"a,b\n")),
        ("a.model", pickle.dumps([1])),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_its_name_allows_has_no_fault(look, name, content):
    """Nothing is wrong with content that can be read under its name, or that promises nothing."""
    assert look(name, content).fault is None


def test_a_pickle_is_never_loaded(look, tmp_path):
    """Loading one could run code, so it is told as not checked."""

    class Runs:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    seen = look("a.pkl", pickle.dumps(Runs()))
    assert (seen.format, seen.fault) == ("pickle", None)
    assert seen.unchecked == "loading a pickle could run code"
    assert not (tmp_path / "ran").exists()


def test_lines_of_different_lengths_are_not_read_as_a_table(look):
    """A ragged file is no table, and it is said that it was not checked."""
    seen = look("a.csv", b"a,b\n1,2,3\n")
    assert (seen.format, seen.rows) == ("text", None)
    assert seen.unchecked == "its lines do not have the same number of columns"


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("a.csv", b"label,x\n" + b"1,2\n" * 9, ("label", "x")),
        ("a.json", json.dumps([{"a": 1}] * 9).encode(), None),
        ("a.jsonl", b'{"a": 1}\n' * 9, None),
    ],
)
def test_what_is_larger_than_its_bound_is_not_counted(look, monkeypatch, name, content, columns):
    """A huge file costs its first lines, and is told as not checked."""
    monkeypatch.setattr(contents, "TABLE_BYTES", 20)
    monkeypatch.setattr(contents, "JSON_BYTES", 20)
    seen = look(name, content)
    assert (seen.rows, seen.columns, seen.fault) == (None, columns, None)
    assert seen.unchecked.startswith("its content was not checked: it is larger than")


def bomb(form):
    """A little file that unpacks to a megabyte."""
    if form == "a.gz":
        return gzip.compress(b"\0" * 1_000_000)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("zeros")
        member.size = 1_000_000
        tar.addfile(member, io.BytesIO(b"\0" * 1_000_000))
    return packed.getvalue()


@pytest.mark.parametrize("name", ["a.gz", "a.tar.gz"])
def test_what_unpacks_to_more_than_its_bound_is_not_read_through(look, monkeypatch, name):
    """A small archive of endless zeros takes no endless time."""
    monkeypatch.setattr(binaries, "UNPACKED_BYTES", 500_000)
    monkeypatch.setattr(binaries, "BLOCK_BYTES", 100_000)
    seen = look(name, bomb(name))
    assert seen.fault is None
    assert seen.unchecked.startswith("it was not read through: ")


def test_a_deeply_nested_json_is_not_parsed(look):
    """What would exhaust the parser's stack is told as not checked."""
    seen = look("a.json", b"[" * 100_000 + b"]" * 100_000)
    assert (seen.fault, seen.unchecked) == (None, "it is nested too deeply to be parsed")


def test_names_of_columns_are_cut_to_what_an_event_keeps(look):
    """Thousands of columns, endless names, and halves of letters end in no record."""
    wide = ",".join(f"c{number}" for number in range(3000))
    columns = look("a.csv", f"{wide}\n{wide}\n".encode()).columns
    assert (len(columns), columns[499], columns[500]) == (501, "c499", "…")
    assert look("a.json", json.dumps([{"x" * 999: 1}]).encode()).columns == ("x" * 200,)
    assert look("a.json", b'[{"half \\ud800": 1}]').columns == ("half ?",)


def test_a_secret_in_a_column_is_masked_before_the_name_is_cut(tmp_path):
    """No piece of a secret stays where a long name ends."""
    name = "x" * (contents.NAME_CHARACTERS - 8) + "hunter2hunter2"
    (tmp_path / "a.csv").write_text(f"{name},b\n1,2\n", encoding="utf-8")
    with closing(LocalInspector(probe=lambda _: None)) as inspector:
        seen = inspector.content(str(tmp_path / "a.csv"), secrets=("hunter2hunter2",))
    assert seen.columns is not None
    assert "hunter" not in "".join(seen.columns)


def test_an_archive_of_very_many_files_is_not_listed(look, monkeypatch):
    """The list is as long as somebody made it; its length stands at the archive's end."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for place in range(9):
            archive.writestr(f"{place}.txt", b"x")
        archive.comment = b"a comment"
    assert look("a.zip", packed.getvalue()) == ContentFacts(format="zip")
    monkeypatch.setattr(binaries, "LIST_BYTES", 100)
    assert look("a.zip", packed.getvalue()).unchecked == (
        "it was not listed: the list of its files is larger than 32 MiB"
    )


def test_a_first_line_without_an_end_is_not_held_in_memory(look):
    """Whoever wrote one endless line gets no names of columns, and no rows."""
    seen = look("a.csv", b"a," * contents.LINE_BYTES)
    assert (seen.format, seen.rows, seen.columns) == ("csv", None, None)
    assert seen.unchecked == "its rows were not counted: its first line exceeds 1 MiB"


def test_a_wide_table_is_read(look):
    """A header of a hundred kilobytes is one."""
    names = ",".join(f"gene_{place:06}" for place in range(10_000))
    assert look("a.csv", f"{names}\n{names.replace('gene_', '')}\n".encode()).rows == 1


def test_a_file_in_a_folder_that_may_not_be_entered_has_a_fault(tmp_path, monkeypatch):
    """What the system refuses even to be looked at raises nothing."""

    def refused(path, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "stat", refused)
    seen = contents.content_of(str(tmp_path / "locked" / "a.csv"))
    assert seen == ContentFacts(format="binary", fault="it cannot be read: Permission denied")


def test_a_cell_that_is_too_long_is_no_fault(look):
    """The reader's own bound on a cell leaves the rows uncounted."""
    seen = look("a.csv", b"a,b\n" + b"x" * 200_000 + b",1\n")
    assert seen.fault is None
    assert "rows were not counted" in seen.unchecked


def test_parquet_without_its_library_is_not_checked(look, monkeypatch):
    """The format is known by its first and last bytes; no more is claimed."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    seen = look("a.parquet", b"PAR1" + b"\0" * 30 + b"PAR1")
    assert (seen.format, seen.fault) == ("parquet", None)
    assert "pyarrow is not installed" in seen.unchecked


def test_parquet_is_read_by_its_footer(look, tmp_path):
    """Where the library is there, rows, columns and a broken footer are told."""
    pyarrow = pytest.importorskip("pyarrow", reason="needs the extra parquet")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra parquet")
    parquet.write_table(pyarrow.table({"u": [1, 2], "v": [3, 4]}), tmp_path / "made")
    seen = look("a.parquet", (tmp_path / "made").read_bytes())
    assert (seen.rows, seen.columns) == (2, ("u", "v"))
    broken = look("b.parquet", b"PAR1" + b"\0" * 30 + b"PAR1")
    assert broken.fault.startswith("it cannot be read as Parquet: ")


def test_a_folder_tells_its_files(look, tmp_path):
    """Files at any depth, links to folders left alone, sorted by their relative names."""
    for name in ("b.txt", "a/z.csv", "a/y/x.csv"):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("x")
    (tmp_path / "out/loop").symlink_to(tmp_path / "out")
    seen = LocalInspector(probe=lambda _: None).content(str(tmp_path / "out"))
    assert seen.format == "folder"
    assert seen.files == ("a/y/x.csv", "a/z.csv", "b.txt", "loop")


def test_a_folder_of_many_files_tells_some(tmp_path):
    """No more names are kept than an event should carry."""
    for number in range(FILES_NAMED + 9):
        (tmp_path / f"part-{number:04}").touch()
    files = LocalInspector(probe=lambda _: None).content(str(tmp_path)).files
    assert files == tuple(f"part-{number:04}" for number in range(FILES_NAMED))


def test_what_is_no_file_is_never_opened(tmp_path):
    """A pipe would block whoever opens it; nothing has no content."""
    inspector = LocalInspector(probe=lambda _: None)
    os.mkfifo(tmp_path / "pipe")
    pipe = inspector.content(str(tmp_path / "pipe"))
    assert pipe.fault == "it is neither a file nor a folder"
    assert inspector.content(str(tmp_path / "gone")) == ContentFacts()


def test_an_archive_of_a_kind_that_is_not_known_is_listed(look):
    """A file that ends like an archive is one, whatever its name is."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("weights", "x")
    assert look("model.pt", packed.getvalue()) == ContentFacts(format="zip")
