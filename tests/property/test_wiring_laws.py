"""What holds for every wiring, whatever the names."""

import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st
from tests.support.builders import need

from runthrough.core.values.connections import Output
from runthrough.core.wiring import Producer, wire
from runthrough.core.wiring.assignment import assign
from runthrough.core.wiring.evidence import (
    _agree,
    _contrast,
    _told_apart,
    agree,
    contrast,
    place,
    told_apart,
)
from runthrough.core.wiring.weights import EDGE_CARRIES
from runthrough.core.wiring.words import side

WORDS = ("model", "click", "train", "data", "input", "rows", "eval", "evaluation", "x1", "Table")
FILES = (
    "rows.csv",
    "train.csv",
    "*.csv",
    "train/rows.csv",
    "val/rows.csv",
    "*/rows.csv",
    "model.pkl",
    "part-*.csv",
    "**",
    "config.json",
)
NAMES = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("_".join),
    st.text(max_size=12),
)
PATTERNS = st.one_of(st.sampled_from(FILES), st.text(alphabet="ab*/?[].", max_size=9))
LEVELS = st.sampled_from(("required", "fallback", "conditional", "optional", "unread"))


@st.composite
def requirements(draw, kind, most):
    """Needs of one kind with different names."""
    names = draw(st.lists(NAMES, max_size=most, unique=True))
    return tuple(
        need(
            name,
            kind,
            draw(LEVELS),
            aliases=tuple(draw(st.lists(NAMES, max_size=1))),
            files=tuple(draw(st.lists(PATTERNS, max_size=3))),
            description=draw(st.sampled_from(("", "what NodeA wrote", "rows"))),
            container_path=draw(st.sampled_from((None, "/opt/ml/model", "/opt/ml/rows"))),
        )
        for name in names
    )


@st.composite
def consumers(draw):
    """Inputs, and up to three predecessors with their outputs."""
    inputs = draw(requirements("input", 4))
    producers = tuple(
        Producer(node, draw(requirements("output", 3)), draw(st.sampled_from((None, "train"))))
        for node in ("NodeA", "TrainModel", "Clicks")[: draw(st.integers(0, 3))]
    )
    return inputs, producers


@st.composite
def problems(draw, rows=4, columns=5):
    """An assignment to be found: few different weights, so that many are equal."""
    edges = tuple(draw(st.lists(st.integers(0, 2), min_size=1, max_size=columns)))
    weight = st.one_of(st.sampled_from((1, 500, 1000, 2500)), st.integers(1, 6000))
    count = draw(st.integers(1, rows))
    pairs = tuple(
        (row, column, draw(weight))
        for row in range(count)
        for column in range(len(edges))
        if draw(st.booleans())
    )
    carrying = frozenset(draw(st.sets(st.integers(0, 2), max_size=2)))
    return count, edges, pairs, carrying


def total(taken, edges, pairs, carrying):
    """What an assignment is worth."""
    weights = {(row, column): weight for row, column, weight in pairs}
    used = {edges[column] for column in taken.values()} - carrying
    return sum(weights[pair] for pair in taken.items()) + EDGE_CARRIES * len(used)


def by_trying_all(rows, edges, pairs, carrying):
    """The optimum, found by looking at every assignment."""
    allowed = [[None, *(c for r, c, _ in pairs if r == row)] for row in range(rows)]
    best = 0
    for columns in itertools.product(*allowed):
        taken = {row: column for row, column in enumerate(columns) if column is not None}
        if len(set(taken.values())) == len(taken):
            best = max(best, total(taken, edges, pairs, carrying))
    return best


def by_flow(rows, edges, pairs, carrying):
    """The optimum, found by the network simplex of another house."""
    graph = nx.MultiDiGraph()
    for row in range(rows):
        graph.add_edge("root", ("row", row), capacity=1, weight=0)
    for row, column, weight in pairs:
        graph.add_edge(("row", row), ("column", column), capacity=1, weight=-weight)
    for column, edge in enumerate(edges):
        graph.add_edge(("column", column), ("edge", edge), capacity=1, weight=0)
    for edge in set(edges):
        bonus = 0 if edge in carrying else EDGE_CARRIES
        graph.add_edge(("edge", edge), "root", capacity=1, weight=-bonus)
        graph.add_edge(("edge", edge), "root", capacity=len(edges), weight=0)
    cost, _ = nx.network_simplex(graph)
    return -cost


@given(problems())
def test_the_assignment_is_the_best_of_all(problem):
    """No other choice is worth more, and no output is given twice."""
    taken = assign(*problem).taken
    assert len(set(taken.values())) == len(taken)
    assert total(taken, *problem[1:]) == by_trying_all(*problem)


@given(problems(rows=12, columns=14))
def test_the_assignment_is_a_flow_of_least_cost(problem):
    """Two ways to the same optimum, at sizes where not all can be tried."""
    assert total(assign(*problem).taken, *problem[1:]) == by_flow(*problem)


@given(problems())
def test_a_margin_is_what_forbidding_the_pair_costs(problem):
    """The optimum less the optimum without the pair; 0 where another assignment is as good."""
    rows, edges, pairs, carrying = problem
    best = assign(*problem)
    assert best.margins.keys() == best.taken.keys()
    for row, column in best.taken.items():
        others = tuple(pair for pair in pairs if pair[:2] != (row, column))
        without = by_trying_all(rows, edges, others, carrying)
        assert best.margins[row] == by_trying_all(*problem) - without


def test_large_assignments_are_exact_too():
    """Twenty inputs before forty outputs, all of which may be meant."""
    chance = random.Random(4)
    edges = tuple(column % 5 for column in range(40))
    pairs = tuple(
        (row, column, chance.randint(1, 6000)) for row in range(20) for column in range(40)
    )
    best = assign(20, edges, pairs)
    assert total(best.taken, edges, pairs, frozenset()) == by_flow(20, edges, pairs, frozenset())
    for row, column in list(best.taken.items())[:3]:
        others = tuple(pair for pair in pairs if pair[:2] != (row, column))
        without = by_flow(20, edges, others, frozenset())
        assert best.margins[row] == by_flow(20, edges, pairs, frozenset()) - without


@given(consumers(), st.data())
def test_a_wiring_keeps_to_what_is_there(consumer, data):
    """Any names whatever: each input has one answer or question, each output is given once."""
    inputs, producers = consumer
    outputs = [Output(p.node, o.name) for p in producers for o in p.outputs]
    names = [one.name for one in inputs]
    sources = st.sampled_from([None, *outputs])
    fixed = data.draw(st.dictionaries(st.sampled_from(names), sources)) if names else {}
    pairs = list(itertools.product(names, outputs))
    rejected = data.draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    wiring = wire("Node", inputs=inputs, producers=producers, fixed=fixed, rejected=rejected)

    answered = [connection.input for connection in wiring.connections]
    asked = [proposal.input for proposal in wiring.proposals]
    assert len({*answered, *asked}) == len(answered) + len(asked)
    settled = {one.name for one in inputs if fixed.keys() & {one.name, *one.aliases}}
    unread = {one.name for one in inputs if one.level == "unread"}
    assert not {*answered, *asked} & (settled | unread)
    used = [connection.source for connection in wiring.connections]
    assert len(set(used)) == len(used)
    given_before = {source for source in fixed.values() if source is not None}
    for source in (*used, *(proposal.source for proposal in wiring.proposals)):
        whole = Output(source.node, source.output)
        assert whole in outputs
        assert whole not in given_before
    for one in (*wiring.connections, *wiring.proposals):
        assert (one.input, Output(one.source.node, one.source.output)) not in rejected


@given(
    ours=requirements("input", 2),
    theirs=requirements("output", 2),
    nodes=st.lists(NAMES.filter(bool), min_size=3, max_size=3),
    subpath=st.sampled_from((None, "train", "val")),
)
def test_what_is_told_at_a_glance_is_what_comparing_tells(ours, theirs, nodes, subpath):
    """Names that share nothing, or say the same, need no look at each of their words."""
    consumer, producer, other = (place(node, None) for node in nodes)
    for mine, offer in itertools.product(map(side, ours), map(side, theirs)):
        ends = (mine, consumer, offer, producer)
        assert agree(*ends) == _agree(*ends)
        assert contrast(*ends, subpath) == _contrast(*ends, subpath)
        for others in ((), (other,)):
            found, compared = (tell(mine, producer, others) for tell in (told_apart, _told_apart))
            assert (found.own, found.reasons, found.vouched) == (
                compared.own,
                compared.reasons,
                compared.vouched,
            )


@given(consumers(), st.randoms(use_true_random=False))
def test_what_is_taken_depends_on_no_order(consumer, chance):
    """Order decides ties between proposals, and what is taken has no ties."""

    def shuffled(things):
        return tuple(chance.sample(things, len(things)))

    inputs, producers = consumer
    wiring = wire("Node", inputs=inputs, producers=producers)
    other = wire(
        "Node",
        inputs=shuffled(inputs),
        producers=shuffled(
            [Producer(one.node, shuffled(one.outputs), one.script) for one in producers]
        ),
    )
    assert {str(c.source): c.input for c in wiring.connections} == {
        str(c.source): c.input for c in other.connections
    }
    needed = {p.input: p for p in other.proposals if p.margin > 0}
    for proposal in wiring.proposals:
        if proposal.margin > 0:
            assert needed[proposal.input].source.output == proposal.source.output


SAME_EVERYWHERE = """
from tests.property.test_wiring_laws import WORDS, FILES
from tests.support.builders import need
from runthrough.core.wiring import Producer, wire
inputs = [need(f"{a}_{b}", files=(f,)) for a, b, f in zip(WORDS, WORDS[1:], FILES)]
outputs = [need(f"{b}_{a}", "output", files=(f,)) for a, b, f in zip(WORDS, WORDS[2:], FILES[1:])]
producers = [Producer(f"Node{n}", tuple(outputs[n::3])) for n in range(3)]
print(wire("Node", inputs=inputs, producers=producers))
"""


def test_a_wiring_is_the_same_whatever_the_hash_seed():
    """Sets of texts are iterated differently in each process, and nothing may depend on it."""
    root = Path(__file__).resolve().parents[2]
    told = {
        subprocess.run(
            [sys.executable, "-c", SAME_EVERYWHERE],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(told) == 1
    assert "ProposedConnection" in told.pop()
