"""Laws of snapshots, for any history."""

from copy import deepcopy

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.support.builders import SESSION
from tests.support.golden_histories import names, replayed
from tests.support.strategies import histories

from runthrough.adapters.store.snapshots import decoded, encoded, kept
from runthrough.core.events import EventEnvelope
from runthrough.core.state import SessionState
from runthrough.core.views.loaded import Loaded

HISTORIES = histories()
BLOCK, NEWEST = 1_000, 2  # as DESIGN says, whatever the program says
VERSIONS = st.sets(st.integers(1, 5 * BLOCK), max_size=40).map(list)
generous = settings(suppress_health_check=[HealthCheck.too_slow])


def loaded_from(history: tuple[EventEnvelope, ...], onto: Loaded | None = None) -> Loaded:
    """The session as these events leave it."""
    loaded = onto or Loaded(SessionState(SESSION))
    loaded.fold(history)
    return loaded


def assert_same(found: Loaded | None, wanted: Loaded) -> None:
    """Equal in all that is folded, in the order of the nodes, and whichever side asks."""
    assert found is not None
    assert found == wanted
    assert wanted == found
    assert list(found.state.nodes) == list(wanted.state.nodes)
    assert found.particulars.requirements == wanted.particulars.requirements


@generous
@given(HISTORIES)
def test_a_snapshot_gives_back_what_was_folded(history):
    """State, particulars and hash come back equal, nodes in their order; the source is left."""
    loaded = loaded_from(history)
    before = deepcopy(loaded)
    assert_same(decoded(encoded(loaded)), loaded)
    assert loaded == before


def test_a_snapshot_gives_back_what_real_sessions_folded():
    """Every session of the golden histories comes back equal."""
    sessions = [loaded for name in names() for loaded in replayed(name).values()]
    assert len(sessions) > 1
    for loaded in sessions:
        assert_same(decoded(encoded(loaded)), loaded)


@generous
@given(HISTORIES, st.data())
def test_a_snapshot_and_the_tail_are_the_whole_history(history, data):
    """Wherever it was taken, folding goes on from it, and it can be taken again."""
    cut = data.draw(st.integers(0, len(history)))
    kept_there = decoded(encoded(loaded_from(history[:cut])))
    again = decoded(encoded(loaded_from(history[cut:], onto=kept_there)))
    assert_same(again, loaded_from(history))
    assert_same(kept_there, loaded_from(history))


@generous
@given(HISTORIES, st.data())
def test_particulars_may_be_asked_for_at_any_moment(history, data):
    """Before, between or after events of the tail: they are those of the whole history."""
    cut, asked = sorted(data.draw(st.tuples(*[st.integers(0, len(history))] * 2)))
    loaded = decoded(encoded(loaded_from(history[:cut])))
    loaded.fold(history[cut:asked])
    assert loaded.particulars == loaded_from(history[:asked]).particulars
    loaded.fold(history[asked:])
    assert_same(loaded, loaded_from(history))


@generous
@given(HISTORIES, st.data())
def test_a_changed_byte_makes_it_no_snapshot(history, data):
    """Whichever byte it is, the answer is none: never another state, never an error."""
    content = bytearray(encoded(loaded_from(history)))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    assert decoded(bytes(content)) is None


@generous
@given(HISTORIES, st.data())
def test_a_part_of_a_snapshot_is_none(history, data):
    """Cut off at any place, or with something behind it, it is not read."""
    content = encoded(loaded_from(history))
    assert decoded(content[: data.draw(st.integers(0, len(content) - 1))]) is None
    assert decoded(content + data.draw(st.binary(min_size=1, max_size=8))) is None


@given(st.binary(max_size=200))
@example(b"")
def test_other_bytes_are_no_snapshot(content):
    """What was never a snapshot is not read."""
    assert decoded(content) is None


@given(VERSIONS)
@example([BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 2])
@example([1, 2, 3, 4])
def test_the_newest_and_one_of_each_block_are_kept(versions):
    """The newest two, and of each 1,000 versions the first that has a snapshot; no others."""
    blocks = {version // BLOCK for version in versions}
    first = {min(v for v in versions if v // BLOCK == block) for block in blocks}
    assert kept(versions) == first | set(sorted(versions)[-NEWEST:])


@given(VERSIONS, st.lists(st.integers(1, 5 * BLOCK), max_size=5))
def test_what_is_kept_stays_kept_as_the_session_goes_on(versions, later):
    """The one of a block is not given up for a later one."""
    now = kept(versions)
    first = {v for v in now if all(v <= o or o // BLOCK != v // BLOCK for o in now)}
    grown = sorted(now | {max(versions, default=0) + step for step in later})
    assert first <= kept(grown)
