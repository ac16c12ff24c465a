"""The folders in which attempts work: claims, logs, results."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runthrough.adapters.runners.script_host import CLAIM, RESULT, WORK
from runthrough.core.values.attempts import ScriptResult
from runthrough.errors import RunnerUnavailableError

OWN_FOLDER = ".runthrough"
"""Holds everything that sessions write into a workspace."""


class LocalSessionFiles:
    """Session folders on this machine's disk."""

    def begin(self, folder: str, *, parents_of: Iterable[str]) -> None:
        """Make a fresh attempt folder and the parents of the given output paths.

        Raises:
            RunnerUnavailableError: The folder is there already, or a folder cannot be made.
        """
        try:
            Path(folder).parent.mkdir(parents=True, exist_ok=True)
            _keep_out_of_git(Path(folder))
            Path(folder).mkdir()
            Path(folder, WORK).mkdir()
            for path in parents_of:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as exc:
            raise _refusal(exc, folder) from exc
        except OSError as exc:
            raise RunnerUnavailableError(
                f"The folder {exc.filename} cannot be made: {exc.strerror}.",
                fix="let the user who runs the tester write there, or choose another place "
                "for the output",
            ) from exc

    def result(self, folder: str) -> ScriptResult | None:
        """What the attempt's host wrote last; `None` when it did not come to that."""
        return read_result(folder)

    def claimed_ns(self, folder: str) -> int | None:
        """When the attempt's child was started, on the clock that stamps files."""
        try:
            return Path(folder, CLAIM).stat().st_ctime_ns
        except FileNotFoundError:
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
