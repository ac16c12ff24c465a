"""Laws of pipelines that change, and of sessions that are written as pipelines."""

from copy import deepcopy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.property.test_session_model import (
    NODES,
    SessionModel,
    all_seen,
    declarations,
    facts,
    nodes,
)
from tests.support.builders import envelopes, pipeline, start
from tests.support.invariants import CheckedSession

from runthrough.core.commands import RecordWorld, UpdatePipeline
from runthrough.core.decide import decide
from runthrough.core.evolve import replay
from runthrough.core.lifecycle import Phase
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.views.pipelines import declaration_of, unsaid

NEW = "e"
LOOKS = 8
"""After so many looks at one world a session of these sizes has come to rest."""


def folded(command, state):
    """A copy of the state, with what the command leads to."""
    events = decide(command, state)
    return replay(envelopes(events, after=state.version), deepcopy(state)), events


def shown(state, node, seen):
    """What is configured of a node: whether it waits, its values, and what feeds it.

    Inputs are called as the script that is `seen` calls them.
    """
    there = state.nodes[node]
    if there.external:
        return there.external_outputs
    spec = there.spec or there.draft
    wires = state.connections.get(node, {})

    def own(named):
        return {seen.requirements.own_name("input", name): value for name, value in named.items()}

    return (
        there.spec is None,
        spec.model_copy(update={"user_notes": None, "input_paths": own(spec.input_paths)}),
        own({name: wire.source for name, wire in wires.items()}),
    )


def twice_answered(state, node):
    """Whether two names that are one need by now were answered when they were two."""
    there = state.nodes[node]
    spec = there.spec or there.draft
    given = {*(spec.input_paths if spec else ()), *state.connections.get(node, ())}
    return {"j", "J"} <= given


class ChangingPipelines(SessionModel):
    """The session to which anything may be said, while its pipeline changes too."""

    @rule(
        edges=st.sets(st.tuples(nodes, nodes).filter(lambda edge: edge[0] < edge[1]), max_size=4),
        said=st.dictionaries(
            st.sampled_from(NODES), st.just(NodeDeclaration()) | declarations, min_size=1
        ),
        rename=st.none() | nodes,
        outside=st.booleans(),
        worlds=st.tuples(all_seen, facts),
    )
    def update(self, edges, said, rename, outside, worlds):
        """The pipeline is another one, and one of its nodes may have a new name."""
        names = {rename: NEW} if rename in self.state.nodes and NEW not in self.state.nodes else {}
        world = {**worlds[0], NEW: worlds[1]}
        external = NodeDeclaration(external=True, outputs={"o": "workspace:q"})
        declared = pipeline(
            *(
                (names.get(a, a), names.get(b, b))
                for a, b in sorted(edges)
                if a in said and b in said
            ),
            **{names.get(node, node): declaration for node, declaration in said.items()},
            **({"x": external} if outside else {}),
        )
        names = {old: to for old, to in names.items() if to in declared.nodes}
        before = deepcopy(self.state)
        events = self.session.handle(UpdatePipeline(pipeline=declared, renamed=names, facts=world))
        if events[0].type == "CommandRefused":
            return
        assert self.state.pipeline == declared
        assert self.state.nodes.keys() == declared.nodes.keys()
        for old, new_name in {**{n: n for n in before.nodes}, **names}.items():
            if new_name in self.state.nodes and old in before.nodes:
                assert self.state.nodes[new_name].passed == before.nodes[old].passed
        again = UpdatePipeline(pipeline=declared, facts=world)
        assert self.session.handle(again)[0].type == "CommandRefused"

    @rule(seen=st.fixed_dictionaries(dict.fromkeys((*NODES, NEW), facts)))
    def write_back(self, seen):
        """A new session on the written pipeline is configured equally, and waits for as much."""
        if self.state.phase is not Phase.OPEN:
            return
        world = {
            node: one.model_copy(update={"found": {}, "reread": None})
            for node, one in seen.items()
        }
        state = self.state
        for _ in range(LOOKS):
            state, events = folded(RecordWorld(facts=world), state)
            if not events:
                break
        if unsaid(state) or any(twice_answered(state, node) for node in state.nodes):
            return
        begun = CheckedSession()
        begun.handle(start(declaration_of(state), world))
        assert list(begun.state.nodes) == list(state.nodes)
        for node in state.nodes:
            known = world.get(node, NodeFacts())
            assert shown(begun.state, node, known) == shown(state, node, known), node


TestChangingPipelines = ChangingPipelines.TestCase
TestChangingPipelines.settings = settings(max_examples=20, stateful_step_count=20)
