"""Pipelines as history keeps them: named, ordered, masked, and placed below a session's roots."""

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import PIPELINE, Roots, split
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.secrets import (
    UNNAMEABLE,
    looks_secret,
    masked_text,
    masked_values,
)
from runthrough.errors import PipelineError

Move = Callable[[RecordedPath], RecordedPath | None]
"""Where a path lies now; `None` for nowhere."""


def normalised(definition: PipelineDefinition) -> PipelineDeclaration:
    """A pipeline as history keeps it: every node named, in topological order, secrets masked.

    Raises:
        PipelineError: A name in it looks like a secret.
    """
    declared = definition.declaration
    dag = definition.dag
    _refuse_secret_names(declared, dag.nodes)
    nodes = {}
    for name in dag.topological_sort():
        node = declared.nodes.get(name) or NodeDeclaration()
        nodes[name] = node.model_copy(
            update={
                "script": node.script and _masked(node.script),
                "inputs": {
                    n: _unsecret(source) if isinstance(source, Output) else _masked(source)
                    for n, source in node.inputs.items()
                },
                "outputs": {n: _masked(path) for n, path in node.outputs.items()},
                "environ_vars": masked_values(node.environ_vars),
                "job_args": masked_values(node.job_args),
                "python": node.python and masked_text(node.python),
            }
        )
    return declared.model_copy(
        update={
            "nodes": nodes,
            "edges": tuple(dag.edges),
            "scripts": tuple(map(_masked, declared.scripts)),
            "registry": {n: _masked(path) for n, path in declared.registry.items()},
            "python": declared.python and masked_text(declared.python),
        }
    )


def _refuse_secret_names(declared: PipelineDeclaration, nodes: Sequence[str]) -> None:
    """Refuse names that no rule could mask: they are the keys of what is recorded.

    Raises:
        PipelineError: One looks like a secret; it says whose name, and not the name.
    """
    named: dict[str, Iterable[str]] = {
        "The pipeline": (declared.name, *declared.registry, *declared.inherit_env),
        "A node of the pipeline": nodes,
    }
    for name, node in declared.nodes.items():
        sources = [source for source in node.inputs.values() if isinstance(source, Output)]
        named |= {
            f"An input of {name}": (*node.inputs, *(source.output for source in sources)),
            f"An output of {name}": node.outputs,
            f"A variable of {name}": node.environ_vars,
            f"An argument of {name}": node.job_args,
        }
    for what, names in named.items():
        if any(map(looks_secret, names)):
            raise PipelineError(f"{what} has {UNNAMEABLE}.", fix="give it another name")


def _unsecret(source: Output) -> Output:
    return replace(source, subpath=source.subpath and masked_text(source.subpath))


def _masked(path: RecordedPath) -> RecordedPath:
    """A path without what looks like a secret, such as the password of a URL."""
    return RecordedPath(masked_text(path))


def with_registered(
    pipeline: PipelineDeclaration, registered: Mapping[str, str], roots: Roots
) -> PipelineDeclaration:
    """A pipeline with the scripts that settings name as well; its own win."""
    registry = {name: roots.record(path) for name, path in registered.items()}
    return pipeline.model_copy(update={"registry": {**registry, **pipeline.registry}})


def placed(definition: PipelineDefinition, roots: Roots) -> PipelineDeclaration:
    """A normalised pipeline with its paths below a session's roots, wherever its file lies.

    In the folder that is the session's root `pipeline:` they stay as they are.
    """
    pipeline = normalised(definition)
    if roots.places.get(PIPELINE) == definition.folder:
        return pipeline

    def moved(path: RecordedPath) -> RecordedPath:
        root, relative = split(path)
        if root != PIPELINE:
            return path
        return roots.record(posixpath.join(definition.folder, relative))

    return relocated(pipeline, moved)


def relocated(pipeline: PipelineDeclaration, moved: Move) -> PipelineDeclaration:
    """A pipeline with each of its paths moved; what `moved` knows no place for is left out."""
    nodes = {
        name: node.model_copy(
            update={
                "script": node.script and moved(node.script),
                "inputs": _sources_moved(node.inputs, moved),
                "outputs": all_moved(node.outputs, moved),
                "python": python_moved(node.python, moved),
            }
        )
        for name, node in pipeline.nodes.items()
    }
    scripts = (moved(path) for path in pipeline.scripts)
    return pipeline.model_copy(
        update={
            "nodes": nodes,
            "file": pipeline.file and moved(pipeline.file),
            "scripts": tuple(path for path in scripts if path is not None),
            "registry": all_moved(pipeline.registry, moved),
            "python": python_moved(pipeline.python, moved),
        }
    )


def _sources_moved(
    sources: Mapping[str, RecordedPath | Output], moved: Move
) -> dict[str, RecordedPath | Output]:
    found = {
        name: source if isinstance(source, Output) else moved(source)
        for name, source in sources.items()
    }
    return {name: source for name, source in found.items() if source is not None}


def all_moved(paths: Mapping[str, RecordedPath], moved: Move) -> dict[str, RecordedPath]:
    """Paths by name, each moved; those without a place are left out."""
    found = {name: moved(path) for name, path in paths.items()}
    return {name: path for name, path in found.items() if path is not None}


def python_moved(python: str | None, moved: Move) -> str | None:
    """An interpreter: a recorded path is moved, the name of a command is not."""
    if not python or not split(RecordedPath(python))[1]:
        return python
    return moved(RecordedPath(python))
