"""How an error ends a command: what is told, and the exit code."""

import json
import os
import sys
import traceback
from typing import IO

import typer

from runthrough.entrypoints.cli.words import harmless
from runthrough.errors import (
    ConfigurationInvalidError,
    NotAskedError,
    NothingToRetryError,
    PendingScriptsError,
    RunInProgressError,
    RunnerUnavailableError,
    RunthroughError,
    SelectionError,
    StoreError,
    VersionConflictError,
    WorkingFolderError,
)

PASSED = 0
FAILED = 1
REFUSED = 2
PENDING = 3
UNAVAILABLE = 4
AUDIT_BROKEN = 6
INTERNAL = 70
INTERRUPTED = 130
READER_GONE = 141
"""What a shell tells of a program that SIGPIPE ended: nobody takes a part for the whole."""


class InterruptedVisitError(Exception):
    """Ctrl-C, kept apart from the exit that typer would make of it; `fix` says how to go on."""

    def __init__(self, fix: str) -> None:
        self.fix = fix
        super().__init__(fix)


class OutputError(Exception):
    """The command's output cannot be written; `reason` is the system's."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ReaderGoneError(Exception):
    """Whoever read the command's output reads no more."""


EXIT_CODES: dict[type[BaseException], int] = {
    PendingScriptsError: PENDING,
    NotAskedError: PENDING,
    RunInProgressError: UNAVAILABLE,
    VersionConflictError: UNAVAILABLE,
    StoreError: UNAVAILABLE,
    RunnerUnavailableError: UNAVAILABLE,
    SelectionError: 5,
    NothingToRetryError: 5,
    RunthroughError: REFUSED,
    typer.TyperException: REFUSED,
    OutputError: UNAVAILABLE,
    ReaderGoneError: READER_GONE,
    InterruptedVisitError: INTERRUPTED,
    KeyboardInterrupt: INTERRUPTED,
    typer.Abort: INTERRUPTED,
    BaseException: INTERNAL,
}
"""The nearest class of an error decides (DESIGN § 11)."""


def exit_code(error: BaseException) -> int:
    """The code that an error ends a command with."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def tell(error: BaseException, *, wants_json: bool) -> int:
    """Say what went wrong and what to do; the exit code."""
    if isinstance(error, ReaderGoneError):
        return READER_GONE
    told = _told(error)
    if exit_code(error) == INTERNAL and os.environ.get("RUNTHROUGH_DEBUG"):
        traceback.print_exception(error)
    if wants_json and not isinstance(error, OutputError):
        _write(sys.stdout, json.dumps({"error": told}, indent=2) + "\n")
    fix = f"\n  → {told['fix']}" if told["fix"] else ""
    _write(sys.stderr, _for_people(harmless(f"error: {told['message']}{fix}\n")))
    return exit_code(error)


def explained(error: BaseException) -> BaseException:
    """The error that tells why, where the system's own says only that something is not there."""
    if isinstance(error, OSError) and not isinstance(error, RunthroughError):
        try:
            os.getcwd()  # noqa: PTH109 - `Path.cwd` does the same
        except OSError as gone:
            return WorkingFolderError(str(gone.strerror))
    return error


def give_up(stream: IO[str]) -> None:
    """Write no more: what is left in the buffer has nowhere to go, and would fail at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _for_people(text: str) -> str:
    """The text as the screen that it goes to shows it; in a file and a pipe lines stay whole."""
    from runthrough.entrypoints.cli.screen import columns_of, is_plain  # noqa: PLC0415 - a circle

    columns = columns_of(sys.stderr)
    if columns is not None:
        lines = (line for told in text.splitlines() for line in _fitted(told, columns))
        text = "".join(f"{line}\n" for line in lines)
    if is_plain(sys.stderr):
        return text
    return text.replace("error:", "\x1b[1;31merror:\x1b[0m", 1)


def _fitted(line: str, columns: int) -> list[str]:
    """A line wrapped below its own begin; what holds a command to be copied is never wrapped."""
    if len(line) <= columns or "runthrough " in line:
        return [line]
    import textwrap  # noqa: PLC0415 - for long errors only

    begin = len(line) - len(line.lstrip(" -→"))
    wrapped = textwrap.wrap(
        line,
        max(columns, 2 * begin + 1),
        subsequent_indent=" " * begin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped or [line]


def _write(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # An error that cannot even be told still has its exit code.
        give_up(stream)


def _told(error: BaseException) -> dict[str, object]:
    match error:
        case ConfigurationInvalidError():
            told = _words(error.code, error.message, error.fix)
            kept = {"kept": list(error.kept)} if error.kept else {}
            return {**told, "problems": list(error.problems), **kept}
        case VersionConflictError():
            return {**_words(error.code, error.message, error.fix), "fields": list(error.fields)}
        case RunthroughError():
            return _words(error.code, error.message, error.fix)
        case OutputError():
            message = f"The output cannot be written: {error.reason}."
            return _words("OUTPUT", message, _NO_OUTPUT)
        case InterruptedVisitError():
            return _words("INTERRUPTED", "interrupted; what had happened is recorded", error.fix)
        case typer.TyperException():
            context = getattr(error, "ctx", None)
            path = context.command_path if context is not None else "runthrough"
            return _words("USAGE", _usage(error.format_message()), f"{path} --help")
        case KeyboardInterrupt() | typer.Abort():
            return _words("INTERRUPTED", "interrupted", "runthrough status")
        case _:
            return _words("INTERNAL", _fault(error), _REPORT)


def _usage(text: str) -> str:
    """What is wrong with a command line, in our voice: the library speaks pydantic's."""
    for said, told in _USAGE:
        text = text.replace(said, told)
    return text if text.endswith((".", "?")) else f"{text}."


def _words(code: str, text: str, fix: str | None) -> dict[str, object]:
    """What is told of an error; it may name what was typed, and a secret in that is not told."""
    from runthrough.core.values.secrets import masked_prose  # noqa: PLC0415 - rare, and heavy

    return {"code": code, "message": masked_prose(text), "fix": fix and masked_prose(fix)}


_SHOULD = "Input should be"
_USAGE = (
    ("Value error, ", ""),
    (f"{_SHOULD} a valid integer, unable to parse string as an integer", "write a whole number"),
    (f"{_SHOULD} a valid number, unable to parse string as a number", "write a number"),
    (f"{_SHOULD} greater than or equal to", "the least is"),
    (f"{_SHOULD} greater than", "write a number above"),
)
_NO_OUTPUT = (
    "send it where there is room; what the command did is recorded: runthrough history tells it"
)
_REPORT = (
    "this is a fault of runthrough, not of your pipeline; nothing that was recorded is lost. "
    "Report it where runthrough came from, with the traceback (RUNTHROUGH_DEBUG=1 shows it)"
)


def _fault(error: BaseException) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"runthrough failed inside: {type(error).__name__}: {first}"
