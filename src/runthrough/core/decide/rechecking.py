"""What a producer really wrote, against what people are asked about it."""

from runthrough.core.decide.rewiring import rewired
from runthrough.core.decide.settling import learned, settled
from runthrough.core.decide.surroundings import Surroundings, World
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.events import Event
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName


def rechecked(facts: World, state: SessionState, node: NodeName) -> tuple[Event, ...]:
    """What becomes of the open questions of a node's consumers, now that its files are known.

    The wiring rules judge as ever: files may answer a question, change it, or take it back.
    Consumers in the plan of the present run are left to it.
    """
    planned = state.running.plan.nodes if state.running else frozenset()
    asked = [
        consumer
        for consumer in state.successors.get(node, ())
        if consumer in state.proposals and consumer in facts and consumer not in planned
    ]
    if not asked:
        return ()  # at once: each outcome costs what its own consumers are
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, facts)
    for consumer in asked:
        unfolding.happen(*learned(around, consumer))
        unfolding.happen(*rewired(around, consumer, told_anew=True))
        unfolding.happen(*settled(around, consumer))
    return unfolding.events
