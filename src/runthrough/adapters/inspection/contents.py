"""What lies at a path, looked into: rows, columns, and whether it can be read as its name says.

Nothing is loaded that could run code, and a look takes a bounded time whatever was written: what
is larger than its bound is told as not checked. All but Parquet needs the standard library alone.
"""

import csv
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from runthrough.adapters.inspection.binaries import (
    array_content,
    gzip_content,
    parquet_content,
    tar_content,
    zip_content,
)
from runthrough.adapters.inspection.formats import (
    delimiter_of,
    format_of,
    json_value,
    text_of,
)
from runthrough.core.validation.formats import belied
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.outcomes import FILES_NAMED

TABLE_BYTES = 64 * 1024 * 1024
"""Up to here the rows of a table are counted, which takes about a second."""
JSON_BYTES = 16 * 1024 * 1024
"""Up to here JSON is parsed, which takes some hundred milliseconds and ten times its memory."""
LINE_BYTES = 1024 * 1024
"""Of a table's first line, which is held in memory; a longer one is no line of names."""
COLUMNS_NAMED = 500
"""Names of columns that an event keeps; after them stands `…`."""
NAME_CHARACTERS = 200
"""Of a column's name; a longer one is no name."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def content_of(path: str, mask: Callable[[str], str] = str) -> ContentFacts:
    """Look into what lies at an absolute path; see `ContentFacts`.

    `mask` takes secrets out of a text; a script may have written anything into its first line.
    """
    found = format_of(path)
    if found is None:
        return ContentFacts()
    file = Path(path)
    if found == "folder":
        return ContentFacts(format=found, files=tuple(map(mask, _files_below(path))))
    try:
        if not file.is_file():
            return ContentFacts(format=found, fault="it is neither a file nor a folder")
        seen = _looked_into(file, found)
    except OSError as why:
        return ContentFacts(format=found, fault=f"it cannot be read: {why.strerror or why}")
    return seen.model_copy(
        update={
            "columns": None if seen.columns is None else _named(seen.columns, mask),
            "fault": None if seen.fault is None else mask(seen.fault),
            "unchecked": None if seen.unchecked is None else mask(seen.unchecked),
        }
    )


def _named(columns: tuple[str, ...], mask: Callable[[str], str]) -> tuple[str, ...]:
    """The names of columns as an event can keep them; whoever wrote them was free."""
    kept = [
        # The mask first: a cut leaves a piece of a secret, which it would not find.
        mask(name)[:NAME_CHARACTERS].encode("utf-8", "replace").decode()
        for name in columns[:COLUMNS_NAMED]
    ]
    return (*kept, "…") if len(columns) > COLUMNS_NAMED else tuple(kept)


def _files_below(folder: str) -> tuple[str, ...]:
    """Relative names of the first files at any depth; links to folders are not followed."""
    found: list[str] = []
    waiting = [""]
    while waiting and len(found) < FILES_NAMED:
        relative = waiting.pop()
        files, folders = _children(f"{folder}/{relative}")
        found += [relative + name for name in files[: FILES_NAMED - len(found)]]
        waiting += [f"{relative}{name}/" for name in reversed(folders)]
    return tuple(sorted(found))


def _children(folder: str) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders in a folder, sorted; none where it cannot be read."""
    files, folders = list[str](), list[str]()
    try:
        with os.scandir(folder) as children:
            for child in children:
                name = os.fsencode(child.name).decode("utf-8", "replace")
                (folders if child.is_dir(follow_symlinks=False) else files).append(name)
    except OSError:
        return [], []
    return sorted(files), sorted(folders)


def _looked_into(file: Path, found: str) -> ContentFacts:
    size, suffix = file.stat().st_size, file.suffix.lower()
    if found == "empty":
        return ContentFacts(format=found, fault=belied(str(file), found))
    if found == "binary":
        with file.open("rb") as opened:  # that it may be read was not seen yet
            opened.read(1)
    if suffix == ".gz" and found == "binary":
        return gzip_content(file)
    fault = belied(str(file), found)
    if fault is not None:
        return ContentFacts(format=found, fault=fault)
    if suffix in {".jsonl", ".ndjson"}:
        return _json_lines(file, size)
    if suffix == ".json" or found == "json":
        return _json(file, found, size)
    if found == "text" and suffix in {".csv", ".tsv"}:
        why = "its lines do not have the same number of columns"
        return ContentFacts(format=found, unchecked=why)
    look = _LOOKS.get(found)
    return look(file, size) if look else ContentFacts(format=found)


# Tables


def _table(file: Path, size: int) -> ContentFacts:
    with file.open("rb") as opened:
        head = opened.read(LINE_BYTES)
    text, whole = text_of(head) or "", size <= len(head)
    delimiter = delimiter_of(text, whole=whole, suffix=file.suffix) or ","
    if not whole and len(text.splitlines()) == 1:
        return ContentFacts(format="csv", unchecked=_LONG_LINE)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        columns = header(next(filter(None, rows), []))
        if size > TABLE_BYTES:
            return ContentFacts(format="csv", columns=columns, unchecked=_too_large(TABLE_BYTES))
        with file.open(encoding=_encoding(head), errors="replace", newline="") as opened_text:
            total = sum(1 for row in csv.reader(opened_text, delimiter=delimiter) if row)
    except csv.Error as why:
        return ContentFacts(format="csv", unchecked=f"its rows were not counted: {why}")
    return ContentFacts(format="csv", rows=total - (columns is not None), columns=columns)


def _encoding(head: bytes) -> str:
    """What is good enough to find line ends, delimiters and plain letters."""
    return "utf-16" if head.startswith(_UTF_16) else "utf-8-sig"


def header(first: list[str]) -> tuple[str, ...] | None:
    """The names of the columns; `None` where the first row is data.

    Only the first name may be left out, as of an index, and no name is a number.
    """
    names = [name.strip() for name in first]
    if not all(names[1:]) or len(set(names)) < len(names) or not any(names):
        return None
    return None if any(map(_is_number, names)) else tuple(names)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# JSON


def _json(file: Path, found: str, size: int) -> ContentFacts:
    """A file that is called JSON, or looks like it."""
    if size > JSON_BYTES:
        return ContentFacts(format=found, unchecked=_too_large(JSON_BYTES))
    try:
        value = json_value(file.read_bytes())
    except RecursionError:
        return ContentFacts(format="json", unchecked="it is nested too deeply to be parsed")
    except ValueError as why:
        lines = _json_lines(file, size)
        if lines.fault is None:
            return lines
        if file.suffix.lower() != ".json":
            return ContentFacts(format="text")  # it only looked like JSON
        return ContentFacts(format="text", fault=f"its name says .json, and it is no JSON: {why}")
    if not isinstance(value, list):
        return ContentFacts(format="json")
    columns = _keys(value[0]) if value else None
    return ContentFacts(format="json", rows=len(value), columns=columns)


def _json_lines(file: Path, size: int) -> ContentFacts:
    """A JSON value on each line."""
    if size > JSON_BYTES:
        return ContentFacts(format="json", unchecked=_too_large(JSON_BYTES))
    rows, columns = 0, None
    with file.open("rb") as opened:
        encoding = _encoding(opened.read(2))
    with file.open(encoding=encoding, errors="replace") as opened_text:
        for number, line in enumerate(opened_text, 1):
            if not line.strip():
                continue
            try:
                value = json_value(line)
            except (ValueError, RecursionError) as why:
                told = f"line {number} is no JSON: {why}"
                return ContentFacts(format="text", fault=told)
            columns = _keys(value) if rows == 0 else columns
            rows += 1
    return ContentFacts(format="json", rows=rows, columns=columns)


def _keys(value: object) -> tuple[str, ...] | None:
    return tuple(map(str, value)) if isinstance(value, Mapping) else None


def _pickle(_: Path, __: int) -> ContentFacts:
    return ContentFacts(format="pickle", unchecked="loading a pickle could run code")


_LONG_LINE = f"its rows were not counted: its first line exceeds {LINE_BYTES // 1024**2} MiB"


def _too_large(bound: int) -> str:
    return f"its content was not checked: it is larger than {bound // 1024**2} MiB"


_LOOKS: Mapping[str, Callable[[Path, int], ContentFacts]] = {
    "csv": _table,
    "pickle": _pickle,
    "npy": array_content,
    "zip": zip_content,
    "tar.gz": tar_content,
    "parquet": parquet_content,
}
