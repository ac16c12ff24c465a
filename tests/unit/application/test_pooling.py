"""Folded sessions between the hands of many callers."""

from runthrough.application.pooling import LoadedPool
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.ids import NodeName, SessionId
from runthrough.core.views.loaded import Loaded


def fresh(session_id):
    return Loaded(SessionState(session_id))


def refused(session_id):
    raise AssertionError(f"{session_id} was loaded anew")


ONE, TWO, THREE = map(SessionId, ("one", "two", "three"))


def test_what_was_given_back_is_what_the_next_caller_gets():
    """A session that one caller is done with is not folded again for the next."""
    pool = LoadedPool()
    loaded = pool.take(ONE, fresh)
    pool.give_back(loaded)
    assert pool.take(ONE, refused) is loaded


def test_two_callers_never_hold_the_same():
    """While one caller has it, another one gets one of their own."""
    pool = LoadedPool()
    pool.give_back(fresh(ONE))
    assert pool.take(ONE, fresh) is not pool.take(ONE, fresh)


def test_sessions_are_kept_apart():
    """What is idle of one session is nobody's who asks for another."""
    pool = LoadedPool()
    pool.give_back(fresh(ONE))
    assert pool.take(TWO, fresh).state.session_id == TWO


def test_of_one_session_only_so_many_are_kept():
    """Many callers at once leave no more behind than callers at once may need."""
    pool = LoadedPool(each_at_most=1)
    first, second = fresh(ONE), fresh(ONE)
    pool.give_back(first)
    pool.give_back(second)
    assert pool.take(ONE, refused) is first
    assert pool.take(ONE, fresh) is not second


def test_the_session_that_was_not_asked_for_longest_goes_first():
    """Memory stays bounded, and what people work on stays warm."""
    pool = LoadedPool(sessions_at_most=2)
    kept = {session_id: fresh(session_id) for session_id in (ONE, TWO, THREE)}
    for session_id in (ONE, TWO, ONE, THREE):
        pool.give_back(kept[session_id] if session_id != ONE else pool.take(ONE, kept.get))
    assert pool.take(ONE, refused) is kept[ONE]
    assert pool.take(THREE, refused) is kept[THREE]
    assert pool.take(TWO, fresh) is not kept[TWO]


def test_large_sessions_make_room_for_each_other():
    """What is kept is bounded by the nodes in it as well; the latest one stays, however large."""
    pool = LoadedPool(nodes_at_most=3)
    kept = {session_id: fresh(session_id) for session_id in (ONE, TWO, THREE)}
    for session_id, count in ((ONE, 2), (TWO, 2), (THREE, 4)):
        nodes = kept[session_id].state.nodes
        nodes |= {NodeName(f"n{number}"): NodeState() for number in range(count)}
        pool.give_back(kept[session_id])
        assert pool.take(session_id, refused) is kept[session_id]
        pool.give_back(kept[session_id])
    for gone in (ONE, TWO):
        assert pool.take(gone, fresh) is not kept[gone]
