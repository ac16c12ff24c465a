"""A session's first command: discover, wire, and settle every node."""

from runthrough.core.commands import StartSession
from runthrough.core.decide.rewiring import rewired
from runthrough.core.decide.settling import discovered, settled
from runthrough.core.decide.surroundings import Surroundings
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import Event, NodeMarkedExternal, SessionStarted
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.errors import CommandRefusedError


def start_session(command: StartSession, state: SessionState) -> tuple[Event, ...]:
    """Everything that can be known of a pipeline without a person.

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
    for node in unfolding.state.nodes:
        declared = unfolding.state.declared(node)
        if declared.external:
            unfolding.happen(NodeMarkedExternal(node=node, outputs=declared.outputs))
        else:
            unfolding.happen(*discovered(node, command.facts.get(node, NodeFacts())))
    around = Surroundings(unfolding.state, command.facts)
    scripted = [node for node, there in unfolding.state.nodes.items() if not there.external]
    for node in scripted:
        unfolding.happen(*rewired(around, node))
    for node in scripted:
        unfolding.happen(*settled(around, node))
    return unfolding.events
