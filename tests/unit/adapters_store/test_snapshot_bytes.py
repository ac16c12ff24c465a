"""What of a snapshot is read when."""

import gc
import pickle
import zlib
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from hashlib import sha256
from threading import Barrier

import pytest
from tests.support.builders import (
    SESSION,
    STARTED_AT,
    envelopes,
    need,
    part,
    pipeline,
    script_info,
    session_started,
)

from runthrough.adapters.store.snapshots import MANY_WAITING, decoded, encoded
from runthrough.core.events import CommandRefused, NodeDiscovered, RequirementsRead
from runthrough.core.state import LastAttempt, OpenAttempt, PassedAttempt, SessionState
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


@pytest.mark.parametrize("copied", [copy, deepcopy, lambda read: pickle.loads(pickle.dumps(read))])
def test_a_copy_of_what_was_not_read_yet_takes_in_what_comes_later(copied):
    """A copy goes on from all that its source has, and at once; the source stays as it was."""
    loaded = decoded(encoded(folded()))
    loaded.fold(envelopes((NodeDiscovered(node="b", script=script_info("b")),), after=3))
    particulars = copied(loaded.particulars)
    assert particulars == loaded.particulars
    read = RequirementsRead(node="b", requirements=OTHER_NEEDS, because="script")
    particulars.take(envelopes((read,), after=4))
    assert particulars.needs("b") == OTHER_NEEDS
    assert particulars.scripts["b"].name == "b"


def test_particulars_are_read_once_whichever_threads_ask(monkeypatch):
    """Who asks while another thread reads waits, and gets what was taken in meanwhile too."""
    loaded = decoded(encoded(folded()))
    loaded.fold(
        envelopes(
            (RequirementsRead(node="a", requirements=OTHER_NEEDS, because="script"),), after=3
        )
    )
    readers, all_ask, reading = 8, Barrier(8), []
    decompress = zlib.decompress

    def slowly(content):
        reading.append(content)
        if len(reading) == 1:
            all_ask.wait()  # the others are about to ask, and some of them do before it goes on
        for _ in range(1000):
            decompress(content)
        return decompress(content)

    def ask(number):
        if number:
            all_ask.wait()
        return loaded.particulars.needs("a")

    monkeypatch.setattr(zlib, "decompress", slowly)
    with ThreadPoolExecutor(readers) as threads:
        told = [*threads.map(ask, range(readers))]
    assert told == [OTHER_NEEDS] * readers
    assert len(reading) == 1


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


def test_each_attempt_gets_its_own_fingerprint_back():
    """Parts are written once, and still no value becomes another that is equal to it."""
    values = (1, True, 1.0, "1", None, [1], [True])
    last = tuple(part("job_arg", str(n), value) for n, value in enumerate(values))
    passed = tuple(part("job_arg", "same", value) for value in values)
    running = (*passed, *last, part("environ_var", "same", "1"))
    loaded = folded()
    loaded.state.nodes["a"].last = LastAttempt(
        "r-2", "t-2", "failed", STARTED_AT, 1.0, 1, None, None, None, None, last
    )
    loaded.state.nodes["a"].passed = PassedAttempt("r-1", "t-1", STARTED_AT, passed, {}, {})
    loaded.state.nodes["a"].running = OpenAttempt("r-3", "t-3", running, {})
    loaded.state.nodes["b"].running = OpenAttempt("r-3", "t-4", (), {})
    read = decoded(encoded(loaded)).state
    assert read == loaded.state
    node = read.nodes["a"]
    assert repr(node.last.fingerprint) == repr(last)
    assert repr(node.passed.fingerprint) == repr(passed)
    assert repr(node.running.fingerprint) == repr(running)


@pytest.mark.parametrize("measured", [False, True], ids=["without a length", "with a length"])
@pytest.mark.parametrize(
    "text",
    [
        b'{"state":{"session_id":"s"},"particulars":{},"event_hash":"0"}',
        b'{"event_hash":"0","state":{"session_id":"s"},"as_last":[]}',
    ],
    ids=["all in one", "one fingerprint for two"],
)
def test_a_snapshot_that_an_earlier_layout_wrote_is_none(text, measured):
    """Bytes that are whole and hold something else are no snapshot."""
    packed = zlib.compress(text)
    content = len(packed).to_bytes(8, "big") + packed if measured else packed
    assert decoded(sha256(content).digest() + content) is None
