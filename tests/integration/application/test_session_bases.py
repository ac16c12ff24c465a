"""What is asked of a session as a whole, based on what its person saw: one of many is done."""

import multiprocessing

import pytest
from tests.support.handling import RIVALS, depth, last, rename_all, rename_in_child, seated, types
from tests.support.stored import DEADLINE_S, A, finished, sql_stores

from runthrough.core.commands import AddNote, CloseSession, RenameSession, ReopenSession
from runthrough.errors import VersionConflictError


@pytest.fixture
def store(stores):
    return stores.events


def test_who_saw_an_older_session_is_told_what_was_done_since(store):
    """The error tells name by name, and who did what; the wish is a recorded refusal."""
    ann, bob = seated(store, "ann", "bob")
    base = ann.loaded.state.version
    bob.ask(RenameSession(name="his", based_on=base))
    with pytest.raises(VersionConflictError, match="The session was changed by bob") as told:
        ann.ask(RenameSession(name="hers", based_on=base))
    conflict = told.value
    assert (conflict.node, conflict.actor, conflict.event, conflict.version) == (
        None,
        "bob",
        "SessionRenamed",
        base + 1,
    )
    assert conflict.fields == (
        {"field": "name", "base": "quiet-heron", "theirs": "his", "yours": "hers"},
    )
    assert (last(store).command, last(store).code) == ("rename", "VERSION_CONFLICT")
    assert ann.loaded.state.name == "his"
    ann.ask(RenameSession(name="hers", based_on=conflict.version))


def test_a_change_of_a_node_is_one_of_the_session(store):
    """Who closes what others went on with is told so, also under the lock."""
    ann, bob = seated(store, "ann", "bob")
    base = ann.loaded.state.version
    bob.ask(depth("a", 1))
    with pytest.raises(VersionConflictError):
        ann.ask(CloseSession(based_on=base))
    assert types(store)[base:] == ["ScriptConfigured", "CommandRefused"]


def test_a_note_and_a_refusal_are_no_change_of_the_session(store):
    """Nobody need have seen them."""
    ann, bob = seated(store, "ann", "bob")
    base = ann.loaded.state.version
    bob.ask(AddNote(text="looks fine"))
    with pytest.raises(VersionConflictError):
        bob.ask(depth("a", 1, based_on=base - 6))
    assert ann.ask(CloseSession(based_on=base)) == ["SessionClosed"]


def test_a_command_that_comes_again_is_answered_as_the_first_time(store):
    """Its own change stands behind its base, and is no conflict; one that lost has lost."""
    ann, bob = seated(store, "ann", "bob")
    base = ann.loaded.state.version
    rename = RenameSession(name="hers", based_on=base)
    assert ann.ask(rename, "once") == ann.ask(rename, "once") == ["SessionRenamed"]
    for _ in range(2):
        with pytest.raises(VersionConflictError):
            bob.ask(CloseSession(based_on=base), "lost")
    assert types(store)[base:] == ["SessionRenamed", "CommandRefused"]
    bob.ask(CloseSession())
    bob.ask(ReopenSession())
    with pytest.raises(VersionConflictError):
        bob.ask(CloseSession(based_on=base), "lost")


def test_of_threads_with_one_base_exactly_one_is_done(store):
    """However they meet, nothing is overwritten, and each of the others is told."""
    (ann,) = seated(store, "ann")
    became = rename_all(store, "bob", ann.loaded.state.version)
    assert sorted(became) == ["VERSION_CONFLICT"] * (RIVALS - 1) + ["done"]
    assert types(store).count("SessionRenamed") == 1


@pytest.mark.slow
def test_of_processes_with_one_base_exactly_one_is_done(url, database):
    """Two processes, each with threads, on one database."""
    stores = sql_stores(database)
    (ann,) = seated(stores.events, "ann")
    base = ann.loaded.state.version
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    children = [
        context.Process(target=rename_in_child, args=(url, ready, go, actor, base), daemon=True)
        for actor in ("first", "second")
    ]
    for child in children:
        child.start()
    for _ in children:
        assert ready.acquire(timeout=DEADLINE_S)
    go.set()
    assert [finished(child) for child in children] == [0, 0]
    told = types(stores.events)[base:]
    assert sorted(told) == ["CommandRefused"] * (2 * RIVALS - 1) + ["SessionRenamed"]
    (name,) = (e.event.name for e in stores.events.read(A) if e.event.type == "SessionRenamed")
    ann.look()
    assert ann.loaded.state.name == name
