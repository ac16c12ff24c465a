"""Formats of files, told by their content."""

import gzip
import io
import json
import os
import pickle
import tarfile
import zipfile

import pytest

from runthrough.adapters.inspection.formats import GLIMPSE_BYTES, Stamp, format_of, glimpsed


def archive():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        content = b"x" * 100
        member = tarfile.TarInfo("a.txt")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def zipped():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.txt", "a")
    return packed.getvalue()


LONG = "".join(f"{number},{number}\n" for number in range(50_000)).encode()
WIDE = (",".join(["column"] * 1000) + "\n").encode() * 20
ROWS = [{"n": number} for number in range(100_000)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "csv"),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "csv"),
        (b"a\tb\n1\t2\n", "csv"),
        (b"a;b\n1,5;2\n", "csv"),
        (b'a,b\n"1, one\nmore",2\n', "csv"),
        (b"caf\xe9,b\n1,2\n", "csv"),
        ("a;ä\n1;2\n".encode("utf-16"), "csv"),
        ("caf\xe9\n".encode("utf-16"), "text"),
        (b"\xff\xfea\0\0\0b\0", "binary"),
        (LONG, "csv"),
        (WIDE, "csv"),
        (b"a,b\n1\n", "text"),
        (b"Dear reader,\nthis is a letter.\n", "text"),
        (b"loss: 0.5\n", "text"),
        (b'{"a": [1, 2]}\n', "json"),
        (b" [1, 2]", "json"),
        (json.dumps(ROWS).encode(), "json"),
        (b"{not json}", "text"),
        (b"[1, 2", "csv"),
        (b"[" * 50_000 + b"]" * 50_000, "text"),
        (b"PAR1" + b"\0" * 20 + b"PAR1", "parquet"),
        (b"PAR1" + b"\0" * 20, "binary"),
        (b"\x93NUMPY\x01\x00rest", "npy"),
        (zipped(), "zip"),
        (archive(), "tar.gz"),
        (gzip.compress(b"just text"), "binary"),
        (b"\x1f\x8bbroken", "binary"),
        (pickle.dumps({"a": 1}), "pickle"),
        (pickle.dumps([1], protocol=2), "pickle"),
        (b"\x80\x04 and on", "binary"),
        (b"\x80", "text"),
        (bytes(range(256)), "binary"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",  # compressed bytes hold the time
)
def test_a_format_is_told_by_content(tmp_path, content, told):
    """The content decides, under a name that says nothing."""
    (tmp_path / "thing").write_bytes(content)
    assert format_of(str(tmp_path / "thing")) == told


def test_a_name_does_not_make_a_format(tmp_path):
    """A file that is called parquet and holds text is text."""
    (tmp_path / "a.parquet").write_bytes(b"no\n")
    assert format_of(str(tmp_path / "a.parquet")) == "text"


@pytest.mark.parametrize(("name", "told"), [("a.csv", "csv"), ("a.txt", "text")])
def test_a_single_column_is_a_table_only_by_its_name(tmp_path, name, told):
    """Lines without a delimiter are a table where the name says so."""
    (tmp_path / name).write_bytes(b"label\n0\n1\n")
    assert format_of(str(tmp_path / name)) == told


def test_a_ragged_table_is_text_whatever_its_name(tmp_path):
    """Rows of different lengths are no table."""
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2,3\n")
    assert format_of(str(tmp_path / "a.csv")) == "text"


def test_what_is_no_file_is_told_as_what_it_is(tmp_path):
    """A folder is a folder, nothing is none, and a pipe is never opened."""
    os.mkfifo(tmp_path / "pipe")
    assert format_of(str(tmp_path)) == "folder"
    assert format_of(str(tmp_path / "gone")) is None
    assert format_of(str(tmp_path / "pipe" / "below")) is None
    assert format_of("a\0b") is None
    assert format_of(str(tmp_path / "pipe")) == "binary"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,2\n", "csv"),
        (LONG, "csv"),
        (WIDE, "csv"),
        (b"Dear reader,\nthis is a letter.\n", "text"),
        (b'{"a": [1, 2]}\n', "json"),
        (json.dumps(ROWS).encode(), "json"),
        (b"{not json}", "json"),
        (b"PAR1" + b"\0" * 9_000 + b"PAR1", "parquet"),
        (b"PAR1" + b"\0" * 9_000, "binary"),
        (zipped(), "zip"),
        (archive(), "tar.gz"),
        (gzip.compress(b"just text"), "binary"),
        (pickle.dumps(list(range(9_000))), "pickle"),
        (b"a" * GLIMPSE_BYTES + b"\0", "text"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_glimpse_tells_the_same_from_one_page(tmp_path, content, told):
    """Before a run the first page and the last bytes say enough; JSON is not parsed."""
    (tmp_path / "thing").write_bytes(content)
    assert glimpsed(str(tmp_path / "thing"), Stamp(len(content), 0, 0)) == told


def test_a_glimpse_of_what_is_gone_tells_nothing(tmp_path):
    """Between a look and a glimpse a file may be deleted, emptied or become a folder."""
    gone = str(tmp_path / "gone")
    assert glimpsed(gone, Stamp(1, 0, 0)) is None
    assert glimpsed(str(tmp_path), Stamp(1, 0, 0)) is None
    (tmp_path / "emptied").touch()
    assert glimpsed(str(tmp_path / "emptied"), Stamp(1, 0, 0)) is None
