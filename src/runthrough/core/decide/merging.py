"""What the pipeline says by now under what a person had answered.

Three sides of each value: what the pipeline said before, what the node has, what the pipeline
says now. A value that nobody changed follows the pipeline; a person's own stays.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import JsonValue

from runthrough.core.values.connections import Connection, Output, Rejection
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.limits import Limits
from runthrough.core.values.paths import shown
from runthrough.core.values.pipelines import NodeDeclaration, declared_spec
from runthrough.core.values.requirements import RequirementKind
from runthrough.core.values.secrets import secret_name
from runthrough.core.values.specs import ScriptSpec

_T = TypeVar("_T")
Source = RecordedPath | Output
VALUE_CHARACTERS = 60
"""Enough of a value to be known by."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A person's value that stays although the pipeline says another one now."""

    node: NodeName
    name: str
    yours: str
    declared: str

    def __str__(self) -> str:
        """`Node.name: yours x stays, the file says y`."""
        return f"{self.node}.{self.name}: yours {self.yours} stays, the file says {self.declared}"


@dataclass(frozen=True, slots=True)
class Merged:
    """A configuration that follows the pipeline but for a person's own values."""

    spec: ScriptSpec
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What a node has, and by whom."""

    spec: ScriptSpec
    wires: Mapping[str, Connection]
    by_person: bool
    """Whether somebody answered it; else its values follow from the pipeline and the world."""
    rejected: tuple[Rejection, ...] = ()


def renamed_declaration(
    declared: NodeDeclaration, names: Mapping[NodeName, NodeName]
) -> NodeDeclaration:
    """A declaration with the nodes that it names under their new names."""
    inputs = {
        name: renamed_output(source, names) if isinstance(source, Output) else source
        for name, source in declared.inputs.items()
    }
    return declared.model_copy(update={"inputs": inputs})


def renamed_output(source: Output, names: Mapping[NodeName, NodeName]) -> Output:
    """An output of a node under its new name."""
    name = NodeName(source.node)
    return replace(source, node=names.get(name, name))


def merged(
    node: NodeName,
    before: NodeDeclaration,
    there: Answered,
    after: NodeDeclaration,
    facts: NodeFacts,
) -> Merged:
    """A node's configuration when its declaration became another one."""
    sides = _Sides(node, facts)
    old, mine, new = declared_spec(before), there.spec, declared_spec(after)
    if not there.by_person:
        return Merged(new, tuple(sides.wired(before, there, after)))
    inputs = sides.inputs(before, there, after)
    outputs = sides.over("output", old.output_paths, mine.output_paths, new.output_paths, _path)
    variables = sides.over(
        "environ_var", old.environ_vars, mine.environ_vars, new.environ_vars, _value
    )
    arguments = sides.over("job_arg", old.job_args, mine.job_args, new.job_args, _value)
    spec = mine.model_copy(
        update={
            "input_paths": inputs,
            "output_paths": outputs,
            "environ_vars": variables,
            "job_args": arguments,
            "timeout_s": sides.one("timeout_s", old.timeout_s, mine.timeout_s, new.timeout_s),
            "limits": Limits(
                **{
                    name: sides.one(
                        name,
                        getattr(old.limits, name),
                        getattr(mine.limits, name),
                        getattr(new.limits, name),
                    )
                    for name in Limits.model_fields
                }
            ),
            "python": sides.one("python", old.python, mine.python, new.python),
        }
    )
    rejections = sides.refuted(before, there, after)
    return Merged(spec, (*sides.kept, *rejections))


def merged_outputs(
    node: NodeName,
    old: Mapping[str, RecordedPath],
    mine: Mapping[str, RecordedPath],
    new: Mapping[str, RecordedPath],
) -> tuple[dict[str, RecordedPath], tuple[Kept, ...]]:
    """Where an external node provides its outputs, and what stays of a person's word."""
    sides = _Sides(node, NodeFacts())
    return sides.over("output", old, mine, new, _path), tuple(sides.kept)


class _Sides:
    """Holds three sides of one node's values against each other, and notes what stays."""

    def __init__(self, node: NodeName, facts: NodeFacts) -> None:
        self._node = node
        self._facts = facts
        self.kept: list[Kept] = []

    def one(self, name: str, old: _T, mine: _T, new: _T) -> _T:
        """A single value."""
        if mine == old:
            return new
        if new not in (old, mine):
            self.kept.append(Kept(self._node, name, _single(mine), _single(new)))
        return mine

    def over(
        self,
        kind: RequirementKind,
        old: Mapping[str, _T],
        mine: Mapping[str, _T],
        new: Mapping[str, _T],
        words: Callable[[_T | None], str],
    ) -> dict[str, _T]:
        """Values by name, whichever of a need's names each side uses."""
        before, there, after = (self._owned(kind, side) for side in (old, mine, new))
        found: dict[str, _T] = {}
        for name in dict.fromkeys((*there, *after, *before)):
            was, has, says = before.get(name), there.get(name), after.get(name)
            follows = _equal(was, has)
            if not follows and not _equal(says, was) and not _equal(says, has):
                self.kept.append(Kept(self._node, name, words(_bare(has)), words(_bare(says))))
            taken = says if follows else has
            if taken is not None:
                written, value = taken
                found[written] = value
        return found

    def inputs(
        self, before: NodeDeclaration, there: Answered, after: NodeDeclaration
    ) -> dict[str, RecordedPath]:
        """The paths of inputs; what a connection feeds that nobody made counts as declared."""
        old = dict(before.inputs)
        own = self._owned("input", old)
        mine: dict[str, Source] = dict(there.spec.input_paths)
        for name, path in self._facts.found.items():
            if mine.get(name) == path and name not in own:
                del mine[name]  # it lies there by convention: nobody gave it
        for name, wire in there.wires.items():
            mine.pop(name, None)
            if wire.status == "confirmed":
                mine[name] = wire.source
            elif wire.status == "declared" and name in own:
                mine[name] = own[name][1]
        for name, (written, source) in own.items():
            made = there.wires.get(name)
            if made is not None and made.status == "confirmed":
                old.pop(written)  # a person's word, also where the pipeline said the same
            elif _refuted(there, name, source):
                old.pop(written)  # what the pipeline names next is another one
        taken = self.over("input", old, mine, dict(after.inputs), _source)
        return {name: path for name, path in taken.items() if not isinstance(path, Output)}

    def wired(
        self, before: NodeDeclaration, there: Answered, after: NodeDeclaration
    ) -> Iterator[Kept]:
        """Connections that a person made or rejected, of a node that nobody else configured."""
        for name, source in self._told_anew(before, after):
            wire = there.wires.get(name)
            if wire is not None and wire.status == "confirmed" and wire.source != source:
                yield Kept(self._node, name, _source(wire.source), _source(source))
        yield from self.refuted(before, there, after)

    def refuted(
        self, before: NodeDeclaration, there: Answered, after: NodeDeclaration
    ) -> Iterator[Kept]:
        """Outputs that a person said do not feed an input, and that the pipeline names now."""
        for name, source in self._told_anew(before, after):
            if _refuted(there, name, source):
                yield Kept(self._node, name, "rejection", _source(source))

    def _told_anew(
        self, before: NodeDeclaration, after: NodeDeclaration
    ) -> Iterator[tuple[str, Source]]:
        """Inputs of which the pipeline says something else than before."""
        old, new = self._owned("input", before.inputs), self._owned("input", after.inputs)
        for name, says in new.items():
            if not _equal(old.get(name), says):
                yield name, says[1]

    def _owned(self, kind: RequirementKind, values: Mapping[str, _T]) -> dict[str, tuple[str, _T]]:
        """By the script's own name of each need: the name that is written, and the value."""
        own_name = self._facts.requirements.own_name
        return {own_name(kind, name): (name, value) for name, value in values.items()}


def _equal(one: tuple[str, _T] | None, other: tuple[str, _T] | None) -> bool:
    """Whether two sides say the same, by whichever name."""
    if one is None or other is None:
        return one is other
    # As JSON has them: `True` is not `1`.
    return type(one[1]) is type(other[1]) and one[1] == other[1]


def _bare(side: tuple[str, _T] | None) -> _T | None:
    return None if side is None else side[1]


def _refuted(there: Answered, name: str, source: Source) -> bool:
    if not isinstance(source, Output):
        return False
    return Rejection(name, Output(source.node, source.output)) in there.rejected


def _path(path: RecordedPath | None) -> str:
    return "nothing" if path is None else shown(path)


def _source(source: Source | None) -> str:
    return f"@{source}" if isinstance(source, Output) else _path(source)


def _value(value: JsonValue) -> str:
    if value is None:
        return "nothing"
    secret = secret_name(value)
    if secret is not None:
        return f"@secret:{secret}"
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return told if len(told) <= VALUE_CHARACTERS else f"{told[: VALUE_CHARACTERS - 1]}…"


def _single(value: object) -> str:
    return "nothing" if value is None else str(value)
