"""How problems write paths, values and commands, so that what they say can be copied and typed."""

import json
import unicodedata
from shlex import quote

from pydantic import JsonValue

from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import shown
from runthrough.core.values.secrets import named_like_a_secret

VALUE_SHOWN = 80
"""Characters of a value that a message repeats; a line of a terminal."""


def told(path: RecordedPath) -> str:
    """A path for people, on one line: what cannot be seen is written as an escape."""
    return on_one_line(shown(path))


def on_one_line(text: str) -> str:
    """A text with whatever cannot be seen written as an escape."""
    return "".join(map(_visible, text))


def told_value(value: JsonValue) -> str:
    """A value for people, cut to a length that a line holds."""
    text = repr(value)
    return text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 1]}…"


def word(text: str) -> str:
    """`text` as one word of a shell, whatever stands in it, also amid a sentence."""
    if not any(unicodedata.category(letter) == "Cc" for letter in text):
        quoted = quote(text)
        ends = quoted.endswith((":", ","))  # it would be read as the sentence's own
        return f"'{quoted}'" if ends else quoted
    return "$'" + "".join(map(_escaped, text)) + "'"


def typed(value: JsonValue) -> str:
    """A value as `--arg` takes it: JSON, and a text as it is unless JSON would read it too."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value, ensure_ascii=False)


def to_give(name: str) -> str:
    """What stands where a value is to be typed; a secret's own would be refused."""
    return "@secret:NAME" if named_like_a_secret(name) else "VALUE"


def command(verb: str, *places: str, options: str = "") -> str:
    """A command line: the verb, then what it is about, then options that are words already."""
    words = [word(place) for place in places]
    given = [options] if options else []
    if any(place.startswith("-") for place in places):
        return " ".join(("runthrough", verb, *given, "--", *words))
    return " ".join(("runthrough", verb, *words, *given))


def _visible(letter: str) -> str:
    hidden = unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return letter.encode("unicode_escape").decode("ascii") if hidden else letter


def _escaped(letter: str) -> str:
    """A letter inside `$'…'`."""
    if letter in "\\'":
        return f"\\{letter}"
    if unicodedata.category(letter) != "Cc":
        return letter
    return f"\\x{ord(letter):02x}" if letter.isascii() else f"\\u{ord(letter):04x}"
