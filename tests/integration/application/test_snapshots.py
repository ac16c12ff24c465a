"""Snapshots behind a session's back: when they are taken, and that nobody can tell."""

import pytest
from sqlalchemy import func, insert, select, text, update
from tests.support.handling import (
    NoSnapshots,
    Recorded,
    asked_by,
    depth,
    handler_over,
    started_session,
)
from tests.support.stored import A, Writer, said, sql_stores
from tests.support.testers import NAME, configured, outcomes

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.tables import SNAPSHOTS
from runthrough.application.handler import LONG_TAIL
from runthrough.core.evolve import FOLD_VERSION
from runthrough.core.state import SessionState
from runthrough.core.values.store import ZERO_HASH
from runthrough.core.views.loaded import Loaded
from runthrough.errors import StoreUnavailableError

WRITES = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["out"]).write_text(job_args.text)
"""
LIE = "what only a snapshot says"


def handler_of(stores, log=None):
    """The loop with the store's own snapshots."""
    return handler_over(stores.events, log or Recorded(), stores.snapshots)


def begun(stores, tail):
    """A session over two nodes with so many events in all; its answer to one of them is kept."""
    loaded = Loaded(SessionState(A))
    handler = handler_over(stores.events)
    handler.handle(loaded, started_session("a", "b"), asked_by())
    handler.handle(loaded, depth("a", 1), asked_by())
    grow(stores, tail - loaded.state.version)


def grow(stores, count, session_id=A):
    """So many more events, in one commit."""
    version = sum(1 for _ in stores.events.read(session_id))
    writer = Writer(stores.events, prefix=f"at-{version}")
    writer.append(session_id, *(said(str(n)) for n in range(count)), at_version=version)


def replayed(stores, upto=None):
    """The session as the log alone tells it."""
    return handler_over(stores.events, snapshots=NoSnapshots()).load(A, upto=upto)


def kept_version(stores, upto=None):
    """Up to which version the newest snapshot is folded; 0 where there is none."""
    found = stores.snapshots.latest(A, upto=upto)
    return found.state.version if found else 0


def keep_lie(stores, version):
    """A snapshot that is right but for one word, so that whoever uses it gives itself away."""
    loaded = replayed(stores, upto=version)
    loaded.state.name = LIE
    stores.snapshots.keep(loaded)


class Full:
    """A cache on a disk that is full: what was kept can be read."""

    def __init__(self, snapshots):
        self._snapshots = snapshots
        self.tried = 0

    def latest(self, session_id, *, upto=None):
        """What was kept before."""
        return self._snapshots.latest(session_id, upto=upto)

    def keep(self, loaded):
        """There is no room."""
        self.tried += 1
        raise StoreUnavailableError("The disk is full.", fix="make room")

    def drop(self):
        """Give the room back."""
        self._snapshots.drop()


# ---- when they are taken


def test_a_session_with_a_long_tail_gets_a_snapshot_when_it_is_loaded(stores):
    """The next one who loads it begins there; what it gives is what the log tells."""
    begun(stores, LONG_TAIL + 1)
    handler = handler_of(stores)
    assert kept_version(stores) == 0
    first = handler.load(A)
    assert kept_version(stores) == LONG_TAIL + 1
    assert first == handler.load(A) == replayed(stores)


def test_a_session_with_a_tail_that_is_not_long_gets_none(stores):
    """Another snapshot is taken only when there is much behind the last one."""
    begun(stores, LONG_TAIL)
    handler_of(stores).load(A)
    assert kept_version(stores) == 0
    grow(stores, 1)
    handler_of(stores).load(A)
    grow(stores, LONG_TAIL - 1)
    handler_of(stores).load(A)
    assert kept_version(stores) == LONG_TAIL + 1


def test_whoever_loads_past_a_thousand_leaves_a_snapshot_there(stores):
    """A look at the past begins there, whoever wrote the session and however it was written."""
    begun(stores, 3 * LONG_TAIL + 5)
    assert handler_of(stores).load(A) == replayed(stores)
    looks = (None, 3 * LONG_TAIL + 4, 3 * LONG_TAIL, 3 * LONG_TAIL - 1, 1500, LONG_TAIL, 999)
    found = [kept_version(stores, upto) for upto in looks]
    assert found == [3 * LONG_TAIL + 5, *[3 * LONG_TAIL] * 2, 2 * LONG_TAIL, *[LONG_TAIL] * 2, 0]
    for upto in looks:
        assert handler_of(stores).load(A, upto=upto) == replayed(stores, upto=upto)


def test_a_look_at_the_past_leaves_none_where_it_ends(stores):
    """However long the way there was: it would take the place of one that is wanted sooner."""
    begun(stores, LONG_TAIL + 100)
    for upto, kept in ((LONG_TAIL, 0), (LONG_TAIL + 1, LONG_TAIL), (LONG_TAIL + 90, LONG_TAIL)):
        assert handler_of(stores).load(A, upto=upto) == replayed(stores, upto=upto)
        assert kept_version(stores) == kept


def test_of_many_nodes_snapshots_lie_as_far_apart(stores):
    """One costs what the nodes are, so that it is spared while there are fewer events."""
    loaded = Loaded(SessionState(A))
    nodes = [f"n{number}" for number in range(LONG_TAIL + 500)]
    handler_over(stores.events).handle(loaded, started_session(*nodes), asked_by())
    grow(stores, 2 * len(nodes))
    stores.snapshots.drop()
    handler_of(stores).load(A, upto=2 * len(nodes) + 1)
    assert [kept_version(stores, upto) for upto in (None, len(nodes) + 1, len(nodes) - 1)] == [
        2 * len(nodes),
        len(nodes),
        0,
    ]


def test_a_session_gets_snapshots_while_it_is_written(stores):
    """One who stays for thousands of commands leaves a snapshot each thousand versions."""
    begun(stores, LONG_TAIL - 1)
    handler, loaded = handler_over(stores.events, snapshots=stores.snapshots), replayed(stores)
    handler.handle(loaded, depth("b", 2), asked_by())
    assert kept_version(stores) == loaded.state.version >= LONG_TAIL
    at = loaded.state.version
    handler.handle(loaded, depth("b", 3), asked_by())
    assert kept_version(stores) == at
    assert handler.load(A) == loaded == replayed(stores)


# ---- and nobody can tell


def long_session(studio):
    """A session that was configured and run, with events enough to be worth a snapshot."""
    studio.place.script("one", WRITES)
    studio.place.script("two", WRITES)
    session = studio.start("one", "two", edges=[("one", "two")])
    configured(session, "one", job_args={"text": "x"})
    studio.watch.pass_by(60)
    grow(studio.stores, LONG_TAIL + 100, session.session_id)
    configured(session, "two", job_args={"text": "y"})
    assert outcomes(session.run()) == {"one": "passed", "two": "passed"}
    return session


def shown(studio, session):
    """All that doors show of the session, now and as it was at two versions and a time."""
    opened = studio.enter("bob")
    looks = [opened, *(studio.sessions().open_at(NAME, at) for at in (3, 1050, None))]
    looks.append(studio.sessions().open_at(NAME, studio.watch.now))
    return [
        (
            look.version,
            look.status(),
            look.summary(),
            look.worklist(),
            look.history(),
            look.requirements("one"),
            look.spec("one"),
            look.log_texts("two"),
        )
        for look in looks
    ]


def test_deleting_all_snapshots_changes_nothing_that_is_shown(studio):
    """Status, history, requirements and the past are the same with and without them."""
    session = long_session(studio)
    snapshots = studio.stores.snapshots
    studio.enter("bob")
    assert snapshots.latest(session.session_id) is not None
    with_them = shown(studio, session)
    snapshots.drop()
    assert snapshots.latest(session.session_id) is None
    assert shown(studio, session) == with_them


def test_a_session_goes_on_from_a_snapshot_as_if_there_were_none(studio):
    """Who enters behind a snapshot knows needs and outcomes, and reuses what has passed."""
    long_session(studio)
    studio.enter("bob")
    later = studio.enter("carol")
    assert outcomes(later.run()) == {"one": "reused", "two": "reused"}
    configured(later, "two", job_args={"text": "z"})
    assert outcomes(later.run()) == {"one": "reused", "two": "passed"}


def test_a_look_at_the_past_does_not_use_a_later_snapshot(stores):
    """Up to a version before it the log is read; from its own version on it is used."""
    begun(stores, 60)
    keep_lie(stores, 50)
    handler = handler_of(stores)
    assert handler.load(A, upto=49) == replayed(stores, upto=49)
    names = [handler.load(A, upto=upto).state.name for upto in (49, 50, 51, None)]
    assert names == ["quiet-heron", LIE, LIE, LIE]


def test_a_snapshot_of_another_history_is_not_used(stores):
    """One that stands on an event which the log does not hold is none, however whole it is."""
    begun(stores, 60)
    loaded = replayed(stores, upto=50)
    loaded.state.name, loaded.event_hash = LIE, "f" * 64
    stores.snapshots.keep(loaded)
    assert kept_version(stores) == 0
    assert handler_of(stores).load(A) == replayed(stores)


def test_a_cache_that_cannot_be_written_costs_one_line_of_the_log(stores):
    """Loading gives the session, and a command is acknowledged and recorded, all the same."""
    begun(stores, LONG_TAIL + 1)
    lines, full = Recorded(), Full(stores.snapshots)
    handler = handler_over(stores.events, lines, full)
    loaded = handler.load(A)
    assert loaded == replayed(stores)
    told = ("snapshot_not_kept", {"session_id": A, "failed": "The disk is full."})
    assert (lines.lines, full.tried) == ([told], 1)
    grow(stores, 2 * LONG_TAIL - 1 - loaded.state.version)
    handler.refresh(loaded)
    handler.handle(loaded, depth("b", 2), asked_by())
    assert [event for event, _ in lines.lines] == [told[0], told[0], "command"]
    assert loaded == replayed(stores)
    assert loaded.state.nodes["b"].spec.job_args == {"depth": 2}


# ---- rows that are not to be trusted


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def opened(request):
    """A database, on either back end."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
    else:
        with open_database(request.getfixturevalue("postgres_url")) as database:
            yield database


@pytest.fixture
def doubtful(opened):
    """A session of 60 events with a right snapshot at 20, and one at 50 that gives itself away."""
    stores = sql_stores(opened)
    begun(stores, 60)
    stores.snapshots.keep(replayed(stores, upto=20))
    keep_lie(stores, 50)
    assert handler_of(stores).load(A).state.name == LIE
    return stores


def alter(database, **columns):
    """Change the row of the newest snapshot behind the cache's back."""
    with database.writing() as connection:
        done = connection.execute(
            update(SNAPSHOTS).where(SNAPSHOTS.c.version == 50).values(**columns)
        )
        assert done.rowcount == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"fold_version": FOLD_VERSION + 1},
        {"fold_version": FOLD_VERSION - 1},
        {"event_hash": "f" * 64},
        {"event_hash": ZERO_HASH},
        {"version": 51},
        {"version": 61},
        {"content": b""},
        {"content": b"no snapshot"},
    ],
    ids=str,
)
def test_a_snapshot_in_doubt_is_not_used(opened, doubtful, columns):
    """Another fold version, an unknown event, other content: the older one counts."""
    alter(opened, **columns)
    assert kept_version(doubtful) == 20
    assert handler_of(doubtful).load(A) == replayed(doubtful)


@pytest.mark.parametrize("place", [0, 31, 32, 39, 40, -1])
def test_a_snapshot_with_a_changed_byte_is_not_used(opened, doubtful, place):
    """In the digest, the length, or what follows: the older one counts."""
    with opened.reading() as connection:
        asked = select(SNAPSHOTS.c.content).where(SNAPSHOTS.c.version == 50)
        content = bytearray(connection.scalars(asked).one())
    content[place] ^= 1
    alter(opened, content=bytes(content))
    assert kept_version(doubtful) == 20
    assert handler_of(doubtful).load(A) == replayed(doubtful)


def test_a_snapshot_of_another_session_is_not_used(opened, doubtful):
    """A row that was put under another session's id says whose it is inside."""
    other = Writer(doubtful.events, prefix="other").append(
        "another", *(said(str(n)) for n in range(50)), at_version=0
    )
    alter(opened, session_id="another", event_hash=other[-1].event_hash)
    assert doubtful.snapshots.latest("another") is None
    assert kept_version(doubtful) == 20


def test_where_no_snapshot_is_to_be_trusted_the_log_is_read(opened, doubtful):
    """The answer is right, and another snapshot is kept beside those of a later program."""
    with opened.writing() as connection:
        connection.execute(update(SNAPSHOTS).values(fold_version=FOLD_VERSION + 1))
    assert kept_version(doubtful) == 0
    loaded = handler_of(doubtful).load(A)
    assert loaded == replayed(doubtful)
    doubtful.snapshots.keep(loaded)
    assert kept_version(doubtful) == 60


def test_a_snapshot_takes_the_place_of_one_of_the_same_version(opened, doubtful):
    """Also of one that another program folded: a version has one row."""
    alter(opened, fold_version=FOLD_VERSION + 1)
    doubtful.snapshots.keep(replayed(doubtful, upto=50))
    assert kept_version(doubtful) == 50
    with opened.reading() as connection:
        asked = select(func.count()).where(SNAPSHOTS.c.version == 50)
        assert connection.scalar(asked) == 1


def test_snapshots_of_an_earlier_program_go_when_one_is_kept(opened, doubtful):
    """They are read no more, and would take the places of those that are."""
    with opened.writing() as connection:
        connection.execute(update(SNAPSHOTS).values(fold_version=FOLD_VERSION - 1))
    doubtful.snapshots.keep(replayed(doubtful))
    with opened.reading() as connection:
        assert connection.scalars(select(SNAPSHOTS.c.version)).all() == [60]


def test_a_table_that_takes_no_snapshot_is_told_and_survived(opened):
    """The database itself refuses the row: the session is loaded all the same."""
    stores, lines = sql_stores(opened), Recorded()
    begun(stores, LONG_TAIL + 1)
    with opened.writing() as connection:
        # A row of the version that is to be kept, which cannot be deleted and so is in the way.
        connection.execute(insert(SNAPSHOTS), _row_in_the_way(LONG_TAIL + 1))
        for statement in _NO_DELETE[connection.dialect.name]:
            connection.execute(text(statement))
    loaded = handler_of(stores, lines).load(A)
    assert loaded == replayed(stores)
    ((event, values),) = lines.lines
    assert event == "snapshot_not_kept"
    assert "not today" in values["failed"]


_NO_DELETE = {
    "sqlite": (
        """CREATE TRIGGER stay BEFORE DELETE ON snapshots
        BEGIN SELECT RAISE(ABORT, 'not today'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'not today'; END $$""",
        "CREATE TRIGGER stay BEFORE DELETE ON snapshots FOR EACH ROW EXECUTE FUNCTION stay()",
    ),
}


def _row_in_the_way(version):
    return {
        "session_id": A,
        "version": version,
        "fold_version": FOLD_VERSION + 1,
        "event_hash": ZERO_HASH,
        "content": b"",
    }
