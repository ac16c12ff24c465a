"""A session's first command: discover, wire, and settle every node."""

from runthrough.core.commands import StartSession
from runthrough.core.decide.settling import (
    Surroundings,
    accepted,
    completed,
    initial_spec,
    newly_wired,
    settle,
)
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import (
    Event,
    NodeDiscovered,
    NodeMarkedExternal,
    RequirementsRead,
    SessionStarted,
)
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.errors import CommandRefusedError


def start_session(command: StartSession, state: SessionState) -> tuple[Event, ...]:
    """Everything that can be known of a pipeline without a person.

    Raises:
        CommandRefusedError: The session has begun already.
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
    for name, declared in command.pipeline.nodes.items():
        node = NodeName(name)
        if declared.external:
            unfolding.happen(NodeMarkedExternal(node=node, outputs=declared.outputs))
        else:
            unfolding.happen(*discovered(node, command.facts.get(node, NodeFacts())))
    around = Surroundings(unfolding.state, command.facts)
    scripted = [node for node, there in unfolding.state.nodes.items() if not there.external]
    for node in scripted:
        unfolding.happen(*accepted(newly_wired(around, node)))
    for node in scripted:
        connected = unfolding.state.connections.get(node, {})
        spec = completed(around, node, initial_spec(unfolding.state, node), connected)
        unfolding.happen(settle(around, node, spec))
    return unfolding.events


def discovered(node: NodeName, facts: NodeFacts) -> tuple[Event, ...]:
    """That a node's script was looked for, and what it needs where it was found."""
    found = NodeDiscovered(node=node, script=facts.script, candidates=facts.candidates)
    if facts.script is None:
        return (found,)
    read = RequirementsRead(node=node, requirements=facts.requirements, because="discovered")
    return (found, read)
