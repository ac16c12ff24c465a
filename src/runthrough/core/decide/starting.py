"""A session's first command: discover, wire, and settle every node."""

from runthrough.core.commands import StartSession
from runthrough.core.decide.rewiring import rewired
from runthrough.core.decide.settling import discovered, settled
from runthrough.core.decide.surroundings import Surroundings, World
from runthrough.core.decide.taking import TakenNode, as_answered, bound, say, taken
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import Event, NodeMarkedExternal, SessionStarted
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.errors import CommandRefusedError


def start_session(command: StartSession, state: SessionState) -> tuple[Event, ...]:
    """Everything that can be known of a pipeline without a person.

    With the answers of another session, which are taken as far as they hold here.

    Raises:
        CommandRefusedError: The session has begun already.
        PipelineCycleError: The edges and connections form a cycle.
    """
    if state.version:
        raise CommandRefusedError(f"The session {state.name!r} has begun already.")
    unfolding = Unfolding(state.session_id)
    unfolding.happen(
        SessionStarted(
            name=command.name,
            pipeline=command.pipeline,
            home=command.home,
            settings=command.settings,
        )
    )
    facts = command.facts
    answers = taken(command.like, command.pipeline, facts) if command.like else {}
    for node in tuple(unfolding.state.nodes):
        unfolding.happen(*_begun(unfolding.state, node, facts, answers.get(node)))
    say(unfolding, answers)
    coming = {node: one.spec for node, one in answers.items() if one.spec is not None}
    around = Surroundings(unfolding.state, facts, coming=coming)
    scripted = [node for node, there in unfolding.state.nodes.items() if not there.external]
    for node in scripted:
        unfolding.happen(*rewired(around, node))
    for node in scripted:
        events = settled(around, node)
        unfolding.happen(*(as_answered(events) if node in coming else events))
    return unfolding.events


def _begun(
    state: SessionState, node: NodeName, facts: World, answers: TakenNode | None
) -> tuple[Event, ...]:
    """What a node stands for, by the pipeline or by what another session's people said."""
    declared, seen = state.declared(node), facts.get(node, NodeFacts())
    external = answers.external if answers else declared.external
    if external:
        outputs = dict(answers.outputs) if answers else declared.outputs
        return (NodeMarkedExternal(node=node, outputs=outputs),)
    chosen = bound(node, seen, answers) if answers else None
    return chosen or discovered(node, seen)
