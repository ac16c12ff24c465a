"""The one loop: others at the same time, refusals, and stores that get lost."""

import multiprocessing

import pytest
from tests.support.builders import configure, need, node_facts, script_info, start_run
from tests.support.handling import (
    FACTS,
    ROUNDS,
    FaultyStore,
    Recorded,
    Seat,
    asked_by,
    configure_all,
    configure_in_child,
    depth,
    handler_over,
    last,
    seated,
    started_session,
    types,
)
from tests.support.stored import DEADLINE_S, A, finished, sql_stores

from runthrough.core.commands import CloseSession, MoveHome, RecordWorld
from runthrough.core.state import SessionState
from runthrough.core.values.facts import Evidence, WorldChange
from runthrough.core.values.ids import SessionId
from runthrough.core.values.metadata import Home
from runthrough.core.views.history import history
from runthrough.core.views.loaded import Loaded
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    PendingScriptsError,
    SelectionError,
    SessionClosedError,
    SessionNameTakenError,
    StoreUnavailableError,
    UnknownNodeError,
    VersionConflictError,
)

BEGUN = 1 + 3 * 2
"""Events of a session over two nodes: found, read and pending, each."""


@pytest.fixture
def store(stores):
    return stores.events


def test_others_at_another_node_are_taken_in_and_both_succeed(store):
    """Who is overtaken decides again on what is there by then, and goes on from it."""
    ann, bob = seated(store, "ann", "bob")
    assert bob.ask(depth("a", 1, based_on=BEGUN)) == ["ScriptConfigured"]
    assert ann.ask(depth("b", 2, based_on=BEGUN)) == ["ScriptConfigured"]
    assert (ann.depth("a"), ann.depth("b")) == (1, 2)
    assert ann.loaded.state.version == BEGUN + 2
    assert [e.version for e in store.read(A)] == list(range(1, BEGUN + 3))
    bob.look()
    assert bob.loaded == ann.loaded


def test_others_at_the_same_node_are_a_conflict_for_who_saw_an_older_version(store):
    """The error tells base, theirs and yours; the loser's wish is a recorded refusal."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(depth("a", 1))
    with pytest.raises(VersionConflictError) as conflict:
        ann.ask(depth("a", 2, based_on=BEGUN))
    assert conflict.value.fields == (
        {"field": "arg.depth", "base": None, "theirs": 1, "yours": 2},
    )
    told = conflict.value
    assert (told.actor, told.event, told.version) == ("bob", "ScriptConfigured", BEGUN + 1)
    assert types(store)[BEGUN:] == ["ScriptConfigured", "CommandRefused"]
    assert (last(store).command, last(store).code) == ("configure", "VERSION_CONFLICT")
    assert ann.depth("a") == 1, "having been refused, ann sees what is there"
    assert ann.ask(depth("a", 2, based_on=BEGUN + 1)) == ["ScriptConfigured"]


def test_a_conflict_is_seen_without_being_overtaken_too(store):
    """What was taken in already conflicts with an older base just the same."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(depth("a", 1))
    ann.look()
    with pytest.raises(VersionConflictError):
        ann.ask(depth("a", 2, based_on=BEGUN))


def test_without_a_base_the_later_wins_and_history_says_what_it_replaced(store):
    """Both answers stand in history; the later one's row has the earlier one's value."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(depth("a", 1))
    ann.ask(depth("a", 2))
    assert ann.depth("a") == 2
    row = list(history(store.read(A), SessionState(A)))[-1]
    assert (row.actor, row.before, row.after) == ("ann", {"arg.depth": 1}, {"arg.depth": 2})


def test_a_refusal_met_under_the_lock_is_recorded(store):
    """Overtaken by the end of the session, a command is refused, and the refusal is kept."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(CloseSession())
    with pytest.raises(SessionClosedError):
        ann.ask(depth("a", 1))
    assert types(store)[BEGUN:] == ["SessionClosed", "CommandRefused"]
    assert ann.loaded.state.version == BEGUN + 2


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (depth("c", 1), UnknownNodeError),
        (start_run("nothing"), SelectionError),
        (start_run(), PendingScriptsError),
    ],
)
def test_a_refusal_is_recorded_once_and_raised_each_time(store, command, error):
    """The second try of the very same command is refused again and leaves nothing more."""
    (ann,) = seated(store, "ann")
    for _ in range(2):
        with pytest.raises(error) as refused:
            ann.ask(command, command_id="the same")
        assert types(store)[BEGUN:] == ["CommandRefused"]
        assert last(store).code == refused.value.code
        assert last(store).message == refused.value.message
    assert ann.loaded.state.version == BEGUN + 1


def test_a_refused_command_stays_refused_whatever_was_changed_since(store):
    """One id has one answer: tried again when it would be allowed, it is the first refusal."""
    (ann,) = seated(store, "ann")
    with pytest.raises(PendingScriptsError):
        ann.ask(start_run(), command_id="the same")
    ann.ask(depth("a", 1))
    ann.ask(depth("b", 1))
    with pytest.raises(CommandRefusedError, match="missing configuration for 2 scripts"):
        ann.ask(start_run(), command_id="the same")
    assert "RunStarted" not in types(store)


@pytest.mark.parametrize("command", [CloseSession(), depth("a", 1, based_on=BEGUN)])
def test_a_command_that_was_handled_is_answered_as_then(store, command):
    """Tried again, it is neither refused for what it did itself, nor done twice."""
    ann, late = seated(store, "ann", "ann")
    first = ann.ask(command, command_id="the same")
    assert ann.ask(command, command_id="the same") == first
    assert types(store)[BEGUN:] == first
    assert late.ask(command, command_id="the same") == first
    assert late.loaded == ann.loaded, "who had seen less sees all that happened"


def test_an_old_answer_does_not_undo_what_came_after(store):
    """The answer is the old one; what is believed is the latest."""
    (ann,) = seated(store, "ann")
    first = ann.ask(depth("a", 1), command_id="the same")
    ann.ask(depth("a", 2))
    assert ann.ask(depth("a", 1), command_id="the same") == first
    assert ann.depth("a") == 2
    assert ann.loaded.state.version == BEGUN + 2


def test_a_secret_in_a_refusal_is_masked(store):
    """What a refusal repeats of a command is masked as all that is recorded."""
    (ann,) = seated(store, "ann")
    with pytest.raises(UnknownNodeError):
        ann.ask(depth("https://ann:hunter2@host/", 1))
    assert "hunter2" not in last(store).message
    assert "[masked]" in last(store).message


def test_a_refusal_of_the_first_command_leaves_nothing(store):
    """A session that does not begin has no history."""
    handler = handler_over(store)
    with pytest.raises(UnknownNodeError):
        handler.handle(Loaded(SessionState(A)), depth("a", 1), asked_by())
    assert types(store) == []


def test_a_name_that_is_taken_leaves_nothing(store):
    """The store refuses the second open session of one name, and keeps nothing of it."""
    seated(store, "ann")
    other = Loaded(SessionState(SessionId("another")))
    with pytest.raises(SessionNameTakenError):
        handler_over(store).handle(other, started_session("a"), asked_by())
    assert list(store.read(SessionId("another"))) == []
    assert other == Loaded(SessionState(SessionId("another")))


def test_a_value_that_is_no_text_is_refused_before_anything_is_decided(store):
    """A lone surrogate cannot be kept: the error says so, and nothing is recorded."""
    (ann,) = seated(store, "ann")
    with pytest.raises(CommandInvalidError, match="configure"):
        ann.ask(depth("a", "\ud800"))
    assert len(types(store)) == BEGUN


def test_a_rejected_configuration_leaves_exactly_its_rejection(store):
    """Nothing else is recorded, and nothing is changed."""
    (ann,) = seated(store, "ann")
    assert ann.ask(configure("a", FACTS)) == ["ConfigurationRejected"]
    assert types(store)[BEGUN:] == ["ConfigurationRejected"]
    assert ann.depth("a") is None


def test_what_leads_to_nothing_leaves_nothing(store):
    """A look at an unchanged world records no event."""
    (ann,) = seated(store, "ann")
    assert ann.ask(RecordWorld(facts={"a": FACTS, "b": FACTS})) == []
    assert len(types(store)) == BEGUN


GONE = FACTS.model_copy(update={"script": None})
EDITED = WorldChange(name="script", old=script_info().digest, new="d2")
MODULE = WorldChange(name="module helpers", old=None, new="d3")
OTHER_INPUT = WorldChange(
    name="input raw",
    old=None,
    new="d4",
    evidence=Evidence(
        kind="input", name="raw", source="person", path="workspace:raw", digest="d4"
    ),
)


def test_two_looks_at_one_moment_record_what_changed_once(store):
    """Who is overtaken tells only what the other one had not seen yet."""
    ann, bob = seated(store, "ann", "bob")
    more = node_facts(need("depth", "job_arg"), need("n", "job_arg", level="optional"))
    seen = more.model_copy(update={"changes": (EDITED, MODULE, OTHER_INPUT), "reread": "script"})
    assert bob.ask(RecordWorld(facts={"a": seen})) == ["WorldChanged", "RequirementsRead"]
    assert ann.ask(RecordWorld(facts={"a": seen})) == []
    assert len(types(store)) == BEGUN + 2
    again, late = (
        WorldChange(name="script", old="d2", new="d5"),
        WorldChange(name="script", old="d5", new="d6"),
    )
    bob.ask(RecordWorld(facts={"a": more.model_copy(update={"changes": (again,)})}))
    both = {"a": more.model_copy(update={"changes": (late, MODULE)})}
    assert ann.ask(RecordWorld(facts=both)) == ["WorldChanged"]
    assert last(store).changes == (late,)


@pytest.mark.parametrize("command", [RecordWorld(facts={"a": GONE}), start_run("a")])
def test_what_was_seen_where_a_session_has_just_left_decides_nothing(store, command):
    """Its files are others on the machine that it lives on by now."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(depth("a", 1))
    ann.look()
    bob.ask(MoveHome(home=Home(host="bobs", name="bob-ws")))
    with pytest.raises(CommandRefusedError, match="moved to bob-ws meanwhile"):
        ann.ask(command)
    assert types(store)[-2:] == ["HomeMoved", "CommandRefused"]
    assert ann.depth("a") == 1


@pytest.mark.parametrize("command", [depth("a", 1), depth("unknown", 1), CloseSession()])
def test_a_lost_answer_is_found_in_the_log(store, command):
    """What was committed before the store got lost is the answer, a refusal as well."""
    (ann,) = seated(store, "ann")
    faulty = Seat(FaultyStore(store, "after"), "ann", ann.loaded)
    if command == depth("unknown", 1):
        with pytest.raises(UnknownNodeError):
            faulty.ask(command)
    else:
        assert faulty.ask(command) == types(store)[BEGUN:]
    assert len(types(store)) == BEGUN + 1
    ann.look()
    assert faulty.loaded.state.version == BEGUN + 1


def test_an_append_that_failed_is_raised_and_changes_nothing(store):
    """The first error is told, and the same command succeeds when the store is back."""
    (ann,) = seated(store, "ann")
    faulty = Seat(FaultyStore(store, "before"), "ann", ann.loaded)
    with pytest.raises(StoreUnavailableError, match=r"gone \(before\)"):
        faulty.ask(depth("a", 1))
    assert len(types(store)) == BEGUN
    assert faulty.loaded.state.version == BEGUN
    assert faulty.depth("a") is None
    assert faulty.ask(depth("a", 1)) == ["ScriptConfigured"]


def test_a_store_that_is_gone_for_good_tells_its_first_error(store):
    """Where the log cannot be asked either, it is the append that is told to have failed."""
    (ann,) = seated(store, "ann")
    faulty = FaultyStore(store, "before", "answer")
    with pytest.raises(StoreUnavailableError, match=r"gone \(before\)"):
        Seat(faulty, "ann", ann.loaded).ask(depth("a", 1))


@pytest.mark.parametrize("fault", ["after", "commit"])
def test_a_lost_answer_under_the_lock_is_found_in_the_log(store, fault):
    """The same holds for who was overtaken: what is committed is folded, once."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(depth("a", 1))
    faulty = Seat(FaultyStore(store, fault), "ann", ann.loaded)
    assert faulty.ask(depth("b", 2)) == ["ScriptConfigured"]
    assert types(store)[BEGUN:] == ["ScriptConfigured", "ScriptConfigured"]
    bob.look()
    assert faulty.loaded == bob.loaded


def test_a_lost_refusal_under_the_lock_is_raised(store):
    """Its commit's answer is lost, and yet it is the refusal that is told."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(CloseSession())
    with pytest.raises(SessionClosedError):
        Seat(FaultyStore(store, "commit"), "ann", ann.loaded).ask(depth("a", 1))
    assert types(store)[BEGUN:] == ["SessionClosed", "CommandRefused"]


def test_a_commit_that_failed_under_the_lock_is_not_folded(store):
    """What was undone with the lock is not believed by who decided it."""
    ann, bob = seated(store, "ann", "bob")
    bob.ask(depth("a", 1))
    faulty = FaultyStore(store, "undone")
    with pytest.raises(StoreUnavailableError):
        Seat(faulty, "ann", ann.loaded).ask(depth("b", 2))
    assert types(store)[BEGUN:] == ["ScriptConfigured"]
    assert ann.loaded.state.version == BEGUN + 1, "what bob did is taken in, and no more"
    assert ann.ask(depth("b", 2)) == ["ScriptConfigured"]


def test_each_command_is_one_line_of_the_log(store):
    """It tells who asked for what of which session, and how many events or which refusal."""
    (ann,) = seated(store, "ann")
    lines = ann.lines = Recorded()
    ann.ask(depth("a", 1))
    with pytest.raises(UnknownNodeError):
        ann.ask(depth("unknown", 1))
    told = [
        {name: line[name] for name in line if line[name] is not None} for _, line in lines.lines
    ]
    shared = {"command": "ConfigureScript", "session_id": A, "actor": "ann", "door": "cli"}
    shared["correlation_id"] = "correlation-1"
    assert told == [
        {**shared, "version": BEGUN + 1, "events": 1},
        {**shared, "version": BEGUN + 2, "refused": "NODE_UNKNOWN"},
    ]


NODES = tuple("abcdefgh")


def test_eight_threads_at_eight_nodes_lose_nothing(store):
    """All having seen the same version, all succeed; versions have no hole."""
    (ann,) = seated(store, "ann", nodes=NODES)
    before = ann.loaded.state.version
    configure_all(store, "thread", NODES)
    ann.look()
    assert {node: ann.depth(node) for node in NODES} == dict.fromkeys(NODES, ROUNDS - 1)
    assert ann.loaded.state.version == before + ROUNDS * len(NODES)
    assert [e.version for e in store.read(A)] == list(range(1, ann.loaded.state.version + 1))


@pytest.mark.slow
def test_two_processes_of_four_threads_lose_nothing(url, database):
    """The same over one database file, and the chain of hashes holds."""
    stores = sql_stores(database)
    (ann,) = seated(stores.events, "ann", nodes=NODES)
    before = ann.loaded.state.version
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    children = [
        context.Process(
            target=configure_in_child, args=(url, ready, go, actor, nodes), daemon=True
        )
        for actor, nodes in (("first", NODES[:4]), ("second", NODES[4:]))
    ]
    for child in children:
        child.start()
    for _ in children:
        assert ready.acquire(timeout=DEADLINE_S)
    go.set()
    assert [finished(child) for child in children] == [0, 0]
    ann.look()
    assert {node: ann.depth(node) for node in NODES} == dict.fromkeys(NODES, ROUNDS - 1)
    assert ann.loaded.state.version == before + ROUNDS * len(NODES)
    assert stores.audit.verify().ok
