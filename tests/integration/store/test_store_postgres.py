"""What only PostgreSQL can show: appends in one round trip, and connections that are lost."""

import psycopg
import pytest
from sqlalchemy import make_url
from tests.support.servers import Postgres, own_server
from tests.support.stored import A, B, Writer, said, sql_stores, started, texts

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.postgres import AT_ONCE_ROWS, PostgresDatabase


class Counting(PostgresDatabase):
    """Counts the appends that were tried in one trip, and those that came through."""

    tried = 0
    through = 0

    def _insert_if_unmoved(self, rows, log_hash, command_id):
        self.tried += 1
        done = super()._insert_if_unmoved(rows, log_hash, command_id)
        self.through += done
        return done


class AnswerLost(PostgresDatabase):
    """Loses the connection after the server has committed."""

    def _insert_if_unmoved(self, rows, log_hash, command_id):
        super()._insert_if_unmoved(rows, log_hash, command_id)
        self.driver.close()
        raise psycopg.OperationalError("the answer was lost")


@pytest.fixture
def opened(postgres_url):
    """Opens the database as a process of its own would, by the given class."""
    made = []

    def open_as(kind):
        made.append(kind.open(make_url(postgres_url)))
        return made[-1]

    yield open_as
    for database in made:
        database.close()


def test_lone_writer_appends_in_one_trip(opened):
    """Who finds the log twice as they left it need not ask for the place any more."""
    database = opened(Counting)
    writer = Writer(sql_stores(database).events)
    for version in range(5):
        writer.append(A, said(str(version)), said("and"), at_version=2 * version)
    assert (database.tried, database.through) == (3, 3)
    stores = sql_stores(database)
    assert [e.version for e in stores.events.read(A)] == list(range(1, 11))
    assert stores.audit.verify().checked == 10


def test_writer_whom_another_one_overtakes_asks_again(opened):
    """Between others' appends each append finds its place, and none is tried in vain twice."""
    mine, theirs = opened(Counting), opened(Counting)
    writers = [
        Writer(sql_stores(database).events, prefix)
        for database, prefix in ((mine, "mine"), (theirs, "theirs"))
    ]
    for version in range(3):
        writers[0].append(A, said("mine"), at_version=version)
    assert (mine.tried, mine.through) == (1, 1)
    writers[1].append(B, said("in between"), at_version=0)
    for version in range(3, 9):
        writers[version % 2 - 1].append(A, said(str(version)), at_version=version)
    assert (mine.tried, mine.through) == (2, 1)
    assert (theirs.tried, theirs.through) == (0, 0)
    stores = sql_stores(mine)
    assert texts(list(stores.events.read(A)))[3:] == [str(version) for version in range(3, 9)]
    assert stores.audit.verify().checked == 10


def test_known_command_is_answered_in_one_trip_too(opened):
    """A retry that comes when the place is known is still answered with what is stored."""
    database = opened(Counting)
    stores = sql_stores(database)
    writer = Writer(stores.events)
    first = writer.append(A, said("a"), at_version=0, command_id="again")
    for version in (1, 2):
        writer.append(A, said("x"), at_version=version)
    assert writer.append(A, said("b"), at_version=3, command_id="again") == first
    assert (database.tried, database.through) == (2, 1)
    assert texts(list(stores.events.read(A))) == ["a", "x", "x"]


@pytest.mark.parametrize("events", [[said("x")] * (AT_ONCE_ROWS + 1), [started("heron")]])
def test_what_needs_more_than_one_statement_is_done_in_two_trips(opened, events):
    """Many events, and those that the directory follows, take the longer way."""
    database = opened(Counting)
    writer = Writer(sql_stores(database).events)
    for version in range(2):
        writer.append(B, said("x"), at_version=version)
    writer.append(B, *events, at_version=2)
    assert database.through == 0
    assert sql_stores(database).audit.verify().checked == 2 + len(events)


def test_answer_that_is_lost_after_the_commit_is_found_in_the_log(opened):
    """An append whose connection breaks behind the commit is neither lost nor done twice."""
    stores = sql_stores(opened(AnswerLost))
    writer = Writer(stores.events)
    for version in range(5):
        appended = writer.append(A, said(str(version)), at_version=version)
        assert [e.version for e in appended] == [version + 1]
    assert texts(list(stores.events.read(A))) == [str(version) for version in range(5)]
    assert stores.audit.verify().checked == 5


def test_connection_that_was_cut_while_nobody_used_it_is_replaced(opened, postgres_url):
    """A server that cut all connections between two appends costs nothing but a new one."""
    stores = sql_stores(opened(PostgresDatabase))
    writer = Writer(stores.events)
    url = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as admin:
        for version in range(6):
            writer.append(A, said(str(version)), at_version=version)
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert len(list(stores.events.read(A))) == version + 1
    assert stores.audit.verify().checked == 6


def test_transaction_that_stands_still_gives_the_lock_back(postgres_url):
    """A stopped writer is cut off by the server, so that the others go on."""
    with open_database(postgres_url) as database, database.reading() as connection:
        told = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
        durable = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    assert (told, durable) == ("1min", "on")


@pytest.mark.parametrize(
    ("setting", "default", "taken"),
    [
        ("synchronous_commit", "off", "on"),
        ("synchronous_commit", "remote_write", "remote_write"),
        ("default_transaction_isolation", "serializable", "read committed"),
    ],
)
def test_defaults_that_would_weaken_an_append_are_not_taken_over(
    postgres, postgres_url, setting, default, taken
):
    """Commits stay durable, and waiting for the head stays no error, whatever the server says."""
    postgres.run(f"ALTER DATABASE {make_url(postgres_url).database} SET {setting} = '{default}'")
    with open_database(postgres_url) as database, database.reading() as connection:
        assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == taken


@pytest.mark.slow
def test_replica_feeds_its_readers():
    """A server in recovery tells nobody of commits, so waiting there looks for them."""
    with own_server() as server:
        url = Postgres(server.admin).migrated()
        with open_database(url) as database:
            Writer(sql_stores(database).events).append(A, said("x"))
        server.become_replica()
        with open_database(url) as database:
            feed = sql_stores(database).feed
            assert feed.wait(after=0, timeout_s=10)
            assert not feed.wait(after=1, timeout_s=0.1)
            assert texts(feed.read()) == ["x"]
