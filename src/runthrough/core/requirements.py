"""What a node needs, from every source that speaks of it."""

from collections.abc import Iterable, Iterator

from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.requirements import (
    Requirement,
    RequirementKind,
    RequirementSource,
    ScriptRequirements,
)

SOURCE_ORDER: tuple[RequirementSource, ...] = ("pipeline", "contract", "code")
"""The order in which the sources of a need are told."""


def merge(declaration: NodeDeclaration, code: ScriptRequirements) -> ScriptRequirements:
    """The code's needs first, then what only the pipeline file names.

    The code decides about level and default. A declared name that is an alias in the code is the
    same need. What only the pipeline file names is optional: nothing says that it is read.
    """
    declared = tuple(_declared(declaration))
    known = {(need.kind, name) for need in code.needs for name in (need.name, *need.aliases)}
    return ScriptRequirements(
        needs=(
            *(_with_source(need, declared) for need in code.needs),
            *(
                Requirement(kind=kind, name=name, level="optional", sources=("pipeline",))
                for kind, name in declared
                if (kind, name) not in known
            ),
        ),
        dynamic=code.dynamic,
    )


def _declared(declaration: NodeDeclaration) -> Iterator[tuple[RequirementKind, str]]:
    for name in declaration.inputs:
        yield "input", name
    for name in declaration.outputs:
        yield "output", name
    for name in declaration.environ_vars:
        yield "environ_var", name
    for name in declaration.job_args:
        yield "job_arg", name


def _with_source(
    need: Requirement, declared: Iterable[tuple[RequirementKind, str]]
) -> Requirement:
    if not any(
        kind == need.kind and name in {need.name, *need.aliases} for kind, name in declared
    ):
        return need
    sources = {*need.sources, "pipeline"}
    return need.model_copy(
        update={"sources": tuple(source for source in SOURCE_ORDER if source in sources)}
    )
