"""Laws of replay, for any history."""

from copy import deepcopy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.builders import SESSION, envelopes, pipeline, session_started
from tests.support.strategies import EVENT_CLASSES, models

from runthrough.core.events import NodeEvent, SessionStarted
from runthrough.core.evolve import replay
from runthrough.core.state import SessionState

STARTED = session_started(pipeline(("a", "b"), ("b", "c"), ("a", "d")))
NODES = st.sampled_from("abcd")


def about(event, node, source):
    """The event, about nodes that the session has."""
    if not isinstance(event, NodeEvent):
        return event
    known = {"node": node}
    if "from_node" in type(event).model_fields:
        known["from_node"] = source
    return event.model_copy(update=known)


EVENTS = st.builds(
    about,
    st.one_of([models(event) for event in EVENT_CLASSES if event is not SessionStarted]),
    NODES,
    NODES,
)
HISTORIES = st.lists(EVENTS, max_size=12).map(lambda events: envelopes((STARTED, *events)))
generous = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)


@generous
@given(HISTORIES)
def test_any_events_in_any_order_fold(history):
    """Replay questions nothing that happened, and every event moves the version by one."""
    state = replay(history, SessionState(SESSION))
    assert state.version == len(history)
    assert set("abcd") <= set(state.nodes)


@generous
@given(HISTORIES, st.data())
def test_replay_from_any_cut_is_full_replay(history, data):
    """A state that was kept and carried on is the state of the whole history."""
    cut = data.draw(st.integers(0, len(history)))
    kept = replay(history[:cut], SessionState(SESSION))
    carried_on = replay(history[cut:], deepcopy(kept))
    assert carried_on == replay(history, SessionState(SESSION))
    assert kept == replay(history[:cut], SessionState(SESSION))


@generous
@given(HISTORIES)
def test_replay_leaves_the_events_alone(history):
    """Folding in place touches the state only, so that a history can be folded again."""
    before = deepcopy(history)
    first = replay(history, SessionState(SESSION))
    assert history == before
    assert replay(history, SessionState(SESSION)) == first
