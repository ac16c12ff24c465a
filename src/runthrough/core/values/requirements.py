"""What a script needs: inputs, outputs, environment variables, arguments."""

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue

from runthrough.core.values.model import Frozen

RequirementKind = Literal["input", "output", "environ_var", "job_arg"]
RequirementLevel = Literal["required", "fallback", "conditional", "optional", "unread"]
"""`fallback`: its only default is an absolute path, so it is treated as required.
`conditional`: read under a test that was not decided. `unread`: declared, never read."""
RequirementSource = Literal["pipeline", "contract", "code"]
ValueType = Literal["int", "float"]
NUMBERS: Mapping[ValueType, str] = {"int": "an integer", "float": "a number"}
"""The types of arguments, for people."""
RereadReason = Literal["script", "contract", "arguments", "pipeline"]
"""What made needs others than they were: the script or a module of it was edited, or its contract;
the same script reads something else with other arguments or variables; or the pipeline declares
other names."""


class Requirement(Frozen):
    """One need of a script, with where it is known from."""

    kind: RequirementKind
    name: str
    level: RequirementLevel
    sources: tuple[RequirementSource, ...]
    default: JsonValue = None
    has_default: bool = False
    description: str = ""
    aliases: tuple[str, ...] = ()
    container_path: str | None = None
    choices: tuple[JsonValue, ...] = ()
    value_type: ValueType | None = None
    """What the script's own parser makes of an argument; `None` where anything may come of it."""
    files: tuple[str, ...] = ()
    """Patterns of the files read below an input or written below an output."""
    recommended: bool = False
    """The contract requires it and the code has a default: never asked for, only told."""

    @property
    def required(self) -> bool:
        """Whether the node cannot run without a value for it."""
        return self.level in {"required", "fallback"}

    @property
    def named_files(self) -> tuple[str, ...]:
        """The files that are named in full: no part of them is a pattern or leads elsewhere."""
        return tuple(
            dict.fromkeys(
                file.removeprefix("./").rstrip("/")
                for file in self.files
                if not _is_pattern(file)
                and not file.startswith("/")
                and {"", ".", ".."}.isdisjoint(file.removeprefix("./").rstrip("/").split("/"))
            )
        )

    @property
    def file_patterns(self) -> tuple[str, ...]:
        """The files that are named in part."""
        return tuple(file for file in self.files if _is_pattern(file))


def _is_pattern(file: str) -> bool:
    return any(sign in file for sign in "*?[")


class DynamicRequirement(Frozen):
    """Keys computed at run time, such as a loop over `environ_vars`; `prefix` may be empty."""

    kind: RequirementKind
    prefix: str = ""


class Drift(Frozen):
    """A need on which two sources disagree."""

    kind: RequirementKind
    contract: str | None
    """Its name in the contract; `None` where the contract does not know it."""
    code: str | None
    """Its name in the code; `None` where the code does not read it."""

    def __str__(self) -> str:
        """`contract: DATA · code: data_input`, for people; a need of another kind says so."""
        kind = "" if self.kind == "input" else f" ({self.kind.replace('_', ' ')})"
        return f"contract: {self.contract or 'none'} · code: {self.code or 'none'}{kind}"


class ScriptRequirements(Frozen):
    """All needs of one node's script, in the order in which the script names them."""

    needs: tuple[Requirement, ...] = ()
    dynamic: tuple[DynamicRequirement, ...] = ()

    def of(self, kind: RequirementKind) -> tuple[Requirement, ...]:
        """The needs of one kind."""
        return tuple(need for need in self.needs if need.kind == kind)

    def find(self, kind: RequirementKind, name: str) -> Requirement | None:
        """The need that a name, or another name of it, stands for."""
        return next(
            (n for n in self.needs if n.kind == kind and name in (n.name, *n.aliases)), None
        )

    def own_name(self, kind: RequirementKind, name: str) -> str:
        """The name that the script itself reads, of one that it, or its contract, knows too."""
        for need in self.needs:
            if need.kind == kind and name in need.aliases:
                return need.name
        return name

    def open_ended(self, kind: RequirementKind) -> bool:
        """Whether the script also takes names of this kind that are known at run time only."""
        return any(item.kind == kind for item in self.dynamic)
