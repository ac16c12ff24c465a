"""Facts about a PostgreSQL server, and what it lets this user do."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from runthrough.adapters.store.faults import postgresql_faults
from runthrough.adapters.store.health import read_log
from runthrough.adapters.store.postgres import CONNECT_TIMEOUT_S
from runthrough.core.values.health import DatabaseFacts, Fault, PostgresFacts
from runthrough.errors import StoreUnavailableError

NEEDED_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "alembic_version": ("SELECT",),
    "events": ("SELECT", "INSERT"),
    "log_head": ("SELECT", "UPDATE"),
    "sessions": ("SELECT", "INSERT", "UPDATE"),
    "roots": ("SELECT", "INSERT", "DELETE"),
    "run_leases": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "snapshots": ("SELECT", "INSERT", "DELETE"),
    "checkpoints": ("SELECT", "INSERT", "DELETE"),
    "api_tokens": ("SELECT", "INSERT", "UPDATE", "DELETE"),
}
"""What every command together does with the tables; only migrations need more."""
_SETTINGS = """
    SELECT current_setting('server_version_num')::int AS version,
           current_setting('server_encoding') AS encoding,
           current_setting('fsync') = 'on' AS fsync,
           current_setting('full_page_writes') = 'on' AS full_page_writes,
           current_setting('synchronous_commit') AS synchronous_commit,
           pg_is_in_recovery() AS replica,
           current_setting('transaction_read_only') = 'on' AS read_only,
           current_database()::text AS database,
           current_user::text AS "user",
           pg_get_userbyid(coalesce(tables.relowner, whole.datdba))::text AS owner,
           CASE WHEN tables.relowner IS NULL
                THEN coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
                ELSE pg_has_role(tables.relowner, 'USAGE')
           END AS may_migrate
    FROM pg_database AS whole
    LEFT JOIN pg_class AS tables ON tables.oid = to_regclass('alembic_version')
    WHERE whole.datname = current_database()
"""
_LACKING = """
    SELECT string_agg(wanted.verb, ', ' ORDER BY wanted.nth) || ' on ' || wanted.name
    FROM unnest(%(names)s::text[], %(verbs)s::text[]) WITH ORDINALITY AS wanted (name, verb, nth)
    WHERE to_regclass(wanted.name) IS NOT NULL
      AND NOT has_table_privilege(to_regclass(wanted.name), wanted.verb)
    GROUP BY wanted.name
    ORDER BY min(wanted.nth)
"""
_READABLE = """
    SELECT coalesce(bool_and(has_table_privilege(to_regclass(name), 'SELECT')), true)
    FROM unnest(ARRAY['alembic_version', 'events', 'log_head']) AS name
"""


def look_at_server(facts: DatabaseFacts, url: URL, now: Callable[[], datetime]) -> DatabaseFacts:
    """Look at a server and at the log there; the log only where the user may read it.

    Raises:
        StoreUnavailableError: The server cannot be reached, or does not let the user in.
    """
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        # Told outright, since a database without an encoding of its own has none to follow.
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "client_encoding": "utf8"},
    )
    with postgresql_faults(facts.place), engine.connect() as connection:
        facts = replace(facts, postgres=_server(connection, now))
        readable = connection.exec_driver_sql(_READABLE).scalar_one()
    return _looked_inside(facts, engine) if readable else facts


def _looked_inside(facts: DatabaseFacts, engine: Engine) -> DatabaseFacts:
    try:
        with postgresql_faults(facts.place):
            return replace(facts, log=read_log(engine))
    except StoreUnavailableError as exc:
        return replace(facts, fault=Fault(exc.message, exc.fix))


def _server(connection: Connection, now: Callable[[], datetime]) -> PostgresFacts:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the engine was made for psycopg")
    told = driver.execute(_SETTINGS)
    names = [column.name for column in told.description or ()]
    settings: dict[str, Any] = dict(zip(names, told.fetchone() or (), strict=True))
    wanted = [(name, verb) for name, verbs in NEEDED_RIGHTS.items() for verb in verbs]
    asked = {"names": [name for name, _ in wanted], "verbs": [verb for _, verb in wanted]}
    missing = tuple(text for (text,) in driver.execute(_LACKING, asked))
    return PostgresFacts(**settings, missing_rights=missing, clock_ahead_s=_clock(driver, now))


def _clock(driver: psycopg.Connection, now: Callable[[], datetime]) -> float:
    """How far the server's clock is ahead; its answer counts for the middle of the asking."""
    before = now()
    told = driver.execute("SELECT clock_timestamp()").fetchone()
    after = now()
    theirs: datetime = told[0] if told else after
    return (theirs - (before + (after - before) / 2)).total_seconds()
