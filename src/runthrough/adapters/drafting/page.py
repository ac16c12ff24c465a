"""A drafted pipeline as the text of a pipeline file, with comments on what is not known."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from runthrough.adapters.drafting.sketch import Guess, OpenNeed, ScriptNeeds, Sketch
from runthrough.core.values.connections import Output
from runthrough.core.values.secrets import masked_text, named_like_a_secret

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PLAIN_PATH = re.compile(r"(?:\.{0,2}/)*[A-Za-z_][A-Za-z0-9_./-]*")
_NO_TEXT = frozenset({"null", "true", "false"})
_PLACEHOLDERS = {"input": "PATH", "environ_var": '"TEXT"', "job_arg": "VALUE"}
MAX_COMMENT = 160
"""Letters of a comment: what a person reads beside a line."""


def page(drafted: Sketch, *, name: str, folder: str, file: str, left_out: Iterable[str]) -> str:
    """The text of the file; `folder` is where the scripts lie, `file` what to type for it."""
    lines = [
        f"# Drafted from the scripts in {_comment(folder)}: correct it, then type",
        f"#   runthrough new {_comment(file)}",
        *(f"# left out: {_comment(why)}" for why in left_out),
        f"name: {_word(name)}",
        "nodes:",
    ]
    for node, script in drafted.nodes.items():
        lines += _node(node, script, drafted)
    return "\n".join(lines) + "\n"


def _node(node: str, script: ScriptNeeds, drafted: Sketch) -> Iterator[str]:
    if script.description:
        yield f"  # {_comment(script.description)}"
    yield f"  {_word(node)}:"
    yield f"    script: {_path(script.path)}"
    opened = [one for one in drafted.open if one.node == node]
    guesses = [one for one in drafted.guesses if one.node == node]
    inputs = [f"{_word(one.input)}: {_source(one.source)}" for one in drafted.connected(node)]
    perhaps = {one.input: one for one in reversed(guesses)}
    asked = [one for one in opened if one.kind == "input" and one.need.name not in perhaps]
    yield from _part(
        "inputs", inputs, [*map(_perhaps, perhaps.values()), *map(_placeholder, asked)]
    )
    for key, kind in (("environ_vars", "environ_var"), ("job_args", "job_arg")):
        yield from _part(key, (), [_placeholder(one) for one in opened if one.kind == kind])


def _part(key: str, said: Iterable[str], comments: Sequence[str]) -> Iterator[str]:
    lines = [f"      {line}" for line in said] + [f"      # {line}" for line in comments]
    if lines:
        yield f"    {key}:"
        yield from lines


def _perhaps(guess: Guess) -> str:
    said = f"{_word(guess.input)}: {_source(guess.source)}"
    return f"{said}  # perhaps; {_comment(guess.why)}"


def _placeholder(one: OpenNeed) -> str:
    told = [one.need.description] if one.need.description else []
    if one.need.choices:
        told.append(f"one of {', '.join(str(choice) for choice in one.need.choices)}")
    if one.need.files:
        told.append(f"reads {', '.join(one.need.files)}")
    why = "; ".join(["required", *told])
    hidden = one.kind != "input" and named_like_a_secret(one.need.name)
    given = "{secret: NAME}" if hidden else _PLACEHOLDERS[one.kind]
    return f"{_word(one.need.name)}: {given}  # {_comment(why)}"


def _source(source: Output) -> str:
    tail = f", subpath: {_path(source.subpath)}" if source.subpath else ""
    return f"{{from: {_path(f'{source.node}.{source.output}')}{tail}}}"


def _word(text: str) -> str:
    """A text as YAML has it: plain where it can be taken for nothing else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)


def _path(text: str) -> str:
    plain = _PLAIN_PATH.fullmatch(text) and text.lower() not in _NO_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    """A text in one line, without anything that looks like a secret."""
    shown = "".join(letter if letter.isprintable() else " " for letter in masked_text(text))
    return shown if len(shown) <= MAX_COMMENT else f"{shown[: MAX_COMMENT - 1]}…"
