"""The rules of the DAG."""

import itertools
import random

import networkx as nx
import pytest

from runthrough.core.pipeline import PipelineDAG, PipelineDefinition, declared_dag
from runthrough.core.values.connections import Output
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.errors import PipelineCycleError, PipelineError, UnknownNodeError

DIAMOND = [("load", "left"), ("load", "right"), ("left", "join"), ("right", "join")]


def test_nodes_and_edges_keep_the_order_in_which_they_were_added():
    """Nodes and edges are told in the order in which they were added, ends of edges last."""
    dag = PipelineDAG(["b", "a"], [("a", "b"), ("a", "c")], name="abc")
    assert dag.nodes == ("b", "a", "c")
    assert dag.edges == (("a", "b"), ("a", "c"))
    assert dag.name == "abc"


def test_a_dag_of_nothing_is_empty_and_unnamed():
    """Without arguments there are no nodes and no edges, and the name says so."""
    dag = PipelineDAG()
    assert (dag.nodes, dag.edges, dag.topological_sort(), dag.name) == ((), (), (), "unnamed")


def test_an_edge_adds_its_missing_ends():
    """An edge between unknown nodes adds both."""
    dag = PipelineDAG()
    dag.add_edge("a", "b")
    assert dag.nodes == ("a", "b")
    assert "a" in dag
    assert len(dag) == 2


def test_a_node_or_an_edge_that_is_there_is_ignored():
    """Adding a node or an edge again changes nothing."""
    dag = PipelineDAG(["a", "a"], [("a", "b"), ("a", "b")])
    dag.add_node("a")
    dag.add_edge("a", "b")
    assert dag.nodes == ("a", "b")
    assert dag.edges == (("a", "b"),)
    assert dag.get_dependencies("b") == ("a",)


def test_dependencies_are_the_direct_predecessors():
    """Dependencies are the direct predecessors in the order of their edges, never ancestors."""
    dag = PipelineDAG(edges=[("right", "join"), ("left", "join"), ("load", "left")])
    assert dag.get_dependencies("join") == ("right", "left")
    assert dag.get_dependencies("load") == ()


def test_upstream_and_downstream_are_transitive_and_in_topological_order():
    """Everything above and below a node is listed as it would run, the node itself left out."""
    dag = PipelineDAG(edges=[*reversed(DIAMOND), ("join", "report"), ("other", "report")])
    assert dag.upstream("join") == ("load", "right", "left")
    assert dag.downstream("load") == ("right", "left", "join", "report")
    assert dag.downstream("report") == ()


def test_of_nodes_that_could_follow_the_first_added_comes_first():
    """Ties in the order are decided by the order of insertion."""
    dag = PipelineDAG(["z", "y", "x", "w"], [("w", "z")])
    assert dag.topological_sort() == ("y", "x", "w", "z")


def test_a_node_becomes_due_again_at_its_own_place():
    """A node that was added first runs as soon as what it waits for has run."""
    dag = PipelineDAG(["a", "b", "c"], [("b", "a")])
    assert dag.topological_sort() == ("b", "a", "c")


def test_the_order_follows_later_additions():
    """The order is that of the DAG as it is now."""
    dag = PipelineDAG(["a", "b"])
    assert dag.topological_sort() == ("a", "b")
    dag.add_edge("b", "a")
    assert dag.topological_sort() == ("b", "a")
    dag.add_node("c")
    assert dag.topological_sort() == ("b", "a", "c")


def test_the_constructor_names_a_cycle():
    """A cycle among many edges is refused with its nodes, from the first added one."""
    edges = [("in", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "out")]
    with pytest.raises(PipelineCycleError, match="cycle: a → b → c → a") as caught:
        PipelineDAG(edges=edges)
    assert caught.value.cycle == ("a", "b", "c", "a")


def test_a_node_below_a_cycle_is_not_taken_for_a_part_of_it():
    """Nodes that only wait for a cycle are not named in it."""
    with pytest.raises(PipelineCycleError) as caught:
        PipelineDAG(["below", "a", "b"], [("a", "b"), ("b", "a"), ("b", "below")])
    assert caught.value.cycle == ("a", "b", "a")


@pytest.mark.parametrize(
    "edges",
    [
        [("a", "b"), ("b", "c"), ("c", "a")],
        [("b", "c"), ("c", "a"), ("a", "b")],
        [("c", "a"), ("b", "c"), ("a", "b")],
    ],
)
def test_an_edge_that_closes_a_cycle_is_refused_and_changes_nothing(edges):
    """The last edge of a cycle is refused with the cycle's name and leaves the DAG as it was."""
    dag = PipelineDAG(["a", "b", "c"], edges[:2])
    with pytest.raises(PipelineCycleError) as caught:
        dag.add_edge(*edges[2])
    assert caught.value.cycle == ("a", "b", "c", "a")
    assert dag == PipelineDAG(["a", "b", "c"], edges[:2])
    assert len(dag.topological_sort()) == 3


def test_an_edge_from_a_node_to_itself_is_a_cycle():
    """A node that depends on itself is the shortest cycle, however it is said."""
    with pytest.raises(PipelineCycleError) as caught:
        PipelineDAG(edges=[("a", "a")])
    assert caught.value.cycle == ("a", "a")
    dag = PipelineDAG()
    with pytest.raises(PipelineCycleError):
        dag.add_edge("a", "a")
    assert dag.nodes == ()


def cycle_of(build):
    try:
        build()
    except PipelineCycleError as refused:
        return refused.cycle
    return ()


def test_building_edge_by_edge_finds_what_building_at_once_finds():
    """Random edges are accepted one by one exactly when all of them together have no cycle."""
    dice = random.Random(20)
    for _ in range(200):
        names = [f"n{number}" for number in range(dice.randint(2, 9))]
        dag = PipelineDAG()
        taken = []
        for _ in range(dice.randint(1, 25)):
            edge = (dice.choice(names), dice.choice(names))
            at_once = cycle_of(lambda: PipelineDAG(edges=[*taken, edge]))  # noqa: B023 - called at once
            one_by_one = cycle_of(lambda: dag.add_edge(*edge))  # noqa: B023 - called at once
            assert bool(at_once) == bool(one_by_one)
            assert {*itertools.pairwise(at_once), *itertools.pairwise(one_by_one)} <= {
                *taken,
                edge,
            }
            taken += [] if at_once else [edge]
        assert dag == PipelineDAG(edges=taken)


@pytest.mark.parametrize("reverse_nodes", [False, True])
@pytest.mark.parametrize("reverse_edges", [False, True])
def test_building_a_long_chain_edge_by_edge_is_not_quadratic(reverse_nodes, reverse_edges):
    """Of two thousand single additions each looks at some nodes, in whatever order they come."""
    looks = 0

    class Name(str):
        __slots__ = ()

        def __hash__(self):
            nonlocal looks
            looks += 1
            return super().__hash__()

    names = [Name(f"n{number}") for number in range(2_000)]
    edges = list(itertools.pairwise(names))
    dag = PipelineDAG(names[::-1] if reverse_nodes else names)
    for edge in edges[::-1] if reverse_edges else edges:
        dag.add_edge(*edge)
    assert dag.topological_sort() == tuple(names)
    assert len(names) < looks < 100 * len(names)  # quadratic checking looks two million times


@pytest.mark.parametrize(
    ("nodes", "edges", "said"),
    [
        ([1], None, "must be a text, not int"),
        ([["a"]], None, "must be a text, not list"),
        ([""], None, "must not be empty"),
        (["  "], None, "must not be empty"),
        (["a/b"], None, "must not be a path"),
        ([".."], None, "must not be a path"),
        (["a\x1fb"], None, "control characters"),
        ("abc", None, "must be a list"),
        (None, "ab", "must be a list"),
        (7, None, "must be a list"),
        (None, [("a", "b", "c")], "a pair of nodes; this is \\('a', 'b', 'c'\\)"),
        (None, ["ab"], "a pair of nodes; this is 'ab'"),
        (None, [("a", 2)], "must be a text, not int"),
    ],
)
def test_what_is_not_a_name_or_an_edge_is_refused(nodes, edges, said):
    """A wrong node or edge is refused with what it is and why."""
    with pytest.raises(PipelineError, match=said):
        PipelineDAG(nodes, edges)


def test_a_refused_edge_adds_none_of_its_ends():
    """An edge whose one end is no name leaves no trace of the other."""
    dag = PipelineDAG()
    with pytest.raises(PipelineError):
        dag.add_edge("a", None)
    assert dag.nodes == ()


@pytest.mark.parametrize("question", ["get_dependencies", "upstream", "downstream"])
def test_a_question_about_an_unknown_node_is_refused(question):
    """Asking about a node that is not there names it."""
    with pytest.raises(UnknownNodeError, match="nobody"):
        getattr(PipelineDAG(["a"]), question)("nobody")


def test_a_mapping_tells_what_each_node_depends_on():
    """A mapping leads from a node to its dependencies, which need no line of their own."""
    dag = PipelineDAG.from_mapping({"b": ["a"], "c": ["a", "b"]}, name="abc")
    assert dag == PipelineDAG(["a", "b", "c"], [("a", "b"), ("a", "c"), ("b", "c")], "abc")
    with pytest.raises(PipelineError, match="dependencies of 'b' must be a list"):
        PipelineDAG.from_mapping({"b": "a"})


def test_what_is_no_mapping_of_dependencies_is_refused():
    """Pairs given where a mapping is needed are told, with the form to write."""
    with pytest.raises(PipelineError, match="mapping of nodes; this is a list"):
        PipelineDAG.from_mapping([("a", "b")])


def test_networkx_graphs_go_in_and_come_out_unchanged():
    """A DAG made from a networkx graph gives an equal graph back."""
    graph = nx.DiGraph(DIAMOND, name="diamond")
    graph.add_node("alone")
    dag = PipelineDAG.from_networkx(graph)
    assert dag.name == "diamond"
    assert nx.utils.graphs_equal(dag.to_networkx(), graph)
    assert PipelineDAG.from_networkx(dag.to_networkx()) == dag
    assert PipelineDAG.from_networkx(nx.DiGraph()).name == "unnamed"


def test_a_graph_without_directions_is_refused():
    """An undirected graph has no upstream, so it is refused with what to pass instead."""
    with pytest.raises(PipelineError, match="directed"):
        PipelineDAG.from_networkx(nx.Graph([("a", "b")]))


def test_a_graph_of_other_things_than_texts_is_refused():
    """Numbers as nodes are told, with the call that makes texts of them."""
    with pytest.raises(PipelineError, match="must be a text, not int") as caught:
        PipelineDAG.from_networkx(nx.DiGraph([(1, 2)]))
    assert "relabel_nodes" in str(caught.value.fix)


def test_parallel_edges_and_attributes_of_a_graph_are_left_out():
    """A graph with parallel edges and attributes gives the plain DAG of its names."""
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "b", weight=1)
    graph.add_edge("a", "b", weight=2)
    graph.add_node("c", color="red")
    assert PipelineDAG.from_networkx(graph) == PipelineDAG(["a", "b", "c"], [("a", "b")])


def test_edges_may_be_lists_and_generators():
    """Pairs that come as lists or one by one give the same DAG, ends in their order."""
    dag = PipelineDAG(["b"], (pair for pair in [["a", "b"], ["c", "b"], ["a", "b"]]))
    assert dag.nodes == ("b", "a", "c")
    assert dag.edges == (("a", "b"), ("c", "b"))


def test_equal_dags_have_equal_names_nodes_and_edges():
    """Equality looks at name, nodes and edges, not at their order nor at other types."""
    dag = PipelineDAG(["a", "b"], [("a", "b")], "x")
    assert dag == PipelineDAG(["b", "a"], [("a", "b")], "x")
    assert dag != PipelineDAG(["a", "b"], [("a", "b")], "y")
    assert dag != PipelineDAG(["a", "b"], [], "x")
    assert dag != "x"


def test_a_dag_tells_its_size():
    """The short form shows the name and how much there is."""
    assert repr(PipelineDAG(edges=DIAMOND)) == "PipelineDAG(name='unnamed', nodes=4, edges=4)"


def test_a_definition_made_from_a_dag_declares_its_nodes_and_edges():
    """A DAG built in Python declares its name, nodes and edges, and gives an equal DAG back."""
    dag = PipelineDAG(edges=DIAMOND, name="diamond")
    definition = PipelineDefinition.from_dag(dag, "/work")
    assert definition.dag == dag
    assert definition.dag.topological_sort() == dag.topological_sort()
    assert (definition.name, definition.folder, definition.file) == ("diamond", "/work", None)
    assert definition.declaration.nodes["join"] == NodeDeclaration()


def test_a_declared_connection_implies_its_edge():
    """An input that is fed by another node's output makes that node a dependency."""
    declaration = PipelineDeclaration(
        name="p",
        nodes={"b": NodeDeclaration(inputs={"x": Output("a", "out"), "y": "abs:/y"})},
    )
    assert declared_dag(declaration).edges == (("a", "b"),)
