"""A PostgreSQL server, judged."""

from collections.abc import Iterator

from runthrough.core.values.health import Finding, PostgresFacts
from runthrough.core.views.health_words import span_words

SERVER_SLACK_S = 5.0
"""How far a server's clock may be off: time services keep to milliseconds, and asking a far
server takes well below a second."""
OLDEST_SERVER = 140_000
"""PostgreSQL 14 brought CREATE OR REPLACE TRIGGER, by which the triggers are made."""


def judge_server(facts: PostgresFacts) -> Iterator[Finding]:
    """What is well and what is not with a server, and with what it lets this user do."""
    yield _server_version(facts)
    yield _encoding(facts.encoding)
    yield _fsync(on=facts.fsync)
    yield _full_page_writes(on=facts.full_page_writes)
    yield _synchronous_commit(facts.synchronous_commit)
    yield _writable(facts)
    yield _rights(facts)


def _server_version(facts: PostgresFacts) -> Finding:
    told = f"PostgreSQL {facts.release}"
    if facts.version >= OLDEST_SERVER:
        return Finding("server_version", "ok", told)
    return Finding(
        "server_version",
        "error",
        f"{told} is too old: it has no CREATE OR REPLACE TRIGGER",
        "use a server of PostgreSQL 14 or newer",
    )


def _encoding(encoding: str) -> Finding:
    if encoding == "UTF8":
        return Finding("encoding", "ok", encoding)
    return Finding(
        "encoding",
        "error",
        f"{encoding} cannot hold all text",
        "make another database with createdb --encoding=UTF8 --template=template0",
    )


def _fsync(*, on: bool) -> Finding:
    if on:
        return Finding("fsync", "ok", "on")
    return Finding(
        "fsync",
        "error",
        "off: when the server's machine crashes, the log can be damaged beyond repair",
        "set fsync = on in postgresql.conf and reload the server",
    )


def _full_page_writes(*, on: bool) -> Finding:
    if on:
        return Finding("full_page_writes", "ok", "on")
    return Finding(
        "full_page_writes",
        "warning",
        "off: a page that was half written in a crash stays so, unless the file system writes "
        "whole pages",
        "set full_page_writes = on in postgresql.conf and reload the server",
    )


def _synchronous_commit(found: str) -> Finding:
    told = found
    if found == "off":
        told = "off here; runthrough switches it on for its own commits"
    return Finding("synchronous_commit", "ok", told)


def _writable(facts: PostgresFacts) -> Finding:
    if facts.replica:
        return Finding(
            "writable",
            "error",
            "this server is a replica, which only reads",
            "name the primary with RUNTHROUGH_DATABASE_URL",
        )
    if facts.read_only:
        return Finding(
            "writable",
            "error",
            "transactions begin as read-only ones here",
            f'as its owner: ALTER DATABASE "{facts.database}" RESET '
            "default_transaction_read_only, and the same for the user",
        )
    return Finding("writable", "ok", "yes")


def _rights(facts: PostgresFacts) -> Finding:
    if not facts.missing_rights:
        return Finding("rights", "ok", f"{facts.user} has what is needed")
    return Finding(
        "rights",
        "error",
        f"{facts.user} lacks {'; '.join(facts.missing_rights)}",
        "let the owner of the tables grant them (docs/how-to/share-a-database.md)",
    )


def judge_server_clock(ahead_s: float) -> Finding:
    """Whether a server's clock fits this machine's."""
    if abs(ahead_s) <= SERVER_SLACK_S:
        return Finding("server_clock", "ok", "fits this machine's")
    where = "ahead of" if ahead_s > 0 else "behind"
    return Finding(
        "server_clock",
        "warning",
        f"the server's clock is {span_words(abs(ahead_s))} {where} this machine's; one of them is "
        "wrong, and events carry the time of the machine that recorded them",
        "set the one that is wrong; see whether a time service runs on both",
    )
