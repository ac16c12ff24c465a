"""Notes of checkpoints: small JSON files, to be kept where the database is not."""

import json
import os
import re
from pathlib import Path

from runthrough.adapters.store.codec import read_time, time_text
from runthrough.core.values.store import Checkpoint
from runthrough.errors import AuditFileError

FORMAT = "runthrough-checkpoint-1"
_WORD = re.compile(r"[!-~]+")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_NOTE_MAX = 2**20
"""Characters; a note has some hundred."""
_LAST_POSITION = 2**63 - 1
"""A position has 64 bits in both databases."""


def note_text(checkpoint: Checkpoint) -> str:
    """The note of a checkpoint, as it is written and read."""
    told: dict[str, str | int] = {
        "format": FORMAT,
        "position": checkpoint.position,
        "log_hash": checkpoint.log_hash,
        "taken_at": time_text(checkpoint.taken_at),
        "app_version": checkpoint.app_version,
    }
    if checkpoint.public_key is not None and checkpoint.signature is not None:
        told |= {"public_key": checkpoint.public_key, "signature": checkpoint.signature}
    return json.dumps(told, indent=2) + "\n"


def write_note(path: Path, checkpoint: Checkpoint) -> None:
    """Write a note to a file that is not there yet.

    Raises:
        AuditFileError: There is a file, or it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            try:
                file.write(note_text(checkpoint))
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                path.unlink()  # half a note would prove nothing, and keep its name taken
                raise
    except FileExistsError as exc:
        raise AuditFileError(
            f"{path} is there already, and a note is never overwritten.",
            fix="choose another name, such as one with the date",
        ) from exc
    except OSError as exc:
        raise AuditFileError(
            f"{path} cannot be written: {exc.strerror}.", fix="choose another place"
        ) from exc


def read_note(path: Path) -> Checkpoint:
    """The checkpoint that a note tells of.

    Raises:
        AuditFileError: It cannot be read, or is none.
    """
    try:
        with path.open(encoding="utf-8") as file:
            told = json.loads(file.read(_NOTE_MAX))
    except OSError as exc:
        raise AuditFileError(
            f"The note {path} cannot be read: {exc.strerror}.", fix="check its path"
        ) from exc
    except (RecursionError, ValueError) as exc:
        raise _no_note(path, "it is not JSON") from exc
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise _no_note(path, f"it does not say that its format is {FORMAT}")
    try:
        return _checkpoint(told)
    except (KeyError, TypeError, ValueError) as exc:
        raise _no_note(path, f"its field {exc} is missing or is not what was written") from exc


def _checkpoint(told: dict[str, object]) -> Checkpoint:
    position = told["position"]
    if (
        not isinstance(position, int)
        or isinstance(position, bool)
        or not 0 <= position <= _LAST_POSITION
    ):
        raise ValueError("position")
    signed = "public_key" in told or "signature" in told
    try:
        taken_at = read_time(_matching(told, "taken_at", _TIME))
    except ValueError as exc:
        raise ValueError("taken_at") from exc
    return Checkpoint(
        position,
        _matching(told, "log_hash", _HASH),
        taken_at,
        _matching(told, "app_version", _WORD),
        _matching(told, "public_key", _HASH) if signed else None,
        _matching(told, "signature", _SIGNATURE) if signed else None,
    )


def _matching(told: dict[str, object], name: str, pattern: re.Pattern[str]) -> str:
    value = told[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(name)
    return value


def _no_note(path: Path, reason: str) -> AuditFileError:
    return AuditFileError(
        f"{path} is not the note of a checkpoint: {reason}.",
        fix="name a file that runthrough audit checkpoint wrote",
    )
