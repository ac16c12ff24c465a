"""The writer lock: what is done under it is done together, and alone."""

import threading
from collections.abc import Callable
from functools import partial

from runthrough.core.events import SessionClosed
from runthrough.core.values.ids import SessionId
from runthrough.entrypoints.store_suite.rule import (
    Rule,
    Stores,
    expect,
    expect_equal,
    expect_error,
    rule,
)
from runthrough.entrypoints.store_suite.threads import (
    DEADLINE_S,
    QUIET_S,
    Aside,
    aside,
    together,
)
from runthrough.entrypoints.store_suite.writing import (
    HOST,
    A,
    B,
    C,
    Writer,
    numbered,
    positions,
    said,
    started,
    texts,
)
from runthrough.errors import SessionNameTakenError, WrongExpectedVersionError

RULES: list[Rule] = []
_ROOTS = {"workspace": "/w"}


@rule(RULES)
def what_is_done_under_the_lock_is_committed(stores: Stores) -> None:
    """When the lock is given back, all that was appended under it is there for everybody."""
    writer = Writer(stores)
    with stores.events.exclusive():
        writer.append(A, said("a"))
        writer.append(B, said("b"))
        writer.append(A, said("c"))
    found = aside(lambda: (writer.texts(A), writer.texts(B)))
    expect_equal(found, (["a", "c"], ["b"]), "texts")
    expect_equal(stores.audit.verify().checked, 3, "events that verify")


@rule(RULES)
def holder_reads_what_it_appended(stores: Stores) -> None:
    """Under the lock its holder reads its own events, in the session, the log and the feed."""
    writer = Writer(stores)
    with stores.events.exclusive():
        writer.append(A, started("heron"), at_version=0)
        found = (
            writer.texts(A),
            stores.audit.head().position,
            positions(stores.feed.read()),
            [entry.name for entry in stores.directory.sessions()],
        )
    expect_equal(found, (["SessionStarted"], 1, [1], ["heron"]), "what the holder reads")


@rule(RULES)
def others_read_nothing_before_the_commit(stores: Stores) -> None:
    """Until the commit nobody else reads what is done under the lock."""
    writer = Writer(stores)
    with stores.events.exclusive():
        writer.append(A, started("heron"))
        stores.directory.set_roots(A, host=HOST, roots=_ROOTS)
        found = aside(
            lambda: (
                writer.texts(A),
                stores.audit.head().position,
                positions(stores.feed.read()),
                stores.directory.sessions(),
                stores.directory.roots_of(A, host=HOST),
            )
        )
    expect_equal(found, ([], 0, [], (), {}), "what others read")


@rule(RULES)
def readers_do_not_wait_for_the_lock(stores: Stores) -> None:
    """While one thread holds the lock, others read what is committed."""
    writer = Writer(stores)
    writer.append(A, said("before"))
    with stores.events.exclusive():
        writer.append(A, said("under the lock"))
        found = aside(lambda: writer.texts(A))
    expect_equal(found, ["before"], "texts that others read")


@rule(RULES)
def failure_under_the_lock_undoes_the_log(stores: Stores) -> None:
    """An error under the lock leaves every session and the head as they were."""
    writer = Writer(stores)
    writer.append(A, said("before"))
    head = stores.audit.head()
    _fail_under_lock(
        stores,
        lambda: writer.append(A, said("lost"), at_version=1),
        lambda: writer.append(B, said("lost"), at_version=0),
    )
    found = (writer.texts(A), writer.texts(B), stores.audit.head())
    expect_equal(found, (["before"], [], head), "texts and head")


@rule(RULES)
def failure_under_the_lock_undoes_the_directory(stores: Stores) -> None:
    """An error under the lock leaves no session that was started, and none closed."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    _fail_under_lock(
        stores,
        lambda: writer.append(B, started("owl"), at_version=0),
        lambda: writer.append(A, SessionClosed(), at_version=1),
    )
    found = [(entry.name, entry.phase) for entry in stores.directory.sessions()]
    expect_equal(found, [("heron", "open")], "sessions")


@rule(RULES)
def failure_under_the_lock_undoes_roots(stores: Stores) -> None:
    """An error under the lock leaves the roots as they were."""
    stores.directory.set_roots(A, host=HOST, roots=_ROOTS)
    moved = {"workspace": "/moved"}
    _fail_under_lock(
        stores,
        lambda: stores.directory.set_roots(A, host=HOST, roots=moved),
        lambda: stores.directory.set_roots(B, host=HOST, roots=moved),
    )
    found = [stores.directory.roots_of(session, host=HOST) for session in (A, B)]
    expect_equal(found, [_ROOTS, {}], "roots of two sessions")


@rule(RULES)
def error_under_the_lock_comes_through(stores: Stores) -> None:
    """The error that undid the work reaches whoever held the lock, as it was."""
    error = InterruptedError("mine")

    def fail() -> None:
        with stores.events.exclusive():
            raise error

    found = expect_error(InterruptedError, fail)
    expect(found is error, f"expected the very error that was raised, found {found!r}")


@rule(RULES)
def undone_positions_are_given_again(stores: Stores) -> None:
    """Positions that were undone leave no hole in the log."""
    writer = Writer(stores)
    writer.append(A, said("before"))
    _fail_under_lock(stores, lambda: writer.append(A, said("x"), said("y"), at_version=1))
    found = positions(writer.append(B, said("after")))
    expect_equal(found, [2], "position of the next append")
    expect(stores.audit.verify().ok, "the log does not verify after work was undone")


@rule(RULES)
def lock_is_given_back_after_a_failure(stores: Stores) -> None:
    """Whoever fails under the lock does not keep it."""
    _fail_under_lock(stores, lambda: Writer(stores).append(A, said("lost")))
    aside(lambda: Writer(stores).append(B, said("b"), at_version=0))
    expect_equal(texts(stores.events.read(B)), ["b"], "texts")


@rule(RULES)
def refusal_under_the_lock_takes_back_itself_alone(stores: Stores) -> None:
    """After a refused append the holder of the lock may decide again, and the rest stays."""
    writer = Writer(stores)
    writer.append(A, started("taken"))
    with stores.events.exclusive():
        writer.append(B, said("kept"), at_version=0)
        expect_error(
            WrongExpectedVersionError, lambda: writer.append(B, said("late"), at_version=0)
        )
        expect_error(
            SessionNameTakenError,
            lambda: writer.append(C, said("half"), started("taken"), at_version=0),
        )
        writer.append(B, said("kept too"), at_version=1)
    expect_equal((writer.texts(B), writer.texts(C)), (["kept", "kept too"], []), "texts")
    expect(stores.audit.verify().ok, "the log does not verify after a refusal under the lock")


@rule(RULES)
def inner_lock_commits_with_the_outer_one(stores: Stores) -> None:
    """A lock inside a lock commits nothing by itself: others read it after the outer one."""
    writer = Writer(stores)
    with stores.events.exclusive():
        writer.append(A, said("outer"), at_version=0)
        with stores.events.exclusive():
            writer.append(A, said("inner"), at_version=1)
        before = aside(lambda: writer.texts(A))
    expect_equal(before, [], "texts that others read before the commit")
    expect_equal(writer.texts(A), ["outer", "inner"], "texts after the commit")


@rule(RULES)
def failing_inner_lock_undoes_its_own_part(stores: Stores) -> None:
    """An error inside the inner lock undoes what was done there, and the outer one goes on."""
    writer = Writer(stores)
    with stores.events.exclusive():
        writer.append(A, said("outer"), at_version=0)
        _fail_under_lock(stores, lambda: writer.append(A, said("inner"), at_version=1))
        with stores.events.exclusive():
            expect_equal(writer.texts(A), ["outer"], "texts after the inner failure")
            writer.append(A, said("second"), at_version=1)
    expect_equal(writer.texts(A), ["outer", "second"], "texts")
    expect(stores.audit.verify().ok, "the log does not verify after an inner failure")


@rule(RULES)
def failing_outer_lock_undoes_the_inner_part(stores: Stores) -> None:
    """An error in the outer lock undoes what the inner one had finished."""
    writer = Writer(stores)

    def nested() -> None:
        with stores.events.exclusive():
            writer.append(A, said("inner"), at_version=0)

    _fail_under_lock(stores, nested, lambda: writer.append(A, said("outer"), at_version=1))
    expect_equal(writer.texts(A), [], "texts")


@rule(RULES)
def others_wait_to_append(stores: Stores) -> None:
    """While one thread holds the lock no other one appends; then its turn comes."""
    ready, through = threading.Event(), threading.Event()

    def append_elsewhere() -> None:
        ready.set()
        Writer(stores).append(B, said("other"))
        through.set()

    with stores.events.exclusive():
        other = Aside(append_elsewhere)
        ready.wait(DEADLINE_S)
        expect(not through.wait(QUIET_S), "another thread appended while the lock was held")
        inside = Writer(stores).append(A, said("x"), said("y"))
    other.result()
    found = positions([*inside, *stores.events.read(B)])
    expect_equal(found, [1, 2, 3], "positions under the lock, and of who waited")


@rule(RULES)
def others_wait_to_hold_the_lock(stores: Stores) -> None:
    """Two threads do not hold the lock at the same time."""
    ready, inside = threading.Event(), threading.Event()

    def enter() -> None:
        ready.set()
        with stores.events.exclusive():
            inside.set()

    with stores.events.exclusive():
        other = Aside(enter)
        ready.wait(DEADLINE_S)
        expect(not inside.wait(QUIET_S), "two threads held the lock at once")
    other.result()


@rule(RULES)
def decisions_under_the_lock_never_collide(stores: Stores) -> None:
    """Threads that read and append under the lock are never refused, and lose nothing."""

    def decide(text: str) -> Callable[[], None]:
        def repeat() -> None:
            writer = Writer(stores)
            for _ in range(5):
                with stores.events.exclusive():
                    version = len(list(stores.events.read(A)))
                    writer.append(A, said(text), at_version=version)

        return repeat

    together(*map(decide, "abcd"))
    found = sorted(texts(stores.events.read(A)))
    expect_equal(found, sorted("abcd" * 5), "texts")


@rule(RULES)
def readers_see_whole_commands(stores: Stores) -> None:
    """Whoever reads while threads append sees all events of a command or none of them."""
    sessions = numbered(2)
    done = threading.Event()

    def write(session: SessionId) -> None:
        writer = Writer(stores)
        for _ in range(10):
            writer.append(session, said("x"), said("y"))

    def watch() -> int:
        torn = 0
        while not done.is_set():
            torn += sum(len(list(stores.events.read(session))) % 2 for session in sessions)
            torn += len(list(stores.feed.read())) % 2
        return torn

    reader = Aside(watch)
    try:
        together(*(partial(write, session) for session in sessions))
    finally:
        done.set()
    expect_equal(reader.result(), 0, "commands that were seen in part")


def _fail_under_lock(stores: Stores, *calls: Callable[[], object]) -> None:
    def fail() -> None:
        with stores.events.exclusive():
            for call in calls:
                call()
            raise InterruptedError

    expect_error(InterruptedError, fail)
