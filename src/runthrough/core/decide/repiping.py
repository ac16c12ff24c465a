"""What leads from one pipeline to another, node by node."""

from collections.abc import Iterable, Mapping

from runthrough.core.decide.merging import renamed_declaration
from runthrough.core.events import PipelineChanged
from runthrough.core.pipeline import declared_dag
from runthrough.core.values.ids import NodeName
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration

Names = Mapping[NodeName, NodeName]
"""Old name → new name, of nodes that are called otherwise."""


def pipeline_change(
    old: PipelineDeclaration, new: PipelineDeclaration, renamed: Names
) -> PipelineChanged:
    """The event that makes `new` of `old`; a node of the same name is the same node.

    A name that a renamed node takes was another node's before.
    """
    old_dag, new_dag = declared_dag(old), declared_dag(new)
    before = dict.fromkeys(NodeName(name) for name in old_dag.nodes)
    after = dict.fromkeys(NodeName(name) for name in new_dag.nodes)
    names = {name: to for name, to in renamed.items() if name in before and to in after}
    said_of = {*names, *names.values()}
    names |= {name: name for name in before if name in after and name not in said_of}
    new_name = {name: to for name, to in names.items() if name != to}
    old_name = {to: name for name, to in names.items()}
    had, has = _sources(old_dag.edges, new_name), _sources(new_dag.edges, {})
    anew = (old.inherit_env, old.python) != (new.inherit_env, new.python)

    def said(pipeline: PipelineDeclaration, node: NodeName) -> NodeDeclaration:
        return pipeline.nodes.get(node) or NodeDeclaration()

    return PipelineChanged(
        pipeline=new,
        added=tuple(name for name in after if name not in old_name),
        removed=tuple(name for name in before if name not in names),
        renamed=new_name,
        changed=tuple(
            to
            for to in after
            if to in old_name
            and (
                anew
                or renamed_declaration(said(old, old_name[to]), new_name) != said(new, to)
                or had.get(to) != has.get(to)
            )
        ),
    )


def _sources(edges: Iterable[tuple[str, str]], names: Names) -> dict[str, set[str]]:
    """What leads into each node: an edge is its end's own, and changes nothing of its source."""
    found: dict[str, set[str]] = {}
    for source, target in edges:
        found.setdefault(_called(target, names), set()).add(_called(source, names))
    return found


def _called(name: str, names: Names) -> str:
    return names.get(NodeName(name), name)
