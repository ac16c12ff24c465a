"""What a pipeline file, or a DAG built in Python, declares."""

from pydantic import Field, JsonValue

from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.limits import UNLIMITED, Limits
from runthrough.core.values.model import Frozen
from runthrough.core.values.specs import ScriptSpec


class NodeDeclaration(Frozen):
    """What the pipeline says of one node; all of it may be left out."""

    external: bool = False
    script: RecordedPath | None = None
    inputs: dict[str, RecordedPath | Output] = Field(default_factory=dict)
    outputs: dict[str, RecordedPath] = Field(default_factory=dict)
    environ_vars: dict[str, JsonValue] = Field(default_factory=dict)
    job_args: dict[str, JsonValue] = Field(default_factory=dict)
    timeout_s: float | None = None
    limits: Limits = UNLIMITED
    python: str | None = None


def declared_spec(declared: NodeDeclaration) -> ScriptSpec:
    """What a declaration says of a node's configuration, connections left out."""
    return ScriptSpec(
        input_paths={
            name: source
            for name, source in declared.inputs.items()
            if not isinstance(source, Output)
        },
        output_paths=declared.outputs,
        environ_vars=declared.environ_vars,
        job_args=declared.job_args,
        timeout_s=declared.timeout_s,
        limits=declared.limits,
        python=declared.python,
    )


class PipelineDeclaration(Frozen):
    """A whole pipeline: nodes and edges in their order, and how scripts are found and run."""

    name: str
    file: RecordedPath | None = None
    scripts: tuple[RecordedPath, ...] = ()
    """Search roots for scripts, first wins."""
    registry: dict[str, RecordedPath] = Field(default_factory=dict)
    """Node or canonical name → script."""
    python: str | None = None
    inherit_env: tuple[str, ...] = ()
    nodes: dict[str, NodeDeclaration] = Field(default_factory=dict)
    edges: tuple[tuple[str, str], ...] = ()
