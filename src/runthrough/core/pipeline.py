"""The DAG of a pipeline: order, what lies above and below a node, and cycles named.

The only room of networkx, which is imported inside the two functions that need it.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from runthrough.core.values.connections import Output
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.errors import PipelineCycleError, PipelineError, UnknownNodeError

if TYPE_CHECKING:
    import networkx as nx

_T = TypeVar("_T")


class PipelineDAG:
    """Nodes and edges in the order in which they were added, never with a cycle.

    Beside them an order of all nodes is kept in which each edge leads forward. A new edge that
    agrees with it costs nothing; one that does not moves only the nodes between its ends
    (Pearce and Kelly, "A dynamic topological sort algorithm", 2006), so that building a DAG
    edge by edge is not quadratic.
    """

    def __init__(
        self,
        nodes: Iterable[str] | None = None,
        edges: Iterable[tuple[str, str]] | None = None,
        name: str = "unnamed",
    ) -> None:
        """Build from names and `(upstream, downstream)` pairs; ends that are missing are added.

        Raises:
            PipelineCycleError: The edges form a cycle.
            PipelineError: A name or an edge is not one.
        """
        self.name = name
        self._successors: dict[str, list[str]] = {}
        self._predecessors: dict[str, list[str]] = {}
        self._edges: dict[tuple[str, str], None] = {}
        self._rank: dict[str, int] = {}
        self._lowest = self._highest = 0
        self._order: tuple[str, ...] | None = None
        for node in _listed(nodes, "nodes"):
            self._insert(node)
        self._link_all(_listed(edges, "edges"))
        self._rank = {node: rank for rank, node in enumerate(self.topological_sort())}

    @classmethod
    def from_mapping(
        cls, dependencies: Mapping[str, Iterable[str]], name: str = "unnamed"
    ) -> Self:
        """Build from `{node: [what it depends on]}`.

        Raises:
            PipelineCycleError: The dependencies form a cycle.
            PipelineError: It is no mapping, or a name is not one.
        """
        if not isinstance(dependencies, Mapping):
            told = f"Dependencies are a mapping of nodes; this is a {type(dependencies).__name__}."
            raise PipelineError(told, fix="{'b': ['a']} lets b depend on a")
        edges = [
            (source, node)
            for node, sources in dependencies.items()
            for source in _listed(sources, f"dependencies of {node!r}")
        ]
        return cls(list(dependencies), edges, name)

    @classmethod
    def from_networkx(cls, graph: "nx.DiGraph[str]", name: str | None = None) -> Self:
        """Build from a directed graph of networkx; its own name is taken when none is given.

        Attributes are left out, and parallel edges are one.

        Raises:
            PipelineCycleError: The graph has a cycle.
            PipelineError: It is not a directed graph, or a node is not a text.
        """
        import networkx as nx  # noqa: PLC0415 - importing it costs 0.15 s, and few need it

        if not isinstance(graph, nx.DiGraph):
            told = f"A pipeline needs a directed graph; this is a {type(graph).__name__}."
            raise PipelineError(told, fix="pass a DiGraph with edges from upstream to downstream")
        return cls(list(graph.nodes), list(graph.edges()), name or graph.name or "unnamed")

    def to_networkx(self) -> "nx.DiGraph[str]":
        """A directed graph of networkx with the same nodes, edges and name."""
        import networkx as nx  # noqa: PLC0415 - importing it costs 0.15 s, and few need it

        graph: nx.DiGraph[str] = nx.DiGraph(name=self.name)
        graph.add_nodes_from(self._successors)
        graph.add_edges_from(self._edges)
        return graph

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes, in the order in which they were added."""
        return tuple(self._successors)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """`(upstream, downstream)` pairs, in the order in which they were added."""
        return tuple(self._edges)

    def add_node(self, node: str) -> None:
        """Add a node; one that is there already stays as it is.

        Raises:
            PipelineError: The name is not one.
        """
        self._insert(node)

    def add_edge(self, source: str, target: str) -> None:
        """Add an edge and its missing ends; one that is there already stays as it is.

        Raises:
            PipelineCycleError: The edge closes a cycle; the DAG stays as it was.
            PipelineError: A name is not one.
        """
        for end in (source, target):
            _refuse_other_than_names(end)
        if source == target:
            raise PipelineCycleError((source, source))
        self._ends((source, target))
        if (source, target) not in self._edges:
            self._make_room(source, target)
            self._link(source, target)

    def get_dependencies(self, node: str) -> tuple[str, ...]:
        """The direct predecessors of a node, in the order in which the edges were added.

        Raises:
            UnknownNodeError: No node has that name.
        """
        return tuple(self._predecessors[self._known(node)])

    def topological_sort(self) -> tuple[str, ...]:
        """All nodes, each after what it depends on; of several that could follow, the first
        added comes first.
        """  # noqa: D205 - one sentence that is longer than a line
        if self._order is None:
            self._order = self._sorted()
        return self._order

    def upstream(self, node: str) -> tuple[str, ...]:
        """All nodes from which the node can be reached, in topological order.

        Raises:
            UnknownNodeError: No node has that name.
        """
        return self._reached(node, self._predecessors)

    def downstream(self, node: str) -> tuple[str, ...]:
        """All nodes that can be reached from the node, in topological order.

        Raises:
            UnknownNodeError: No node has that name.
        """
        return self._reached(node, self._successors)

    def __contains__(self, node: object) -> bool:
        return node in self._successors

    def __len__(self) -> int:
        return len(self._successors)

    def __eq__(self, other: object) -> bool:
        """Equal name, nodes and edges; the order in which they were added does not matter."""
        if not isinstance(other, PipelineDAG):
            return NotImplemented
        return (
            self.name == other.name
            and self._successors.keys() == other._successors.keys()
            and self._edges.keys() == other._edges.keys()
        )

    __hash__ = None  # type: ignore[assignment]  # it can change, so it must not be a key

    def __repr__(self) -> str:
        return f"PipelineDAG(name={self.name!r}, nodes={len(self)}, edges={len(self._edges)})"

    def _known(self, node: str) -> str:
        if node not in self._successors:
            raise UnknownNodeError(str(node), in_dag=True)
        return node

    def _insert(self, node: str) -> None:
        if isinstance(node, str) and node in self._successors:
            return
        _refuse_other_than_names(node)
        self._rank[node] = self._highest = self._highest + 1
        self._successors[node] = []
        self._predecessors[node] = []
        self._order = None

    def _ends(self, edge: tuple[str, str]) -> tuple[str, str]:
        """The two ends of an edge, which are nodes from now on."""
        if not isinstance(edge, (tuple, list)) or len(edge) != 2:  # noqa: PLR2004 - two ends
            raise PipelineError(
                f"An edge is a pair of nodes; this is {edge!r}.",
                fix="write it as (upstream, downstream)",
            )
        source, target = edge
        self._insert(source)
        self._insert(target)
        return source, target

    def _link(self, source: str, target: str) -> None:
        if (source, target) not in self._edges:
            self._edges[source, target] = None
            self._successors[source].append(target)
            self._predecessors[target].append(source)
            self._order = None

    def _link_all(self, edges: Iterable[tuple[str, str]]) -> None:
        """Link many edges, without calls for those between nodes that are there: nearly all."""
        links, above, below = self._edges, self._predecessors, self._successors
        for edge in edges:
            plain = edge.__class__ is tuple and len(edge) == 2  # noqa: PLR2004 - two ends
            plain = plain and edge[0].__class__ is edge[1].__class__ is str
            if not plain or edge[0] not in below or edge[1] not in below:
                self._link(*self._ends(edge))
            elif edge not in links:
                links[edge] = None
                below[edge[0]].append(edge[1])
                above[edge[1]].append(edge[0])

    def _sorted(self) -> tuple[str, ...]:
        """Kahn's algorithm with a heap over the order of insertion."""
        names = self.nodes
        index = {node: number for number, node in enumerate(names)}
        waiting = {node: len(sources) for node, sources in self._predecessors.items()}
        free = [index[node] for node, count in waiting.items() if not count]
        order = []
        while free:
            node = names[heapq.heappop(free)]
            order.append(node)
            for target in self._successors[node]:
                waiting[target] -= 1
                if not waiting[target]:
                    heapq.heappush(free, index[target])
        if len(order) < len(names):
            left = {node for node, count in waiting.items() if count}
            raise PipelineCycleError(self._cycle_within(left))
        return tuple(order)

    def _cycle_within(self, left: set[str]) -> tuple[str, ...]:
        """A cycle among nodes of which each has a predecessor among them: walk back."""
        node = next(node for node in self._successors if node in left)
        walked: dict[str, int] = {}
        while node not in walked:
            walked[node] = len(walked)
            node = next(source for source in self._predecessors[node] if source in left)
        return self._closed(list(walked)[walked[node] :][::-1])

    def _closed(self, cycle: list[str]) -> tuple[str, ...]:
        """The cycle from its first added node round to that node again."""
        members = set(cycle)
        first = cycle.index(next(node for node in self._successors if node in members))
        return (*cycle[first:], *cycle[: first + 1])

    def _make_room(self, source: str, target: str) -> None:
        """Reorder so that an edge from `source` to `target` leads forward."""
        rank = self._rank
        low, high = rank[target], rank[source]
        if high < low:
            return
        if not self._successors[target]:
            rank[target] = self._highest = self._highest + 1
            return
        if not self._predecessors[source]:
            rank[source] = self._lowest = self._lowest - 1
            return
        below = self._between(target, self._successors, low, high)
        if source in below:
            raise PipelineCycleError(self._closed(_walk(below, source)[::-1]))
        above = self._between(source, self._predecessors, low, high)
        moved = sorted(above, key=rank.__getitem__) + sorted(below, key=rank.__getitem__)
        for node, place in zip(moved, sorted(rank[node] for node in moved), strict=True):
            rank[node] = place

    def _between(
        self, start: str, neighbours: Mapping[str, list[str]], low: int, high: int
    ) -> dict[str, str | None]:
        """What can be reached from `start` inside the ranks, each with the node before it."""
        reached: dict[str, str | None] = {start: None}
        stack = [start]
        while stack:
            node = stack.pop()
            for other in neighbours[node]:
                if other not in reached and low <= self._rank[other] <= high:
                    reached[other] = node
                    stack.append(other)
        return reached

    def _reached(self, node: str, neighbours: Mapping[str, list[str]]) -> tuple[str, ...]:
        stack = [self._known(node)]
        found: set[str] = set()
        while stack:
            new = [other for other in neighbours[stack.pop()] if other not in found]
            found.update(new)
            stack.extend(new)
        return tuple(name for name in self.topological_sort() if name in found)


@dataclass(frozen=True)
class PipelineDefinition:
    """A pipeline as it was declared, and where it lies on this machine."""

    declaration: PipelineDeclaration
    folder: str
    """Absolute path of the root `pipeline:`."""
    file: str | None = None
    """Absolute path of the pipeline file; `None` for a DAG built in Python."""

    @classmethod
    def from_dag(cls, dag: PipelineDAG, folder: str) -> Self:
        """What a DAG alone declares: its name, nodes and edges."""
        nodes = {node: NodeDeclaration() for node in dag.nodes}
        return cls(PipelineDeclaration(name=dag.name, nodes=nodes, edges=dag.edges), folder)

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.declaration.name

    @property
    def dag(self) -> PipelineDAG:
        """A new DAG of what is declared.

        Raises:
            PipelineCycleError: The edges and connections form a cycle.
            PipelineError: A name or an edge is not one.
        """
        return declared_dag(self.declaration)


def declared_dag(declaration: PipelineDeclaration) -> PipelineDAG:
    """The declared nodes and edges, and the edges that declared connections imply.

    Raises:
        PipelineCycleError: The edges and connections form a cycle.
        PipelineError: A name or an edge is not one.
    """
    implied = [
        (source.node, node)
        for node, declared in declaration.nodes.items()
        for source in declared.inputs.values()
        if isinstance(source, Output)
    ]
    return PipelineDAG(declaration.nodes, [*declaration.edges, *implied], declaration.name)


def name_problem(name: object, what: str = "a node's name") -> str | None:
    """Why that cannot name a node, an input or an output; `None` when it can.

    Such a name is also the name of a folder and a part of the log, and `/` ends it where a
    connection is written.
    """
    if not isinstance(name, str):
        return f"{what} must be a text, not {type(name).__name__}"
    if not name.strip():
        return f"{what} must not be empty"
    if name in {".", ".."} or "/" in name:
        return f"{what} must not be a path: {name!r}"
    if not name.isprintable():
        return f"{what} must not contain control characters: {name!r}"
    return None


def _listed(values: Iterable[_T] | None, what: str) -> Iterable[_T]:
    """`values`, unless they are a text, whose letters would be taken for names."""
    if values is None:
        return ()
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise PipelineError(
            f"The {what} must be a list; this is a {type(values).__name__}.",
            fix="PipelineDAG(nodes=['a', 'b'], edges=[('a', 'b')])",
        )
    return values


def _refuse_other_than_names(node: object) -> None:
    problem = name_problem(node)
    if problem is not None:
        fix = None if isinstance(node, str) else "str(name); networkx.relabel_nodes(graph, str)"
        raise PipelineError(f"{problem[0].upper()}{problem[1:]}.", fix=fix)


def _walk(reached: Mapping[str, str | None], node: str) -> list[str]:
    """The way from `node` back to where the search began."""
    way = [node]
    while (before := reached[way[-1]]) is not None:
        way.append(before)
    return way
