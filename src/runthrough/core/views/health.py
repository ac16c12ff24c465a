"""Facts about versions, settings and database, judged: what is well, what is not, what to do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from runthrough.core.values.health import (
    DatabaseFacts,
    Finding,
    Health,
    LogFacts,
    PostgresFacts,
    Versions,
)
from runthrough.core.views.health_of_files import judge_disk_use, judge_file
from runthrough.core.views.health_of_servers import judge_server, judge_server_clock
from runthrough.core.views.health_words import setting_words, size_words, span_words

CLOCK_SLACK = timedelta(minutes=1)
"""How far the last event may lie ahead of this clock: machines that keep time differ by less."""


def judge(health: Health) -> tuple[Finding, ...]:
    """What is well and what is not, in the order in which a person would look."""
    setting = setting_words(health.database.origin if health.database else "default")
    disk = () if health.disk is None else (judge_disk_use(health.disk),)
    return tuple(
        finding
        if finding.fix is None
        else replace(finding, fix=finding.fix.replace(setting_words("default"), setting))
        for finding in (*_findings(health), *disk)
    )


def _findings(health: Health) -> Iterator[Finding]:
    yield _versions(health.versions)
    if health.settings_fault is not None:
        fault = health.settings_fault
        yield Finding("settings", "error", fault.message, fault.fix)
    database = health.database
    if database is None:
        return
    yield _database(database)
    if database.postgres is not None:
        yield from judge_server(database.postgres)
    if database.log is not None:
        yield _schema(database, database.log)
        if database.log.missing_triggers is not None:
            yield _triggers(database.log.missing_triggers, database.postgres)
        if database.log.schema is not None and database.log.schema <= database.schema_wanted:
            yield _log_head(database.log)
            yield _events(database.log)
    if database.sqlite is not None:
        yield from judge_file(database.sqlite, health.versions.sqlite)
    if database.log is not None and database.log.last_recorded_at is not None:
        yield _clock(health, database.log)
    if database.postgres is not None:
        yield judge_server_clock(database.postgres.clock_ahead_s)


def _versions(versions: Versions) -> Finding:
    named = {
        "runthrough": versions.runthrough,
        "Python": versions.python,
        "SQLite": versions.sqlite,
        "SQLAlchemy": versions.sqlalchemy,
        "pydantic": versions.pydantic,
        "psycopg": versions.psycopg,
        "PostgreSQL": versions.postgresql,
    }
    told = ", ".join(f"{name} {version}" for name, version in named.items() if version)
    return Finding("versions", "ok", told)


def _database(database: DatabaseFacts) -> Finding:
    place = f"{database.place} ({_named_by(database.origin)})"
    if database.fault is not None:
        message = f"{database.fault.message} It is {_named_by(database.origin)}."
        return Finding("database", "error", message, database.fault.fix)
    if database.sqlite is None:
        return Finding("database", "ok", place)
    size = database.sqlite.size_bytes
    if size is None and not all(rights.readable for rights in database.sqlite.rights):
        return Finding("database", "ok", f"{place} cannot be seen from here")
    if size is None and database.origin != "default":
        return Finding(
            "database",
            "error",
            f"there is no database at {place}",
            "name the one you mean with RUNTHROUGH_DATABASE_URL; runthrough new PIPELINE, or "
            "runthrough db upgrade, makes a new one there",
        )
    if size is None:
        return Finding("database", "ok", f"{place} is not there yet; runthrough new makes it")
    if size == 0:
        return Finding(
            "database",
            "warning",
            f"{place} is empty; runthrough new makes its tables",
            "if it held a log before, put back a copy of it first",
        )
    return Finding("database", "ok", f"{place}, {size_words(size)}")


def _named_by(origin: str) -> str:
    if origin == "default":
        return "the default"
    return "named by --database" if origin == "flag" else f"named by {origin}"


def _schema(database: DatabaseFacts, log: LogFacts) -> Finding:
    found, wanted = log.schema, database.schema_wanted
    if found == wanted:
        return Finding("schema", "ok", f"{found}, which this version needs")
    if found is not None and found > wanted:
        return Finding(
            "schema",
            "error",
            f"{found} was made by a newer runthrough; this one knows up to {wanted}",
            "upgrade runthrough, or name another database with RUNTHROUGH_DATABASE_URL",
        )
    if database.sqlite is not None:
        told = f"{found}; the next command brings it to {wanted}" if found else "none yet"
        return Finding("schema", "ok", told)
    told = f"{found} is older" if found else "there are no tables that this user can see"
    fix = _owner_s("runthrough db upgrade", database.postgres)
    return Finding("schema", "error", f"{told}; this version needs {wanted}", fix)


def _owner_s(command: str, server: PostgresFacts | None) -> str:
    """A command that only the tables' owner may do, and who that is where it is somebody else."""
    if server is None or server.may_migrate:
        return command
    return f"let {server.owner} do it, who owns the tables or is to make them: {command}"


def _log_head(log: LogFacts) -> Finding:
    if log.head_position == log.last_position:
        return Finding("log_head", "ok", f"at position {log.last_position}, as the last event")
    if log.head_position is None:
        told = "the row of log_head is gone or spoilt, so nothing can be recorded"
    else:
        told = (
            f"log_head says that the log ends at position {log.head_position}, and its last "
            f"event is at {log.last_position}"
        )
    return Finding(
        "log_head",
        "error",
        told,
        "put back a copy of the database; runthrough audit verify --against NOTE tells whether "
        "events were dropped",
    )


def _events(log: LogFacts) -> Finding:
    if log.unreadable is None:
        all_of_them = log.read == log.last_position
        newest = "" if all_of_them else f", the newest of {log.last_position},"
        return Finding("events", "ok", f"{log.read}{newest} can be read back")
    return Finding("events", "error", log.unreadable.message, log.unreadable.fix)


def _triggers(missing: tuple[str, ...], server: PostgresFacts | None) -> Finding:
    if not missing:
        return Finding("triggers", "ok", "events can be neither changed nor deleted")
    return Finding(
        "triggers",
        "error",
        f"events can be changed: somebody took off {', '.join(missing)}",
        "runthrough audit verify tells whether it was done; then "
        + _owner_s("runthrough db upgrade", server),
    )


def _clock(health: Health, log: LogFacts) -> Finding:
    last = log.last_recorded_at
    if last is None or last - health.now <= CLOCK_SLACK:
        return Finding("clock", "ok", "not behind the last event")
    behind = span_words((last - health.now).total_seconds())
    return Finding(
        "clock",
        "warning",
        f"this machine's clock is {behind} behind the last event ({last:%Y-%m-%d %H:%M:%SZ}), "
        "so history by time will read oddly",
        "set the clock here, or on the machine that recorded that event",
    )
