"""What to do next, for who writes a program: no session is there that a command could change."""

import re
import shlex
from collections.abc import Callable

from pydantic import JsonValue

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
_ACTIONS = "close|history|redo|reopen|rename|status|undo|update"
_ACTION = re.compile(
    rf"runthrough ({_ACTIONS})(?![\w-])((?: --(?:anyone|to \d+|node {_WORD}|name {_WORD}))*)"
    r"( NAME)?"
)
_OPTION = re.compile(rf"--(anyone|to|node|name)(?: ((?!--){_WORD}))?")
_OVERWRITE = re.compile(r"overwrite it: --force")


def in_python(value: JsonValue) -> JsonValue:
    """A value in whose texts, at any depth, commands have become parts of a specification."""
    if isinstance(value, str):
        return _texts(value)
    if isinstance(value, list):
        return [in_python(inner) for inner in value]
    if isinstance(value, dict):
        return {key: in_python(inner) for key, inner in value.items()}
    return value


def actions_in_python(text: str) -> str:
    """Advice in which commands about a session have become calls of the object that holds it."""
    return _ACTION.sub(_called, _OVERWRITE.sub("overwrite it: force=True", text))


def _called(found: re.Match[str]) -> str:
    given = []
    for option in _OPTION.finditer(found[2]):
        name, value = option[1], option[2]
        if name == "anyone":
            given.append("anyone=True")
        elif name == "to" or value == "NAME":
            given.append(f"{name}={value}")
        else:
            given.append(f"{name}={_plain(value)!r}")
    return f"{found[1]}({', '.join([*([found[3].strip()] if found[3] else []), *given])})"


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
    shown = given if given in _PLACEHOLDERS or flag == "limit" else repr(given)
    if flag == "limit":
        return f"give more {name} in limits of the specification, such as {shown}"
    return f"give {_FIELDS[flag]}={{{name!r}: {shown}}} in the specification"


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
