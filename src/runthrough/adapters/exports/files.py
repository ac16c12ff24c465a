"""Exports as files: written whole or not at all, read line by line."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from runthrough.adapters.exports.excerpts import filter_words, passes
from runthrough.adapters.exports.jsonl import ExportedLog, ExportReader, verify_lines
from runthrough.adapters.exports.tables import is_table
from runthrough.core.values.store import Checkpoint, StoredEvent
from runthrough.errors import AuditFileError

LINE_MAX = 64 * 2**20
"""Characters of a line, which is one event; a device that never ends stops here."""


def write_export(path: Path, lines: Iterable[str]) -> int:
    """Write the lines to a new file; how many there were.

    Until all of them are on the disk the file has another name, and it goes if that fails.

    Raises:
        AuditFileError: There is a file of that name, or it cannot be written.
    """
    if path.exists():
        raise _there_already(path)
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
            path.touch(exist_ok=False)  # somebody else may have taken the name meanwhile
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except FileExistsError as exc:
        raise _there_already(path) from exc
    except OSError as exc:
        raise AuditFileError(
            f"{path} cannot be written: {exc.strerror}.", fix="choose another place"
        ) from exc
    return count


def _there_already(path: Path) -> AuditFileError:
    return AuditFileError(
        f"{path} is there already, and an export is never overwritten.",
        fix="choose another name, such as one with the date",
    )


class ExportFile:
    """An export in a file, read from its beginning whenever it is asked.

    Raises:
        AuditFileError: It cannot be read, or is no export that could be verified.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._lines() as lines:
            first = next(lines, "")
            if is_table(first):
                raise AuditFileError(
                    f"{path} is a table: it is read by people and spreadsheets, and holds no line "
                    "as it was hashed, so nothing can be verified or imported from it.",
                    fix="export it anew, without --format csv: runthrough audit export",
                )
            self._frame = ExportReader([first]).frame

    def fits(self, naming: Iterable[StoredEvent]) -> Callable[[StoredEvent], bool]:
        """What tells whether an event is one of those that were asked for.

        `naming` are the events of the log that name nodes.
        """
        return passes(self._frame.wanted, naming=naming, session_id=self.session_id)

    @property
    def scope(self) -> str:
        """`log`, `session` or `filtered`."""
        return self._frame.scope

    @property
    def session_id(self) -> str | None:
        """The session that it is of; `None` where it is of the whole log."""
        return self._frame.session_id

    @property
    def exported_at(self) -> datetime:
        """When it was written, as it says itself; aware, UTC."""
        return self._frame.exported_at

    @property
    def app_version(self) -> str:
        """Of the program that wrote it."""
        return self._frame.app_version

    @property
    def filter_words(self) -> str:
        """What a filtered one was asked for."""
        return filter_words(self._frame.wanted)

    def verified(self, *, against: Sequence[Checkpoint] = ()) -> ExportedLog:
        """Recompute the chain over it.

        Raises:
            AuditFileError: It cannot be read, or cannot be held against checkpoints.
        """
        with self._lines() as lines:
            return verify_lines(lines, against=against)

    def rows(self) -> Iterator[StoredEvent]:
        """The rows of it, each checked before it is told.

        Raises:
            AuditFileError: It cannot be read; or a row is not what was written, which is told
                once the rows before it were.
        """
        with self._lines() as lines:
            reader = ExportReader(lines)
            yield from reader.rows()
        bad = reader.found and reader.found.verdict.first_bad
        if bad:
            raise AuditFileError(
                f"{self._path} is not what was written, from position {bad.position} on "
                f"({bad.kind}).",
                fix="ask for the export anew",
            )

    def _bounded(self, file: TextIO) -> Iterator[str]:
        while line := file.readline(LINE_MAX):
            if len(line) == LINE_MAX:
                raise AuditFileError(
                    f"The export {self._path} has a line of more than {LINE_MAX // 2**20} Mi "
                    "characters, which is no event.",
                    fix="name a file that runthrough audit export wrote",
                )
            yield line

    @contextmanager
    def _lines(self) -> Iterator[Iterator[str]]:
        try:
            with self._path.open(encoding="utf-8", newline="\n") as file:
                yield self._bounded(file)
        except OSError as exc:
            raise AuditFileError(
                f"The export {self._path} cannot be read: {exc.strerror}.", fix="check its path"
            ) from exc
        except UnicodeDecodeError as exc:
            raise AuditFileError(
                f"The export {self._path} is not text in UTF-8 ({exc.reason} at byte "
                f"{exc.start}).",
                fix="verify the file as runthrough audit export wrote it",
            ) from exc
