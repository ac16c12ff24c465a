"""What a look-up costs does not grow with the log."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import Engine, event
from tests.support.stored import A, Writer, sql_stores, started


@pytest.fixture
def asked():
    """The statements that the database is asked from now on, with their values."""
    statements = []

    def note(_connection, _cursor, statement, parameters, *_):
        statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("look", [lambda d: d.find(A), lambda d: d.sessions()])
def test_finding_a_session_does_not_read_the_whole_log(database, path, asked, look):
    """The directory finds the last event of each session by an index."""
    stores = sql_stores(database)
    Writer(stores.events).append(A, started("quiet-heron"))
    asked.clear()
    assert look(stores.directory)
    with closing(sqlite3.connect(path)) as connection:
        plans = [
            step[-1]
            for statement, parameters in asked
            if statement.startswith("SELECT sessions")
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert plans
    assert "SCAN events" not in plans
