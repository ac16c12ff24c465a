"""Comments of a pipeline file, which are lost when it is written anew."""

import os
from collections.abc import Iterator
from pathlib import Path

import yaml

_EDITORS = "# yaml-language-server:"
"""How the line begins that is written again by itself."""


def comments_in(file: str | os.PathLike[str]) -> int:
    """How many comments of people stand in a file; none where it cannot be read as YAML."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        if "#" not in text.replace(_EDITORS, "", 1):
            return 0  # most files that we wrote; to read a large one takes seconds
        return sum(not one.startswith(_EDITORS) for one in _comments(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return 0


def _comments(text: str) -> Iterator[str]:
    """What stands between the tokens of a text behind a `#`, up to the end of the line."""
    ends = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        yield from _in_gap(text[ends : token.start_mark.index])
        # A block's text has the comment behind its `|` in it, and that one stays uncounted.
        ends = max(ends, token.end_mark.index)


def _in_gap(gap: str) -> Iterator[str]:
    for line in gap.splitlines():
        _, found, comment = line.partition("#")
        if found:
            yield f"#{comment}"
