"""A large DAG folded into groups: the laws, and what is folded first."""

import itertools

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.views.collapsing import collapse

WORDS = ("passed", "failed", "stale")


@st.composite
def dags(draw):
    """Up to 40 nodes with words, edges from earlier ones to later ones, and some to keep apart."""
    count = draw(st.integers(1, 40))
    words = {f"n{place}": draw(st.sampled_from(WORDS)) for place in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = [
        (f"n{min(pair)}", f"n{max(pair)}")
        for pair in draw(st.lists(pairs, max_size=90))
        if pair[0] != pair[1]
    ]
    apart = draw(st.sets(st.sampled_from(sorted(words)), max_size=5))
    return words, edges, apart


LIMITS = {"groups_at_most": st.integers(1, 45), "edges_at_most": st.integers(0, 60)}


@given(dag=dags(), limits=st.fixed_dictionaries(LIMITS))
def test_every_node_is_in_one_group_and_the_groups_form_a_dag(dag, limits):
    """Nothing is lost or doubled, an edge between groups is that of nodes, and limits hold."""
    words, edges, apart = dag
    folded = collapse(words, edges, apart=apart, **limits)
    assert sorted(node for group in folded.groups for node in group) == sorted(words)
    places = {node: place for place, group in enumerate(folded.groups) for node in group}
    led = {(places[one], places[other]) for one, other in edges}
    assert set(folded.edges) == {ends for ends in led if ends[0] != ends[1]}
    assert nx.is_directed_acyclic_graph(nx.DiGraph(folded.edges))
    assert len(folded.groups) <= limits["groups_at_most"]
    assert len(folded.edges) <= limits["edges_at_most"]
    for group, said in zip(folded.groups, folded.words, strict=True):
        assert {words[node] for node in group} == said


@given(dag=dags())
def test_a_dag_that_is_small_enough_is_left_alone(dag):
    """Each node is its own group, in the order given."""
    words, edges, apart = dag
    folded = collapse(words, edges, apart=apart, groups_at_most=40, edges_at_most=90)
    assert folded.groups == tuple((node,) for node in words)


@given(dag=dags(), limits=st.fixed_dictionaries(LIMITS))
def test_the_same_dag_is_folded_alike(dag, limits):
    """Nothing is left to chance, nor to the order of the edges."""
    words, edges, apart = dag
    one = collapse(words, edges, apart=apart, **limits)
    other = collapse(words, edges[::-1], apart=sorted(apart), **limits)
    assert one.groups == other.groups


def fan(count):
    """One node above many and one below them."""
    words = {"top": "passed", **{f"m{place}": "passed" for place in range(count)}, "end": "passed"}
    edges = [("top", f"m{place}") for place in range(count)]
    return words, edges + [(f"m{place}", "end") for place in range(count)]


def test_siblings_with_one_word_are_folded_first():
    """What has equal neighbours and stands alike is one box; what failed is another."""
    words, edges = fan(50)
    words["m7"] = "failed"
    folded = collapse(words, edges, groups_at_most=10, edges_at_most=99)
    rest = tuple(f"m{place}" for place in range(50) if place != 7)
    assert folded.groups == (("top",), rest, ("m7",), ("end",))


def test_a_chain_is_folded_into_one():
    """Links that follow each other without a branch are one box, broken where a word differs."""
    words = {f"n{place:02}": "passed" for place in range(30)}
    words["n10"] = "failed"
    names = list(words)
    edges = list(itertools.pairwise(names))
    folded = collapse(words, edges, groups_at_most=5, edges_at_most=99)
    assert folded.groups == (tuple(names[:10]), ("n10",), tuple(names[11:]))


def test_what_is_kept_apart_stays_alone_among_many():
    """A failed node of a thousand has a box of its own, whatever else is folded."""
    words = {f"n{place:04}": "passed" for place in range(1000)} | {"n0500": "failed"}
    names = list(words)
    edges = [
        (names[place], names[place + step])
        for place in range(1000)
        for step in (1, 7, 31)
        if place + step < 1000
    ]
    folded = collapse(words, edges, apart={"n0500"}, groups_at_most=80, edges_at_most=240)
    assert ("n0500",) in folded.groups
    assert 10 < len(folded.groups) <= 80


def test_neighbours_of_what_is_kept_apart_stay_alone_where_there_is_room():
    """What feeds a failed node and what it feeds are seen; of many failed nodes they are not."""
    words = {f"n{place:02}": "passed" for place in range(90)} | {"n40": "failed"}
    names = list(words)
    edges = list(itertools.pairwise(names))
    folded = collapse(words, edges, apart={"n40"}, groups_at_most=8, edges_at_most=99)
    assert folded.groups == (tuple(names[:39]), ("n39",), ("n40",), ("n41",), tuple(names[42:]))
    crowded = collapse(words, edges, apart={"n40"}, groups_at_most=5, edges_at_most=99)
    assert crowded.groups == (tuple(names[:40]), ("n40",), tuple(names[41:]))


@given(dag=dags())
def test_what_is_kept_apart_is_alone_where_there_is_room(dag):
    """Each needs at most three groups: itself, what is beside it, and what lies below."""
    words, edges, apart = dag
    most = 3 * len(apart) + 1
    folded = collapse(
        words, edges, apart=apart, groups_at_most=most, edges_at_most=most * (most - 1) // 2
    )
    assert {(node,) for node in apart} <= set(folded.groups)


def net(depth):
    """Three nodes at each depth, each of which leads to two: neither siblings nor chains."""
    words = {f"n{level:02}{place}": "passed" for level in range(depth) for place in range(3)}
    edges = [
        (f"n{level:02}{place}", f"n{level + 1:02}{(place + step) % 3}")
        for level in range(depth - 1)
        for place in range(3)
        for step in (0, 1)
    ]
    return words, edges


def test_what_lies_equally_deep_is_folded_but_for_what_is_kept_apart():
    """Two failed nodes beside each other in a net stay two."""
    words, edges = net(30)
    words |= {"n150": "failed", "n151": "failed"}
    folded = collapse(words, edges, apart={"n150", "n151"}, groups_at_most=6, edges_at_most=99)
    assert [len(group) for group in folded.groups] == [45, 1, 1, 1, 42]


def test_depths_are_folded_no_further_than_is_asked():
    """A net of a hundred depths is halved until it fits."""
    words, edges = net(100)
    folded = collapse(words, edges, groups_at_most=80, edges_at_most=240)
    assert [len(group) for group in folded.groups] == [6] * 50


def test_more_that_is_kept_apart_than_fits_is_folded_after_all():
    """Hundreds of failed siblings are one box again."""
    words, edges = fan(300)
    words |= {f"m{place}": "failed" for place in range(200)}
    apart = {node for node, word in words.items() if word == "failed"}
    folded = collapse(words, edges, apart=apart, groups_at_most=80, edges_at_most=240)
    assert sorted(len(group) for group in folded.groups) == [1, 1, 100, 200]


def test_no_nodes_are_no_groups():
    """An empty DAG is none."""
    assert collapse({}, [], groups_at_most=1, edges_at_most=0).groups == ()
