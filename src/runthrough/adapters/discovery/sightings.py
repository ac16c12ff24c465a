"""What a reader saw of each need, and what that makes of it."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, cast

from pydantic import JsonValue

from runthrough.adapters.discovery.meanings import Key
from runthrough.core.values.requirements import (
    DynamicRequirement,
    Requirement,
    RequirementKind,
    RequirementLevel,
    ScriptRequirements,
)
from runthrough.core.values.secrets import masked_value

Sight = Literal["required", "asked_for", "looked_for", "fallback", "conditional", "optional"]
"""A level, or one of two that are settled in the end. `asked_for`: read by `.get` without a
default, which is required unless the script asks anywhere whether it got something.
`looked_for`: the same in the process's environment, where a script often passes on what it did
not get; it is required only if it is also used in a way that fails without a value."""

_STRENGTH: dict[Sight, int] = {
    "required": 5,
    "asked_for": 4,
    "looked_for": 3,
    "fallback": 2,
    "conditional": 1,
    "optional": 0,
}
_PLACES = {"input", "output"}
SHORTEST_FILE_NAME = 5
"""Shorter ones are endings such as `.csv` that were put after a name at run time."""


@dataclass(slots=True)
class _Seen:
    sight: Sight
    default: JsonValue = None
    has_default: bool = False
    aliases: list[str] = field(default_factory=list)
    paths: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Loop:
    kind: RequirementKind
    told: bool
    """What it yields is only told, in a log."""
    prefixes: dict[str, None] = field(default_factory=dict)


class Sightings:
    """All needs seen so far, in the order in which they were seen first."""

    def __init__(self) -> None:
        self._seen: dict[Key, _Seen] = {}
        self._asked: set[Key] = set()
        self._tolerated: set[Key] = set()
        self._used: set[Key] = set()
        self._loops: list[_Loop] = []
        self._prefixes: dict[tuple[RequirementKind, str], None] = {}
        self._stand_ins: set[Key] = set()
        self._complete = True

    def see(self, key: Key, sight: Sight) -> None:
        """One read of a need; the strongest one counts."""
        seen = self._seen.get(key)
        if seen is None:
            self._seen[key] = _Seen(sight)
        elif _STRENGTH[sight] > _STRENGTH[seen.sight]:
            seen.sight = sight

    def default(self, key: Key, value: JsonValue) -> None:
        """What the script takes where the need has no value; the first one is told."""
        seen = self._seen[key]
        if not seen.has_default:
            seen.default, seen.has_default = value, True

    def alias(self, key: Key, other: str) -> None:
        """Another name under which the script looks for the need."""
        seen = self._seen[key]
        if other != key[1] and other not in seen.aliases:
            seen.aliases.append(other)
            self._stand_ins.add((key[0], other))

    def ask(self, keys: Iterable[Key]) -> None:
        """The script asks whether these have a value, so it can do without."""
        self._asked.update(keys)

    def use(self, key: Key) -> None:
        """The script does with the value what fails without one."""
        self._used.add(key)

    def tolerate(self, keys: Iterable[Key]) -> None:
        """The script asks whether these paths exist, and goes on if they do not."""
        self._tolerated.update(keys)

    def path(self, key: Key, below: str) -> None:
        """A path below an input that is read, or below an output that is written."""
        if key in self._seen and below:
            self._seen[key].paths.setdefault(below)

    def loop(self, kind: RequirementKind, *, told: bool) -> int:
        """A loop over a dictionary of needs begins; answers with its number."""
        self._loops.append(_Loop(kind, told))
        return len(self._loops) - 1

    def prefix(self, loop: int, prefix: str) -> None:
        """The loop only takes keys with this beginning."""
        self._loops[loop].prefixes.setdefault(prefix)

    def computed(self, kind: RequirementKind, prefix: str) -> None:
        """A key that is put together at run time, after a known beginning."""
        self._prefixes.setdefault((kind, prefix))

    def requirements(self, *, complete: bool = True) -> ScriptRequirements:
        """All of it as needs; unless `complete`, a question may have been missed."""
        self._complete = complete
        for loop in self._loops:
            for prefix in loop.prefixes or ("",):
                if not loop.told:
                    self._prefixes.setdefault((loop.kind, prefix))
        return ScriptRequirements(
            needs=tuple(
                self._requirement(key, seen)
                for key, seen in self._seen.items()
                if not self._is_stand_in(key)
            ),
            dynamic=tuple(
                DynamicRequirement(kind=kind, prefix=prefix) for kind, prefix in self._prefixes
            ),
        )

    def _is_stand_in(self, key: Key) -> bool:
        """Whether it is read as another name of a need, and never for itself."""
        return key in self._stand_ins and self._seen[key].sight == "optional"

    def _requirement(self, key: Key, seen: _Seen) -> Requirement:
        level = self._level(key, seen.sight)
        has_default = seen.has_default and level != "required"
        return Requirement(
            kind=key[0],
            name=key[1],
            level=level,
            sources=("code",),
            default=masked_value(key[1], seen.default) if has_default else None,
            has_default=has_default,
            container_path=_container_path(seen.default) if key[0] in _PLACES else None,
            aliases=tuple(seen.aliases),
            files=_files(tuple(seen.paths)) if seen.paths else (),
        )

    def _level(self, key: Key, sight: Sight) -> RequirementLevel:
        if sight in {"asked_for", "looked_for"}:
            if key in self._asked or (sight == "looked_for" and key not in self._used):
                return "optional"
            return "required" if self._complete else "conditional"
        if sight == "fallback" and key in self._tolerated:
            return "optional"
        return cast("RequirementLevel", sight)


def _container_path(default: JsonValue) -> str | None:
    """A default that only a container has."""
    return default if isinstance(default, str) and default.startswith("/") else None


def _files(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files among the paths: the last part has an ending and no spaces, as texts have."""
    files = []
    for path in paths:
        name = posixpath.basename(path)
        ending = posixpath.splitext(name)[1]
        is_file = len(ending) > 1 and " " not in name and len(name) >= SHORTEST_FILE_NAME
        is_folder = any(other.startswith(f"{path}/") for other in paths)
        if is_file and not is_folder and not path.startswith(".."):
            files.append(path)
    return tuple(files)
