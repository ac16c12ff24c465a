"""Rows that were written once are read by every later program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.golden_histories import (
    all_shapes,
    fold_shape,
    held,
    kept_fold,
    kept_state,
    names,
    old_shapes,
    rows,
    state_text,
)

from runthrough.adapters.store import codec
from runthrough.adapters.store.chain import ChainCheck
from runthrough.adapters.store.upcasters import UPCASTERS
from runthrough.core.evolve import FOLD_VERSION
from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import LogHead
from runthrough.core.views.history import history

FIRST, SECOND = "0001-first-shapes", "0002-data-flow-without-to-node"
HEADS = {
    FIRST: "795e53743244e5e523990978cf5a71f72a4dda96c763142b28d684196e43f9eb",
    SECOND: "be8252c31da8dfdd1f878fc8abb0eb51d881a385182954a4fbd50ff3682878aa",
    "0003-connections-and-marks": (
        "14f409749a17e5e79d51eac7bb74ea70e745ad4ec7d1a2f2e8a1418813e08b89"
    ),
    "0004-runs-that-are-steered": (
        "dd435344aef6622cdb280f5ec25177d2b84bc9fba10e0878a55b4687a543d31d"
    ),
    "0005-history": "9fff1b37608dde402c986a02555e950aee08e084fc6cbf408f13fc704396bfa7",
}
"""Log hash of the last row: whoever edits a row and its hashes changes this as well."""
WRITE = "python -m tests.support.golden_histories"
each_history = pytest.mark.parametrize("name", names())


def test_the_histories_that_were_written_are_there():
    """None of them was renamed or deleted."""
    assert set(HEADS) <= set(names())


@each_history
def test_a_history_replays_to_its_state(name):
    """What a session was when its rows were written it still is, to the order of its nodes."""
    assert state_text(name) == kept_state(name), (
        f"{name} replays to something else than {name}.state.json says. "
        "Where that was not meant, mend core/evolve or adapters/store/upcasters.py. "
        "Where it was, raise FOLD_VERSION in core/evolve by one, then write the states anew: "
        f"{WRITE}"
    )


@each_history
def test_the_chain_of_a_history_verifies(name):
    """Every hash follows from the stored bytes, whatever shape they are lifted to."""
    check, stored = ChainCheck(), rows(name)
    for row in stored:
        check.add(row)
    verdict = check.verdict(LogHead(stored[-1].position, stored[-1].log_hash))
    assert (verdict.ok, verdict.checked, verdict.first_bad) == (True, len(stored), None)


@pytest.mark.parametrize("name", HEADS)
def test_no_row_was_edited(name):
    """The last hash, over all of a history, is the one of its first day."""
    assert rows(name)[-1].log_hash == HEADS[name], (
        f"rows of {name}.jsonl were edited, which makes every log of that time unreadable: "
        "take them back from version control"
    )


@each_history
def test_a_history_can_be_shown(name):
    """Each of its events has its words and its changes, version by version."""
    for session_id in {row.session_id for row in rows(name)}:
        stored = [row for row in rows(name) if row.session_id == session_id]
        shown = history(map(codec.decode, stored), SessionState(SessionId(session_id)))
        assert [row.version for row in shown] == [row.version for row in stored]


def test_every_shape_that_was_ever_written_stands_in_a_history():
    """Each event type is held in each schema version from 1 up to today's."""
    missing = sorted(all_shapes() - held())
    assert not missing, (
        f"no golden history holds {missing} (type, schema version). Let the example of the type "
        "in entrypoints/store_suite/examples.py have today's shape, write a history with it "
        f"({WRITE} NNNN-what-changed), and commit both files"
    )


def test_no_history_holds_a_shape_that_nobody_knows():
    """What stands in a history was written by a program with these event classes."""
    assert held() <= all_shapes()


def test_every_shape_that_is_no_longer_written_has_an_upcaster():
    """And there is none for a shape that is still written, or that never was."""
    missing, idle = sorted(old_shapes() - set(UPCASTERS)), sorted(set(UPCASTERS) - old_shapes())
    assert not missing, (
        f"adapters/store/upcasters.py lifts no {missing} (type, schema version): "
        "add a function there that gives the next schema version's payload"
    )
    assert not idle, f"nothing was ever written that the upcasters of {idle} could lift"


def test_the_consumer_of_an_old_check_was_its_subject():
    """What the upcaster leaves out of an edge, the row says in a column; all else is lifted."""
    old = [row for row in rows(FIRST) if (row.type, row.schema_version) == ("DataFlowChecked", 1)]
    assert len(old) > 1
    for row in old:
        edge = json.loads(row.payload)["edge"]
        event = codec.decode(row).event
        assert edge.pop("to_node") == row.subject == event.node
        assert event.edge.model_dump() == edge


def test_the_shape_of_the_folded_state_goes_with_its_fold_version():
    """A snapshot of another shape must not be read, so another shape is another fold version."""
    assert {"fold_version": FOLD_VERSION, "shape": fold_shape()} == kept_fold(), (
        "the folded state (core/state.py, core/views/particulars.py or a value in them) has "
        "another shape than tests/golden/fold.json says. Raise FOLD_VERSION in core/evolve by "
        f"one, unless you did, then write the file anew: {WRITE}"
    )


def test_rows_that_are_there_are_never_written_again():
    """Whoever asks for a history that exists is told so, and nothing is written."""
    before = rows(FIRST)
    done = subprocess.run(
        [sys.executable, *WRITE.split()[1:], FIRST],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{FIRST}.jsonl is there" in done.stderr
    assert rows(FIRST) == before
