"""Folded sessions as compressed JSON, discarded on any doubt.

A snapshot is what replaying the log gave, and never more than that: deleting all of them changes
nothing but the time that opening takes.
"""

import zlib
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import and_, delete, insert, select

from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.tables import EVENTS, SNAPSHOTS
from runthrough.core.evolve import FOLD_VERSION
from runthrough.core.values.ids import SessionId
from runthrough.core.views.loaded import Loaded

EVERY_VERSIONS = 16_384
"""Of so many versions one snapshot is kept for good, so that a look at the past begins near it."""
NEWEST = 2
"""So many of the newest are kept: the last, and one for whoever still reads up to just before."""
_COMPRESSION = 1
"""The fastest: a snapshot is written while somebody waits."""
_DIGEST_BYTES = 32
_LOADED: TypeAdapter[Loaded] = TypeAdapter(Loaded)


def encoded(loaded: Loaded) -> bytes:
    """A folded session as bytes: a digest, then compressed JSON."""
    packed = zlib.compress(_LOADED.dump_json(loaded), _COMPRESSION)
    return sha256(packed).digest() + packed


def decoded(content: bytes) -> Loaded | None:
    """The folded session; `None` where the bytes are not what was written."""
    digest, packed = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if sha256(packed).digest() != digest:
        return None
    try:
        return _LOADED.validate_json(zlib.decompress(packed))
    except (zlib.error, ValidationError):
        return None


def kept(versions: list[int]) -> set[int]:
    """Of the versions that have a snapshot, those that keep it."""
    ordered = sorted(versions)
    first_of = {version // EVERY_VERSIONS: version for version in reversed(ordered)}
    return {*ordered[-NEWEST:], *(v for block, v in first_of.items() if block)}


class SqlSnapshotCache:
    """Folded sessions in an SQL database."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def latest(self, session_id: SessionId, *, upto: int | None = None) -> Loaded | None:
        """The newest that can be trusted, of a version up to `upto`; the caller owns it.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        # The join leaves out what stands on an event that the log does not hold.
        asked = (
            select(SNAPSHOTS.c.content, SNAPSHOTS.c.version, SNAPSHOTS.c.event_hash)
            .join(
                EVENTS,
                and_(
                    EVENTS.c.session_id == SNAPSHOTS.c.session_id,
                    EVENTS.c.version == SNAPSHOTS.c.version,
                    EVENTS.c.event_hash == SNAPSHOTS.c.event_hash,
                ),
            )
            .where(
                SNAPSHOTS.c.session_id == session_id,
                SNAPSHOTS.c.fold_version == FOLD_VERSION,
            )
            .order_by(SNAPSHOTS.c.version.desc())
        )
        if upto is not None:
            asked = asked.where(SNAPSHOTS.c.version <= upto)
        with self._database.reading() as connection:
            for row in connection.execute(asked):
                loaded = decoded(row.content)
                if loaded is not None and _fits(loaded, session_id, row.version, row.event_hash):
                    return loaded
        return None

    def keep(self, loaded: Loaded) -> None:
        """Keep what was folded; older ones go, but for one in every 16,384 versions.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        state = loaded.state
        here = SNAPSHOTS.c.session_id == state.session_id
        row = {
            "session_id": state.session_id,
            "version": state.version,
            "fold_version": FOLD_VERSION,
            "event_hash": loaded.event_hash,
            "content": encoded(loaded),
        }
        with self._database.writing() as connection:
            connection.execute(delete(SNAPSHOTS).where(here, SNAPSHOTS.c.version == state.version))
            connection.execute(insert(SNAPSHOTS), row)
            versions = list(connection.scalars(select(SNAPSHOTS.c.version).where(here)))
            gone = set(versions) - kept(versions)
            if gone:
                connection.execute(delete(SNAPSHOTS).where(here, SNAPSHOTS.c.version.in_(gone)))

    def drop(self) -> None:
        """Delete all of them.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        with self._database.writing() as connection:
            connection.execute(delete(SNAPSHOTS))


def _fits(loaded: Loaded, session_id: SessionId, version: int, event_hash: str) -> bool:
    return (loaded.state.session_id, loaded.state.version, loaded.event_hash) == (
        session_id,
        version,
        event_hash,
    )
