"""Makes a forked process what an interpreter is that was just started for its script.

A fork has what its server had: its variables, its streams, and its modules. This file runs in
the script's interpreter, CPython 3.9 or newer, on the standard library alone; the server imports
it before anything that was asked for.
"""
# ruff: noqa: PTH113, PTH118, PTH208 - pathlib is heavy, and would stand in each script's modules

from __future__ import annotations

import io
import os
import sys
import time
from importlib.machinery import all_suffixes

TYPE_CHECKING = False  # `typing` is not needed otherwise
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any


def _kind(stream: Any) -> tuple[str, str, bool]:
    return stream.encoding, stream.errors, stream.write_through


_KINDS = (_kind(sys.stdout), _kind(sys.stderr))
"""The streams of a script are made anew like these, whatever is done to them until then."""


def lay(order: dict[str, Any], ours: Collection[str]) -> None:
    """Give this process the surroundings that its order asks for.

    Args:
        order: The environment, and where the script finds modules.
        ours: What the server imported, top-level names only.
    """
    _set_environment(order["environment"])
    _open_streams()
    _forget_shadowed(order, frozenset(ours))
    if "tempfile" in sys.modules:
        sys.modules["tempfile"].__dict__["tempdir"] = None  # found by the environment
    del sys.modules[__name__]


def _set_environment(wanted: dict[str, str]) -> None:
    """Make the variables exactly these; most are there, and each change costs a little."""
    ours = os.environ
    for name in [name for name in ours if name not in wanted]:
        del ours[name]
    ours.update({name: text for name, text in wanted.items() if ours.get(name) != text})
    time.tzset()


def _open_streams() -> None:
    """Give this process streams of its own; those that we had hold their old files' state."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        encoding, errors, direct = _KINDS[number - 1]
        raw: Any = io.FileIO(number, "w", closefd=False)
        raw.name = f"<{name}>"
        stream: Any = io.TextIOWrapper(
            raw if direct else io.BufferedWriter(raw),
            encoding,
            errors,
            newline="\n",
            write_through=direct,
        )
        stream.mode = "w"
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _forget_shadowed(order: dict[str, Any], ours: frozenset[str]) -> None:
    """Forget modules of ours that a fresh interpreter would find beside the script."""
    shadowed = ours & set(order["packages"])
    for place in set(order["places"]):
        shadowed |= {name for name in ours & _stems(place) if _is_module(place, name)}
    if shadowed:
        for name in tuple(sys.modules):
            if name.partition(".")[0] in shadowed:
                del sys.modules[name]


def _stems(folder: str) -> set[str]:
    """Name what might be modules in a folder."""
    try:
        return {name.partition(".")[0] for name in os.listdir(folder)}
    except OSError:  # the host says what is wrong with the script's place
        return set()


def _is_module(folder: str, name: str) -> bool:
    inside = os.path.join(folder, name)
    candidates = [inside, os.path.join(inside, "__init__")]
    return any(
        os.path.isfile(candidate + suffix) for candidate in candidates for suffix in all_suffixes()
    )
