"""Exports as files: written whole or not at all, read line by line."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from runthrough.adapters.exports.jsonl import ExportedLog, verify_lines
from runthrough.core.values.store import Checkpoint
from runthrough.errors import AuditFileError


def write_export(path: Path, lines: Iterable[str]) -> int:
    """Write the lines to a new file; how many there were.

    Until all of them are on the disk the file has another name, and it goes if that fails.

    Raises:
        AuditFileError: There is a file of that name, or it cannot be written.
    """
    if path.exists():
        raise AuditFileError(
            f"{path} is there already, and an export is never overwritten.",
            fix="choose another name, such as one with the date",
        )
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    count = 0
    try:
        try:
            # Line ends stay as they are: the text is what is verified.
            with part.open("x", encoding="utf-8", newline="") as file:
                for count, line in enumerate(lines, start=1):  # noqa: B007 - told at the end
                    file.write(line)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise AuditFileError(
            f"{path} cannot be written: {exc.strerror}.", fix="choose another place"
        ) from exc
    return count


def verify_export(path: Path, *, against: Sequence[Checkpoint] = ()) -> ExportedLog:
    """Recompute the chain over the export in a file.

    Raises:
        AuditFileError: It cannot be read, is no export, or cannot be held against checkpoints.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return verify_lines(file, against=against)
    except OSError as exc:
        raise AuditFileError(
            f"The export {path} cannot be read: {exc.strerror}.", fix="check its path"
        ) from exc
    except UnicodeDecodeError as exc:
        raise AuditFileError(
            f"The export {path} is not text in UTF-8 ({exc.reason} at byte {exc.start}).",
            fix="verify the file as runthrough audit export wrote it",
        ) from exc
