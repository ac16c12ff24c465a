"""A pipeline that changed under a living session (DESIGN § 9)."""

from shlex import quote

from runthrough.core.commands import UpdatePipeline
from runthrough.core.decide.guards import require
from runthrough.core.decide.pipeline_updates import (
    PipelineUpdate,
    StayingNode,
    pipeline_update,
)
from runthrough.core.decide.rewiring import removed, rewired
from runthrough.core.decide.settling import discovered, learned, settled
from runthrough.core.decide.surroundings import Surroundings, World
from runthrough.core.decide.taking import as_answered
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import Event, NodeMarkedExternal, NodeMarkedInternal
from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName


def update(command: UpdatePipeline, state: SessionState) -> tuple[Event, ...]:
    """Take the new pipeline; what people answered stays where it still has a place.

    Raises:
        CommandRefusedError: Nothing differs, a name cannot be taken over, or a person's
            connection would close a cycle.
        UnknownNodeError: No node has the old name of one that is renamed.
    """
    changing = pipeline_update(command, state)
    unfolding = changed(changing, state)
    around = Surroundings(unfolding.state, command.facts, coming=changing.coming)
    for node in tuple(unfolding.state.nodes):
        unfolding.happen(*_become(around, node, changing.staying.get(node)))
    around.moved()
    scripted = [node for node, there in unfolding.state.nodes.items() if not there.external]
    for node in scripted:
        unfolding.happen(*rewired(around, node))
    for node in scripted:
        unfolding.happen(*_settled(around, node, changing.staying.get(node)))
    return unfolding.events


def changed(changing: PipelineUpdate, state: SessionState) -> Unfolding:
    """The session with its new pipeline, before anything is decided of a node."""
    unfolding = Unfolding.over(state)
    unfolding.happen(*(removed(wire, why) for wire, why in changing.leaving))
    unfolding.happen(changing.change)
    return unfolding


def rename_hints(changing: PipelineUpdate, facts: World, state: SessionState) -> tuple[str, ...]:
    """What may have been renamed and was not said to be: nodes that went and came with a script.

    `state` is the one before.
    """
    gone = {
        there.script.path: node
        for node in changing.change.removed
        if (there := state.nodes[node]).script is not None
    }
    return tuple(
        f"{node} is new with the script of {old}, which is gone: if it is the same node, type "
        f"runthrough undo, then runthrough update --rename {quote(f'{old}={node}')}"
        for node in changing.change.added
        if (script := facts.get(node, NodeFacts()).script) is not None
        and (old := gone.get(script.path)) is not None
    )


def _become(
    around: Surroundings, node: NodeName, staying: StayingNode | None
) -> tuple[Event, ...]:
    """What a node stands for now, and what its script needs."""
    state, facts = around.state, around.facts(node)
    there, declared = state.nodes[node], state.declared(node)
    if staying is None:
        if declared.external:
            return (NodeMarkedExternal(node=node, outputs=declared.outputs),)
        return discovered(node, facts)
    if staying.external:
        if there.external and there.external_outputs == staying.outputs:
            return ()
        require(state, node, "leave")
        return (NodeMarkedExternal(node=node, outputs=dict(staying.outputs)),)
    if there.external:
        return (NodeMarkedInternal(node=node), *discovered(node, facts))
    present = there.script.path if there.script else None
    found = facts.script.path if facts.script else None
    if staying.anew and found != present:
        return discovered(node, facts)
    return learned(around, node)


def _settled(
    around: Surroundings, node: NodeName, staying: StayingNode | None
) -> tuple[Event, ...]:
    """What a node has become; what a person answered for another script is theirs still."""
    events = settled(around, node)
    there = around.state.nodes[node]
    forgotten = there.configured_by is None and there.restores_to is None
    if staying is not None and staying.by_person and forgotten:
        return tuple(as_answered(events))
    return events
