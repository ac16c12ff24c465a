"""What goes from outputs to inputs: which path it is, and what lies there."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from runthrough.application.ports import Inspector
from runthrough.core.commands import SeamChecked
from runthrough.core.state import SessionState
from runthrough.core.validation.seams import judged, looked_into
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.outcomes import Edge
from runthrough.core.values.paths import Roots, below
from runthrough.core.values.requirements import RequirementKind, ScriptRequirements
from runthrough.core.views.particulars import Particulars

_T = TypeVar("_T")


class Contents:
    """Looks into each path once, though several connections may come from it."""

    def __init__(self, inspector: Inspector, roots: Roots, secrets: Sequence[str]) -> None:
        self._inspector = inspector
        self._roots = roots
        self._secrets = secrets
        self._seen: dict[RecordedPath, ContentFacts] = {}

    def __call__(self, path: RecordedPath) -> ContentFacts:
        """What lies at a path."""
        if path not in self._seen:
            self._seen[path] = self._inspector.content(
                self._roots.locate(path), secrets=self._secrets
            )
        return self._seen[path]


def seam(
    connection: Connection,
    path: RecordedPath | None,
    absent: str | None,
    look: Contents,
    particulars: Particulars,
) -> SeamChecked:
    """One connection, checked.

    `path` is where lies what it hands over, and `absent` why that is not there, in words.
    """
    source = connection.source
    edge = Edge(
        from_node=NodeName(source.node),
        output=source.output,
        input=connection.input,
        subpath=source.subpath,
    )
    need = particulars.needs(connection.node).find("input", connection.input)
    content, parts = ContentFacts(), dict[str, ContentFacts]()
    if path is not None and absent is None:
        content = look(path)
        parts = {name: look(below(path, name)) for name in looked_into(need, content)}
    result = judged(
        source,
        connection.node,
        connection.input,
        absent=absent,
        content=content,
        need=need,
        parts=parts,
    )
    return SeamChecked(node=connection.node, edge=edge, result=result)


def taken(
    state: SessionState, needs: ScriptRequirements, node: NodeName
) -> dict[str, tuple[RecordedPath | None, Output | None]]:
    """Input → what an attempt gets there, and from which output; by the script's own names.

    The path is `None` where that output was not written when its node passed.
    """
    spec = state.nodes[node].spec
    given: dict[str, tuple[RecordedPath | None, Output | None]] = {}
    if spec is not None:
        given = {name: (path, None) for name, path in spec.input_paths.items()}
    for name, connection in state.connections.get(node, {}).items():
        given[name] = (handed_over(state, connection), connection.source)
    return owned(needs, "input", given)


def fed_by(state: SessionState, node: NodeName) -> tuple[Connection, ...]:
    """The connections that outputs of a node feed."""
    return tuple(
        connection
        for consumer in state.successors.get(node, ())
        for connection in state.connections.get(consumer, {}).values()
        if connection.source.node == node
    )


def handed_over(state: SessionState, connection: Connection) -> RecordedPath | None:
    """What a connection hands over: a path that its producer's last passed attempt left.

    `None` where that attempt did not write it.
    """
    source = connection.source
    left = (state.outputs_of(NodeName(source.node)) or {}).get(source.output)
    return None if left is None else below(left, source.subpath)


def owned(
    needs: ScriptRequirements, kind: RequirementKind, values: Mapping[str, _T]
) -> dict[str, _T]:
    """Values by the names that the script itself reads."""
    return {needs.own_name(kind, name): value for name, value in values.items()}
