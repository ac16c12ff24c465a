"""A DAG of 10,000 nodes and 50,000 edges beside networkx: build, check, order, name a cycle."""

import gc
import random
import statistics
import time

import networkx as nx

from runthrough.core.pipeline import PipelineDAG
from runthrough.errors import PipelineCycleError

NODES, EDGES, ROUNDS = 10_000, 50_000, 7


def sample():
    """Shuffled names, and random edges that all lead forward in an order of their own."""
    dice = random.Random(7)
    names = [f"node_{number}" for number in range(NODES)]
    edges = set()
    while len(edges) < EDGES:
        low, high = sorted(dice.sample(range(NODES), 2))
        edges.add((names[low], names[high]))
    shuffled = sorted(edges)
    dice.shuffle(shuffled)
    closing = next((b, a) for a, b in shuffled)
    dice.shuffle(names)
    return names, shuffled, closing


def ours(names, edges):
    PipelineDAG(names, edges).topological_sort()


def ours_edge_by_edge(names, edges):
    dag = PipelineDAG(names)
    for source, target in edges:
        dag.add_edge(source, target)
    dag.topological_sort()


def theirs(names, edges):
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    list(nx.topological_sort(graph))


def naming(names, edges, closing):
    """Seconds to name the cycle that one more edge closes, and to build with it and name it."""
    dag = PipelineDAG(names, edges)
    one_edge = seconds(refused, lambda: dag.add_edge(*closing))
    return one_edge, seconds(refused, lambda: PipelineDAG(names, [*edges, closing]))


def refused(build):
    try:
        build()
    except PipelineCycleError:
        return
    raise SystemExit("the cycle was not found")


def seconds(contestant, *given):
    gc.collect()
    started = time.perf_counter()
    contestant(*given)
    return time.perf_counter() - started


def main():
    names, edges, closing = sample()
    rows = {"ours, at once": ours, "ours, edge by edge": ours_edge_by_edge, "networkx": theirs}
    figures = {label: [] for label in rows}
    extra = []
    for _ in range(ROUNDS):
        for label, contestant in rows.items():
            figures[label].append(seconds(contestant, names, edges))
        extra.append(naming(names, edges, closing))
    medians = {label: statistics.median(values) for label, values in figures.items()}
    print(f"{NODES:,} nodes, {EDGES:,} edges, median of {ROUNDS} rounds")
    for label, median in medians.items():
        ratio = median / medians["networkx"]
        print(f"  build, check, order: {label:<20} {median * 1000:6.1f} ms  {ratio:5.2f} x")
    for label, values in zip(
        ("one more edge", "build and name"), zip(*extra, strict=True), strict=True
    ):
        median = statistics.median(values)
        print(f"  name a cycle: {label:<27} {median * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
