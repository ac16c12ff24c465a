"""A session as a pipeline that declares all that was answered."""

from collections.abc import Mapping

from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration


def declaration_of(state: SessionState) -> PipelineDeclaration:
    """The pipeline of which a new session would have every node configured as it is here.

    Of a pending node it declares what is known, so that it stays pending. Edges are those of the
    pipeline and those that connections brought.
    """
    edges = [(above, node) for node in state.nodes for above in state.predecessors.get(node, ())]
    return state.pipeline.model_copy(
        update={
            "file": None,
            "nodes": {node: _declared(state, node) for node in state.nodes},
            "edges": tuple(edges),
        }
    )


def unsaid(state: SessionState) -> tuple[str, ...]:
    """What a session holds that no pipeline can declare, a line each."""
    rejections = (
        f"{node}.{old.input} does not take {old.source}: rejected"
        for node in state.nodes
        for old in state.rejected.get(node, ())
    )
    notes = (
        f"the note of {node}: {spec.user_notes}"
        for node, there in state.nodes.items()
        if (spec := there.spec or there.draft) is not None and spec.user_notes
    )
    return (*rejections, *notes)


def _declared(state: SessionState, node: NodeName) -> NodeDeclaration:
    there, before = state.nodes[node], state.declared(node)
    if there.external:
        return NodeDeclaration(external=True, outputs=there.external_outputs)
    spec = there.spec or there.draft
    wires = state.connections.get(node, {})
    fed: Mapping[str, Output] = {name: wires[name].source for name in sorted(wires)}
    if spec is None:
        return before.model_copy(
            update={
                "external": False,
                "script": _script(there, before),
                "inputs": {**before.inputs, **fed},
            }
        )
    return NodeDeclaration(
        script=_script(there, before),
        inputs={**spec.input_paths, **fed},
        outputs=spec.output_paths,
        environ_vars=spec.environ_vars,
        job_args=spec.job_args,
        timeout_s=spec.timeout_s,
        limits=spec.limits,
        python=spec.python,
    )


def _script(there: NodeState, before: NodeDeclaration) -> RecordedPath | None:
    return there.script.path if there.script else before.script
