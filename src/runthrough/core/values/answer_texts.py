"""Values as people type them: a variable is text, an argument is JSON where it is JSON.

`@secret:NAME` refers to a secret, and `@plain:VALUE` says that what looks like one is none.
"""

import json
import math
from collections.abc import Callable

from pydantic import JsonValue

SECRET = "@secret:"  # noqa: S105 - the prefix that names one
PLAIN = "@plain:"


def variable_of(text: str) -> JsonValue:
    """What an environment variable is given by a text.

    Raises:
        ValueError: It refers to a secret without a name.
    """
    if text.startswith(SECRET):
        return _secret(text)
    return {"plain": text.removeprefix(PLAIN)} if text.startswith(PLAIN) else text


def argument_of(text: str) -> JsonValue:
    """What an argument is given by a text.

    Raises:
        ValueError: It refers to a secret without a name.
    """
    if text.startswith(SECRET):
        return _secret(text)
    if text.startswith(PLAIN):
        return {"plain": json_or_text(text.removeprefix(PLAIN))}
    return json_or_text(text)


def value_given(value: JsonValue, read: Callable[[str], JsonValue]) -> JsonValue:
    """A value that JSON has given already; only a reference in it is read as people type it.

    Raises:
        ValueError: It refers to a secret without a name.
    """
    refers = isinstance(value, str) and value.startswith((SECRET, PLAIN))
    return read(str(value)) if refers else value


def marked(text: str) -> str:
    """A text that stands for itself, though it may begin like one of the two references."""
    return f"{PLAIN}{text}" if text.startswith((SECRET, PLAIN)) else text


def _secret(text: str) -> JsonValue:
    name = text.removeprefix(SECRET)
    if not name.strip():
        raise ValueError("name the secret: NAME=@secret:SECRET_NAME")
    return {"secret": name}


def json_or_text(text: str) -> JsonValue:
    """What JSON reads in a text, else the text; NaN and infinity are not JSON."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        return text
    return value


def _no_number(text: str) -> float:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)
