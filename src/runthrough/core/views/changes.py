"""What changed since a node's last passed attempt, in words."""

from collections.abc import Iterable

from pydantic import JsonValue

from runthrough.core.staleness import Change
from runthrough.core.validation.words import on_one_line
from runthrough.core.values.facts import WorldChange
from runthrough.core.values.secrets import secret_name

DIGEST_CHARACTERS = 12
"""Enough of a digest to tell two apart by eye."""
VALUE_CHARACTERS = 60
"""Enough of a value to be known by; the view holds it whole."""
_VALUES = {"environ_var", "job_arg", "interpreter"}


def change_view(change: Change) -> dict[str, JsonValue]:
    """Keys: part, name, old, new; digests whole, of secrets the names."""
    return {"part": change.part, "name": change.name, "old": change.old, "new": change.new}


def changes_text(changes: Iterable[Change]) -> str:
    """All changes on one line, without digests."""
    return "; ".join(change_words(change) for change in changes)


def change_words(change: Change, *, digests: bool = False) -> str:
    """One change: values old → new, of contents that they changed; with `digests` also how."""
    if change.part == "upstream":
        return f"{change.name} is to run again"
    if change.part in _VALUES:
        return f"{change.name}  {_word(change.old)} → {_word(change.new)}"
    thing = f"{change.part} {change.name}"
    if change.old is None:
        return f"{thing} is new"
    if change.new is None:
        return f"{thing} is gone"
    told = f"{thing} changed"
    return f"{told}  {_short(change.old)} → {_short(change.new)}" if digests else told


def world_words(change: WorldChange) -> str:
    """One change of the world, as it was recorded."""
    if change.part == "missing":
        return f"{change.name}: {change.new}"
    if change.part == "script":
        return "script edited"
    if change.old is None:
        return (
            f"{change.name} seen for the first time" if change.evidence else f"{change.name} new"
        )
    if change.new is None:
        return f"{change.name} gone"
    return f"{change.name} {'edited' if change.part == 'module' else 'changed'}"


def _word(value: JsonValue) -> str:
    if value is None:
        return "not set"
    if (secret := secret_name(value)) is not None:
        return f"@secret:{secret}"
    told = on_one_line(str(value))
    return told if len(told) <= VALUE_CHARACTERS else f"{told[: VALUE_CHARACTERS - 1]}…"


def _short(value: JsonValue) -> str:
    """A digest by its first characters, whatever part of the content it is followed by."""
    digest, slash, rest = str(value).partition("/")
    return f"{digest[:DIGEST_CHARACTERS]}{slash}{rest}"
