"""A contract as it is written, whatever it is written in, and the needs it speaks of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc

from pydantic import JsonValue

from runthrough.core.names import nearest
from runthrough.core.values.requirements import (
    Requirement,
    RequirementKind,
    RequirementLevel,
    ScriptRequirements,
)
from runthrough.core.values.secrets import masked_value

NEEDS: Mapping[str, tuple[RequirementKind, RequirementLevel, str]] = {
    "expected_input_paths": ("input", "required", "NAME: /container/path"),
    "expected_output_paths": ("output", "required", "NAME: /container/path"),
    "required_env_vars": ("environ_var", "required", "[NAME]"),
    "optional_env_vars": ("environ_var", "optional", "NAME: default"),
    "expected_arguments": ("job_arg", "optional", "NAME: default"),
}
"""The parts of a contract that speak of needs: their kind, level, and how they are written."""
FIELDS = ("entry_point", *NEEDS, "description")
SAID = ("path", "description", "default", "choices", "required")
"""What may be said of one need in a mapping of its own."""

Steps = tuple[str, ...]
"""Where a value stands in a contract: its field, and the name below it."""
Spot = tuple[int, int]
"""Line and column, both from 1."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is wrong with a contract."""

    reason: str
    fix: str
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One contract in a file."""

    values: Mapping[str, JsonValue]
    spot: Spot = (1, 1)
    spots: Mapping[Steps, Spot] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def entry_point(self) -> str | None:
        """The script's file, as the contract names it."""
        named = self.values.get("entry_point")
        return named if isinstance(named, str) and named else None

    @property
    def description(self) -> str:
        """What the contract says of the script."""
        said = self.values.get("description")
        return cleandoc(said).strip() if isinstance(said, str) else ""


def needs_of(written: Written) -> tuple[ScriptRequirements, tuple[Note, ...]]:
    """The needs that a contract speaks of, and what is wrong with how it does."""
    builder = _Builder(written)
    needs = tuple(builder.needs())
    return ScriptRequirements(needs=needs), (*written.notes, *builder.notes)


class _Builder:
    """Builds needs from the values of one contract."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self.notes: list[Note] = []

    def needs(self) -> Iterator[Requirement]:
        seen: set[tuple[RequirementKind, str]] = set()
        for part, (kind, level, _) in NEEDS.items():
            for name, said in self._named(part):
                if (kind, name) not in seen:  # a variable in both lists is required
                    seen.add((kind, name))
                    yield self._need(part, name, said, kind, level)

    def _named(self, part: str) -> Iterator[tuple[str, JsonValue]]:
        value = self._written.values.get(part)
        if isinstance(value, dict):
            yield from ((name, said) for name, said in value.items() if name)
        elif isinstance(value, list):
            for name in value:
                if isinstance(name, str) and name:
                    yield name, None
                else:
                    self._wrong((part,), f"{part} holds something that is no name")
        elif value is not None:
            self._wrong((part,), f"{part} must be a mapping or a list of names")

    def _need(
        self,
        part: str,
        name: str,
        said: JsonValue,
        kind: RequirementKind,
        level: RequirementLevel,
    ) -> Requirement:
        more = self._said(part, name, said)
        default = masked_value(name, more.get("default"))
        path, choices = more.get("path"), more.get("choices")
        description = more.get("description")
        if isinstance(more.get("required"), bool):
            level = "required" if more["required"] else "optional"
        return Requirement(
            kind=kind,
            name=name,
            level=level,
            sources=("contract",),
            default=default,
            has_default=default is not None,
            description=description.strip() if isinstance(description, str) else "",
            container_path=path if isinstance(path, str) and path else None,
            choices=tuple(choices) if isinstance(choices, list) else (),
        )

    def _said(self, part: str, name: str, said: JsonValue) -> Mapping[str, JsonValue]:
        """What is said of one need: in a mapping of its own, or in one word."""
        if isinstance(said, dict):
            for odd in said:
                if odd not in SAID:
                    meant = nearest(odd, SAID, limit=1)
                    hint = f"; did you mean {meant[0]!r}?" if meant else ""
                    reason = f"nothing called {odd!r} is said of a need{hint}"
                    self._note((part, name), reason, f"one of {', '.join(SAID)}")
            return said
        if part == "required_env_vars":
            return {"description": said}
        if not part.endswith("_paths"):
            return {"default": said}
        if said is not None and not isinstance(said, str):
            self._wrong((part, name), f"the container path of {name} must be a text")
        return {"path": said}

    def _wrong(self, steps: Steps, reason: str) -> None:
        form = NEEDS[steps[0]][2]
        self._note(steps, reason, f"{steps[0]}: {form if form[0] == '[' else f'{{{form}}}'}")

    def _note(self, steps: Steps, reason: str, fix: str) -> None:
        spots = self._written.spots
        spot = spots.get(steps) or spots.get(steps[:1]) or self._written.spot
        self.notes.append(Note(reason, fix, spot))
