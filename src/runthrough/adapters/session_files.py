"""The folders in which attempts work: claims, logs, results."""

import contextlib
import os
import shutil
import stat
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runthrough.adapters.hosts import process_started_at
from runthrough.adapters.runners.script_host import CLAIM, RESULT, WORK
from runthrough.core.values.attempts import ScriptResult
from runthrough.errors import RunnerUnavailableError

OWN_FOLDER = ".runthrough"
"""Holds everything that sessions write into a workspace."""
SOURCE = "script.py"
"""File in an attempt's folder: the script as it was when the attempt began."""
CANCELLED = "cancelled"
"""File in an attempt's folder that ends it: also on a machine where nobody can signal it."""


class LocalSessionFiles:
    """Session folders on this machine's disk."""

    def begin(
        self,
        folder: str,
        *,
        parents_of: Iterable[str],
        made: Iterable[str] = (),
        script: str | None = None,
    ) -> None:
        """Make a fresh attempt folder, the parents of the given output paths, and `made`.

        The folder keeps a copy of the script as it is now, so that a later one can be held
        against it. One that cannot be read has none: its attempt tells what is wrong with it.

        Raises:
            RunnerUnavailableError: The folder is there already, or a folder cannot be made.
        """
        try:
            Path(folder).parent.mkdir(parents=True, exist_ok=True)
            _keep_out_of_git(Path(folder))
            Path(folder).mkdir()
            Path(folder, WORK).mkdir()
            for path in (*(Path(path).parent for path in parents_of), *map(Path, made)):
                path.mkdir(parents=True, exist_ok=True)
            if script is not None:
                _keep_source(Path(script), Path(folder, SOURCE))
        except FileExistsError as exc:
            raise _refusal(exc, folder) from exc
        except OSError as exc:
            own = exc.filename is not None and Path(folder).is_relative_to(exc.filename)
            raise RunnerUnavailableError(
                f"The folder {exc.filename} cannot be made: {exc.strerror}.",
                fix="let the user who runs the tester write there, or choose another place "
                + (
                    "for all that the session writes: runthrough new PIPELINE --workspace DIR"
                    if own
                    else "for the output"
                ),
            ) from exc

    def folders_in(self, path: str) -> tuple[str, ...] | None:
        """The names of the folders in a folder, sorted; `None` where it is none."""
        try:
            return tuple(sorted(inner.name for inner in Path(path).iterdir() if inner.is_dir()))
        except OSError:  # no folder, or one that the script itself will fail on and tell
            return None

    def result(self, folder: str) -> ScriptResult | None:
        """What the attempt's host wrote last; `None` when it did not come to that."""
        return read_result(folder)

    def cancel(self, folder: str) -> None:
        """Ask whoever runs the attempt, on whichever machine, to end it; see `CANCELLED`.

        Raises:
            RunnerUnavailableError: The file cannot be written.
        """
        try:
            Path(folder, CANCELLED).touch()
        except FileNotFoundError:
            return  # the attempt never began
        except OSError as exc:
            raise RunnerUnavailableError(
                f"The file {exc.filename}, which ends an attempt, cannot be written: "
                f"{exc.strerror}.",
                fix="let this user write there, or end the script on the machine it runs on",
            ) from exc

    def settled(self, folder: str, *, here: bool) -> bool:
        """Whether an attempt whose tester is gone will not change any more.

        It has its result, or was never started, or the host that watched over it is gone, which
        can be seen only `here`, where it ran.
        """
        if read_result(folder) is not None:
            return True
        try:
            host = Path(folder, CLAIM).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return here  # elsewhere it may be on its way to a worker
        if not host.isdecimal():
            return False  # it has just made its claim, and writes its number next
        return here and process_started_at(int(host)) is None

    def prune(self, runs: str, *, keep_runs: int, kept: Collection[str]) -> tuple[str, ...]:
        """Delete the attempts of all but the newest runs below a folder, but for those `kept`.

        Runs and attempts are called by their ids; those of runs sort by their time. Links are
        never followed. What cannot be deleted is told, a line each.
        """
        told: list[str] = []
        for run in sorted(_folders(Path(runs), told))[:-keep_runs]:
            for node in _folders(run, told):
                for attempt in _folders(node, told):
                    if attempt.name not in kept:
                        told += _deleted(attempt)
                _remove_if_empty(node)
            _remove_if_empty(run)
        return tuple(told)

    def claimed_ns(self, folder: str) -> int | None:
        """When the attempt's child was started, on the clock that stamps files."""
        try:
            return Path(folder, CLAIM).stat().st_ctime_ns
        except FileNotFoundError:
            return None

    def text(self, path: str) -> str | None:
        """What a file of text holds, undecodable bytes replaced; `None` when it cannot be read."""
        try:
            return Path(path).read_bytes().decode("utf-8", "replace")
        except OSError:
            return None

    def log_text(self, path: str, *, last_bytes: int | None = None) -> str:
        """A log's text, undecodable bytes replaced; empty when there is none."""
        try:
            with Path(path).open("rb") as log:
                if last_bytes is not None:
                    log.seek(max(0, log.seek(0, 2) - last_bytes))
                return log.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def log_part(self, path: str, *, after: int, limit: int) -> tuple[bytes, int] | None:
        """At most `limit` bytes of a log behind `after`, and the size of the whole.

        `None` where there is no plain file: a link, or a pipe that a script put there, is none.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            seen = os.fstat(descriptor)
            if not stat.S_ISREG(seen.st_mode):
                return None
            content = b""
            while len(content) < limit:
                more = os.pread(descriptor, limit - len(content), after + len(content))
                if not more:
                    break
                content += more
            return content, max(seen.st_size, after + len(content) if content else 0)
        finally:
            os.close(descriptor)


def _folders(folder: Path, told: list[str]) -> list[Path]:
    """The folders in a folder, links left out; one that cannot be read is told."""
    try:
        with os.scandir(folder) as inside:
            return [Path(one.path) for one in inside if one.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    except OSError as exc:
        told.append(f"{folder}: {exc}")
        return []


def _deleted(folder: Path) -> list[str]:
    """Delete a folder as far as that goes; what stood in the way first."""
    told: list[str] = []
    shutil.rmtree(folder, onerror=lambda _, path, why: told.append(f"{path}: {why[1]}"))
    return told[:1]


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # something is kept in it
        folder.rmdir()


def _keep_source(script: Path, copy: Path) -> None:
    try:
        source = script.read_bytes()
    except OSError:
        return
    copy.write_bytes(source)


def _keep_out_of_git(folder: Path) -> None:
    """Make git pass over what sessions leave in a workspace that may be a repository."""
    for own in folder.parents:
        if own.name == OWN_FOLDER:
            if not own.joinpath(".gitignore").exists():
                own.joinpath(".gitignore").write_text("*\n", encoding="ascii")
            return


def read_result(folder: str) -> ScriptResult | None:
    """Read the `result.json` of an attempt; `None` when there is no whole one."""
    try:
        return _results().validate_json(Path(folder, RESULT).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


@cache
def _results() -> TypeAdapter[ScriptResult]:
    return TypeAdapter(ScriptResult)


def _refusal(exc: FileExistsError, folder: str) -> RunnerUnavailableError:
    if str(exc.filename) == folder:
        return RunnerUnavailableError(
            f"The attempt folder {folder} is there already, and no attempt runs twice.",
            fix="runthrough run starts a new attempt",
        )
    return RunnerUnavailableError(
        f"The folder {exc.filename} cannot be made: a file has its name.",
        fix="move the file away, or choose another path for the output",
    )
