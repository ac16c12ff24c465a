"""A session as boxes and lines: what every picture of it is drawn from."""

from collections.abc import Mapping

from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName
from runthrough.core.views.nodes import View


def picture_view(state: SessionState, words: Mapping[NodeName, str]) -> View:
    """The DAG with what is known of each node and edge; `words` says how each node stands.

    Keys: title; nodes, each name with `state` (its word: a category of the work list, or the
    outcome in a run), `external`, `took` (as text, of a node that passed) and `stale`; edges,
    each with `from_node`, `node`, `wires` (pairs of an output, with the sub-folder, and the input
    that it feeds), `asked` (one of them is only proposed) and `fits` (false where what flowed
    along it did not).
    """
    return {
        "title": state.pipeline.name,
        "nodes": {node: _node(state, node, words[node]) for node in state.nodes},
        "edges": [
            _edge(state, above, node)
            for node in state.nodes
            for above in state.predecessors.get(node, ())
        ],
    }


def run_words(state: SessionState) -> dict[NodeName, str]:
    """How each node stands in the last run.

    Raises:
        ValueError: No run has been started.
    """
    if state.run is None:
        raise ValueError("no run has been started")
    planned = dict.fromkeys(state.run.plan.order, "not_run")
    told = dict.fromkeys(state.nodes, "not_selected") | planned | state.run.outcomes
    return {node: "external" if state.nodes[node].external else told[node] for node in state.nodes}


def _node(state: SessionState, node: NodeName, word: str) -> View:
    there = state.nodes[node]
    last = there.last if word == "passed" else None
    return {
        "state": word,
        "external": there.external,
        "stale": word == "stale",
        "took": f"{last.duration_s:.1f} s" if last else "",
    }


def _edge(state: SessionState, above: NodeName, node: NodeName) -> View:
    wired = {
        name: connection.source
        for name, connection in state.connections.get(node, {}).items()
        if connection.source.node == above
    }
    asked = {
        name: proposal.source
        for name, proposal in state.proposals.get(node, {}).items()
        if proposal.source.node == above and name not in wired
    }
    return {
        "from_node": above,
        "node": node,
        "wires": [
            [f"{source.output}/{source.subpath}" if source.subpath else source.output, name]
            for name, source in (wired | asked).items()
        ],
        "asked": bool(asked),
        "fits": not any(misfit.node == node for misfit in state.nodes[above].misfits),
    }
