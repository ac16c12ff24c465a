"""Values by dotted names: which of them differ, and how people are told of one."""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from runthrough.core.values.secrets import secret_name

NOT_SET: Final = "not set"
_UNSET: Final = object()
_ARGUMENT = "arg."


def differing(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The names under which the two hold something else, those of `before` first."""
    names = dict.fromkeys((*before, *after))
    return tuple(name for name in names if _held(before, name) != _held(after, name))


def changed_words(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> list[str]:
    """What differs, as `name  old → new`."""
    return [
        f"{name}  {words_of(before, name)} → {words_of(after, name)}"
        for name in differing(before, after)
    ]


def words_of(values: Mapping[str, JsonValue], name: str) -> str:
    """What is held under a name, in words; an argument may be null, which is a value."""
    held = _held(values, name)
    return NOT_SET if held is _UNSET else value_words(values[name])


def value_words(value: JsonValue) -> str:
    """A value that is there: a text as it is, a secret by its name, anything else as JSON."""
    if (secret := secret_name(value)) is not None:
        return f"@secret:{secret}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_null(values: Mapping[str, JsonValue], name: str) -> bool:
    """Whether null is held under a name: of arguments alone that is a value."""
    is_argument = name.startswith(_ARGUMENT) or f".{_ARGUMENT}" in name
    return is_argument and name in values and values[name] is None


def _held(values: Mapping[str, JsonValue], name: str) -> object:
    value = values.get(name)
    return _UNSET if value is None and not is_null(values, name) else value
