"""The triggers that keep events as they are.

They are made anew after every migration, because one that rebuilds a table loses its triggers.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, inspect

_TOLD = "events are never changed"
_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{_TOLD}: {{}} refused'); END".format
_SQLITE: Mapping[str, str] = {
    "events_no_update": f"BEFORE UPDATE ON events {_REFUSE('UPDATE')}",
    "events_no_delete": f"BEFORE DELETE ON events {_REFUSE('DELETE')}",
    # INSERT OR REPLACE deletes the row in its way without asking the trigger above.
    "events_no_replace": f"BEFORE INSERT ON events WHEN {{}} {_REFUSE('REPLACE')}".format(
        "EXISTS (SELECT 1 FROM events WHERE position = NEW.position) OR EXISTS (SELECT 1 FROM "
        "events WHERE session_id = NEW.session_id AND version = NEW.version)"
    ),
}
_POSTGRESQL: Mapping[str, str] = {
    "events_no_change": "BEFORE UPDATE OR DELETE ON events FOR EACH ROW",
    "events_no_truncate": "BEFORE TRUNCATE ON events FOR EACH STATEMENT",
}
_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING MESSAGE = '{_TOLD}: ' || TG_OP || ' refused',
            ERRCODE = 'integrity_constraint_violation';
    END $$
"""


def guard(connection: Connection) -> None:
    """Make the triggers that are missing, once there is the table."""
    if not inspect(connection).has_table("events"):
        return
    if connection.dialect.name == "sqlite":
        for name, rule in _SQLITE.items():
            connection.exec_driver_sql(f"CREATE TRIGGER IF NOT EXISTS {name} {rule}")
        return
    connection.exec_driver_sql(_FUNCTION)
    for name, rule in _POSTGRESQL.items():
        connection.exec_driver_sql(
            f"CREATE OR REPLACE TRIGGER {name} {rule} EXECUTE FUNCTION events_refuse_change()"
        )


def missing_guards(connection: Connection) -> tuple[str, ...]:
    """The triggers that somebody took off, or switched off."""
    if connection.dialect.name == "sqlite":
        wanted = _SQLITE
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"
    else:
        wanted = _POSTGRESQL
        asked = (
            "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass('events') "
            "AND tgenabled IN ('O', 'A')"
        )
    there = {name for (name,) in connection.exec_driver_sql(asked)}
    return tuple(name for name in wanted if name not in there)
