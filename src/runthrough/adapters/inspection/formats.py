"""The format of a file by its content; its name only decides between plain texts."""

import codecs
import csv
import io
import json
import os
import stat
import tarfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

HEAD_BYTES = 65_536
"""Read from the start: some hundred lines of a table, and more than any signature needs."""
WHOLE_JSON_BYTES = 1_048_576
"""Up to here JSON is parsed (about 10 ms); beyond it only its two ends are looked at."""
SAMPLED_LINES = 50
"""Lines whose columns must agree in a table."""
GLIMPSE_BYTES = 4_096
"""Read for a first impression: a page, which holds every signature and some lines of a table."""
GLIMPSES_KEPT = 8_192
"""Some thousand nodes with their inputs; about 3 MB."""

_PICKLE_START, _PICKLE_PROTOCOLS, _PICKLE_STOP = 0x80, range(2, 6), b"."
_CONTROL_BYTES = bytes(frozenset(range(1, 0x20)) - frozenset(b"\t\n\r\f\x1b") | {0x7F})
_STRAY, _STRAY_UNKNOWN = 4, 100
"""One control character in so many bytes is a slip in a text: in UTF-8, in other encodings."""


def format_of(path: str) -> str | None:
    """Tell what lies at an absolute path.

    Returns `folder`, `empty`, `parquet`, `npy`, `zip`, `tar.gz`, `pickle`, `json`, `csv`, `text`,
    `binary` for all else and for what cannot be read, or `None` when nothing is there.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the path is a text all along
        if stat.S_ISDIR(mode):
            return "folder"
        return _file_format(Path(path)) if stat.S_ISREG(mode) else "binary"
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError:
        return "binary"


class Stamp(NamedTuple):
    """What moves when a file is written or replaced."""

    size_bytes: int
    mtime_ns: int
    inode: int


@lru_cache(GLIMPSES_KEPT)
def glimpsed(path: str, stamp: Stamp) -> str | None:
    """The format of a readable file by its first page and its end, for a look before a run.

    The same words as `format_of`, but that JSON is told by its two ends; `None` when the file
    went away, cannot be read, or holds nothing by now.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - the path is a text all along
            head = file.read(GLIMPSE_BYTES)
            file.seek(max(stamp.size_bytes - 64, 0))
            tail = file.read(64)
    except (OSError, ValueError):
        return None
    if not head:
        return None
    return _signed(head, tail) or _glimpsed_text(path, head, tail, stamp.size_bytes) or "binary"


def _glimpsed_text(path: str, head: bytes, tail: bytes, size: int) -> str | None:
    text = text_of(head)
    if text is None:
        return None
    if _has_ends_of_json(head, tail):
        return "json"
    suffix = os.path.splitext(path)[1]  # noqa: PTH122 - the path is a text all along
    delimiter = delimiter_of(text, whole=size <= len(head), suffix=suffix)
    return "csv" if delimiter else "text"


def _file_format(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = os.fstat(file.fileno()).st_size
        file.seek(max(size - 64, 0))
        tail = file.read()
    if not head:
        return "empty"
    return _signed(head, tail) or _textual(path, head, tail, size) or "binary"


def _signed(head: bytes, tail: bytes) -> str | None:
    """A format that says what it is."""
    if head[:4] == b"PAR1" and tail[-4:] == b"PAR1":
        return "parquet"
    if head[:6] == b"\x93NUMPY":
        return "npy"
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return "zip"
    if head[:2] == b"\x1f\x8b":
        return "tar.gz" if _holds_tar(head) else None
    if head[0] == _PICKLE_START and head[1:2] and head[1] in _PICKLE_PROTOCOLS:
        return "pickle" if tail[-1:] == _PICKLE_STOP else None
    return None


def _holds_tar(head: bytes) -> bool:
    """Whether gzip-compressed bytes begin with the header of an archive."""
    try:
        block = zlib.decompressobj(wbits=31).decompress(head, tarfile.BLOCKSIZE)
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (zlib.error, tarfile.HeaderError):
        return False
    return True


def _textual(path: Path, head: bytes, tail: bytes, size: int) -> str | None:
    """A text, in whatever encoding."""
    text = text_of(head)
    if text is None:
        return None
    if _is_json(path, head, tail, size):
        return "json"
    delimiter = delimiter_of(text, whole=size <= len(head), suffix=path.suffix)
    return "csv" if delimiter else "text"


def text_of(head: bytes) -> str | None:
    """The first bytes as text, where they are any: without zeros, and hardly a control character.

    What people typed or scraped has some of these, and every reader of texts takes them.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head.decode("utf-16", "replace")  # zero bytes are half of each plain letter
        return text if _is_text(text.encode()) else None
    # Delimiters are the same in all other encodings.
    plain = head.removeprefix(codecs.BOM_UTF8)
    return plain.decode("utf-8", "replace") if _is_text(plain) else None


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    controls = len(head) - len(head.translate(None, _CONTROL_BYTES))
    return not controls or controls * (_STRAY if _is_utf_8(head) else _STRAY_UNKNOWN) <= len(head)


def _is_utf_8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the end may be cut in a letter
    except UnicodeDecodeError:
        return False
    return True


def json_value(content: bytes | str) -> object:
    """JSON in whatever encoding, parsed to learn its shape; whole numbers are not exact.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    if isinstance(content, bytes):
        content = content.decode(json.detect_encoding(content), "replace")
    value: object = json.loads(content, parse_int=float)  # `int` refuses thousands of digits
    return value


def _has_ends_of_json(head: bytes, tail: bytes) -> bool:
    first, last = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1], tail.rstrip()[-1:]
    return (first, last) in {(b"{", b"}"), (b"[", b"]")}


def _is_json(path: Path, head: bytes, tail: bytes, size: int) -> bool:
    if not _has_ends_of_json(head, tail):
        return False
    if size > WHOLE_JSON_BYTES:
        return True
    try:
        json_value(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


def delimiter_of(text: str, *, whole: bool, suffix: str) -> str | None:
    """What divides the columns of a table; `None` for what is none.

    All lines of a table have the same number, above one, of columns. A file called `.csv` may
    have a single column, which no content can tell from prose.
    """
    lines = text.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        lines.pop()  # it is cut where the head ends
    for delimiter in ",\t;|":
        widths = _widths(lines, delimiter)
        if len(widths) == 1 and widths != {1}:
            return delimiter
    return "," if suffix.lower() == ".csv" and _widths(lines, ",") == {1} else None


def _widths(lines: list[str], delimiter: str) -> set[int]:
    """How many columns the first rows have; none where they cannot be split."""
    rows = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter, strict=True)
    try:
        return {len(row) for _, row in zip(range(SAMPLED_LINES), rows, strict=False) if row}
    except csv.Error:
        return set()
