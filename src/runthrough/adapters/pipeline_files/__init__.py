"""Pipeline files, YAML or JSON, read with line and column for whatever is wrong in them."""

import itertools
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from runthrough.adapters.pipeline_files.marked import Mark, Marked, read_marked
from runthrough.adapters.pipeline_files.sagemaker import is_sagemaker, sagemaker_pipeline
from runthrough.adapters.pipeline_files.shape import (
    InputShape,
    LimitsShape,
    NodeShape,
    PipelineShape,
    pipeline_schema,
)
from runthrough.adapters.pipeline_files.texts import did_you_mean, read_tree
from runthrough.adapters.pipeline_files.untold import untold
from runthrough.core.pipeline import PipelineDefinition, declared_dag, name_problem
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.limits import UNLIMITED, Limits, limits_of
from runthrough.core.values.paths import ABSOLUTE, PIPELINE, record
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.errors import PipelineCycleError, PipelineFileError

_T = TypeVar("_T")
Folder = str | os.PathLike[str]

__all__ = [
    "declared_pipeline",
    "load_either",
    "load_pipeline",
    "load_sagemaker",
    "pipeline_schema",
]

MAX_TOLD = 10
"""Further mistakes told at once: a screen still holds them."""

_MAPPING = "the given pipeline"
"""What stands for the path in errors about a pipeline that was no file."""
_PLACE = re.compile(rf"{_MAPPING}:[0-9]+:[0-9]+: ")

_SAID = {
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "finite_number": "must be a finite number",
    "greater_than": "must be above 0",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
}
_AS_WRITTEN = {
    "mapping": "write NAME: VALUE below it, further in",
    "list": "write it as [FIRST, SECOND]",
}
"""How to write what is lacking, by the last word of what is said."""
_KIND_AT = 4
"""Where a location tells the kind: behind `nodes`, node, part and name."""
_OF_KINDS = frozenset({"inputs", "environ_vars"})
"""Parts of a node whose values are of several kinds."""


@untold
def load_pipeline(path: Folder) -> PipelineDefinition:
    """Read a pipeline file; its folder becomes the root `pipeline:`.

    Nodes that stand only in edges are declared after the others. `from: A.b.c` is split at the
    last dot that follows the name of a node.

    Raises:
        PipelineFileError: The file cannot be read, or is not a pipeline; all mistakes of its
            shape are told at once.
        PipelineCycleError: Its edges and connections form a cycle.
    """
    shown = os.fspath(path)
    tree = read_tree(shown)
    if is_sagemaker(tree):
        raise PipelineFileError(
            shown,
            "this is a SageMaker pipeline definition, not a pipeline file",
            line=tree.mark.line,
            column=tree.mark.column,
            fix="runthrough.load_sagemaker(path), or: runthrough new FILE",
        )
    return _pipeline(tree, shown)


@untold
def load_sagemaker(path: Folder, *, scripts: Sequence[Folder] | None = None) -> PipelineDefinition:
    """Read a SageMaker pipeline definition (JSON); its folder becomes the root `pipeline:`.

    `scripts` are folders in which the scripts of the steps are looked for by their file names,
    the first wins; each is searched in its folder `scripts`, then itself. Default: the folder
    of the definition. What each kind of step becomes: docs/how-to/load-a-sagemaker-definition.

    Raises:
        PipelineFileError: The file cannot be read, or is not such a definition.
        PipelineCycleError: Its steps form a cycle.
    """
    shown = os.fspath(path)
    return sagemaker_pipeline(read_tree(shown), shown, scripts or ())


@untold
def load_either(path: Folder, *, scripts: Sequence[Folder] | None = None) -> PipelineDefinition:
    """Read a pipeline file or a SageMaker definition, whichever it is.

    Raises:
        PipelineFileError: The file cannot be read, or is neither.
        PipelineCycleError: Its nodes form a cycle.
    """
    shown = os.fspath(path)
    tree = read_tree(shown)
    if is_sagemaker(tree):
        return sagemaker_pipeline(tree, shown, scripts or ())
    return _pipeline(tree, shown)


@untold
def declared_pipeline(said: Mapping[str, JsonValue], folder: str) -> PipelineDefinition:
    """The pipeline that a mapping declares as a pipeline file does; it has no file.

    Its paths start at `folder`, an absolute one. Mistakes are told by where they are in the
    mapping.

    Raises:
        PipelineFileError: It is no pipeline; all mistakes of its shape are told at once.
        PipelineCycleError: Its edges and connections form a cycle.
    """
    told = json.dumps(said)
    tree = read_marked(told, _MAPPING)
    if tree is None or not tree.value:
        raise PipelineFileError(_MAPPING, "it declares nothing", fix="declare nodes and edges")
    try:
        declaration = _declaration(_shape(tree, _MAPPING), tree, "unnamed", _MAPPING)
    except PipelineFileError as wrong:
        # All of it is one line that nobody wrote, so places in it tell nothing.
        reason = _PLACE.sub("", wrong.reason)
        fix = wrong.fix and wrong.fix.removeprefix("in line 1: ")
        raise PipelineFileError(_MAPPING, reason, fix=fix) from None
    except PipelineCycleError as wrong:
        raise PipelineCycleError(wrong.cycle) from None
    return PipelineDefinition(declaration.model_copy(update={"file": None}), folder)


def _pipeline(tree: Marked, shown: str) -> PipelineDefinition:
    file = os.path.normpath(Path(shown).absolute())
    declaration = _declaration(_shape(tree, shown), tree, file, shown)
    return PipelineDefinition(declaration, str(Path(file).parent), file)


def _shape(tree: Marked, path: str) -> PipelineShape:
    try:
        return PipelineShape.model_validate(tree.plain)
    except ValidationError as error:
        found = sorted(
            (_told(details, tree) for details in error.errors(include_input=False)),
            key=lambda mistake: mistake[0],
        )
        (first, told, mend), *others = found
        further = [
            f"\n  {path}:{mark.line}:{mark.column}: {reason}" + (f"; {fix}" if fix else "")
            for mark, reason, fix in others[:MAX_TOLD]
        ]
        if len(others) > MAX_TOLD:
            further.append(f"\n  and {len(others) - MAX_TOLD} more")
        if others and mend:
            mend = f"in line {first.line}: {mend}"  # it stands below all of them
        raise PipelineFileError(
            path, told + "".join(further), line=first.line, column=first.column, fix=mend
        ) from None  # pydantic's own text shows values


def _told(details: ErrorDetails, tree: Marked) -> tuple[Mark, str, str | None]:
    """Where a mistake is, what it is, and how to mend it; never a value, which may be secret."""
    kind = details["type"]
    steps, value, key = tree.walk(_without_kind(details["loc"]))
    name = ".".join(str(step) for step in steps) or "a pipeline file"
    if kind == "extra_forbidden" and steps[2:3] == ("environ_vars",) and steps[-1] == "secret":
        both = ".".join(str(step) for step in steps[:-1])
        return key, f"{both} has both secret and plain", "take one of them out"
    if kind == "extra_forbidden":
        return key, f"unknown key {name}", did_you_mean(str(steps[-1]), _known_keys(steps))
    if kind == "missing":
        key_ = details["loc"][-1]
        return value.mark, f"{name} lacks the key {key_!r}", f"add {key_}: VALUE to it"
    if kind in {"too_short", "too_long"}:
        return value.mark, f"{name} must be a pair", "write it as [upstream, downstream]"
    if kind == "value_error":
        is_key = details["loc"][-1] == "[key]"
        return key if is_key else value.mark, f"{name}: {details['ctx']['error']}", None
    quotable = kind == "string_type" and isinstance(value.value, (int, float))
    if quotable and steps:
        fix: str | None = f'write it in quotes: {_before(steps[-1])}"…"'
    else:
        fix = _AS_WRITTEN.get(_SAID.get(kind, "").rpartition(" ")[2])
    return value.mark, f"{name} {_SAID.get(kind, details['msg'])}", fix


def _before(step: str | int) -> str:
    """What stands before a value: the key of a mapping, nothing in a list."""
    return f"{step}: " if isinstance(step, str) else ""


def _without_kind(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where a mistake is, without the kind of value it was taken for, which is no key there."""
    in_kind = len(location) > _KIND_AT and location[0] == "nodes" and location[2] in _OF_KINDS
    if not in_kind or location[_KIND_AT] == "[key]":
        return location
    return (*location[:_KIND_AT], *location[_KIND_AT + 1 :])


def _known_keys(steps: Sequence[str | int]) -> Iterable[str]:
    """The keys that could have been meant at a location."""
    match steps:
        case [_]:
            return [name for name in PipelineShape.model_fields if name != "editor_schema"]
        case [_, _, _]:
            return NodeShape.model_fields
        case [_, _, "inputs", *_]:
            return ("from", "subpath")
        case _:
            return ("secret", "plain")


def _declaration(shape: PipelineShape, tree: Marked, file: str, shown: str) -> PipelineDeclaration:
    edges = tuple((source, target) for source, target in shape.edges or ())
    said = {name: node or NodeShape() for name, node in (shape.nodes or {}).items()}
    _refuse_misspelt_ends(edges, said, tree, shown)
    said |= {end: NodeShape() for edge in edges for end in edge if end not in said}
    if not said:
        raise PipelineFileError(
            shown,
            "the pipeline has no nodes",
            line=1,
            column=1,
            fix="write at least one, such as nodes: {clean: {}}",
        )
    outputs = _Outputs(said, tree, shown)
    declaration = PipelineDeclaration(
        name=shape.name or Path(file).stem,
        file=record(PIPELINE, Path(file).name),
        scripts=tuple(_recorded(folder) for folder in shape.scripts or ()),
        registry={name: _recorded(script) for name, script in (shape.registry or {}).items()},
        python=_python(shape.python),
        inherit_env=tuple(shape.inherit_env or ()),
        nodes={name: _node(name, node, outputs) for name, node in said.items()},
        edges=edges,
    )
    try:
        declared_dag(declaration)
    except PipelineCycleError as error:
        mark = _last_edge(error.cycle, declaration, tree)
        place = f"{shown}:{mark.line}:{mark.column}"
        raise PipelineCycleError(error.cycle, place=place) from None
    return declaration


def _refuse_misspelt_ends(
    edges: Sequence[tuple[str, str]], nodes: Collection[str], tree: Marked, shown: str
) -> None:
    """An end that is a node but for case and hyphens is a slip, not one more node.

    Raises:
        PipelineFileError: There is such an end.
    """
    meant = {_folded(node): node for node in nodes}
    for number, edge in enumerate(edges):
        for side, end in enumerate(edge):
            if end not in nodes and _folded(end) in meant:
                place = tree.walk(("edges", number, side))[1].mark
                raise PipelineFileError(
                    shown,
                    f"edges.{number} leads to {end!r}, but the node is {meant[_folded(end)]!r}",
                    line=place.line,
                    column=place.column,
                    fix="write it as the node is written",
                )


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_")


def _node(name: str, said: NodeShape, outputs: "_Outputs") -> NodeDeclaration:
    variables: dict[str, JsonValue] = {
        variable: value if isinstance(value, str) else value.model_dump()
        for variable, value in (said.environ_vars or {}).items()
    }
    return NodeDeclaration(
        external=said.external,
        script=None if said.script is None else _recorded(said.script),
        inputs={key: outputs.source(name, key, source) for key, source in _each(said.inputs)},
        outputs={key: _recorded(place) for key, place in _each(said.outputs)},
        environ_vars=variables,
        job_args=dict(said.job_args or {}),
        timeout_s=said.timeout_s,
        limits=_limits(said.limits),
        python=_python(said.python),
    )


def _limits(said: LimitsShape | None) -> Limits:
    return limits_of(said.model_dump(exclude_none=True)) if said is not None else UNLIMITED


class _Outputs:
    """Finds the node that a written `Node.output` means."""

    def __init__(self, nodes: Mapping[str, NodeShape], tree: Marked, path: str) -> None:
        self._nodes = nodes
        self._tree = tree
        self._path = path

    def source(self, node: str, name: str, said: InputShape) -> RecordedPath | Output:
        """The path or output that an input of a node takes.

        Raises:
            PipelineFileError: No node is named there, or none of an external node's outputs.
        """
        if isinstance(said, str):
            return _recorded(said)
        written = said.source
        dots = (place for place in range(len(written) - 2, 0, -1) if written[place] == ".")
        above = next((written[:dot] for dot in dots if written[:dot] in self._nodes), None)
        if above is None:
            asked = written.rpartition(".")[0]
            fix = did_you_mean(asked, self._nodes)
            raise self._unknown(node, name, f"there is no node {asked!r}", fix)
        output = written[len(above) + 1 :]
        problem = name_problem(output, "the name of an output")
        if problem is not None:
            raise self._unknown(node, name, problem, None)
        feeding = self._nodes[above]
        if feeding.external and output not in (feeding.outputs or {}):
            wrong = f"the external node {above!r} declares no output {output!r}"
            declare = f"declare where it lies: outputs: {{{output}: PATH}}"
            fix = did_you_mean(output, feeding.outputs or ()) or declare
            raise self._unknown(node, name, wrong, fix)
        return Output(above, output, said.subpath)

    def _unknown(self, node: str, name: str, wrong: str, fix: str | None) -> PipelineFileError:
        place = self._tree.walk(("nodes", node, "inputs", name, "from"))[1].mark
        return PipelineFileError(
            self._path,
            f"nodes.{node}.inputs.{name} has an unknown source: {wrong}",
            line=place.line,
            column=place.column,
            fix=fix,
        )


def _last_edge(cycle: Sequence[str], declaration: PipelineDeclaration, tree: Marked) -> Mark:
    """Where the edge of the cycle stands that was written last, and so closed it."""
    steps = set(itertools.pairwise(cycle))
    places: list[tuple[str | int, ...]] = [
        ("edges", number) for number, edge in enumerate(declaration.edges) if edge in steps
    ]
    places += [
        ("nodes", node, "inputs", name)
        for node, declared in declaration.nodes.items()
        for name, source in declared.inputs.items()
        if isinstance(source, Output) and (source.node, node) in steps
    ]
    return max(tree.walk(place)[1].mark for place in places)


def _recorded(path: str) -> RecordedPath:
    """A path as history keeps it: relative ones start at the file's folder."""
    return record(ABSOLUTE if path.startswith("/") else PIPELINE, path)


def _python(said: str | None) -> str | None:
    """An interpreter: a recorded path, or the name of a command, which has no slash."""
    return _recorded(said) if said and "/" in said else said


def _each(said: Mapping[str, _T] | None) -> Iterable[tuple[str, _T]]:
    return said.items() if said else ()
