"""What every store promises, tried on each of them."""

import threading
from datetime import timedelta

import pytest
from tests.support.stored import AT, DEADLINE_S, HOST, METADATA, A, B, Writer, said, started, texts

from runthrough.core.events import NodeMarkedExternal, SessionClosed, SessionReopened
from runthrough.core.values.metadata import Holder
from runthrough.errors import (
    CommandIdReusedError,
    SessionNameTakenError,
    StoreError,
    WrongExpectedVersionError,
)


def in_thread(call):
    """Run `call` in another thread to its end and give back what it returned."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join(DEADLINE_S)
    return results[0]


# ---- append and read


def test_what_is_appended_is_read_back_in_order(stores, writer):
    """Events come back with their values, numbered from 1 in their session."""
    events = (started("one"), NodeMarkedExternal(node="größe", outputs={"a": "abs:/x y"}))
    answered = writer.append(A, *events)
    read = tuple(stores.events.read(A))
    assert read == answered
    assert tuple(envelope.event for envelope in read) == events
    assert [envelope.version for envelope in read] == [1, 2]
    assert read[0].metadata.actor == METADATA.actor
    assert read[0].metadata.recorded_at == AT


def test_positions_are_dense_over_all_sessions(stores, writer):
    """The log counts commits without holes; each session counts its own events."""
    for session in (A, B, A, B, B):
        writer.append(session, said("x"), said("y"))
    places = [(e.position, e.version) for s in (A, B) for e in stores.events.read(s)]
    assert sorted(position for position, _ in places) == list(range(1, 11))
    assert [version for _, version in places] == [1, 2, 3, 4, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("after", "upto", "versions"),
    [
        (0, None, [1, 2, 3, 4]),
        (2, None, [3, 4]),
        (0, 2, [1, 2]),
        (1, 3, [2, 3]),
        (4, None, []),
        (9, None, []),
        (0, 0, []),
        (0, 9, [1, 2, 3, 4]),
    ],
)
def test_reading_keeps_to_its_bounds(stores, writer, after, upto, versions):
    """`after` is left out, `upto` is included, and bounds beyond the end are no error."""
    writer.append(A, *(said(str(number)) for number in range(4)))
    writer.append(B, said("other"))
    read = stores.events.read(A, after=after, upto=upto)
    assert [envelope.version for envelope in read] == versions


def test_unknown_session_is_empty(stores):
    """Reading a session that is not there yields nothing."""
    assert list(stores.events.read(A)) == []


def test_appending_at_another_version_is_refused(stores, writer):
    """Whoever has not seen the last event is told both versions, and nothing is written."""
    writer.append(A, said("first"))
    with pytest.raises(WrongExpectedVersionError) as caught:
        writer.append(A, said("late"), at_version=0)
    assert (caught.value.expected, caught.value.found) == (0, 1)
    with pytest.raises(WrongExpectedVersionError):
        writer.append(A, said("early"), at_version=2)
    assert texts(list(stores.events.read(A))) == ["first"]


def test_event_that_cannot_be_kept_leaves_nothing(stores, writer):
    """When one event of a command is refused, none of them is written."""
    with pytest.raises(StoreError, match="control characters"):
        writer.append(A, said("fine"), NodeMarkedExternal(node="a\nb", outputs={}))
    assert list(stores.events.read(A)) == []
    assert stores.audit.verify().head_position == 0


def test_threads_append_and_read_at_once(stores, writer):
    """Threads of one process lose nothing, and readers see whole commands only."""
    torn = []
    done = threading.Event()

    def watch():
        while not done.is_set():
            torn.extend(s for s in (A, B) if len(list(stores.events.read(s))) % 2)

    def write(session, name):
        for number in range(20):
            with stores.events.exclusive():
                writer.append(session, said(name), said(name), command_id=f"{name}-{number}")

    reader = threading.Thread(target=watch)
    threads = [
        threading.Thread(target=write, args=arguments)
        for arguments in [(A, "p"), (A, "q"), (B, "r")]
    ]
    for thread in [reader, *threads]:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    done.set()
    reader.join(DEADLINE_S)
    assert not torn
    assert len(list(stores.events.read(A))) == 80
    assert len(list(stores.events.read(B))) == 40
    assert stores.audit.verify().checked == 120


# ---- idempotency


def test_retried_command_is_answered_with_what_it_left(stores, writer):
    """A lost acknowledgement is answered again from the log, even when others went on."""
    first = writer.append(A, said("a"), said("b"), command_id="again")
    writer.append(A, said("c"))
    retried = writer.append(A, said("other facts"), at_version=3, command_id="again")
    assert retried == first
    assert stores.events.answer("again", request_hash="1" * 64) == first
    assert texts(list(stores.events.read(A))) == ["a", "b", "c"]


def test_command_id_with_another_request_is_an_error(stores, writer):
    """One id stands for one request; nothing is written for the second."""
    writer.append(A, said("a"), command_id="again")
    with pytest.raises(CommandIdReusedError, match="again"):
        writer.append(A, said("b"), command_id="again", request="2" * 64)
    with pytest.raises(CommandIdReusedError):
        stores.events.answer("again", request_hash="2" * 64)
    assert texts(list(stores.events.read(A))) == ["a"]


def test_unknown_command_has_no_answer(stores):
    """A command that was never handled is told from one that was."""
    assert stores.events.answer("never", request_hash="1" * 64) is None


# ---- exclusive


def test_exclusive_commits_together(stores, writer):
    """What is appended under the lock is read there, and by others only after it."""
    with stores.events.exclusive():
        writer.append(A, said("a"))
        writer.append(B, said("b"))
        assert texts(list(stores.events.read(A))) == ["a"]
        assert in_thread(lambda: list(stores.events.read(A))) == []
        assert in_thread(stores.directory.sessions) == ()
    assert in_thread(lambda: texts(list(stores.events.read(A)))) == ["a"]
    assert stores.audit.verify().checked == 2


def test_exclusive_takes_all_back_when_it_fails(stores, writer):
    """An error under the lock leaves the log, the directory and the roots as they were."""
    writer.append(A, said("before"))

    def change_and_fail():
        with stores.events.exclusive():
            writer.append(A, said("lost"))
            writer.append(B, started("lost"))
            stores.directory.set_roots(B, host=HOST, roots={"workspace": "/w"})
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        change_and_fail()
    assert texts(list(stores.events.read(A))) == ["before"]
    assert stores.directory.sessions() == ()
    assert stores.directory.roots_of(B, host=HOST) == {}
    writer.append(A, said("after"))
    verdict = stores.audit.verify()
    assert verdict.ok
    assert verdict.head_position == 2


def test_refused_append_under_the_lock_takes_back_itself_alone(stores, writer):
    """After a refusal the same lock can decide again, as the handler does."""
    writer.append(A, started("taken"))
    with stores.events.exclusive():
        writer.append(B, said("kept"))
        with pytest.raises(WrongExpectedVersionError):
            writer.append(B, said("late"), at_version=0)
        with pytest.raises(SessionNameTakenError):
            writer.append(B, said("half"), started("taken"))
        writer.append(B, said("kept too"))
    assert texts(list(stores.events.read(B))) == ["kept", "kept too"]
    assert stores.audit.verify().ok


def test_exclusive_may_be_nested(stores, writer):
    """An inner lock that fails undoes its own part; the outer one goes on."""

    def fail_inside():
        with stores.events.exclusive():
            writer.append(A, said("inner"))
            raise RuntimeError("stop")

    with stores.events.exclusive():
        writer.append(A, said("outer"))
        with pytest.raises(RuntimeError, match="stop"):
            fail_inside()
        with stores.events.exclusive():
            writer.append(A, said("second"))
    assert texts(list(stores.events.read(A))) == ["outer", "second"]


def test_exclusive_keeps_other_threads_out(stores, writer):
    """Another thread's append waits until the lock is given back."""
    ready, through = threading.Event(), threading.Event()

    def append():
        ready.set()
        Writer(stores.events, prefix="other").append(B, said("other"), at_version=0)
        through.set()

    other = threading.Thread(target=append)
    with stores.events.exclusive():
        other.start()
        assert ready.wait(DEADLINE_S)
        assert not through.wait(0.2)
        assert [e.position for e in writer.append(A, said("x"), said("y"))] == [1, 2]
    other.join(DEADLINE_S)
    assert [envelope.position for envelope in stores.events.read(B)] == [3]


# ---- directory


def test_directory_lists_sessions_with_their_latest_event(stores, writer):
    """The session with the latest event comes first, with who acted last and when."""
    later = AT + timedelta(minutes=1)
    writer.append(A, started("heron", "zoo"))
    writer.append(B, started("owl", "bar"))
    writer.append(A, said("x"), actor="bob@ws", recorded_at=later)
    heron, owl = stores.directory.sessions()
    assert (heron.session_id, heron.name, heron.dag_name) == (A, "heron", "zoo")
    assert (heron.phase, heron.version, heron.last_actor) == ("open", 2, "bob@ws")
    assert (heron.created_at, heron.updated_at) == (AT, later)
    assert (owl.session_id, owl.version, owl.last_actor) == (B, 1, METADATA.actor)


def test_open_names_are_unique(stores, writer):
    """A second open session of one name is refused, and leaves no event."""
    writer.append(A, started("heron"))
    with pytest.raises(SessionNameTakenError, match="heron"):
        writer.append(B, started("heron"))
    assert list(stores.events.read(B)) == []
    assert stores.audit.verify().ok


def test_closing_frees_the_name_and_reopening_needs_it(stores, writer):
    """A closed session comes back under its name unless another open one took it."""
    writer.append(A, started("heron"))
    writer.append(A, SessionClosed())
    writer.append(B, started("heron"))
    assert {entry.session_id: entry.phase for entry in stores.directory.sessions()} == {
        A: "closed",
        B: "open",
    }
    with pytest.raises(SessionNameTakenError):
        writer.append(A, SessionReopened())
    writer.append(B, SessionClosed())
    writer.append(A, SessionReopened())
    assert stores.directory.find(A).phase == "open"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (A, A),
        ("019b", B),
        ("019", None),
        ("heron", A),
        ("019a0000-0000-7000-8000-00000000000a-", None),
        ("%", None),
        ("her", None),
        ("", None),
    ],
)
def test_session_is_found_by_id_by_its_start_or_by_name(stores, writer, asked, found):
    """Four characters that fit one id are enough; names are matched whole."""
    writer.append(A, started("heron"))
    writer.append(B, started("owl"))
    entry = stores.directory.find(asked)
    assert (entry and entry.session_id) == found


def test_start_that_fits_two_ids_finds_neither(stores, writer):
    """An ambiguous start is no answer; the whole id is."""
    one, two = f"{A}1", f"{A}2"
    writer.append(one, started("heron"))
    writer.append(two, started("owl"))
    assert stores.directory.find(A) is None
    assert stores.directory.find(two).name == "owl"


def test_open_session_of_a_name_goes_before_closed_ones(stores, writer):
    """Of the closed ones the latest is found, and an open one goes before them all."""
    for session in (A, B):
        writer.append(session, started("heron"))
        writer.append(session, SessionClosed())
    assert stores.directory.find("heron").session_id == B
    writer.append(A, SessionReopened())
    writer.append(B, said("still the latest event"))
    assert stores.directory.find("heron").session_id == A


def test_last_session_is_the_actors_own(stores, writer):
    """`@last` is where this actor acted last, whoever acted elsewhere since."""
    writer.append(A, started("heron"), actor="ann")
    writer.append(B, started("owl"), actor="bob")
    assert stores.directory.last_of("ann").session_id == A
    writer.append(B, said("x"), actor="ann")
    assert stores.directory.last_of("ann").session_id == B
    assert stores.directory.last_of("eve") is None


def test_roots_are_kept_for_each_host(stores):
    """Setting roots replaces what that host knew, and no other host's."""
    stores.directory.set_roots(A, host="h1", roots={"workspace": "/w", "pipeline": "/p"})
    stores.directory.set_roots(A, host="h2", roots={"workspace": "/elsewhere"})
    stores.directory.set_roots(A, host="h1", roots={"workspace": "/moved"})
    assert stores.directory.roots_of(A, host="h1") == {"workspace": "/moved"}
    assert stores.directory.roots_of(A, host="h2") == {"workspace": "/elsewhere"}
    assert stores.directory.roots_of(B, host="h1") == {}
    stores.directory.set_roots(A, host="h1", roots={})
    assert stores.directory.roots_of(A, host="h1") == {}


# ---- leases and audit


def test_lease_shows_the_last_sign_of_life(stores):
    """A lease is taken, renewed and released; another run's is not touched."""
    holder = Holder(host=HOST, boot_id="boot", pid=7, started_at=1.5)
    later = AT + timedelta(seconds=10)
    assert stores.leases.renewed_at("run-1") is None
    stores.leases.take("run-1", session_id=A, holder=holder, at=AT)
    stores.leases.take("run-2", session_id=A, holder=holder, at=AT)
    stores.leases.renew("run-1", at=later)
    assert stores.leases.renewed_at("run-1") == later
    assert stores.leases.renewed_at("run-2") == AT
    stores.leases.release("run-1")
    stores.leases.release("run-1")
    assert stores.leases.renewed_at("run-1") is None
    assert stores.leases.renewed_at("run-2") == AT


def test_released_lease_does_not_come_back(stores):
    """A sign of life that comes too late makes no lease."""
    stores.leases.renew("run-1", at=AT)
    assert stores.leases.renewed_at("run-1") is None


def test_taking_a_lease_again_replaces_it(stores):
    """Whoever takes a run over writes their own lease."""
    holder = Holder(host=HOST, boot_id="boot", pid=7, started_at=1.5)
    later = AT + timedelta(seconds=90)
    stores.leases.take("run-1", session_id=A, holder=holder, at=AT)
    stores.leases.take("run-1", session_id=A, holder=holder, at=later)
    assert stores.leases.renewed_at("run-1") == later


def test_log_verifies(stores, writer):
    """An untouched log is whole, empty or not, and tells how far it was checked."""
    assert stores.audit.verify().ok
    writer.append(A, started("heron"), said("x"))
    writer.append(B, started("owl"))
    verdict = stores.audit.verify()
    assert (verdict.ok, verdict.checked, verdict.head_position) == (True, 3, 3)
    assert verdict.first_bad is None
