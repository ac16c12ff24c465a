"""Laws of replay, for any history."""

from copy import deepcopy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.builders import SESSION
from tests.support.strategies import histories

from runthrough.core.evolve import replay
from runthrough.core.state import SessionState

HISTORIES = histories()
generous = settings(suppress_health_check=[HealthCheck.too_slow])


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
