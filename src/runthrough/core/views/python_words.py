"""What to do next, for who writes a program: no session is there that a command could change."""

import re
import shlex
from collections.abc import Callable

from pydantic import JsonValue

from runthrough.core.values.answer_texts import SECRET

_WORD = r"(?:'[^']*'|[^\s'(),;])+"
_PLACEHOLDERS = frozenset({"VALUE", "PATH", "FILE"})
_FIELDS = {
    "env": "environ_vars",
    "arg": "job_args",
    "input": "input_paths",
    "output": "output_paths",
}
_CONFIGURE = re.compile(
    rf"runthrough configure {_WORD} --(env|arg|input|output|limit|timeout) ({_WORD})"
)
_CONNECT = re.compile(rf"runthrough connect ({_WORD}) ({_WORD})")
_REQUIREMENTS = re.compile(rf"runthrough requirements ({_WORD})")
_RUN = re.compile(rf"runthrough run {_WORD} --jobs 1")


def in_python(value: JsonValue) -> JsonValue:
    """A value in whose texts, at any depth, commands have become parts of a specification."""
    if isinstance(value, str):
        return _texts(value)
    if isinstance(value, list):
        return [in_python(inner) for inner in value]
    if isinstance(value, dict):
        return {key: in_python(inner) for key, inner in value.items()}
    return value


def _texts(text: str) -> str:
    if "runthrough " not in text:
        return text
    ways: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (_CONFIGURE, _given),
        (_CONNECT, _connected),
        (_REQUIREMENTS, _shown),
        (_RUN, lambda _: "jobs=1"),
    )
    for pattern, worded in ways:
        text = pattern.sub(worded, text)
    return text


def _given(found: re.Match[str]) -> str:
    flag, value = found[1], _plain(found[2])
    if flag == "timeout":
        return f"give timeout_s={value} in the specification"
    name, _, given = value.partition("=")
    shown = given if given in _PLACEHOLDERS or flag == "limit" else repr(_meant(given))
    if flag == "limit":
        return f"give more {name} in limits of the specification, such as {shown}"
    return f"give {_FIELDS[flag]}={{{name!r}: {shown}}} in the specification"


def _meant(given: str) -> str | dict[str, str]:
    """A text, or in its place what a specification has for a secret."""
    return {"secret": given.removeprefix(SECRET)} if given.startswith(SECRET) else given


def _connected(found: re.Match[str]) -> str:
    node, _, output = _plain(found[1]).partition(".")
    name, slash, subpath = output.partition("/")
    consumer, _, taken = _plain(found[2]).rpartition(".")
    parts = [node, name, *([subpath] if slash else [])]
    source = ", ".join(map(repr, parts))
    return f"give connections={{{taken!r}: Output({source})}} in the specification of {consumer}"


def _shown(found: re.Match[str]) -> str:
    node = _plain(found[1])
    return f"PipelineTestingSpecBuilder.resolve_script_execution_spec_from_node({node!r})"


def _plain(word: str) -> str:
    """A shell's word without its quotes."""
    return "".join(shlex.split(word))
