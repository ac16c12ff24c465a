"""All that one log is asked for, over its database or over none."""

from typing import TYPE_CHECKING, NamedTuple

from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.snapshots import SqlSnapshotCache
from runthrough.adapters.store.sql import SqlChangeFeed, SqlEventStore
from runthrough.adapters.store.sql_audit import SqlAuditLog
from runthrough.adapters.store.sql_directory import SqlSessionDirectory
from runthrough.adapters.store.sql_import import SqlLogImport
from runthrough.adapters.store.sql_leases import SqlRunLeases
from runthrough.adapters.store.sql_tokens import SqlTokenStore

if TYPE_CHECKING:
    from runthrough.adapters.store import memory, memory_import, memory_tokens


class Stores(NamedTuple):
    """What answers for one log."""

    events: "SqlEventStore | memory.MemoryEventStore"
    directory: "SqlSessionDirectory | memory.MemorySessionDirectory"
    audit: "SqlAuditLog | memory.MemoryAuditLog"
    leases: "SqlRunLeases | memory.MemoryRunLeases"
    feed: "SqlChangeFeed | memory.MemoryChangeFeed"
    snapshots: "SqlSnapshotCache | memory.MemorySnapshotCache"
    imports: "SqlLogImport | memory_import.MemoryLogImport"
    tokens: "SqlTokenStore | memory_tokens.MemoryTokenStore"


def stores_of(database: SqlDatabase | None) -> Stores:
    """The stores of a database, or those of a log in which nobody has begun anything yet."""
    if database is not None:
        return Stores(
            events=SqlEventStore(database),
            directory=SqlSessionDirectory(database),
            audit=SqlAuditLog(database),
            leases=SqlRunLeases(database),
            feed=SqlChangeFeed(database),
            snapshots=SqlSnapshotCache(database),
            imports=SqlLogImport(database),
            tokens=SqlTokenStore(database),
        )
    # Only before the first session.
    from runthrough.adapters.store import (  # noqa: PLC0415 - see above
        memory,
        memory_import,
        memory_tokens,
    )
    from runthrough.adapters.store.memory_tables import MemoryDatabase  # noqa: PLC0415 - as above

    nothing = MemoryDatabase()
    return Stores(
        events=memory.MemoryEventStore(nothing),
        directory=memory.MemorySessionDirectory(nothing),
        audit=memory.MemoryAuditLog(nothing),
        leases=memory.MemoryRunLeases(nothing),
        feed=memory.MemoryChangeFeed(nothing),
        snapshots=memory.MemorySnapshotCache(nothing),
        imports=memory_import.MemoryLogImport(nothing),
        tokens=memory_tokens.MemoryTokenStore(nothing),
    )
