"""What of a snapshot is read when."""

import gc
import zlib
from hashlib import sha256

import pytest
from tests.support.builders import SESSION, envelopes, need, pipeline, script_info, session_started

from runthrough.adapters.store.snapshots import MANY_WAITING, decoded, encoded
from runthrough.core.events import CommandRefused, NodeDiscovered, RequirementsRead
from runthrough.core.state import SessionState
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.views.loaded import Loaded
from runthrough.errors import StoreError

NEEDS = ScriptRequirements(needs=(need("raw"),))
OTHER_NEEDS = ScriptRequirements(needs=(need("cooked"),))
HISTORY = envelopes(
    (
        session_started(pipeline(("a", "b"))),
        NodeDiscovered(node="a", script=script_info()),
        RequirementsRead(node="a", requirements=NEEDS, because="discovered"),
    )
)
REFUSED = CommandRefused(command="run", code="REFUSED", message="no")
DIGEST_BYTES = 32


def folded() -> Loaded:
    """A session that knows what one node needs."""
    loaded = Loaded(SessionState(SESSION))
    loaded.fold(HISTORY)
    return loaded


def with_spoilt_particulars() -> Loaded:
    """What a program gives that wrote particulars which this one cannot read, digest and all."""
    rest = encoded(folded())[DIGEST_BYTES:-8]
    loaded = decoded(sha256(rest).digest() + rest)
    assert loaded is not None
    return loaded


def test_particulars_are_not_read_before_they_are_asked_for():
    """The state of a snapshot is there at once, and folding goes on, without them."""
    loaded = with_spoilt_particulars()
    assert loaded.state == folded().state
    loaded.fold(envelopes((REFUSED,), after=3))
    assert loaded.state.version == 4


def test_particulars_that_cannot_be_read_are_told_with_what_to_do():
    """Not a foreign exception: the words name the table whose rows may be deleted."""
    loaded = with_spoilt_particulars()
    with pytest.raises(StoreError, match=r"cannot be read[\s\S]*delete the rows of .* snapshots"):
        _ = loaded.particulars.requirements


def test_only_so_many_events_wait_for_their_particulars():
    """With more of them the particulars are read, so that a long tail does not fill the memory."""
    loaded = with_spoilt_particulars()
    loaded.fold(envelopes((REFUSED,) * MANY_WAITING, after=3))
    with pytest.raises(StoreError):
        loaded.fold(envelopes((REFUSED,), after=3 + MANY_WAITING))


def test_what_waited_is_folded_in_its_order():
    """Needs that were read anew meanwhile replace those of the snapshot, and can be replaced."""
    loaded = decoded(encoded(folded()))
    read = RequirementsRead(node="a", requirements=OTHER_NEEDS, because="script")
    loaded.fold(envelopes((REFUSED, read), after=3))
    assert loaded.particulars.needs("a") == OTHER_NEEDS
    loaded.fold(envelopes((NodeDiscovered(node="a", script=None),), after=5))
    assert loaded.particulars.requirements == {}


def test_particulars_know_no_other_names():
    """Whoever asks them for something that they do not have gets the usual error."""
    loaded = decoded(encoded(folded()))
    with pytest.raises(AttributeError, match="seams"):
        _ = loaded.particulars.seams
    assert loaded.particulars != "particulars"


@pytest.mark.parametrize("searching", [True, False])
def test_reading_leaves_the_search_for_garbage_as_it_was(searching):
    """Switched on or off, also where a snapshot could not be read."""
    content = encoded(folded())
    rest = b"\0" * DIGEST_BYTES
    before = gc.isenabled()
    try:
        (gc.enable if searching else gc.disable)()
        assert decoded(content).particulars.scripts
        assert gc.isenabled() is searching
        assert decoded(sha256(rest).digest() + rest) is None
        assert gc.isenabled() is searching
    finally:
        (gc.enable if before else gc.disable)()


def test_a_snapshot_that_an_earlier_layout_wrote_is_none():
    """Bytes that are whole and hold something else are no snapshot."""
    packed = zlib.compress(b'{"state":{"session_id":"s"},"particulars":{},"event_hash":"0"}')
    assert decoded(sha256(packed).digest() + packed) is None
