"""Arrays, archives and Parquet files, looked into without unpacking or loading them."""

import ast
import gzip
import math
import re
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, cast

from runthrough.core.values.facts import ContentFacts

UNPACKED_BYTES = 256 * 1024 * 1024
"""Up to here a compressed file is read through, which takes about a second; what a small archive
grows to has no bound by itself."""
BLOCK_BYTES = 1024 * 1024
LIST_BYTES = 32 * 1024 * 1024
"""Of an archive's list of files, some hundred thousand of them: read in about a second."""
ZIP_END_BYTES = 22 + 65_535
"""What ends a zip archive, with the longest comment."""
NPY_HEADER_BYTES = 64 * 1024
NPY_UTF_8 = 3
"""From this version on the header is UTF-8."""
LONGEST = 2**63 - 1
"""Of an array's sides."""
PLAIN_TYPE = re.compile(r"^[<>|=]?([biufcSUV])(\d+)$")
UNICODE_BYTES = 4
"""Of a letter in an array of texts."""

_NO_HEADER = (ValueError, SyntaxError, TypeError, LookupError, MemoryError, RecursionError)
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError)


class _TooLargeError(Exception):
    """More was unpacked than may be."""


class _Bounded:
    """What is unpacked, up to a bound."""

    def __init__(self, unpacked: gzip.GzipFile) -> None:
        self._unpacked = unpacked
        self._left = UNPACKED_BYTES

    def read(self, size: int = BLOCK_BYTES) -> bytes:
        """The next bytes; none at the end."""
        read = self._unpacked.read(size)
        self._left -= len(read)
        if self._left < 0:
            raise _TooLargeError
        return read

    def drain(self) -> None:
        """Read on to the end."""
        while self.read():
            pass


def gzip_content(file: Path) -> ContentFacts:
    """Whether compressed content that is no archive can be unpacked."""
    with file.open("rb") as packed:
        if packed.read(2) != b"\x1f\x8b":
            fault = "its name says .gz, and it is not compressed by gzip"
            return ContentFacts(format="binary", fault=fault)
    try:
        with gzip.open(file) as unpacked:
            _Bounded(unpacked).drain()
    except _TooLargeError:
        return ContentFacts(format="binary", unchecked=_TOO_LARGE)
    except _BROKEN as why:
        return ContentFacts(format="binary", fault=f"it cannot be unpacked: {why}")
    return ContentFacts(format="binary")


def tar_content(file: Path, _: int) -> ContentFacts:
    """Whether an archive can be read to its end."""
    try:
        with gzip.open(file) as unpacked:
            bounded = _Bounded(unpacked)
            with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r|") as archive:
                for _member in archive:
                    archive.members = []  # type: ignore[attr-defined] # they would pile up
            bounded.drain()  # the check sum stands behind the last member
    except _TooLargeError:
        return ContentFacts(format="tar.gz", unchecked=_TOO_LARGE)
    except _BROKEN as why:
        return ContentFacts(format="tar.gz", fault=f"the archive is broken: {why}")
    return ContentFacts(format="tar.gz")


def zip_content(file: Path, size: int) -> ContentFacts:
    """Whether the files of an archive can be listed."""
    if _list_bytes(file, size) > LIST_BYTES:
        return ContentFacts(format="zip", unchecked=_TOO_MANY)
    try:
        with zipfile.ZipFile(file):
            return ContentFacts(format="zip")
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as why:
        return ContentFacts(format="zip", fault=f"the archive is broken: {why}")


def _list_bytes(file: Path, size: int) -> int:
    """How long the archive's own list of its files is; 0 where it does not end in one."""
    with file.open("rb") as opened:
        opened.seek(max(size - ZIP_END_BYTES, 0))
        end = opened.read()
    place = end.rfind(b"PK\x05\x06")
    return int.from_bytes(end[place + 12 : place + 16], "little") if place >= 0 else 0


def array_content(file: Path, size: int) -> ContentFacts:
    """Shape and named fields of a NumPy array, by its header."""
    try:
        with file.open("rb") as opened:
            opened.seek(6)
            version = opened.read(2)[0]
            length = int.from_bytes(opened.read(2 if version == 1 else 4), "little")
            encoding = "latin-1" if version < NPY_UTF_8 else "utf-8"
            told = opened.read(min(length, NPY_HEADER_BYTES)).decode(encoding)
            begin = opened.tell()
        described = ast.literal_eval(told.strip())
        shape, kind = tuple(map(int, described["shape"])), described["descr"]
        if not all(0 <= part <= LONGEST for part in shape):
            raise ValueError("no array is as long as that")
    except _NO_HEADER:
        return ContentFacts(format="npy", fault="it begins like a NumPy array, and has no header")
    if size - begin < math.prod(shape) * _bytes_each(kind):
        return ContentFacts(format="npy", fault="the array is cut off before its end")
    named = isinstance(kind, list) and all(isinstance(part, tuple) and part for part in kind)
    columns = tuple(str(part[0]) for part in kind) if named else None
    return ContentFacts(format="npy", rows=shape[0] if shape else None, columns=columns)


def _bytes_each(kind: object) -> int:
    """Of one element at least; 0 where that is not told plainly."""
    plain = PLAIN_TYPE.match(kind) if isinstance(kind, str) else None
    if plain is None:
        return 0
    return int(plain[2]) * (UNICODE_BYTES if plain[1] == "U" else 1)


def parquet_content(file: Path, _: int) -> ContentFacts:
    """Rows and columns by the file's own footer, where the library that reads it is there."""
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - slow, and often not there
    except ImportError:
        why = "pyarrow is not installed, so its rows and columns were not read"
        return ContentFacts(format="parquet", unchecked=why)
    try:
        with parquet.ParquetFile(file) as opened:
            rows, columns = opened.metadata.num_rows, tuple(opened.schema_arrow.names)
    except (ArrowException, OSError, ValueError) as why:
        told = str(why).partition("\n")[0]
        return ContentFacts(format="parquet", fault=f"it cannot be read as Parquet: {told}")
    return ContentFacts(format="parquet", rows=rows, columns=columns)


_TOO_MANY = f"it was not listed: the list of its files is larger than {LIST_BYTES // 1024**2} MiB"
_TOO_LARGE = f"it was not read through: unpacked it is larger than {UNPACKED_BYTES // 1024**2} MiB"
