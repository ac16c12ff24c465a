"""Payloads for inference handlers, and the script that calls these in a child process.

This folder stands on the import path of that child: no module in it may have a name that a
handler could mean.
"""

from collections.abc import Iterator
from pathlib import Path

from runthrough.adapters.archives import unpack
from runthrough.core.values.tested import Sample
from runthrough.errors import CommandInvalidError

DRIVER = str(Path(__file__).with_name("inference_driver.py"))
"""The script that calls the handlers."""

CONTENT_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".csv": "text/csv",
}
"""What a payload is sent as, by the suffix of its file."""


def samples(
    payloads: Path, *, unpacked: Path, content_type: str | None
) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """The payloads in a file, a folder or an archive, by name; and the files that are none.

    Args:
        payloads: Absolute path.
        unpacked: Where an archive is unpacked; nothing is there yet.
        content_type: What each of them is sent as; left out, the suffix tells, and files of
            other suffixes are left out.

    Raises:
        ArchiveError: The archive cannot be unpacked without danger.
        CommandInvalidError: There is nothing at the path.
    """
    if payloads.is_dir():
        folder, files = payloads, list(_files(payloads))
    elif not payloads.is_file():
        raise CommandInvalidError(
            "test_inference_handlers",
            f"there are no payloads at {payloads}",
            fix="give a folder, a file or an archive of .json, .jsonl or .csv files",
        )
    elif payloads.suffix.lower() in CONTENT_TYPES or (content_type and not _is_archive(payloads)):
        folder, files = payloads.parent, [payloads]
    else:
        folder = unpack(payloads, unpacked)
        files = list(_files(folder))
    found, skipped = [], []
    for file in files:
        name = file.relative_to(folder).as_posix()
        sent_as = content_type or CONTENT_TYPES.get(file.suffix.lower())
        if sent_as is None:
            skipped.append(name)
        else:
            found.append(Sample(name, str(file), sent_as))
    return tuple(found), tuple(skipped)


def _files(folder: Path) -> Iterator[Path]:
    """The files in a folder at any depth, by name; what is hidden is left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _is_archive(path: Path) -> bool:
    return path.suffix in {".gz", ".tgz", ".tar", ".bz2", ".tbz2", ".xz", ".txz", ".zip"}
