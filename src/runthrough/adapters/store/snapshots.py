"""Folded sessions as compressed JSON, discarded on any doubt.

A snapshot is what replaying the log gave, and never more than that: deleting all of them changes
nothing but the time that opening takes.
"""

import gc
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cache
from hashlib import sha256
from threading import RLock
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import and_, bindparam, delete, insert, or_, select

from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.sql_lineage import SqlLineages
from runthrough.adapters.store.tables import EVENTS, SNAPSHOTS
from runthrough.core.events import EventEnvelope
from runthrough.core.evolve import FOLD_VERSION
from runthrough.core.state import LastAttempt, NodeState, OpenAttempt, PassedAttempt, SessionState
from runthrough.core.values.fingerprints import Fingerprint, FingerprintPart
from runthrough.core.values.ids import NodeName, SessionId
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.particulars import Particulars
from runthrough.errors import StoreError

EVERY_VERSIONS = 1_000
"""Of so many versions one snapshot is kept for good, so that a look at the past begins near it.

Folding so many takes some 25 ms; a snapshot has at most a sixth of the bytes of their events."""
NEWEST = 2
"""So many of the newest are kept: the last, and one for whoever still reads up to just before."""
MANY_WAITING = 1_000
"""More events than this do not wait for their particulars to be read: memory stays flat."""
_COMPRESSION = 1
"""The fastest: a snapshot is written while somebody waits."""
_DIGEST_BYTES = 32
_LENGTH_BYTES = 8
_PARTICULARS = {field.name for field in fields(Particulars)}


_NO_BOUND = 2**31 - 1
"""The highest version that its column holds."""
# The join leaves out what stands on an event that the log does not hold.
_NEWEST = (
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
        SNAPSHOTS.c.session_id == bindparam("session"),
        SNAPSHOTS.c.fold_version == FOLD_VERSION,
        SNAPSHOTS.c.version <= bindparam("upto"),
    )
    .order_by(SNAPSHOTS.c.version.desc())
    .limit(1)
)


@dataclass(slots=True)
class _Folded:
    """The part of a snapshot that is read at once."""

    event_hash: str
    state: SessionState
    """Its attempts are without their fingerprints."""
    parts: tuple[FingerprintPart, ...]
    """Of all fingerprints, each once: most stand in many."""
    fingerprints: tuple[tuple[int, ...], ...]
    """Of which parts each is made; a last and a passed attempt mostly have the same."""
    attempts: dict[NodeName, tuple[int, ...]]
    """Which fingerprint each of a node's attempts has."""


# Built when they are first needed: many a command meets no snapshot.
_folded = cache(lambda: TypeAdapter(_Folded))
_particulars = cache(lambda: TypeAdapter(Particulars))


def encoded(loaded: Loaded) -> bytes:
    """A folded session as bytes: a digest, a length, then state and particulars apart.

    Both are compressed JSON that leaves out what has its default, which the fold version covers.
    """
    state, particulars = loaded.state, loaded.particulars
    parts: dict[tuple[str, str, str], tuple[int, FingerprintPart]] = {}
    made: dict[tuple[int, ...], int] = {}
    attempts = {
        name: tuple(made.setdefault(_placed(a.fingerprint, parts), len(made)) for a in there)
        for name, node in state.nodes.items()
        if (there := _attempts(node))
    }
    lean = {name: _without_fingerprints(state.nodes[name]) for name in attempts}
    folded = _Folded(
        loaded.event_hash,
        replace(state, nodes={**state.nodes, **lean}),
        parts=tuple(part for _, part in parts.values()),
        fingerprints=tuple(made),
        attempts=attempts,
    )
    head = _packed(_folded().dump_json(folded, exclude_defaults=True))
    tail = _packed(_particulars().dump_json(particulars, exclude_defaults=True))
    content = len(head).to_bytes(_LENGTH_BYTES, "big") + head + tail
    return sha256(content).digest() + content


def decoded(content: bytes) -> Loaded | None:
    """The folded session; `None` where the bytes are not what was written."""
    view = memoryview(content)
    if sha256(view[_DIGEST_BYTES:]).digest() != view[:_DIGEST_BYTES]:
        return None
    begin = _DIGEST_BYTES + _LENGTH_BYTES
    middle = begin + int.from_bytes(view[_DIGEST_BYTES:begin], "big")
    try:
        with _no_search_for_garbage():
            folded = _folded().validate_json(zlib.decompress(view[begin:middle]))
    except (zlib.error, ValidationError):
        return None
    made = [tuple([folded.parts[place] for place in places]) for places in folded.fingerprints]
    for name, which in folded.attempts.items():
        for attempt, number in zip(_attempts(folded.state.nodes[name]), which, strict=True):
            attempt.fingerprint = made[number]
    return Loaded(folded.state, _Unread(bytes(view[middle:])), folded.event_hash)


class _Unread(Particulars):
    """Particulars that stay bytes until they are asked for: most commands ask for none of them.

    Until then their slots are not set, so that asking leads to `__getattr__`; what is taken in
    meanwhile waits. They are read once, whichever threads ask, and a slot that is set holds all
    that was taken in.
    """

    __slots__ = ("_bytes", "_reading", "_waiting")
    __hash__ = None  # type: ignore[assignment]  # they change

    def __init__(self, content: bytes) -> None:
        self._bytes: bytes | None = content
        self._waiting: list[EventEnvelope] = []
        self._reading = RLock()

    def __getattr__(self, name: str) -> Any:
        if name not in _PARTICULARS:
            raise AttributeError(name)
        self._read()
        return object.__getattribute__(self, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Particulars):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _PARTICULARS)

    def take(self, envelopes: Iterable[EventEnvelope]) -> None:
        """Fold events, in order, now or when they are needed."""
        with self._reading:
            if self._bytes is None:
                Particulars.take(self, envelopes)
                return
            self._waiting.extend(envelopes)
            if len(self._waiting) > MANY_WAITING:
                self._read()

    def __reduce__(self) -> tuple[type[Particulars], tuple[object, ...]]:
        """Copies are of the plain kind: one that is half unread would miss what comes later."""
        return Particulars, tuple(getattr(self, field.name) for field in fields(Particulars))

    def _read(self) -> None:
        with self._reading:
            if self._bytes is None:
                return
            read = _particulars_in(self._bytes)
            read.take(self._waiting)
            for name in _PARTICULARS:
                setattr(self, name, getattr(read, name))
            self._bytes, self._waiting = None, []


def _particulars_in(content: bytes) -> Particulars:
    try:
        with _no_search_for_garbage():
            return _particulars().validate_json(zlib.decompress(content))
    except (zlib.error, ValidationError) as exc:
        raise StoreError(
            f"A snapshot holds particulars that cannot be read: {exc}",
            fix="delete the rows of the table snapshots: they are a cache",
        ) from exc


def kept(versions: list[int]) -> set[int]:
    """Of the versions that have a snapshot, those that keep it.

    The newest two, and the first in each block of 1,000 versions.
    """
    ordered = sorted(versions)
    first_of = {version // EVERY_VERSIONS: version for version in reversed(ordered)}
    return {*ordered[-NEWEST:], *first_of.values()}


class SqlSnapshotCache:
    """Folded sessions in an SQL database."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._lineages = SqlLineages(database)

    def latest(self, session_id: SessionId, *, upto: int | None = None) -> Loaded | None:
        """The newest that can be trusted, of a version up to `upto`; the caller owns it.

        Of a fork that has none it is an ancestor's, of what the two share.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        last = _NO_BOUND if upto is None else upto
        found = self._newest(session_id, last)
        if found is None:
            shared = reversed(self._lineages.of(session_id))
            older = (self._newest(recorder, min(end, last)) for recorder, end in shared)
            found = next((loaded for loaded in older if loaded is not None), None)
        return found

    def _newest(self, session_id: SessionId, below: int) -> Loaded | None:
        """The newest of those that were kept under a session's own id."""
        with self._database.reading() as connection:
            while True:
                row = connection.execute(_NEWEST, {"session": session_id, "upto": below}).first()
                if row is None:
                    return None
                loaded = decoded(row.content)
                if loaded is not None and _fits(loaded, session_id, row.version, row.event_hash):
                    return loaded
                below = row.version - 1

    def keep(self, loaded: Loaded) -> None:
        """Keep what was folded; older ones go, but for one in every 1,000 versions.

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
            replaced = or_(
                SNAPSHOTS.c.version == state.version,
                SNAPSHOTS.c.fold_version < FOLD_VERSION,  # nobody up to date reads these
            )
            connection.execute(delete(SNAPSHOTS).where(here, replaced))
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


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """All that is read is kept: searching it again and again would take longer than reading it."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _packed(text: bytes) -> bytes:
    return zlib.compress(text, _COMPRESSION)


def _attempts(node: NodeState) -> tuple[LastAttempt | PassedAttempt | OpenAttempt, ...]:
    """Those of a node that there are, always in the same order."""
    attempts = (node.last, node.passed, node.running)
    return tuple(attempt for attempt in attempts if attempt is not None)


def _placed(
    fingerprint: Fingerprint, parts: dict[tuple[str, str, str], tuple[int, FingerprintPart]]
) -> tuple[int, ...]:
    """Where its parts stand among all parts; those that are new are added.

    Values are told apart by how they are written, since 1, 1.0 and true are equal.
    """
    return tuple(
        parts.setdefault((part.part, part.name, repr(part.value)), (len(parts), part))[0]
        for part in fingerprint
    )


def _without_fingerprints(node: NodeState) -> NodeState:
    return replace(
        node,
        last=node.last and replace(node.last, fingerprint=()),
        passed=node.passed and replace(node.passed, fingerprint=()),
        running=node.running and replace(node.running, fingerprint=()),
    )
